package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Validate checks a policy of the project's own: names are unique, expressions parse and read what is there when they are evaluated, layouts are told
// apart. The error is a diag.List.
func (p *Policy) Validate() error {
	v := &policyValidator{policy: p, names: map[string]bool{}}
	for i := range p.Fields {
		v.field(&p.Fields[i])
	}
	fields := v.names
	v.names = map[string]bool{"i": true}
	for name := range fields {
		v.names[name] = true
	}
	for _, c := range p.Layers {
		v.expr("column "+c.Name, c.Expr)
		v.unique("column", "layer."+c.Name)
		if !isFieldName(c.Name) {
			v.report("the column name %q is no lower-case identifier", c.Name)
		}
	}
	v.layouts()
	v.names = fields
	for _, c := range p.Checks {
		v.expr("check", c.Expr)
		if c.Message == "" {
			v.report("the check %s has no message", c.Expr)
		}
	}
	v.expr("layer count", p.LayerCount)
	if len(p.Layers) > 0 && p.LayerCount == "" {
		v.report("there are columns, but no layer count")
	}
	for _, i := range p.Inert {
		if i.Reason == "" || i.Key == "" {
			v.report("the inert key %s has no reason, or no name", i.Key)
		}
	}
	v.names = nil // a match reads raw keys
	v.expr("match", p.Match)
	if p.Name == "" || p.Template == "" || len(p.ModelTypes) == 0 || len(p.Layouts) == 0 || p.Generation.Kind == "" {
		v.report("name, template, model types, layouts and generation must be given")
	}
	return v.diags.Err()
}

type policyValidator struct {
	policy *Policy
	names  map[string]bool // what expressions may read
	diags  diag.List
}

func (v *policyValidator) report(format string, args ...any) {
	v.diags = append(v.diags, diag.Errorf("MG2203", "policy "+v.policy.Name, "%s", fmt.Sprintf(format, args...)))
}

func (v *policyValidator) unique(what, name string) {
	if v.names[name] || name == "" {
		v.report("the %s %q stands there twice, or has no name", what, name)
	}
	v.names[name] = true
}

// isFieldName says whether an expression can read a name.
func isFieldName(name string) bool {
	ok := name != "" && !isDigit(name[0]) && name != "i" && !slices.Contains([]string{"true", "false", "null", "layer"}, name) && arity[name] == 0
	return ok && !strings.ContainsFunc(name, func(r rune) bool { return !(r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
}

// field checks a field; its expressions read earlier ones only.
func (v *policyValidator) field(f *Field) {
	v.expr("default of "+f.Name, f.Default)
	v.expr("null of "+f.Name, f.Null)
	_, known := kindNames[f.Kind]
	number, text := f.Kind == Int || f.Kind == Float, f.Kind == String || f.Kind == List
	switch {
	case f.Name != "" && !isFieldName(f.Name):
		v.report("the field name %q is no lower-case identifier", f.Name)
	case !known || f.Kind == Null || f.Kind == Object:
		v.report("field %s has no kind", f.Name)
	case len(f.Keys) == 0 && f.Default == "":
		v.report("field %s has neither keys nor a value", f.Name)
	case (f.Min != 0 || f.Max != 0) && (!number || f.Max <= f.Min):
		v.report("field %s: the bounds %v to %v are none of %s", f.Name, f.Min, f.Max, kindNames[f.Kind])
	case len(f.Enum) > 0 && !text:
		v.report("field %s: allowed strings, of %s", f.Name, kindNames[f.Kind])
	case len(f.Keys) == 0 && f.Null != "":
		v.report("field %s has a null, but no key", f.Name)
	case f.Kind == RopePlan && !(v.names["head_dim"] && v.names["max_position_embeddings"]):
		v.report("the rope %s needs the fields head_dim and max_position_embeddings before it", f.Name)
	}
	for i, key := range f.Keys {
		if key == "" || slices.Contains(f.Keys[:i], key) {
			v.report("field %s: the key %q stands there twice, or is empty", f.Name, key)
		}
	}
	v.unique("field", f.Name)
}

// expr checks an expression; where names are given, it may read those only.
func (v *policyValidator) expr(what, src string) {
	if src == "" {
		return
	}
	e, err := ParseExpr(src)
	if err != nil {
		v.report("%s: %v", what, err)
		return
	}
	for _, name := range e.Names() {
		if v.names != nil && !v.names[name] {
			v.report("%s: %s reads %s, which is not there, or not yet", what, src, name)
		}
	}
}

func (v *policyValidator) layouts() {
	rows := v.names
	config := map[string]bool{}
	for name := range rows {
		if _, column := cutLayer(name); !column && name != "i" {
			config[name] = true
		}
	}
	seen := map[string]bool{}
	for _, l := range v.policy.Layouts {
		if seen[l.Name] || l.Name == "" {
			v.report("the layout %q stands there twice, or has no name", l.Name)
		}
		seen[l.Name] = true
		for i := range l.Program {
			v.names = config
			if placeholders(l.Program[i].Match)["{i}"] > 0 {
				v.names = rows
			}
			v.op(l.Name, &l.Program[i])
		}
	}
	v.names = rows
}

// op checks that an operation says what its kind needs, and that its new names hold nothing that its match does not bind.
func (v *policyValidator) op(layout string, op *Op) {
	bad := func(format string, args ...any) {
		v.report("layout %s, %s %s: %s", layout, op.Kind, op.Match, fmt.Sprintf(format, args...))
	}
	v.expr("layout "+layout, op.When)
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
	case Drop:
		if op.Reason == "" {
			v.report("layout %s drops %s without a reason", layout, op.Match)
		}
	case Transpose:
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
