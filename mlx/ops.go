package mlx

import "fmt"

// Op is a kind of operation.
type Op uint16

// The operations. Their order is that of shim/src/ops.def; Open compares the
// two lists.
const (
	OpNone Op = iota
	OpNeg
	OpAbs
	OpExp
	OpExpm1
	OpLog
	OpLog1p
	OpSqrt
	OpRsqrt
	OpSquare
	OpSin
	OpCos
	OpTanh
	OpSigmoid
	OpErf
	OpFloor
	OpCeil
	OpRound
	OpSign
	OpReciprocal
	OpNot
	OpIsNaN
	OpIsFinite
	OpSiLU
	OpGELU
	OpGELUTanh
	OpSoftplus
	OpReLU
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpFloorDiv
	OpMod
	OpPow
	OpMaximum
	OpMinimum
	OpLogAddExp
	OpEqual
	OpNotEqual
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
	OpAnd
	OpOr
	OpBitAnd
	OpBitOr
	OpBitXor
	OpShiftLeft
	OpShiftRight
	OpScalar
	OpWhere
	OpMaskFill
	OpAsType
	OpViewAs
	OpReshape
	OpFlatten
	OpUnflatten
	OpTranspose
	OpExpandDims
	OpSqueeze
	OpBroadcastTo
	OpSlice
	OpSliceUpdate
	OpSplit
	OpSplitAt
	OpConcat
	OpStack
	OpPad
	OpRepeat
	OpContiguous
	OpCopy
	OpTake
	OpTakeAlong
	OpPutAlong
	OpScatterAddAlong
	OpGather
	OpMatmul
	OpLinear
	OpQuantizedMatmul
	OpGatherMM
	OpGatherQMM
	OpQuantize
	OpDequantize
	OpFromFP8
	OpToFP8
	OpSum
	OpProd
	OpMean
	OpMax
	OpMin
	OpAny
	OpAll
	OpLogSumExp
	OpVar
	OpSoftmax
	OpArgMax
	OpArgMin
	OpSort
	OpArgSort
	OpPartition
	OpArgPartition
	OpCumsum
	OpCumprod
	OpCummax
	OpRMSNorm
	OpLayerNorm
	OpRope
	OpSDPA
	OpConv1D
	OpFull
	OpArange
	OpRandomBits
	OpRandomSplit
	OpRandomUniform
	OpRandomNormal
	OpRandomGumbel
	OpPagedAppend
	OpPagedAttend
	numShimOps

	// Only in traces.
	OpLeaf  // an input or a weight, by name
	OpConst // data from Go, by its digest
	numOps
)

// opInfo is an operation's row of the table.
type opInfo struct {
	name     string
	min, max int    // operands; max -1: any number
	opt      uint32 // bit i: operand i may be absent
	effect   bool
	rule     func(*call) error // fills out from in, ints and floats
}

func (o *opInfo) optional(i int) bool { return i < 32 && o.opt>>i&1 == 1 }

// String returns the name that errors and traces show.
func (o Op) String() string {
	if o == OpNone {
		return "none"
	}
	if o < numOps && ops[o].name != "" {
		return ops[o].name
	}
	return fmt.Sprintf("op(%d)", uint16(o))
}

// Effect says whether the operation changes state, so that its order matters.
func (o Op) Effect() bool { return o < numOps && ops[o].effect }

// ops is the table. The comments give the operands (where they are not plain)
// and the attributes.
var ops [numOps]opInfo

