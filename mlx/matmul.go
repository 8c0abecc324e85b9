package mlx

// Matmul is the matrix product over the last two axes; batch axes broadcast,
// vectors are rows on the left and columns on the right.
func (a Array) Matmul(b Array) Array { return newCall(OpMatmul, a, b).one() }

// Linear is x·wᵀ + bias for x [..., K], w [N, K] and bias [N] or the zero Array.
func Linear(x, w, bias Array) Array { return newCall(OpLinear, x, w, bias).one() }

// Quant says how weights are quantised.
type Quant struct {
	Mode      QuantMode
	GroupSize int
	Bits      int
}

func (c *call) quant(q Quant) *call { return c.i(q.GroupSize, q.Bits, int(q.Mode)) }

// QuantizedMatmul is x·wᵀ (transpose) or x·w for packed weights w [N, K·bits/32]
// u32 with scales [N, K/group] and, for affine, biases like scales.
func QuantizedMatmul(x, w, scales, biases Array, transpose bool, q Quant) Array {
	return newCall(OpQuantizedMatmul, x, w, scales, biases).b(transpose).quant(q).one()
}

// GatherMM multiplies matrices of a [..., M, K] and b [..., K, N] that lhs and
// rhs pick out of the flattened batch axes; without one of them all are taken
// in order. The shape is that of lhs and rhs, broadcast, then M and N. sorted
// promises that the only index array is sorted.
func GatherMM(a, b, lhs, rhs Array, sorted bool) Array {
	return newCall(OpGatherMM, a, b, lhs, rhs).b(sorted).one()
}

// GatherQMM is GatherMM with packed weights, as in QuantizedMatmul; one of lhs and
// rhs must be given.
func GatherQMM(x, w, scales, biases, lhs, rhs Array, transpose bool, q Quant, sorted bool) Array {
	return newCall(OpGatherQMM, x, w, scales, biases, lhs, rhs).b(transpose).quant(q).b(sorted).one()
}

// Quantize packs weights [..., K] of a float type. biases is the zero Array but
// for affine.
func Quantize(w Array, q Quant) (packed, scales, biases Array) {
	n := 2
	if q.Mode == Affine {
		n = 3
	}
	outs := newCall(OpQuantize, w).quant(q).many(n)
	if n == 3 {
		biases = outs[2]
	}
	return outs[0], outs[1], biases
}

// Dequantize is the inverse of Quantize, as f32, f16 or bf16.
func Dequantize(w, scales, biases Array, q Quant, dt DType) Array {
	return newCall(OpDequantize, w, scales, biases).quant(q).i(int(dt)).one()
}

// FromFP8 decodes E4M3 bytes (u8) to f32, f16 or bf16.
func (a Array) FromFP8(dt DType) Array { return newCall(OpFromFP8, a).i(int(dt)).one() }

// ToFP8 encodes floats as E4M3 bytes (u8).
func (a Array) ToFP8() Array { return newCall(OpToFP8, a).one() }
