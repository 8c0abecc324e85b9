package contract

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Visitor receives what a blueprint's fields amount to for one config. The walk is depth first, in the order of the fields. A nil function is skipped.
type Visitor struct {
	// Enter and Leave bracket each nested struct that is present, the root included. at says which element of a slice it is, -1 outside.
	Enter func(f *FieldSpec, t *TypeSpec, at int) error
	Leave func()
	Param func(f *FieldSpec, p Param, eps float64) error
	State func(f *FieldSpec, s StateSpec) error
	// Value receives from, trait and rope fields.
	Value func(f *FieldSpec, v Value) error
	// Absent receives optional fields that the config rules out.
	Absent func(f *FieldSpec)
}

// Walk evaluates a blueprint on a config. The error names the field whose tag could not be evaluated.
func (b *Blueprint) Walk(c *Config, v Visitor) error {
	root, ok := b.Types[b.Root]
	if !ok {
		return fmt.Errorf("template %s has no root struct %q", b.Template, b.Root)
	}
	w := &walker{blueprint: b, config: c, visit: v}
	return w.enter(nil, root, place{env: c, layer: -1}, -1)
}

// place is where the walk is.
type place struct {
	path  string
	class string
	env   Env
	dims  map[string]*Expr // what named dims stand for, in facts and columns
	maybe string           // the innermost all-or-none class around, while presence is being decided
	layer int
	depth int
}

func (p place) sub(param string) place {
	p.path, p.class = join(p.path, param), join(p.class, param)
	p.depth++
	return p
}

func join(path, name string) string {
	switch {
	case path == "":
		return name
	case name == "":
		return path
	}
	return path + "." + name
}

type walker struct {
	blueprint *Blueprint
	config    *Config
	visit     Visitor
	deciding  func(class string, p Param) // set while presence is being decided: receives the parameters behind all-or-none
}

const maxStructDepth = 16

var errTooDeep = errors.New("structs nest too deeply; is one its own part?")

func (w *walker) enter(f *FieldSpec, t *TypeSpec, at place, index int) error {
	if at.depth > maxStructDepth {
		return errTooDeep
	}
	if w.visit.Enter != nil {
		if err := w.visit.Enter(f, t, index); err != nil {
			return err
		}
	}
	for i := range t.Fields {
		if err := w.field(&t.Fields[i], at); err != nil {
			return fmt.Errorf("%s.%s: %w", t.Name, t.Fields[i].Name, err)
		}
	}
	if w.visit.Leave != nil {
		w.visit.Leave()
	}
	return nil
}

func (w *walker) field(f *FieldSpec, at place) error {
	present := true
	var err error
	switch {
	case f.When == AllOrNone && w.deciding != nil:
		at.maybe = join(at.class, f.Param)
	case f.When == AllOrNone:
		present, err = w.decided(join(at.class, f.Param))
	case f.When != "":
		present, err = evalBool(f.When, at.env)
	}
	if err != nil {
		return err
	}
	if !present {
		if w.visit.Absent != nil {
			w.visit.Absent(f)
		}
		return nil
	}
	switch {
	case f.State != "":
		return w.state(f, at)
	case f.From != "" || f.Trait != "" || f.Rope != "":
		v, err := evalText(f.From+f.Trait+f.Rope, at.env)
		if err != nil || w.visit.Value == nil {
			return err
		}
		return w.visit.Value(f, v)
	case f.Module() != "":
		return w.param(f, at)
	}
	return w.nested(f, at)
}

func (w *walker) nested(f *FieldSpec, at place) error {
	t, ok := w.blueprint.Types[f.Struct()]
	if !ok {
		return fmt.Errorf("there is no struct %s", f.Struct())
	}
	inner := at.sub(f.Param)
	if f.Each == "" {
		if err := inner.bind(f, at); err != nil {
			return err
		}
		return w.enter(f, t, inner, -1)
	}
	if at.layer >= 0 {
		return errors.New("tables do not nest")
	}
	for i := range w.config.Layers {
		row := inner
		row.path, row.layer, row.env = join(inner.path, strconv.Itoa(i)), i, w.row(i, inner.env)
		if err := row.bind(f, row); err != nil {
			return err
		}
		if err := w.enter(f, t, row, i); err != nil {
			return err
		}
	}
	return nil
}

