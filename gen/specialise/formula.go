package specialise

import (
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// formula is a propositional formula whose atoms are predicates over the normalised config. Guards and path conditions are formulas.
type formula struct {
	op   byte   // t, f: constants; a: atom; &, |: args. Negation is pushed into the atoms.
	text string // as an expression
	expr *contract.Expr
	neg  *contract.Expr // the opposite of an atom
	args []formula
}

var (
	always = formula{op: 't'}
	never  = formula{op: 'f', text: "false"}
)

// predicate makes a formula of an expression's text.
func predicate(text string) formula {
	e, err := contract.ParseExpr(text)
	if err != nil {
		e = &contract.Expr{Op: contract.Name, Text: text} // tags were parsed when they were read; this one fails where it is evaluated
	}
	return formulaOf(e)
}

// formulaOf splits an expression at its logical operators.
func formulaOf(e *contract.Expr) formula {
	switch {
	case e.Op == contract.Binary && e.Text == "&&":
		return all(formulaOf(e.Args[0]), formulaOf(e.Args[1]))
	case e.Op == contract.Binary && e.Text == "||":
		return either(formulaOf(e.Args[0]), formulaOf(e.Args[1]))
	case e.Op == contract.Unary && e.Text == "!":
		return not(formulaOf(e.Args[0]))
	case len(e.Names()) == 0:
		v, err := e.Eval(contract.EnvFunc(func(string) (contract.Value, bool) { return contract.Value{}, false }))
		if err == nil && v.Kind == contract.Bool {
			return constantFormula(v.B)
		}
	}
	return formula{op: 'a', text: e.String(), expr: e, neg: opposite(e)}
}

// inverse maps each comparison to its negation.
var inverse = map[string]string{"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

// opposite returns the shortest expression for "not e".
func opposite(e *contract.Expr) *contract.Expr {
	if e.Op == contract.Binary && inverse[e.Text] != "" {
		n := *e
		n.Text = inverse[e.Text]
		return &n
	}
	return &contract.Expr{Op: contract.Unary, Text: "!", Args: []*contract.Expr{e}}
}

// constant makes a constant formula.
func constantFormula(v bool) formula {
	if v {
		return always
	}
	return never
}

// not negates f.
func not(f formula) formula {
	switch f.op {
	case 't':
		return never
	case 'f':
		return always
	case 'a':
		return formula{op: 'a', text: f.neg.String(), expr: f.neg, neg: f.expr}
	}
	var args []formula
	for _, a := range f.args {
		args = append(args, not(a))
	}
	if f.op == '&' {
		return either(args...)
	}
	return all(args...)
}

// all is the conjunction of fs, either their disjunction.
func all(fs ...formula) formula { return join('&', always, never, fs) }

func either(fs ...formula) formula { return join('|', never, always, fs) }

// join folds fs under op, dropping units, duplicates and everything beside a zero.
func join(op byte, unit, zero formula, fs []formula) formula {
	var args []formula
	seen := map[string]bool{}
	var add func(f formula) bool
	add = func(f formula) bool {
		switch {
		case f.op == unit.op:
			return true
		case f.op == zero.op:
			return false
		case f.op == op:
			for _, a := range f.args {
				if !add(a) {
					return false
				}
			}
			return true
		}
		if s := f.String(); !seen[s] {
			seen[s] = true
			args = append(args, f)
		}
		return true
	}
	for _, f := range fs {
		if !add(f) {
			return zero
		}
	}
	for _, f := range args {
		if seen[not(f).String()] {
			return zero
		}
	}
	args = absorb(op, args)
	switch len(args) {
	case 0:
		return unit
	case 1:
		return args[0]
	}
	return formula{op: op, args: args, text: joined(op, args)}
}

// absorb drops arguments that others make superfluous.
func absorb(op byte, args []formula) []formula {
	var kept []formula
	for i, f := range args {
		gone := false
		for k, g := range args {
			if i == k {
				continue
			}
			one, other := f, g // of a disjunction, f goes when it implies g
			if op == '&' {
				one, other = g, f
			}
			gone = gone || implies(one, other) && !(implies(other, one) && i < k)
		}
		if !gone {
			kept = append(kept, f)
		}
	}
	return kept
}

// perLayer reports whether f names a column of the layer table.
func (f formula) perLayer() bool {
	if f.op == 'a' {
		return rowsOnly(f.expr)
	}
	return slices.ContainsFunc(f.args, formula.perLayer)
}

// String prints f as an expression; the empty text is true.
func (f formula) String() string { return f.text }

// joined prints an operation.
func joined(op byte, args []formula) string {
	sep := " && "
	if op == '|' {
		sep = " || "
	}
	var b strings.Builder
	for i, a := range args {
		if i > 0 {
			b.WriteString(sep)
		}
		if a.looser(op) {
			b.WriteString("(" + a.text + ")")
		} else {
			b.WriteString(a.text)
		}
	}
	return b.String()
}

// looser reports whether f needs parentheses as an operand of op.
func (f formula) looser(op byte) bool {
	switch f.op {
	case '|', '&':
		return f.op != op
	case 'a':
		return f.expr.Op == contract.Binary && f.expr.Text == "??"
	}
	return false
}