func init() { // not an initialiser: rules name operations
	ops = [numOps]opInfo{
		OpNeg:             {name: "neg", min: 1, max: 1, rule: ruleNeg},
		OpAbs:             {name: "abs", min: 1, max: 1, rule: ruleAbs},
		OpExp:             {name: "exp", min: 1, max: 1, rule: ruleFloat},
		OpExpm1:           {name: "expm1", min: 1, max: 1, rule: ruleFloat},
		OpLog:             {name: "log", min: 1, max: 1, rule: ruleFloat},
		OpLog1p:           {name: "log1p", min: 1, max: 1, rule: ruleFloat},
		OpSqrt:            {name: "sqrt", min: 1, max: 1, rule: ruleFloat},
		OpRsqrt:           {name: "rsqrt", min: 1, max: 1, rule: ruleFloat},
		OpSquare:          {name: "square", min: 1, max: 1, rule: ruleSame},
		OpSin:             {name: "sin", min: 1, max: 1, rule: ruleFloat},
		OpCos:             {name: "cos", min: 1, max: 1, rule: ruleFloat},
		OpTanh:            {name: "tanh", min: 1, max: 1, rule: ruleFloat},
		OpSigmoid:         {name: "sigmoid", min: 1, max: 1, rule: ruleFloat},
		OpErf:             {name: "erf", min: 1, max: 1, rule: ruleFloat},
		OpFloor:           {name: "floor", min: 1, max: 1, rule: ruleSame},
		OpCeil:            {name: "ceil", min: 1, max: 1, rule: ruleSame},
		OpRound:           {name: "round", min: 1, max: 1, rule: ruleSame},
		OpSign:            {name: "sign", min: 1, max: 1, rule: ruleSame},
		OpReciprocal:      {name: "reciprocal", min: 1, max: 1, rule: ruleFloat},
		OpNot:             {name: "not", min: 1, max: 1, rule: ruleBool1},
		OpIsNaN:           {name: "is_nan", min: 1, max: 1, rule: ruleBool1},
		OpIsFinite:        {name: "is_finite", min: 1, max: 1, rule: ruleBool1},
		OpSiLU:            {name: "silu", min: 1, max: 1, rule: ruleFloat},
		OpGELU:            {name: "gelu", min: 1, max: 1, rule: ruleFloat},
		OpGELUTanh:        {name: "gelu_tanh", min: 1, max: 1, rule: ruleFloat},
		OpSoftplus:        {name: "softplus", min: 1, max: 1, rule: ruleFloat},
		OpReLU:            {name: "relu", min: 1, max: 1, rule: ruleSame},
		OpAdd:             {name: "add", min: 2, max: 2, rule: ruleBinary},
		OpSub:             {name: "sub", min: 2, max: 2, rule: ruleBinary},
		OpMul:             {name: "mul", min: 2, max: 2, rule: ruleBinary},
		OpDiv:             {name: "div", min: 2, max: 2, rule: ruleBinary},
		OpFloorDiv:        {name: "floor_div", min: 2, max: 2, rule: ruleBinary},
		OpMod:             {name: "mod", min: 2, max: 2, rule: ruleBinary},
		OpPow:             {name: "pow", min: 2, max: 2, rule: ruleBinary},
		OpMaximum:         {name: "maximum", min: 2, max: 2, rule: ruleBinary},
		OpMinimum:         {name: "minimum", min: 2, max: 2, rule: ruleBinary},
		OpLogAddExp:       {name: "logaddexp", min: 2, max: 2, rule: ruleBinary},
		OpEqual:           {name: "equal", min: 2, max: 2, rule: ruleBinary},
		OpNotEqual:        {name: "not_equal", min: 2, max: 2, rule: ruleBinary},
		OpLess:            {name: "less", min: 2, max: 2, rule: ruleBinary},
		OpLessEqual:       {name: "less_equal", min: 2, max: 2, rule: ruleBinary},
		OpGreater:         {name: "greater", min: 2, max: 2, rule: ruleBinary},
		OpGreaterEqual:    {name: "greater_equal", min: 2, max: 2, rule: ruleBinary},
		OpAnd:             {name: "and", min: 2, max: 2, rule: ruleBinary},
		OpOr:              {name: "or", min: 2, max: 2, rule: ruleBinary},
		OpBitAnd:          {name: "bit_and", min: 2, max: 2, rule: ruleBinary},
		OpBitOr:           {name: "bit_or", min: 2, max: 2, rule: ruleBinary},
		OpBitXor:          {name: "bit_xor", min: 2, max: 2, rule: ruleBinary},
		OpShiftLeft:       {name: "shift_left", min: 2, max: 2, rule: ruleBinary},
		OpShiftRight:      {name: "shift_right", min: 2, max: 2, rule: ruleBinary},
		OpScalar:          {name: "scalar", min: 1, max: 1, rule: ruleScalar}, // ints: binary op, reversed; floats: v
		OpWhere:           {name: "where", min: 3, max: 3, rule: ruleWhere},
		OpMaskFill:        {name: "mask_fill", min: 2, max: 2, rule: ruleMaskFill},       // a, mask; floats: v
		OpAsType:          {name: "astype", min: 1, max: 1, rule: ruleAsType},            // ints: dtype
		OpViewAs:          {name: "view_as", min: 1, max: 1, rule: ruleViewAs},           // ints: dtype
		OpReshape:         {name: "reshape", min: 1, max: 1, rule: ruleReshape},          // ints: dims, -1 allowed once
		OpFlatten:         {name: "flatten", min: 1, max: 1, rule: ruleFlatten},          // ints: start, end (inclusive)
		OpUnflatten:       {name: "unflatten", min: 1, max: 1, rule: ruleUnflatten},      // ints: axis, dims, -1 allowed once
		OpTranspose:       {name: "transpose", min: 1, max: 1, rule: ruleTranspose},      // ints: axes
		OpExpandDims:      {name: "expand_dims", min: 1, max: 1, rule: ruleExpandDims},   // ints: axes of the result
		OpSqueeze:         {name: "squeeze", min: 1, max: 1, rule: ruleSqueeze},          // ints: axes; none: all of size 1
		OpBroadcastTo:     {name: "broadcast_to", min: 1, max: 1, rule: ruleBroadcastTo}, // ints: dims, -1 keeps
		OpSlice:           {name: "slice", min: 1, max: 1, rule: ruleSlice},              // ints: axis, start, stop, step for each sliced axis
		OpSliceUpdate:     {name: "slice_update", min: 2, max: 2, rule: ruleSliceUpdate}, // a, update; ints: starts
		OpSplit:           {name: "split", min: 1, max: 1, rule: ruleSplit},              // ints: axis, parts
		OpSplitAt:         {name: "split_at", min: 1, max: 1, rule: ruleSplitAt},         // ints: axis, indices
		OpConcat:          {name: "concat", min: 1, max: -1, rule: ruleConcat},           // ints: axis
		OpStack:           {name: "stack", min: 1, max: -1, rule: ruleStack},             // ints: axis
		OpPad:             {name: "pad", min: 1, max: 1, rule: rulePad},                  // ints: lo, hi for each axis; floats: v
		OpRepeat:          {name: "repeat", min: 1, max: 1, rule: ruleRepeat},            // ints: n, axis
		OpContiguous:      {name: "contiguous", min: 1, max: 1, rule: ruleSame},
		OpCopy:            {name: "copy", min: 1, max: 1, rule: ruleSame},                  // a buffer of its own
		OpTake:            {name: "take", min: 2, max: 2, rule: ruleTake},                  // a, idx; ints: axis
		OpTakeAlong:       {name: "take_along", min: 2, max: 2, rule: ruleTakeAlong},       // a, idx; ints: axis
		OpPutAlong:        {name: "put_along", min: 3, max: 3, rule: rulePutAlong},         // a, idx, values; ints: axis
		OpScatterAddAlong: {name: "scatter_add_along", min: 3, max: 3, rule: rulePutAlong}, // a, idx, values; ints: axis
		OpGather:          {name: "gather", min: 2, max: -1, rule: ruleGather},             // a, indices…; ints: n, axes, slice sizes
		OpMatmul:          {name: "matmul", min: 2, max: 2, rule: ruleMatmul},
		OpLinear:          {name: "linear", min: 3, max: 3, opt: 1 << 2, rule: ruleLinear},                    // x, w, bias
		OpQuantizedMatmul: {name: "quantized_matmul", min: 4, max: 4, opt: 1 << 3, rule: ruleQuantizedMatmul}, // x, w, scales, biases; ints: transpose, group, bits, mode
		OpGatherMM:        {name: "gather_mm", min: 4, max: 4, opt: 1<<2 | 1<<3, rule: ruleGatherMM},          // a, b, lhs, rhs; ints: sorted
		OpGatherQMM:       {name: "gather_qmm", min: 6, max: 6, opt: 1<<3 | 1<<4 | 1<<5, rule: ruleGatherQMM}, // x, w, scales, biases, lhs, rhs; ints: transpose, group, bits, mode, sorted
		OpQuantize:        {name: "quantize", min: 1, max: 1, rule: ruleQuantize},                             // ints: group, bits, mode
		OpDequantize:      {name: "dequantize", min: 3, max: 3, opt: 1 << 2, rule: ruleDequantize},            // w, scales, biases; ints: group, bits, mode, dtype
		OpFromFP8:         {name: "from_fp8", min: 1, max: 1, rule: ruleFromFP8},                              // ints: dtype
		OpToFP8:           {name: "to_fp8", min: 1, max: 1, rule: ruleToFP8},
		OpSum:             {name: "sum", min: 1, max: 1, rule: ruleSum},                                                  // ints: keep, axes (none: all)
		OpProd:            {name: "prod", min: 1, max: 1, rule: ruleSum},                                                 // ints: keep, axes (none: all)
		OpMean:            {name: "mean", min: 1, max: 1, rule: ruleMean},                                                // ints: keep, axes (none: all)
		OpMax:             {name: "max", min: 1, max: 1, rule: ruleMax},                                                  // ints: keep, axes (none: all)
		OpMin:             {name: "min", min: 1, max: 1, rule: ruleMax},                                                  // ints: keep, axes (none: all)
		OpAny:             {name: "any", min: 1, max: 1, rule: ruleAny},                                                  // ints: keep, axes (none: all)
		OpAll:             {name: "all", min: 1, max: 1, rule: ruleAny},                                                  // ints: keep, axes (none: all)
		OpLogSumExp:       {name: "logsumexp", min: 1, max: 1, rule: ruleLogSumExp},                                      // ints: keep, axes (none: all)
		OpVar:             {name: "var", min: 1, max: 1, rule: ruleMean},                                                 // ints: keep, axes (none: all)
		OpSoftmax:         {name: "softmax", min: 1, max: 1, rule: ruleSoftmax},                                          // ints: axis, precise
		OpArgMax:          {name: "argmax", min: 1, max: 1, rule: ruleArgMax},                                            // ints: axis, keep
		OpArgMin:          {name: "argmin", min: 1, max: 1, rule: ruleArgMax},                                            // ints: axis, keep
		OpSort:            {name: "sort", min: 1, max: 1, rule: ruleSort},                                                // ints: axis
		OpArgSort:         {name: "argsort", min: 1, max: 1, rule: ruleSort},                                             // ints: axis
		OpPartition:       {name: "partition", min: 1, max: 1, rule: ruleSort},                                           // ints: axis, kth
		OpArgPartition:    {name: "argpartition", min: 1, max: 1, rule: ruleSort},                                        // ints: axis, kth
		OpCumsum:          {name: "cumsum", min: 1, max: 1, rule: ruleCum},                                               // ints: axis, reverse, inclusive
		OpCumprod:         {name: "cumprod", min: 1, max: 1, rule: ruleCum},                                              // ints: axis, reverse, inclusive
		OpCummax:          {name: "cummax", min: 1, max: 1, rule: ruleCum},                                               // ints: axis, reverse, inclusive
		OpRMSNorm:         {name: "rms_norm", min: 2, max: 2, opt: 1 << 1, rule: ruleRMSNorm},                            // x, w; floats: eps
		OpLayerNorm:       {name: "layer_norm", min: 3, max: 3, opt: 1<<1 | 1<<2, rule: ruleLayerNorm},                   // x, w, b; floats: eps
		OpRope:            {name: "rope", min: 3, max: 3, opt: 1 << 2, rule: ruleRope},                                   // x [T,H,D], positions [T], freqs; ints: dims, traditional; floats: base, scale
		OpSDPA:            {name: "sdpa", min: 5, max: 5, opt: 1<<3 | 1<<4, rule: ruleSDPA},                              // q, k, v, mask, sinks; ints: causal; floats: scale
		OpConv1D:          {name: "conv1d", min: 2, max: 2, rule: ruleConv1D},                                            // x, w; ints: stride, padding, dilation, groups
		OpFull:            {name: "full", min: 0, max: 0, rule: ruleFull},                                                // ints: dtype, dims; floats: v
		OpArange:          {name: "arange", min: 0, max: 0, rule: ruleArange},                                            // ints: dtype; floats: start, stop, step
		OpRandomBits:      {name: "random_bits", min: 1, max: 1, rule: ruleRandomBits},                                   // key; ints: dims
		OpRandomSplit:     {name: "random_split", min: 1, max: 1, rule: ruleRandomSplit},                                 // key; ints: n
		OpRandomUniform:   {name: "random_uniform", min: 1, max: 1, rule: ruleRandom},                                    // key; ints: dtype, dims; floats: lo, hi
		OpRandomNormal:    {name: "random_normal", min: 1, max: 1, rule: ruleRandom},                                     // key; ints: dtype, dims; floats: mean, deviation
		OpRandomGumbel:    {name: "random_gumbel", min: 1, max: 1, rule: ruleRandom},                                     // key; ints: dtype, dims
		OpPagedAppend:     {name: "paged_append", min: 4, max: 4, opt: 1<<1 | 1<<3, effect: true, rule: rulePagedAppend}, // k, v, slots, after; ints: pool
		OpPagedAttend:     {name: "paged_attend", min: 7, max: 7, opt: 1<<5 | 1<<6, effect: true, rule: rulePagedAttend}, // q, rows, positions, tables, first, token, sinks; ints: pool, window, chunk; floats: scale, softcap
		OpLeaf:            {name: "leaf", rule: ruleLeaf},
		OpConst:           {name: "const", rule: ruleConst},
	}
}
