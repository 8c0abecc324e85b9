package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// maxLayers bounds the layer table.
const maxLayers = 4096

// Normalise turns a published config into facts by a policy's fields. Every key must be read, be null, start with '_', or stand on a reasoned list of
// inert keys: the global one, the policy's, or extra (decisions recorded when the checkpoint was added). The config is complete only when the list
// holds no error.
func Normalise(p *Policy, raw *Raw, extra []Inert) (*Config, diag.List) {
	n := &normaliser{policy: p, raw: raw, read: map[string]bool{}, config: &Config{Facts: Facts{}}}
	for i := range p.Fields {
		n.field(&p.Fields[i])
	}
	n.unread(extra)
	if !n.diags.HasErrors() {
		n.layers()
		n.checks()
	}
	n.diags.Sort()
	if n.diags.HasErrors() {
		return nil, n.diags
	}
	return n.config, n.diags
}

type normaliser struct {
	policy *Policy
	raw    *Raw
	read   map[string]bool // paths
	config *Config
	diags  diag.List
}

func (n *normaliser) report(d diag.Diagnostic) { n.diags = append(n.diags, d) }

// Lookup makes the facts so far the environment of default expressions.
func (c *Config) Lookup(name string) (Value, bool) {
	f, ok := c.Facts[name]
	return f.Value, ok
}

// Row is the environment of layer i: facts, layer.X, and the index i.
func (c *Config) Row(i int) Env {
	return EnvFunc(func(name string) (Value, bool) {
		if column, ok := strings.CutPrefix(name, "layer."); ok {
			f, ok := c.Layers[i][column]
			return f.Value, ok
		}
		if name == "i" {
			return IntValue(int64(i)), true
		}
		return c.Lookup(name)
	})
}

// found is a value of the config and its path; where there is none, null is the path of an explicit null.
type found struct {
	path  string
	value Value
	null  string
}

// find reads all spellings of a field; conflicting ones are an error.
func (n *normaliser) find(f *Field) (found, bool) {
	var first found
	ok := false
	for _, path := range f.Keys {
		v := n.raw.At(path)
		if v == nil {
			continue
		}
		n.read[path] = true
		if v.IsNull() {
			first.null = path
			continue
		}
		if v.Object != nil {
			n.report(diag.Errorf("MG1103", n.raw.Pointer(path), "%s is an object; want %s", path, kindNames[f.Kind]))
			continue
		}
		if !ok {
			first.path, first.value, ok = path, v.Value, true
			continue
		}
		if !first.value.Equal(v.Value) {
			n.report(diag.Errorf("MG1105", n.raw.Pointer(path), "%s is %s, but %s is %s", path, v.Value, first.path, first.value).
				WithHint("both name %s; the config must agree with itself", f.Name))
		}
	}
	return first, ok
}

var kindNames = map[Kind]string{Null: "null", Int: "an integer", Float: "a number", Bool: "true or false", String: "a string", List: "a list", RopePlan: "a rope plan", Object: "an object"}

func (n *normaliser) field(f *Field) {
	if f.Kind == RopePlan {
		n.rope(f)
		return
	}
	got, ok := n.find(f)
	switch {
	case !ok && got.null != "" && f.Null != "":
		n.evaluate(f, f.Null, n.raw.Pointer(got.null)+" is null: "+f.Null)
		return
	case !ok:
		n.byDefault(f)
		return
	}
	v, err := convert(got.value, f.Kind)
	if err == nil {
		err = f.check(v)
	}
	if err != nil {
		n.report(diag.Errorf("MG1103", n.raw.Pointer(got.path), "%s: %v", got.path, err))
		return
	}
	n.config.Facts[f.Name] = Fact{Value: v, From: n.raw.Pointer(got.path)}
}

func (n *normaliser) byDefault(f *Field) {
	if f.Default == "" {
		key := f.Name
		if len(f.Keys) > 0 {
			key = f.Keys[0]
		}
		n.report(diag.Errorf("MG1102", n.raw.Pointer(key), "the config has no %s", strings.Join(f.Keys, " or ")).
			WithHint("policy %s requires it; a config without it is not complete", n.policy.Name))
		return
	}
	whose := f.Whose
	if whose == "" {
		whose = "policy"
	}
	n.evaluate(f, f.Default, fmt.Sprintf("default of %s: %s", whose, f.Default))
}

// evaluate gives a field the value of an expression over the fields before it.
func (n *normaliser) evaluate(f *Field, src, from string) {
	if n.needsFailed(src) {
		return
	}
	v, err := evalText(src, n.config)
	if err == nil && v.Kind != Null {
		v, err = convert(v, f.Kind)
	}
	if err == nil && v.Kind != Null {
		err = f.check(v)
	}
	if err != nil {
		n.report(diag.Errorf("MG1103", n.raw.File, "%s: %s: %v", f.Name, from, err))
		return
	}
	n.config.Facts[f.Name] = Fact{Value: v, From: from}
}

// needsFailed says whether an expression reads a field of the policy that could not be normalised, which is reported there.
func (n *normaliser) needsFailed(src string) bool {
	e, err := ParseExpr(src)
	return err == nil && slices.ContainsFunc(e.Names(), func(name string) bool {
		_, have := n.config.Facts[name]
		return !have && slices.ContainsFunc(n.policy.Fields, func(f Field) bool { return f.Name == name }) && n.diags.HasErrors()
	})
}

// evalText evaluates an expression of a policy.
func evalText(src string, env Env) (Value, error) {
	e, err := ParseExpr(src)
	if err != nil {
		return Value{}, err
	}
	return e.Eval(env)
}

