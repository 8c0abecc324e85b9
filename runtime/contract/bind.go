package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// binder takes stored parameters for wanted ones, and collects what does not fit.
type binder struct {
	policy   *Policy
	config   *Config
	quant    *quantReader
	params   []Param
	stored   map[string]*logical // what is not taken yet
	taken    []*logical
	findings []finding
	diags    diag.List
}

// finding is one thing that does not fit. Findings that differ in numbers of layers and experts only become one diagnostic.
type finding struct {
	code   string
	param  *Param // nil for a tensor that no parameter takes
	part   string // of the parameter: weight, bias, scales, …
	term   *Term  // what is stored there; nil where nothing is
	tensor *Tensor
	text   string // what is said of it
}

func (b *binder) find(f finding) { b.findings = append(b.findings, f) }

// class is a parameter's path without numbers.
func (p *Param) class() string {
	if p.Class != "" {
		return p.Class
	}
	return withoutNumbers(p.Path)
}

// withoutNumbers is a dotted name without the segments that are numbers.
func withoutNumbers(name string) string {
	parts := strings.Split(name, ".")
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return plainNumber(s) >= 0 }), ".")
}

func (b *binder) bind(p *Param) (Binding, bool) {
	l := b.stored[p.Path]
	if l == nil {
		b.find(finding{code: "MG1204", param: p, part: "weight"})
		return Binding{}, false
	}
	delete(b.stored, p.Path)
	b.taken = append(b.taken, l)
	binding := Binding{Param: *p, Weight: l.parts["weight"]}
	used := []string{"weight", "bias"}
	if p.Type == "Tensor" && binding.Weight == nil {
		binding.Weight, used = l.parts[""], []string{""}
	}
	quant, ok := b.quant.bind(p, l, b.find)
	if !ok {
		return Binding{}, false
	}
	if binding.Quant = quant; quant != nil {
		used = append(used, "scales", "biases", "weight_scale_inv")
	} else {
		ok = b.checkDense(p, binding.Weight)
	}
	if p.Bias || l.parts["bias"] != nil {
		binding.Bias = l.parts["bias"]
		ok = b.checkBias(p, binding.Bias) && ok
	}
	for _, part := range l.suffixes() {
		if !slices.Contains(used, part) {
			b.find(finding{code: "MG1203", param: p, part: part, term: l.parts[part], text: "has no use in this form: " + l.parts[part].form()})
			ok = false
		}
	}
	return binding, ok
}

// checkDense checks shape and type of a dense weight.
func (b *binder) checkDense(p *Param, w *Term) bool {
	switch {
	case w == nil:
		b.find(finding{code: "MG1204", param: p, part: "weight"})
	case !isFloat(w.DType):
		b.find(finding{code: "MG1206", param: p, part: "weight", term: w, text: fmt.Sprintf("is %s; want F32, F16 or BF16, or its quantised form with scales", w.DType)})
	case !slices.Equal(w.Shape, p.Shape):
		b.find(finding{code: "MG1205", param: p, part: "weight", term: w, text: fmt.Sprintf("is %s; want %v", w.form(), p.Shape)})
	default:
		return true
	}
	return false
}

// checkBias checks that a bias is there exactly where the config asks for it, one number a row.
func (b *binder) checkBias(p *Param, bias *Term) bool {
	switch {
	case bias == nil:
		b.find(finding{code: "MG1209", param: p, part: "bias"})
	case !p.Bias:
		b.find(finding{code: "MG1203", param: p, part: "bias", term: bias, text: "is stored as " + bias.form() + ", but by the config there is no bias"})
	case !isFloat(bias.DType):
		b.find(finding{code: "MG1206", param: p, part: "bias", term: bias, text: fmt.Sprintf("is %s; want F32, F16 or BF16", bias.DType)})
	case !slices.Equal(bias.Shape, p.Shape[:1]):
		b.find(finding{code: "MG1205", param: p, part: "bias", term: bias, text: fmt.Sprintf("is %s; want %v", bias.form(), p.Shape[:1])})
	default:
		return true
	}
	return false
}

// checkClasses looks for parameters that are dense while their like in other layers are quantised: what a mix of two conversions looks like.
func (b *binder) checkClasses() {
	type class struct{ dense, packed []string }
	var order []string
	classes := map[string]*class{}
	weights := map[string]bool{}
	for i := range b.params {
		weights[b.params[i].Path] = b.params[i].quantisable()
	}
	for _, l := range b.taken {
		if !weights[l.path] || l.parts["weight"] == nil {
			continue
		}
		name := withoutNumbers(l.path)
		if classes[name] == nil {
			classes[name] = &class{}
			order = append(order, name)
		}
		switch {
		case b.quant.formatOf(l) != Dense:
			classes[name].packed = append(classes[name].packed, l.path)
		case !slices.ContainsFunc(l.stored(), b.quant.decides):
			classes[name].dense = append(classes[name].dense, l.path)
		}
	}
	var dense, packed []string
	for _, name := range order {
		if c := classes[name]; len(c.dense) > 0 && len(c.packed) > 0 {
			dense, packed = append(dense, c.dense...), append(packed, c.packed...)
		}
	}
	if dense != nil {
		b.diags = append(b.diags, diag.Errorf("MG1210", "", "some layers are quantised and others are not, and the config does not say so").
			Note("quantised:\t%s", some(packed, 3)).Note("dense:\t%s", some(dense, 3)).
			WithHint("the shards come from different conversions; download one of them whole"))
	}
}

// form is type and shape of a term.
func (t *Term) form() string { return fmt.Sprintf("%s %v", t.DType, t.Shape) }

func (t *Tensor) form() string { return fmt.Sprintf("%s %v", t.DType, t.Shape) }

// place is where a tensor stands: file:tensor.
func (t *Tensor) place() string { return t.File + ":" + t.Name }