// bind gives named dims their values, evaluated where the field stands.
func (p *place) bind(f *FieldSpec, at place) error {
	if f.With == nil {
		return nil
	}
	bound, dims := map[string]Value{}, maps.Clone(at.dims)
	if dims == nil {
		dims = map[string]*Expr{}
	}
	for _, name := range slices.Sorted(maps.Keys(f.With)) {
		e, err := ParseExpr(f.With[name])
		if err != nil {
			return err
		}
		if bound[name], err = e.Eval(at.env); err != nil {
			return err
		}
		dims[name] = e.resolve(at.dims)
	}
	outer := p.env
	p.dims = dims
	p.env = EnvFunc(func(name string) (Value, bool) {
		if v, ok := bound[name]; ok {
			return v, true
		}
		return outer.Lookup(name)
	})
	return nil
}

// resolve is the expression with named dims replaced by what they stand for.
func (e *Expr) resolve(dims map[string]*Expr) *Expr {
	if e.Op == Name && dims[e.Text] != nil {
		return dims[e.Text]
	}
	n := *e
	n.Args = make([]*Expr, len(e.Args))
	for i, a := range e.Args {
		n.Args[i] = a.resolve(dims)
	}
	return &n
}

// row is the environment of layer i, around it what with has bound.
func (w *walker) row(i int, outer Env) Env {
	own := w.config.Row(i)
	return EnvFunc(func(name string) (Value, bool) {
		if _, column := cutLayer(name); column || name == "i" {
			return own.Lookup(name)
		}
		return outer.Lookup(name)
	})
}

func (w *walker) param(f *FieldSpec, at place) error {
	p := Param{Path: join(at.path, f.Param), Class: join(at.class, f.Param), Type: f.Module(), Layer: at.layer}
	var err error
	if p.Shape, err = evalDims(f.Dims, at.env); err != nil {
		return err
	}
	for _, dim := range f.Dims {
		p.Dims = append(p.Dims, MustExpr(dim).resolve(at.dims).String()) // evalDims has parsed it
	}
	if f.Bias != "" {
		if p.Bias, err = evalBool(f.Bias, at.env); err != nil {
			return err
		}
	}
	eps := 0.0
	if f.Eps != "" {
		v, err := evalText(f.Eps, at.env)
		if err != nil {
			return err
		}
		var number bool
		if eps, number = v.Number(); !number {
			return fmt.Errorf("an eps of %s", v)
		}
	}
	if at.maybe != "" {
		w.deciding(at.maybe, p)
	}
	if w.visit.Param == nil {
		return nil
	}
	return w.visit.Param(f, p, eps)
}

func (w *walker) state(f *FieldSpec, at place) error {
	s := StateSpec{Path: join(at.path, f.State), Kind: f.State, Layer: at.layer}
	var err error
	if s.Dims, err = evalDims(f.Dims, at.env); err != nil {
		return err
	}
	if f.Window != "" {
		v, err := evalText(f.Window, at.env)
		if err != nil {
			return err
		}
		if v.Kind != Int || v.I < 0 {
			return fmt.Errorf("a window of %s", v)
		}
		s.Window = int(v.I)
	}
	if w.visit.State == nil {
		return nil
	}
	return w.visit.State(f, s)
}

// evalDims evaluates the dimensions of a weight.
func evalDims(exprs []string, env Env) ([]int, error) {
	dims := make([]int, len(exprs))
	for i, e := range exprs {
		v, err := evalText(e, env)
		if err != nil {
			return nil, err
		}
		if v.Kind != Int || v.I < 1 || v.I > 1<<31-1 {
			return nil, fmt.Errorf("the dimension %s is %s", e, v)
		}
		dims[i] = int(v.I)
	}
	return dims, nil
}

func evalBool(expr string, env Env) (bool, error) {
	v, err := evalText(expr, env)
	if err != nil {
		return false, err
	}
	if v.Kind != Bool {
		return false, fmt.Errorf("%s is %s; want a truth value", expr, v)
	}
	return v.B, nil
}

// Expand lists the parameters and state handles that a blueprint asks for under a config.
func (b *Blueprint) Expand(c *Config) ([]Param, []StateSpec, diag.List) {
	var params []Param
	var states []StateSpec
	seen := map[string]bool{}
	err := b.Walk(c, Visitor{
		Param: func(_ *FieldSpec, p Param, _ float64) error {
			if seen[p.Path] {
				return fmt.Errorf("the parameter %s is there already", p.Path)
			}
			seen[p.Path] = true
			params = append(params, p)
			return nil
		},
		State: func(_ *FieldSpec, s StateSpec) error { states = append(states, s); return nil },
	})
	if err != nil {
		return nil, nil, diag.List{diag.Errorf("MG1201", "template "+b.Template, "%s", strings.TrimSpace(err.Error()))}
	}
	return params, states, nil
}
