package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Proof is what a checkpoint amounts to for a family: every parameter bound to tensors, every tensor used once or dropped for a reason.
type Proof struct {
	Config   *Config
	Layout   string
	Bindings []Binding // in the order of the parameters
	Dropped  []Dropped
}

// Binding is one parameter and the terms that make it.
type Binding struct {
	Param  Param
	Weight *Term
	Bias   *Term  // nil without
	Quant  *Quant // nil where dense
}

// Prove binds the parameters that a family asks for to the tensors of a checkpoint. raw is the published config: it says how weights are quantised.
func Prove(p *Policy, params []Param, c *Config, raw *Raw, headers []*Header) (*Proof, diag.List) {
	stored, err := group(headers)
	if err != nil {
		return nil, diag.List{diag.Errorf("MG1202", "", "%v", err).WithHint("a tensor must stand in one shard only")}
	}
	quant := newQuantReader(raw)
	layout, diags := chooseLayout(p, quant, stored)
	if diags != nil {
		return nil, diags
	}
	run := &programme{config: c, params: map[string]*logical{}}
	for _, l := range stored {
		run.params[l.path] = l
	}
	for i := range layout.Program {
		if err := run.apply(&layout.Program[i]); err != nil {
			return nil, diag.List{diag.Errorf("MG1207", "policy "+p.Name, "layout %s: %v", layout.Name, err)}
		}
	}
	b := &binder{policy: p, config: c, quant: quant, stored: run.params, missing: map[string][]Param{}, shapes: map[string][]string{}}
	proof := &Proof{Config: c, Layout: layout.Name, Dropped: run.dropped}
	for i := range params {
		if binding, ok := b.bind(&params[i]); ok {
			proof.Bindings = append(proof.Bindings, binding)
		}
	}
	b.reportMissing(params)
	b.reportExtra()
	b.diags.Sort()
	if b.diags.HasErrors() {
		return nil, b.diags
	}
	return proof, b.diags
}

// chooseLayout finds the one layout whose formats the checkpoint uses. Dense weights alone are the hub's.
func chooseLayout(p *Policy, q *quantReader, stored []*logical) (*Layout, diag.List) {
	var mlx, hub []string
	for _, l := range stored {
		switch format := q.formatOf(l); {
		case format.mlx():
			mlx = append(mlx, l.path)
		case format != Dense:
			hub = append(hub, l.path)
		}
	}
	if len(mlx) > 0 && len(hub) > 0 {
		return nil, diag.List{diag.Errorf("MG1210", "", "the checkpoint mixes two layouts").
			Note("in the mlx layout: %s", some(mlx, 3)).Note("in the hub layout: %s", some(hub, 3)).
			WithHint("its shards come from different conversions; download one of them whole")}
	}
	want := "hub"
	if len(mlx) > 0 || q.mlx != nil {
		want = "mlx"
	}
	for i := range p.Layouts {
		if p.Layouts[i].Name == want {
			return &p.Layouts[i], nil
		}
	}
	return nil, diag.List{diag.Errorf("MG1210", "", "policy %s has no layout %q, which the checkpoint is in", p.Name, want)}
}

// binder takes stored parameters for wanted ones.
type binder struct {
	policy  *Policy
	config  *Config
	quant   *quantReader
	stored  map[string]*logical
	diags   diag.List
	missing map[string][]Param  // by class and part
	shapes  map[string][]string // wrong shapes by message
}

func (b *binder) bind(p *Param) (Binding, bool) {
	l := b.stored[p.Path]
	if l == nil {
		b.missing[p.Class] = append(b.missing[p.Class], *p)
		return Binding{}, false
	}
	delete(b.stored, p.Path)
	quant, refused := b.quant.bind(p, l)
	if refused != nil {
		b.diags = append(b.diags, *refused)
		return Binding{}, false
	}
	binding := Binding{Param: *p, Quant: quant, Weight: l.parts["weight"]}
	used := map[string]bool{"weight": true}
	if p.Type == "Tensor" && binding.Weight == nil {
		binding.Weight, used = l.parts[""], map[string]bool{"": true}
	}
	if quant != nil {
		used["scales"], used["biases"], used["weight_scale_inv"] = true, quant.Biases != nil, quant.Format == FP8Block
	}
	ok := b.checkWeight(p, l, &binding)
	ok = b.takeBias(p, l, &binding, used) && ok
	for part := range l.parts {
		if !used[part] {
			b.diags = append(b.diags, diag.Errorf("MG1203", l.parts[part].position(l), "nothing takes %s.%s, %s%v", l.path, part, l.parts[part].DType, l.parts[part].Shape))
			ok = false
		}
	}
	return binding, ok
}

