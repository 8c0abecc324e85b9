package contract

import (
	"fmt"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Validate checks a policy of the project's own: names are unique, expressions parse, layouts are told apart. The error is a diag.List.
func (p *Policy) Validate() error {
	v := &policyValidator{policy: p, fields: map[string]bool{}}
	for _, f := range p.Fields {
		v.unique("field", f.Name)
		if f.Kind != RopePlan {
			v.expr("default of "+f.Name, f.Default)
		}
		if len(f.Keys) == 0 && f.Default == "" {
			v.report("field %s has neither keys nor a value", f.Name)
		}
	}
	for _, c := range p.Layers {
		v.unique("column", "layer."+c.Name)
		v.expr("column "+c.Name, c.Expr)
	}
	for _, c := range p.Checks {
		v.expr("check", c.Expr)
		if c.Message == "" {
			v.report("the check %s has no message", c.Expr)
		}
	}
	for _, i := range p.Inert {
		if i.Reason == "" {
			v.report("the inert key %s has no reason", i.Key)
		}
	}
	v.expr("layer count", p.LayerCount)
	v.expr("match", p.Match)
	v.layouts()
	if p.Name == "" || p.Template == "" || len(p.ModelTypes) == 0 || len(p.Layouts) == 0 || p.Generation.Kind == "" {
		v.report("name, template, model types, layouts and generation must be given")
	}
	return v.diags.Err()
}

type policyValidator struct {
	policy *Policy
	fields map[string]bool
	diags  diag.List
}

func (v *policyValidator) report(format string, args ...any) {
	v.diags = append(v.diags, diag.Errorf("MG2203", "policy "+v.policy.Name, "%s", fmt.Sprintf(format, args...)))
}

func (v *policyValidator) unique(what, name string) {
	if v.fields[name] || name == "" {
		v.report("the %s %q stands there twice, or has no name", what, name)
	}
	v.fields[name] = true
}

func (v *policyValidator) expr(what, src string) {
	if src == "" {
		return
	}
	if _, err := ParseExpr(src); err != nil {
		v.report("%s: %v", what, err)
	}
}

func (v *policyValidator) layouts() {
	seen := map[string]bool{}
	for _, l := range v.policy.Layouts {
		if seen[l.Name] || l.Name == "" {
			v.report("the layout %q stands there twice, or has no name", l.Name)
		}
		seen[l.Name] = true
		for _, op := range l.Program {
			v.expr("layout "+l.Name, op.When)
			if op.Kind == Drop && op.Reason == "" {
				v.report("layout %s drops %s without a reason", l.Name, op.Match)
			}
			v.patterns(l.Name, &op)
		}
	}
}

// patterns checks that an operation says what its kind needs, and that its new names hold nothing that its match does not bind.
func (v *policyValidator) patterns(layout string, op *Op) {
	bad := func(format string, args ...any) {
		v.report("layout %s, %s %s: %s", layout, op.Kind, op.Match, fmt.Sprintf(format, args...))
	}
	names := []string{op.To}
	for _, p := range op.Parts {
		names = append(names, p.To)
		v.expr("layout "+layout, p.Size)
		if p.To == "" || p.Size == "" {
			bad("a part lacks its name or size")
		}
	}
	for _, d := range op.Dims {
		v.expr("layout "+layout, d)
	}
	switch op.Kind {
	case Drop, Transpose:
	case Rename, Stack:
		if op.To == "" {
			bad("it has no new name")
		}
	case Split:
		if len(op.Parts) == 0 || op.Axis != 0 {
			bad("it needs parts along axis 0")
		}
	case Reshape:
		if len(op.Dims) == 0 {
			bad("it has no dims")
		}
	default:
		bad("there is no such operation")
	}
	bound := placeholders(op.Match)
	if op.Match == "" || strings.Contains(op.Match, "**.") {
		bad("** must be the last segment, and a match must not be empty")
	}
	if op.Kind == Stack && bound["{e}"] == 0 {
		bad("nothing is numbered {e}")
	}
	for _, name := range names {
		for p, count := range placeholders(name) {
			if bound[p] == 0 || p == "*" && count > bound[p] {
				bad("%s names %s, which the match does not bind", name, p)
			}
		}
	}
}

// placeholders counts the segments of a pattern that stand for others.
func placeholders(pattern string) map[string]int {
	found := map[string]int{}
	for _, segment := range strings.Split(pattern, ".") {
		if strings.HasPrefix(segment, "*") || strings.HasPrefix(segment, "{") {
			found[segment]++
		}
	}
	return found
}
