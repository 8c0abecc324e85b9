package emit

import (
	"slices"
	"strconv"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// fixed are the facts that a policy fixes: fields without keys and columns whose expressions read nothing that a checkpoint says. Where one is asked
// for, its value is written, and Config has no field for it.
type fixed map[string]contract.Value

// fixedBy collects the constants of a policy. Later fields and columns may build on earlier ones.
func fixedBy(p *contract.Policy) (fixed, error) {
	found := fixed{}
	for _, f := range p.Fields {
		if len(f.Keys) > 0 {
			continue
		}
		if err := found.add(f.Name, f.Default, f.Kind); err != nil {
			return nil, err
		}
	}
	for _, c := range p.Layers {
		if err := found.add("layer."+c.Name, c.Expr, c.Kind); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (c fixed) add(name, src string, kind contract.Kind) error {
	e, err := contract.ParseExpr(src)
	if err != nil {
		return err
	}
	v, ok := c.value(e)
	if ok && kind == contract.Float && v.Kind == contract.Int {
		v = contract.FloatValue(float64(v.I))
	}
	if ok && v.Kind == kind && literalOf(v) != "" {
		c[name] = v
	}
	return nil
}

// value is what an expression amounts to in every checkpoint, if it amounts to one thing.
func (c fixed) value(e *contract.Expr) (contract.Value, bool) {
	for _, name := range e.Names() {
		if _, ok := c[name]; !ok {
			return contract.Value{}, false
		}
	}
	v, err := e.Eval(contract.EnvFunc(func(name string) (contract.Value, bool) {
		v, ok := c[name]
		return v, ok
	}))
	return v, err == nil
}

// fold returns e with everything written out that is the same in every checkpoint. Names in local have a meaning of their own.
func (c fixed) fold(e *contract.Expr, local []string) *contract.Expr {
	if e.Op != contract.Literal && !slices.ContainsFunc(e.Names(), func(name string) bool { return slices.Contains(local, name) }) {
		if v, ok := c.value(e); ok && literalOf(v) != "" {
			return &contract.Expr{Op: contract.Literal, Val: v}
		}
	}
	folded := *e
	folded.Args = nil
	for _, a := range e.Args {
		folded.Args = append(folded.Args, c.fold(a, local))
	}
	if e.Op != contract.Binary || e.Text != "&&" && e.Text != "||" {
		return &folded
	}
	for i, a := range folded.Args {
		if a.Op != contract.Literal || a.Val.Kind != contract.Bool {
			continue
		}
		if a.Val.B == (e.Text == "||") {
			return a // decides
		}
		return folded.Args[1-i]
	}
	return &folded
}

// literalOf is a value as Go writes it; "" for a value without such a form.
func literalOf(v contract.Value) string {
	switch v.Kind {
	case contract.Int:
		return strconv.FormatInt(v.I, 10)
	case contract.Float:
		return number(v.F)
	case contract.Bool:
		return strconv.FormatBool(v.B)
	case contract.String:
		return strconv.Quote(v.S)
	}
	return ""
}