// checkWeight checks shape and type of a dense weight.
func (b *binder) checkWeight(p *Param, l *logical, binding *Binding) bool {
	w := binding.Weight
	switch {
	case w == nil:
		b.missing[p.Class] = append(b.missing[p.Class], *p)
		return false
	case binding.Quant != nil:
		return true
	case !isFloat(w.DType):
		b.diags = append(b.diags, diag.Errorf("MG1206", w.position(l), "%s.weight is %s; want F32, F16 or BF16, or its quantised form with scales", p.Path, w.DType))
		return false
	case !slices.Equal(w.Shape, p.Shape):
		b.wrongShape(p, "weight", w, l, p.Shape)
		return false
	}
	return true
}

func (b *binder) takeBias(p *Param, l *logical, binding *Binding, used map[string]bool) bool {
	bias := l.parts["bias"]
	switch {
	case bias == nil && !p.Bias:
		return true
	case bias == nil:
		class := p.Class + ".bias"
		b.missing[class] = append(b.missing[class], Param{Path: p.Path + ".bias", Class: class, Type: "bias", Shape: p.Shape[:1], Layer: p.Layer})
		return false
	case !p.Bias:
		return true // reported as unused
	}
	used["bias"] = true
	binding.Bias = bias
	if !isFloat(bias.DType) || !slices.Equal(bias.Shape, p.Shape[:1]) {
		b.wrongShape(p, "bias", bias, l, p.Shape[:1])
		return false
	}
	return true
}

func (b *binder) wrongShape(p *Param, part string, t *Term, l *logical, want []int) {
	d := diag.Errorf("MG1205", t.position(l), "%s.%s is %s%v; want %v", p.Path, part, t.DType, t.Shape, want)
	for _, name := range []string{"hidden_size", "num_attention_heads", "num_key_value_heads", "head_dim", "intermediate_size", "vocab_size"} {
		f, ok := b.config.Facts[name]
		if ok && f.Value.Kind == Int && f.Value.I > 0 && slices.ContainsFunc(want, func(n int) bool { return n%int(f.Value.I) == 0 }) {
			d = d.Note("%s = %s  (%s)", name, f.Value, f.From)
		}
	}
	b.diags = append(b.diags, d.WithHint("either the config or the tensor belongs to another checkpoint"))
}

// reportMissing tells what parameters found no tensor, and whether all layers lack it or only some.
func (b *binder) reportMissing(all []Param) {
	for _, class := range slices.Sorted(maps.Keys(b.missing)) {
		params := b.missing[class]
		var names []string
		for _, p := range params {
			name := p.Path
			if p.Type != "bias" && p.Type != "Tensor" {
				name += ".weight"
			}
			names = append(names, name)
		}
		total := 0
		for _, p := range all {
			if p.Class == strings.TrimSuffix(class, ".bias") {
				total++
			}
		}
		code := "MG1204"
		switch {
		case len(params) < total:
			code = "MG1208"
		case params[0].Type == "bias":
			code = "MG1209"
		}
		d := diag.Errorf(code, FoldNames(names)[0], "the checkpoint lacks %s, %v", some(names, 4), params[0].Shape)
		if len(params) < total {
			d = d.Note("%d of %d layers have it: a parameter is there in all of them or, by the policy's rule, in none", total-len(params), total)
			d = d.WithHint("the checkpoint is damaged or incomplete; download it again")
		} else {
			d = d.WithHint("policy %s wants it by its rule; if the checkpoint is right, another policy or a corrected rule is (docs/adding-a-family.md#optional-parameters)", b.policy.Name)
		}
		b.diags = append(b.diags, d)
	}
}

// reportExtra tells what tensors no parameter took, folded over layers.
func (b *binder) reportExtra() {
	classes := map[string][]*Tensor{}
	for _, path := range slices.Sorted(maps.Keys(b.stored)) {
		l := b.stored[path]
		for _, suffix := range append([]string{""}, partSuffixes...) {
			if t := l.parts[suffix]; t != nil {
				for _, tensor := range t.Tensors() {
					class := numberless(tensor.Name)
					classes[class] = append(classes[class], tensor)
				}
			}
		}
	}
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		tensors := classes[class]
		var names, files []string
		for _, t := range tensors {
			names = append(names, t.Name)
			if !slices.Contains(files, t.File) {
				files = append(files, t.File)
			}
		}
		subject := fmt.Sprintf("%d tensors", len(tensors))
		if len(tensors) == 1 {
			subject = "a tensor"
		}
		b.diags = append(b.diags, diag.Errorf("MG1203", files[0]+":"+tensors[0].Name, "no parameter takes %s", subject).
			Note("%s  %s%v  %s", some(names, 4), tensors[0].DType, tensors[0].Shape, some(files, 2)).
			Note("policy %s, template %s", b.policy.Name, b.policy.Template).
			WithHint("if the family has it, its template or policy lacks a parameter; if it changes nothing, the policy's layout drops it with a reason (docs/adding-a-family.md#optional-parameters)"))
	}
}

// numberless is a name with its numbers replaced, so that layers fall together.
func numberless(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if plainNumber(p) >= 0 {
			parts[i] = "#"
		}
	}
	return strings.Join(parts, ".")
}