// convert makes a value the kind that a field wants; only integers become floats, and whole floats integers.
func convert(v Value, kind Kind) (Value, error) {
	switch {
	case v.Kind == kind:
		return v, nil
	case kind == Float && v.Kind == Int:
		return FloatValue(float64(v.I)), nil
	case kind == Int && v.Kind == Float && v.F > -1<<62 && v.F < 1<<62 && v.F == float64(int64(v.F)):
		return IntValue(int64(v.F)), nil
	}
	return Value{}, fmt.Errorf("%s, want %s", v, kindNames[kind])
}

// check applies a field's bounds and allowed strings.
func (f *Field) check(v Value) error {
	if x, ok := v.Number(); ok {
		if x != x || x > 1e18 || x < -1e18 {
			return fmt.Errorf("%s is out of range", v)
		}
		if f.Max > f.Min && (x < f.Min || x > f.Max) {
			return fmt.Errorf("%s is not between %v and %v", v, f.Min, f.Max)
		}
	}
	if len(f.Enum) == 0 {
		return nil
	}
	elements := v.L
	if v.Kind == String {
		elements = []Value{v}
	}
	for _, x := range elements {
		if x.Kind != String || !slices.Contains(f.Enum, x.S) {
			return fmt.Errorf("%s is not one of %s", x, strings.Join(f.Enum, ", "))
		}
	}
	return nil
}

// layers evaluates the layer table.
func (n *normaliser) layers() {
	if n.policy.LayerCount == "" {
		return
	}
	count, err := evalText(n.policy.LayerCount, n.config)
	if err == nil && (count.Kind != Int || count.I < 1 || count.I > maxLayers) {
		err = fmt.Errorf("%s layers; want 1 to %d", count, maxLayers)
	}
	if err != nil {
		n.report(diag.Errorf("MG1106", n.raw.File, "the number of layers: %v", err))
		return
	}
	n.config.Layers = make([]Facts, count.I)
	for _, c := range n.policy.Layers {
		expr, err := ParseExpr(c.Expr)
		if err != nil {
			n.report(diag.Errorf("MG1106", "policy "+n.policy.Name, "column %s: %v", c.Name, err))
			continue
		}
		from := n.columnSource(expr)
		for i := range n.config.Layers {
			if n.config.Layers[i] == nil {
				n.config.Layers[i] = Facts{}
			}
			v, err := expr.Eval(n.config.Row(i))
			if optional := c.Kind == RopePlan || c.Kind == String || c.Kind == List; err == nil && (v.Kind != Null || !optional) {
				v, err = convert(v, c.Kind)
			}
			if err != nil {
				n.report(diag.Errorf("MG1106", n.raw.File, "layer %d, %s: %v", i, c.Name, err).Note("%s = %s", c.Name, c.Expr))
				break
			}
			n.config.Layers[i][c.Name] = Fact{Value: v, From: from}
		}
	}
}

// columnSource is where a column comes from: the origin of the one fact it copies, or its expression.
func (n *normaliser) columnSource(e *Expr) string {
	if e.Op == Name {
		if f, ok := n.config.Facts[e.Text]; ok {
			return f.From
		}
	}
	return e.String()
}

func (n *normaliser) checks() {
	for _, c := range n.policy.Checks {
		v, err := evalText(c.Expr, n.config)
		if err == nil && v.Kind == Bool && v.B {
			continue
		}
		d := diag.Errorf("MG1107", n.raw.File, "policy %s does not allow this config: %s", n.policy.Name, c.Message).Note("the condition is %s", c.Expr)
		if err != nil {
			d = d.Note("%v", err)
		} else if e, err := ParseExpr(c.Expr); err == nil {
			for _, name := range e.Names() {
				if f, ok := n.config.Facts[name]; ok {
					d = d.Note("%s = %s  (%s)", name, f.Value, f.From)
				}
			}
		}
		n.report(d)
	}
}

// unread reports keys that nothing has read.
func (n *normaliser) unread(extra []Inert) {
	inert := map[string]string{}
	add := func(list []Inert) {
		for _, i := range list {
			inert[i.Key] = i.Reason
		}
	}
	add(globalInert)
	for key, value := range inertOnly {
		if v := n.raw.At(key); v != nil && v.Object == nil && v.Value.Equal(value) {
			inert[key] = "has the value that changes nothing"
		} else {
			delete(inert, key)
		}
	}
	add(n.policy.Inert)
	add(extra)
	n.unreadIn("", n.raw.Root, inert)
}

// inertOnly are keys that change nothing as long as they have one value.
var inertOnly = map[string]Value{"is_encoder_decoder": BoolValue(false), "add_cross_attention": BoolValue(false), "tie_encoder_decoder": BoolValue(false)}

// unreadIn reports the unread keys of an object. An object of which single keys are read is looked into; others count as one.
func (n *normaliser) unreadIn(prefix string, object *RawValue, inert map[string]string) {
	for _, key := range object.Keys {
		v, path := object.Object[key], prefix+key
		read := n.read[path] && !strings.Contains(key, "/")
		if read || inert[path] != "" || strings.HasPrefix(key, "_") || v.IsNull() {
			continue
		}
		within := func(p string) bool { return strings.HasPrefix(p, path+"/") }
		if v.Object != nil && !strings.Contains(key, "/") && slices.ContainsFunc(slices.Collect(maps.Keys(n.read)), within) {
			n.unreadIn(path+"/", v, inert)
			continue
		}
		n.report(diag.Errorf("MG1104", n.raw.Pointer(path), "nothing reads the config key %q (%s)", path, v.summary()).
			WithHint("if it changes no arithmetic, record that: mlxgen add --inert '%s=why it does not'", path))
	}
}

func (v *RawValue) summary() string {
	if v.Object != nil {
		return "an object"
	}
	s := v.Value.String()
	if runes := []rune(s); len(runes) > 60 {
		s = string(runes[:60]) + "…"
	}
	return s
}
