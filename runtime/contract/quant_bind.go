package contract

import (
	"fmt"
	"slices"
	"strings"
)

// quantisable says whether weights of a parameter's type can be quantised.
func (p *Param) quantisable() bool { return p.Type == "Linear" || p.Type == "Embedding" }

// bind checks how a weight is stored against its parameter and the config. It is nil for dense weights; ok is false after a finding.
func (q *quantReader) bind(p *Param, l *logical, report func(finding)) (quant *Quant, ok bool) {
	format := q.formatOf(l)
	refuse := func(code, part, format string, args ...any) (*Quant, bool) {
		report(finding{code: code, param: p, part: part, term: l.parts[part], text: fmt.Sprintf(format, args...)})
		return nil, false
	}
	if format == Dense {
		if n, quantised, err := q.numbersOf(l); err == nil && quantised && n.explicit && p.quantisable() {
			return refuse("MG1212", "weight", "is dense, but the config says %s", n)
		}
		return nil, true
	}
	if !p.quantisable() {
		return refuse("MG1212", "weight", "is stored as %s, but a %s cannot be quantised", format, p.Type)
	}
	if format == FP8Block {
		return q.bindBlocks(p, l, refuse)
	}
	n, quantised, err := q.numbersOf(l)
	switch {
	case err != nil:
		return refuse("MG1212", "weight", "is quantised in two ways: %v", err)
	case !quantised && n.explicit:
		return refuse("MG1212", "weight", "is stored as %s, but the config says that it is not quantised", format)
	case !quantised:
		return refuse("MG1211", "weight", "is quantised, but the config does not say how")
	case n.mode != format && (n.mode == Affine || format == Affine):
		return refuse("MG1212", "weight", "is stored as %s, but the config says %s", format, n.mode)
	}
	return bindPacked(p, l, n, refuse)
}

type refusal = func(code, part, format string, args ...any) (*Quant, bool)

// forms are the group sizes and bits that each of MLX's modes has.
var forms = map[Format]struct{ groups, bits []int }{
	Affine: {[]int{32, 64, 128}, []int{2, 3, 4, 5, 6, 8}},
	MXFP4:  {[]int{32}, []int{4}},
	MXFP8:  {[]int{32}, []int{8}},
	NVFP4:  {[]int{16}, []int{4}},
}

// bindPacked checks MLX's forms: along the last axis words of 32 bits, and one scale a group.
func bindPacked(p *Param, l *logical, n numbers, refuse refusal) (*Quant, bool) {
	if f := forms[n.mode]; !slices.Contains(f.groups, n.group) || !slices.Contains(f.bits, n.bits) {
		return refuse("MG1212", "weight", "cannot be %s: %s has groups of %v and %v bits", n, n.mode, f.groups, f.bits)
	}
	weight, scales := l.parts["weight"], l.parts["scales"]
	rows, in := p.Shape[:len(p.Shape)-1], p.Shape[len(p.Shape)-1]
	like := func(last int) []int { return append(slices.Clone(rows), last) }
	if stored, ok := storedNumbers(weight, scales, in); ok && (stored.bits != n.bits || stored.group != n.group) {
		return refuse("MG1212", "weight", "is stored with %d bits in groups of %d, but the config says %s", stored.bits, stored.group, n)
	}
	if want := like(in * n.bits / 32); weight.DType != "U32" || in*n.bits%32 != 0 || !slices.Equal(weight.Shape, want) {
		return refuse("MG1205", "weight", "is %s %v; want U32 %v: %d inputs of %d bits", weight.DType, weight.Shape, want, in, n.bits)
	}
	want := like(in / n.group)
	if in%n.group != 0 || !slices.Equal(scales.Shape, want) {
		return refuse("MG1205", "scales", "is %s %v; want %v: %d inputs in groups of %d", scales.DType, scales.Shape, want, in, n.group)
	}
	q := &Quant{Format: n.mode, Group: n.group, Bits: n.bits, Scales: scales}
	if n.mode != Affine {
		if scales.DType != "U8" {
			return refuse("MG1206", "scales", "is %s; want U8, the bytes of the scales", scales.DType)
		}
		return q, true
	}
	switch q.Biases = l.parts["biases"]; {
	case q.Biases == nil:
		return refuse("MG1204", "biases", "is missing; affine quantisation needs it")
	case !isFloat(scales.DType):
		return refuse("MG1206", "scales", "is %s; want F32, F16 or BF16", scales.DType)
	case !slices.Equal(q.Biases.Shape, want) || q.Biases.DType != scales.DType:
		return refuse("MG1205", "biases", "is %s %v; want %s %v, as the scales", q.Biases.DType, q.Biases.Shape, scales.DType, want)
	}
	return q, true
}

// storedNumbers are the bits and the group size that the shapes of an MLX weight tell; false where they tell none that MLX has.
func storedNumbers(weight, scales *Term, in int) (n numbers, ok bool) {
	if len(weight.Shape) < 2 || len(scales.Shape) < 2 || weight.DType != "U32" {
		return n, false
	}
	words, groups := weight.Shape[len(weight.Shape)-1], scales.Shape[len(scales.Shape)-1]
	if words < 1 || groups < 1 || words*32%in != 0 || in%groups != 0 {
		return n, false
	}
	n.bits, n.group = words*32/in, in/groups
	for _, f := range forms {
		ok = ok || slices.Contains(f.groups, n.group) && slices.Contains(f.bits, n.bits)
	}
	return n, ok
}

// bindBlocks checks FP8 with one scale a block of the weight.
func (q *quantReader) bindBlocks(p *Param, l *logical, refuse refusal) (*Quant, bool) {
	weight, scales := l.parts["weight"], l.parts["weight_scale_inv"]
	if q.method != "fp8" {
		return refuse("MG1211", "weight", "has FP8 block scales, but the config names no quant_method fp8")
	}
	blocks := func(i int) int { return (p.Shape[i] + q.block[i] - 1) / q.block[i] }
	switch want := []int{blocks(0), blocks(1)}; {
	case weight.DType != "F8_E4M3" || !slices.Equal(weight.Shape, p.Shape):
		return refuse("MG1205", "weight", "is %s %v; want F8_E4M3 %v", weight.DType, weight.Shape, p.Shape)
	case scales.DType == "F8_E8M0":
		return refuse("MG1213", "weight_scale_inv", "holds E8M0 scales, which cannot be run yet")
	case !isFloat(scales.DType):
		return refuse("MG1206", "weight_scale_inv", "is %s; want F32, F16 or BF16", scales.DType)
	case !slices.Equal(scales.Shape, want):
		return refuse("MG1205", "weight_scale_inv", "is %v; want %v: blocks of %v", scales.Shape, want, q.block)
	}
	return &Quant{Format: FP8Block, Block: q.block, Scales: scales}, true
}

// decides says whether the config says of a path by name whether it is quantised.
func (q *quantReader) decides(path string) bool {
	if q.mlx != nil {
		return q.mlx.Object[path] != nil
	}
	return q.hub != nil && (q.namesModule("modules_to_not_convert", path) || q.namesModule("ignored_layers", path))
}

// namesModule says whether a list of modules holds a path or whole segments of it.
func (q *quantReader) namesModule(key, path string) bool {
	list := q.hub.Object[key]
	return list != nil && slices.ContainsFunc(list.Array, func(v *RawValue) bool {
		return v.Value.S != "" && strings.Contains("."+path+".", "."+v.Value.S+".")
	})
}
