package contract

import (
	"fmt"

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
		}
	}
}
