package specialise

import (
	"maps"
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
func rowsOnly(src string) bool {
	for _, n := range namesOf(src) {
		if n == "i" || strings.HasPrefix(n, "layer.") {
			return true
		}
	}
	return false
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

// inverse maps each comparison to its negation.
var inverse = map[string]string{"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

// negate returns the shortest text for "not src".
func negate(src string) string {
	e, err := contract.ParseExpr(src)
	switch {
	case err != nil:
	case e.Op == contract.Unary && e.Text == "!":
		return e.Args[0].String()
	case e.Op == contract.Binary && inverse[e.Text] != "":
		n := *e
		n.Text = inverse[e.Text]
		return n.String()
	case e.Op != contract.Binary:
		return "!" + src
	}
	return "!(" + src + ")"
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
