package contract

import (
	"maps"
	"reflect"
	"slices"

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

// Prove binds the parameters that a family asks for to the tensors of a checkpoint. raw is the published config: it says how weights are quantised. One
// layout of the policy must account for every tensor; where several do, they must do the same.
func Prove(p *Policy, params []Param, c *Config, raw *Raw, headers []*Header) (*Proof, diag.List) {
	stored, err := group(headers)
	if err != nil {
		return nil, diag.List{diag.Errorf("MG1202", "", "%v", err).WithHint("a tensor must stand in one shard only")}
	}
	quant, diags := newQuantReader(raw)
	if diags.HasErrors() {
		return nil, diags
	}
	if diags := unrunnable(quant, stored); diags != nil {
		return nil, diags
	}
	layouts, diags := candidates(p, quant, stored)
	if diags.HasErrors() {
		return nil, diags
	}
	var proven *Proof
	var nearest diag.List
	for _, layout := range layouts {
		proof, found := tryLayout(p, layout, params, c, quant, stored)
		switch {
		case proof == nil && (nearest == nil || len(found) < len(nearest)):
			nearest = found
		case proof == nil:
		case proven == nil:
			proven = proof
		case !reflect.DeepEqual(proof.Bindings, proven.Bindings):
			return nil, diag.List{diag.Errorf("MG1210", "policy "+p.Name, "the layouts %s and %s both take the checkpoint, and make different parameters of it", proven.Layout, layout.Name).
				WithHint("the policy must tell them apart; this is a mistake in the policy, not in the checkpoint")}
		}
	}
	if proven == nil {
		return nil, nearest
	}
	return proven, nil
}

// unrunnable names the formats that cannot be run, with examples of what is stored so.
func unrunnable(q *quantReader, stored []*logical) diag.List {
	var order []Format
	byFormat := map[Format][]*logical{}
	for _, l := range stored {
		if f := q.formatOf(l); !f.Runnable() {
			if byFormat[f] == nil {
				order = append(order, f)
			}
			byFormat[f] = append(byFormat[f], l)
		}
	}
	var diags diag.List
	for _, f := range order {
		var paths []string
		for _, l := range byFormat[f] {
			paths = append(paths, l.path)
		}
		first := byFormat[f][0]
		d := diag.Errorf("MG1213", first.tensors()[0].place(), "%d weights are stored as %s, which cannot be run yet", len(paths), f).Note("%s", some(paths, 4))
		for _, part := range first.suffixes() {
			d = d.Note("  %s\t%s", part, first.parts[part].form())
		}
		diags = append(diags, d.WithHint(runnableHint))
	}
	return diags
}

// candidates lists the layouts that the stored formats allow: MLX's formats stand in the layout mlx only, other quantised ones elsewhere only. Dense
// weights may be in any. Layouts with the same programme are one.
func candidates(p *Policy, q *quantReader, stored []*logical) ([]*Layout, diag.List) {
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
			Note("in the mlx layout:\t%s", some(mlx, 3)).Note("in the hub layout:\t%s", some(hub, 3)).
			WithHint("its shards come from different conversions; download one of them whole")}
	}
	inMLX := len(mlx) > 0 || q.mlx != nil
	if q.mlx != nil && len(mlx) == 0 || q.method != "" && len(hub) == 0 {
		return nil, diag.List{diag.Errorf("MG1212", q.raw.Pointer(q.key), "the config says that weights are quantised, but none is").
			WithHint("the config and the tensors come from different conversions; download one of them whole")}
	}
	var layouts []*Layout
	for i := range p.Layouts {
		l := &p.Layouts[i]
		if (inMLX || len(hub) > 0) && (l.Name == "mlx") != inMLX {
			continue
		}
		if !slices.ContainsFunc(layouts, func(other *Layout) bool { return reflect.DeepEqual(other.Program, l.Program) }) {
			layouts = append(layouts, l)
		}
	}
	if layouts == nil {
		want := "hub"
		if inMLX {
			want = "mlx"
		}
		return nil, diag.List{diag.Errorf("MG1210", "policy "+p.Name, "the checkpoint is in the layout %s, which policy %s does not have", want, p.Name)}
	}
	return layouts, nil
}

// tryLayout proves a checkpoint by one layout.
func tryLayout(p *Policy, layout *Layout, params []Param, c *Config, q *quantReader, stored []*logical) (*Proof, diag.List) {
	run, d := runLayout(p, layout, c, stored)
	if d != nil {
		return nil, diag.List{*d}
	}
	b := &binder{policy: p, config: c, quant: q, stored: run.params, params: params}
	proof := &Proof{Config: c, Layout: layout.Name, Dropped: run.dropped}
	for i := range params {
		if binding, ok := b.bind(&params[i]); ok {
			proof.Bindings = append(proof.Bindings, binding)
		}
	}
	b.checkClasses()
	b.leftovers()
	if diags := b.report(); diags.HasErrors() {
		return nil, diags
	}
	return proof, nil
}

// runLayout runs a layout's operations on the stored parameters.
func runLayout(p *Policy, layout *Layout, c *Config, stored []*logical) (*programme, *diag.Diagnostic) {
	run := &programme{config: c, params: map[string]*logical{}}
	for _, l := range stored {
		run.params[l.path] = l
	}
	for i := range layout.Program {
		if err := run.apply(&layout.Program[i]); err != nil {
			d := diag.Errorf("MG1207", "policy "+p.Name, "layout %s: %v", layout.Name, err)
			return nil, &d
		}
	}
	return run, nil
}

// leftovers are findings for what no parameter has taken.
func (b *binder) leftovers() {
	for _, path := range slices.Sorted(maps.Keys(b.stored)) {
		l := b.stored[path]
		for _, suffix := range l.suffixes() {
			for _, tensor := range l.parts[suffix].Tensors() {
				b.find(finding{code: "MG1203", tensor: tensor, text: tensor.form()})
			}
		}
	}
}
