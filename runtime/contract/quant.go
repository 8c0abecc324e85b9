package contract

import (
	"fmt"
	"slices"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Format is how a weight is stored.
type Format string

// The formats that are recognised. Those behind Runnable load; the others are refused by name.
const (
	Dense      Format = "dense"
	Affine     Format = "affine" // MLX: packed words, scales, biases
	MXFP4      Format = "mxfp4"  // MLX: packed words, E8M0 scales
	MXFP8      Format = "mxfp8"
	NVFP4      Format = "nvfp4"
	FP8Block   Format = "fp8-block" // E4M3 weight, one float scale a block: weight_scale_inv
	FP8Tensor  Format = "fp8-tensor"
	GPTQ       Format = "gptq"
	AWQ        Format = "awq"
	Compressed Format = "compressed-tensors"
)

// Runnable says whether the loader can run a format.
func (f Format) Runnable() bool {
	return slices.Contains([]Format{Dense, Affine, MXFP4, MXFP8, NVFP4, FP8Block}, f)
}

// mlx says whether the format belongs to the mlx layout.
func (f Format) mlx() bool { return slices.Contains([]Format{Affine, MXFP4, MXFP8, NVFP4}, f) }

// Quant is how one parameter is quantised.
type Quant struct {
	Format Format
	Group  int    // inputs a scale, of MLX formats
	Bits   int    // of MLX formats
	Block  [2]int // rows and columns a scale, of FP8Block
	Scales *Term
	Biases *Term // of Affine
}

// quantReader answers how the config says that parameters are quantised.
type quantReader struct {
	raw    *Raw
	mlx    *RawValue // quantization: global numbers and overrides by path
	hub    *RawValue // quantization_config of other methods
	method string
}

func newQuantReader(raw *Raw) *quantReader {
	q := &quantReader{raw: raw}
	q.mlx = raw.At("quantization")
	if c := raw.At("quantization_config"); c != nil && c.Object != nil {
		if method := c.Object["quant_method"]; method != nil {
			q.hub, q.method = c, method.Value.S
		} else if q.mlx == nil {
			q.mlx = c // MLX writes its numbers under both names
		}
	}
	if q.mlx != nil && q.mlx.Object == nil {
		q.mlx = nil
	}
	return q
}

// mlxNumbers are group size, bits and mode of a path: its own override, or the global ones. ok is false where the path is not quantised. An override
// inherits nothing: MLX fills its gaps with the defaults of its mode.
func (q *quantReader) mlxNumbers(path string) (group, bits int, mode Format, ok bool) {
	if q.mlx == nil {
		return 0, 0, "", false
	}
	numbers := q.mlx
	if own := q.mlx.Object[path]; own != nil {
		if own.Object == nil && !own.Value.B {
			return 0, 0, "", false
		}
		if own.Object != nil {
			numbers = own
		}
	}
	mode = Affine
	if v := numbers.Object["mode"]; v != nil && !v.IsNull() {
		mode = Format(v.Value.S)
	}
	def, ok := map[Format][2]int{MXFP4: {32, 4}, MXFP8: {32, 8}, NVFP4: {16, 4}}[mode]
	if !ok {
		def = [2]int{64, 4}
	}
	return wholeOr(numbers.Object["group_size"], def[0]), wholeOr(numbers.Object["bits"], def[1]), mode, true
}

// wholeOr is a number of the config: def where it is absent, 0 where it is none.
func wholeOr(v *RawValue, def int) int {
	switch {
	case v == nil || v.IsNull():
		return def
	case v.Value.Kind != Int || v.Value.I < 0 || v.Value.I > 1<<16:
		return 0
	}
	return int(v.Value.I)
}

// formatOf recognises the format of a stored parameter by its parts.
func (q *quantReader) formatOf(l *logical) Format {
	switch {
	case l.has("qweight"):
		if q.method == "awq" {
			return AWQ
		}
		return GPTQ
	case l.has("weight_packed"):
		return Compressed
	case l.has("weight", "weight_scale_inv"):
		return FP8Block
	case l.has("weight", "weight_scale"):
		return FP8Tensor
	case l.has("weight", "scales", "biases"):
		return Affine
	case l.has("weight", "scales"):
		if _, _, mode, ok := q.mlxNumbers(l.path); ok && mode.mlx() {
			return mode
		}
		return MXFP4
	}
	return Dense
}

// bind checks a quantised weight against its parameter and the config.
func (q *quantReader) bind(p *Param, l *logical) (*Quant, *diag.Diagnostic) {
	format := q.formatOf(l)
	pos := l.parts["weight"].position(l)
	refuse := func(code, format string, args ...any) (*Quant, *diag.Diagnostic) {
		d := diag.Errorf(code, pos, format, args...)
		return nil, &d
	}
	if !format.Runnable() {
		_, d := refuse("MG1213", "%s is stored as %s, which cannot be run yet", p.Path, format)
		*d = d.WithHint("take a checkpoint in bf16, in MLX's quantised layout, or in FP8 with block scales")
		return nil, d
	}
	quantisable := p.Type == "Linear" || p.Type == "Embedding"
	if format == Dense {
		group, bits, mode, ok := q.mlxNumbers(p.Path)
		if ok && quantisable && (group == 0 || p.Shape[len(p.Shape)-1]%group == 0) {
			return refuse("MG1212", "%s is dense, but the config says %s with %d bits in groups of %d (%s)", p.Path, mode, bits, group, q.raw.Pointer("quantization"))
		}
		return nil, nil
	}
	if !quantisable {
		return refuse("MG1212", "%s is a %s; it cannot be quantised (%s)", p.Path, p.Type, format)
	}
	if format == FP8Block {
		return q.bindBlocks(p, l, refuse)
	}
	group, bits, mode, ok := q.mlxNumbers(p.Path)
	if !ok {
		return refuse("MG1211", "%s is quantised, but the config does not say how", p.Path)
	}
	if mode != format && !(mode.mlx() && format.mlx() && mode != Affine && format != Affine) {
		return refuse("MG1212", "%s is stored as %s, but the config says %s", p.Path, format, mode)
	}
	return bindPacked(p, l, mode, group, bits, refuse)
}

type refusal = func(code, format string, args ...any) (*Quant, *diag.Diagnostic)

// bindPacked checks MLX's forms: words of 32 bits, and one scale a group.
func bindPacked(p *Param, l *logical, mode Format, group, bits int, refuse refusal) (*Quant, *diag.Diagnostic) {
	out, in := p.Shape[0], p.Shape[1]
	known := map[Format]func() bool{
		Affine: func() bool {
			return slices.Contains([]int{32, 64, 128}, group) && slices.Contains([]int{2, 3, 4, 5, 6, 8}, bits)
		},
		MXFP4: func() bool { return group == 32 && bits == 4 },
		MXFP8: func() bool { return group == 32 && bits == 8 },
		NVFP4: func() bool { return group == 16 && bits == 4 },
	}
	if ok := known[mode]; ok == nil || !ok() {
		return refuse("MG1212", "%s: %s has no groups of %d with %d bits", p.Path, mode, group, bits)
	}
	weight, scales := l.parts["weight"], l.parts["scales"]
	if weight.DType != "U32" || !slices.Equal(weight.Shape, []int{out, in * bits / 32}) || in*bits%32 != 0 {
		return refuse("MG1205", "%s.weight is %s%v; want U32[%d %d]: %d inputs of %d bits", p.Path, weight.DType, weight.Shape, out, in*bits/32, in, bits)
	}
	want := []int{out, in / group}
	if in%group != 0 || !slices.Equal(scales.Shape, want) {
		return refuse("MG1205", "%s.scales is %v; want %v: %d inputs in groups of %d", p.Path, scales.Shape, want, in, group)
	}
	q := &Quant{Format: mode, Group: group, Bits: bits, Scales: scales}
	if mode != Affine {
		if scales.DType != "U8" {
			return refuse("MG1205", "%s.scales is %s; want U8", p.Path, scales.DType)
		}
		return q, nil
	}
	if q.Biases = l.parts["biases"]; q.Biases == nil {
		return refuse("MG1204", "the checkpoint lacks %s.biases, which affine quantisation needs", p.Path)
	}
	if !slices.Equal(q.Biases.Shape, want) || !isFloat(scales.DType) || q.Biases.DType != scales.DType {
		return refuse("MG1205", "%s.biases is %s%v beside scales %s%v", p.Path, q.Biases.DType, q.Biases.Shape, scales.DType, scales.Shape)
	}
	return q, nil
}

// bindBlocks checks FP8 with one scale a block of the weight.
func (q *quantReader) bindBlocks(p *Param, l *logical, refuse refusal) (*Quant, *diag.Diagnostic) {
	weight, scales := l.parts["weight"], l.parts["weight_scale_inv"]
	if q.method != "fp8" {
		return refuse("MG1211", "%s has FP8 block scales, but the config's quant_method is %q", p.Path, q.method)
	}
	block := [2]int{128, 128}
	if v := q.hub.Object["weight_block_size"]; v != nil && !v.IsNull() {
		if len(v.Array) != 2 {
			return refuse("MG1212", "weight_block_size is %s; want two numbers", v.summary())
		}
		for i := range block {
			block[i] = wholeOr(v.Array[i], 0)
		}
	}
	if block[0] < 1 || block[1] < 1 {
		return refuse("MG1212", "weight_block_size %v", block)
	}
	want := []int{(p.Shape[0] + block[0] - 1) / block[0], (p.Shape[1] + block[1] - 1) / block[1]}
	if weight.DType != "F8_E4M3" || !slices.Equal(weight.Shape, p.Shape) {
		return refuse("MG1205", "%s.weight is %s%v; want F8_E4M3%v", p.Path, weight.DType, weight.Shape, p.Shape)
	}
	if !isFloat(scales.DType) || !slices.Equal(scales.Shape, want) {
		return refuse("MG1205", "%s.weight_scale_inv is %s%v; want %v: blocks of %v", p.Path, scales.DType, scales.Shape, want, block)
	}
	return &Quant{Format: FP8Block, Block: block, Scales: scales}, nil
}

func isFloat(t DType) bool { return t == "F32" || t == "F16" || t == "BF16" }

// position is where a part stands: file:tensor.
func (t *Term) position(l *logical) string {
	for _, suffix := range append([]string{""}, partSuffixes...) {
		if t == nil {
			t = l.parts[suffix]
		}
	}
	first := t.Tensors()[0]
	return fmt.Sprintf("%s:%s", first.File, first.Name)
}
