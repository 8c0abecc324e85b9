package specialise

import (
	"maps"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// names are the names of an expression's text; nil when it cannot be parsed.
func namesOf(src string) []string {
	e, err := contract.ParseExpr(src)
	if err != nil {
		return nil
	}
	return e.Names()
}

// rowsOnly reports whether an expression means something only on a row of the layer table.
func rowsOnly(e *contract.Expr) bool {
	if e.Op == contract.Name {
		return e.Text == "i" || strings.HasPrefix(e.Text, "layer.")
	}
	return slices.ContainsFunc(e.Args, rowsOnly)
}

// perRow is rowsOnly of an expression's text.
func perRow(src string) bool {
	e, err := contract.ParseExpr(src)
	return err == nil && rowsOnly(e)
}

// substitute replaces names by expressions.
func substitute(src string, by map[string]string) string {
	e, err := contract.ParseExpr(src)
	if err != nil || len(by) == 0 {
		return src
	}
	changed := false
	var visit func(e *contract.Expr) *contract.Expr
	visit = func(e *contract.Expr) *contract.Expr {
		if e.Op == contract.Name {
			if r, ok := by[e.Text]; ok {
				if x, err := contract.ParseExpr(r); err == nil {
					changed = true
					return x
				}
			}
			return e
		}
		n := *e
		n.Args = make([]*contract.Expr, len(e.Args))
		for i, a := range e.Args {
			n.Args[i] = visit(a)
		}
		return &n
	}
	if x := visit(e); changed {
		return x.String()
	}
	return src
}

// inherit returns the bindings that a nested struct sees: those around it, hidden by its own.
func inherit(around map[string]string, own map[string]string) map[string]string {
	with := maps.Clone(around)
	if with == nil {
		with = map[string]string{}
	}
	for name, src := range own {
		with[name] = substitute(src, around)
	}
	return with
}

// operator returns the operator at the top of an expression, or "".
func operator(src string) string {
	if e, err := contract.ParseExpr(src); err == nil && e.Op == contract.Binary {
		return e.Text
	}
	return ""
}

// tight reports whether src can stand beside a comparison without parentheses.
func tight(src string) bool {
	switch operator(src) {
	case "", "+", "-", "*", "/", "%":
		return true
	}
	return false
}
