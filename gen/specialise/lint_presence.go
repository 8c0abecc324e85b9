package specialise

import (
	"fmt"
	"go/ast"
	"go/constant"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// lintPresence checks that optional parameters are used under checks that ensure their presence, whatever the evidence: it folds the template on
// invented evidence in which everything that a tag asks about varies freely.
func (t *Templates) lintPresence(r *report, name string) {
	evidence := t.invented(name)
	if len(evidence) == 0 {
		return
	}
	inner := &report{im: t.im}
	p := newPlan(t, inner, t.templates[name], evidence)
	if inner.failed() {
		for _, d := range inner.list {
			if d.Code == "MG2032" || d.Code == "MG2015" {
				r.addAt(d.Pos, d.Code, "%s", d.Message)
			}
		}
		return
	}
	f := newFold(p)
	f.run()
	for _, i := range f.list {
		if i.res == nil {
			continue
		}
		for _, d := range i.res.diags.list {
			if d.Code == "MG2101" || d.Code == "MG2102" {
				field, _, _ := strings.Cut(d.Message, " ")
				r.addAt(d.Pos, "MG2014", "%s is used where no check ensures that it is there", field)
			}
		}
	}
}

// structsBelow returns the parameter structs of a template, its root first.
func (t *Templates) structsBelow(root *structInfo) []*structInfo {
	list := []*structInfo{root}
	for i := 0; i < len(list); i++ {
		for _, f := range list[i].fields {
			if f.kid != nil && !slices.Contains(list, f.kid) {
				list = append(list, f.kid)
			}
		}
	}
	return list
}

// Bounds of the invented evidence: checkpoints, and rows of each.
const (
	maxInvented     = 64
	maxInventedRows = 64
)

// invented makes evidence in which all names of conditions take all values that matter.
func (t *Templates) invented(name string) []Checkpoint {
	facts, columns := map[string][]contract.Value{}, map[string][]contract.Value{}
	words := t.words()
	for _, c := range newPlan(t, &report{im: t.im}, t.templates[name], nil).classes {
		for _, f := range c.info.fields {
			for _, src := range []string{c.when(f), c.trait(f)} {
				e, err := contract.ParseExpr(src)
				if err != nil {
					continue
				}
				for n, values := range domains(e, f, words) {
					into := facts
					if col, ok := strings.CutPrefix(n, "layer."); ok {
						into, n = columns, col
					}
					if n != "i" {
						into[n] = merge(into[n], values)
					}
				}
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	var rows []contract.Facts
	for _, r := range combinations(columns, maxInventedRows, random) {
		rows = append(rows, r)
	}
	var list []Checkpoint
	for i, c := range combinations(facts, maxInvented, random) {
		list = append(list, Checkpoint{Name: fmt.Sprintf("invented %03d", i), Config: &contract.Config{Facts: c, Layers: rows}, Presence: t.allPresent(name)})
	}
	return list
}

// allPresent answers for all-or-none parameters, which no predicate decides.
func (t *Templates) allPresent(name string) map[string]bool {
	list := map[string]bool{}
	var visit func(s *structInfo, path string, depth int)
	visit = func(s *structInfo, path string, depth int) {
		for _, f := range s.fields {
			p := joinPath(path, f.spec.Param)
			list[p] = true
			if f.kid != nil && depth < 16 {
				visit(f.kid, p, depth+1)
			}
		}
	}
	visit(t.templates[name], "", 0)
	return list
}

// words are the texts that templates compare traits with, and one that they do not know.
func (t *Templates) words() []contract.Value {
	var list []string
	for _, p := range t.packages {
		for _, f := range p.files {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok {
					if tv := t.info.Types[e]; tv.Value != nil && tv.Value.Kind() == constant.String {
						list = append(list, constant.StringVal(tv.Value))
					}
				}
				return true
			})
		}
	}
	slices.Sort(list)
	var values []contract.Value
	for _, s := range append(slices.Compact(list), "other") {
		if !strings.ContainsAny(s, "' \n") && len(values) < 24 {
			values = append(values, contract.StringValue(s))
		}
	}
	return values
}

// domains returns the values that names of an expression should take so that it has all its outcomes.
func domains(e *contract.Expr, f *fieldInfo, words []contract.Value) map[string][]contract.Value {
	out := map[string][]contract.Value{}
	put := func(e *contract.Expr, values ...contract.Value) {
		if e.Op == contract.Name {
			out[e.Text] = merge(out[e.Text], values)
		}
	}
	bools := []contract.Value{contract.BoolValue(false), contract.BoolValue(true)}
	var truth, other func(e *contract.Expr)
	truth = func(e *contract.Expr) {
		switch {
		case e.Op == contract.Name:
			put(e, bools...)
		case e.Op == contract.Unary && e.Text == "!", e.Op == contract.Binary && (e.Text == "&&" || e.Text == "||"):
			for _, a := range e.Args {
				truth(a)
			}
		default:
			other(e)
		}
	}
	other = func(e *contract.Expr) {
		if e.Op == contract.Binary && inverse[e.Text] != "" {
			for i, a := range e.Args {
				if b := e.Args[1-i]; b.Op == contract.Literal {
					put(a, around(b.Val)...)
				} else if a.Op == contract.Name {
					put(a, around(contract.IntValue(1))...)
				}
			}
			return
		}
		if e.Op == contract.Name {
			put(e, around(contract.IntValue(1))...)
		}
		for i, a := range e.Args {
			if e.Op == contract.Call && e.Text == "if" && i == 0 {
				truth(a)
				continue
			}
			other(a)
		}
	}
	switch {
	case f.optional() && !f.isTrait(), f.isTrait() && f.spec.GoType == "bool":
		truth(e)
	case f.isTrait() && f.spec.GoType == "string" && e.Op == contract.Name:
		put(e, words...)
	default:
		other(e)
	}
	return out
}

// around returns a value and its neighbours.
func around(v contract.Value) []contract.Value {
	switch v.Kind {
	case contract.Int:
		return []contract.Value{contract.IntValue(v.I - 1), v, contract.IntValue(v.I + 1)}
	case contract.Float:
		return []contract.Value{contract.FloatValue(v.F - 1), v, contract.FloatValue(v.F + 1)}
	case contract.Bool:
		return []contract.Value{contract.BoolValue(false), contract.BoolValue(true)}
	case contract.String:
		return []contract.Value{v, contract.StringValue("other")}
	}
	return []contract.Value{v}
}

func merge(a, b []contract.Value) []contract.Value {
	for _, v := range b {
		if !slices.ContainsFunc(a, v.Equal) {
			a = append(a, v)
		}
	}
	return a
}

// combinations returns all assignments of values to names or, where there are too many, random ones.
func combinations(domains map[string][]contract.Value, limit int, random *rand.Rand) []contract.Facts {
	var names []string
	total := 1
	for n, values := range domains {
		names = append(names, n)
		total = min(total*len(values), 1<<20)
	}
	slices.Sort(names)
	var out []contract.Facts
	for i := range min(total, limit) {
		row := contract.Facts{}
		rest := i
		for _, n := range names {
			values := domains[n]
			at := rest % len(values)
			rest /= len(values)
			if total > limit {
				at = random.IntN(len(values))
			}
			row[n] = contract.Fact{Value: values[at], From: "invented"}
		}
		out = append(out, row)
	}
	return out
}
