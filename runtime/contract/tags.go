package contract

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// moduleTypes are the types of runtime/nn and mlx that a parameter field may have, with what their dims mean.
var moduleTypes = map[string]int{ // number of dims; 0 = any
	"*nn.Linear": 2, "*nn.Embedding": 2, "*nn.RMSNorm": 1, "*nn.LayerNorm": 1, "mlx.Array": 0,
}

// tagKeys are the keys that ParseTag knows.
var tagKeys = []string{"param", "dims", "bias", "when", "eps", "each", "with", "as", "state", "window", "rope", "from", "trait"}

// AllOrNone is the rule of an optional parameter whose presence the headers decide, alike in every layer.
const AllOrNone = "all-or-none"

// ParseTag reads the tag of a template's field. ok is false for a field without any of our keys. The expressions are parsed, so that a misspelt one is
// found where it stands.
func ParseTag(name, goType, tag string) (f FieldSpec, ok bool, err error) {
	f = FieldSpec{Name: name, GoType: goType}
	st := reflect.StructTag(tag)
	get := func(key string) string {
		v, has := st.Lookup(key)
		ok = ok || has
		return v
	}
	f.Param, f.Bias, f.When, f.Eps, f.Each = get("param"), get("bias"), get("when"), get("eps"), get("each")
	f.As, f.State, f.Window, f.Rope, f.From, f.Trait = get("as"), get("state"), get("window"), get("rope"), get("from"), get("trait")
	if d := get("dims"); d != "" {
		f.Dims = splitList(d)
	}
	if w := get("with"); w != "" {
		f.With = map[string]string{}
		for _, part := range splitList(w) {
			key, expr, found := strings.Cut(part, "=")
			if !found || strings.TrimSpace(key) == "" || f.With[strings.TrimSpace(key)] != "" {
				return f, ok, fmt.Errorf("with: %q is not name=expression", part)
			}
			f.With[strings.TrimSpace(key)] = strings.TrimSpace(expr)
		}
	}
	names, err := tagNames(tag)
	if err != nil || !ok {
		return f, ok, err
	}
	return f, true, f.validate(names)
}

// splitList splits at commas outside of parentheses and brackets.
func splitList(s string) []string {
	var parts []string
	depth, start := 0, 0
	for i, c := range s {
		switch c {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(s[start:i]))
				start = i + 1
			}
		}
	}
	return append(parts, strings.TrimSpace(s[start:]))
}

func (f *FieldSpec) validate(names []string) error {
	for _, key := range names {
		if !slices.Contains(tagKeys, key) {
			return fmt.Errorf("unknown tag key %q", key)
		}
	}
	exprs := slices.Clone(f.Dims)
	exprs = append(exprs, f.Bias, f.Eps, f.Window, f.Rope, f.From, f.Trait)
	if f.When != AllOrNone {
		exprs = append(exprs, f.When)
	}
	for _, e := range f.With {
		exprs = append(exprs, e)
	}
	for _, e := range exprs {
		if e == "" {
			continue
		}
		if _, err := ParseExpr(e); err != nil {
			return err
		}
	}
	return f.combination()
}

// combination checks that the keys fit the field's type and each other.
func (f *FieldSpec) combination() error {
	dims, module := moduleTypes[f.GoType]
	roles := 0
	for _, role := range []string{f.State, f.Rope, f.From, f.Trait} {
		if role != "" {
			roles++
		}
	}
	switch {
	case roles > 1:
		return fmt.Errorf("state, rope, from and trait exclude each other")
	case f.Trait != "" && !slices.Contains([]string{"bool", "string", "int", "float64"}, f.GoType), f.From != "" && !slices.Contains([]string{"bool", "string", "int", "float64"}, f.GoType):
		return fmt.Errorf("from and trait fields are bool, string, int or float64, not %s", f.GoType)
	case f.State != "" && (f.GoType != "*nn.KV" || f.State != "kv" || len(f.Dims) < 2 || len(f.Dims) > 3):
		return fmt.Errorf(`a state field is *nn.KV with state:"kv" and dims "heads, key_dim[, value_dim]"`)
	case f.Rope != "" && f.GoType != "*nn.Rope":
		return fmt.Errorf("a rope field is *nn.Rope, not %s", f.GoType)
	case module && roles > 0:
		return fmt.Errorf("a parameter has no state, rope, from or trait")
	case module && dims > 0 && len(f.Dims) != dims:
		return fmt.Errorf("%s wants %d dims, not %d", f.GoType, dims, len(f.Dims))
	case f.Bias != "" && f.GoType != "*nn.Linear":
		return fmt.Errorf("only a *nn.Linear has a bias")
	case (f.Eps != "") != (f.GoType == "*nn.RMSNorm" || f.GoType == "*nn.LayerNorm"):
		return fmt.Errorf("norms, and only they, have eps")
	case f.Each != "" && !strings.HasPrefix(f.GoType, "[]*"):
		return fmt.Errorf("a field with each is a slice of pointers, not %s", f.GoType)
	case f.Each == "" && strings.HasPrefix(f.GoType, "[]"):
		return fmt.Errorf(`a slice wants each:"layers"`)
	case f.Each != "" && f.Each != "layers":
		return fmt.Errorf("there is no table %q", f.Each)
	case f.Window != "" && f.State == "":
		return fmt.Errorf("only a state has a window")
	case f.Struct() == "" && (f.With != nil || f.As != ""):
		return fmt.Errorf("with and as belong to a struct, not to %s", f.GoType)
	case f.Dims != nil && !module && f.State == "":
		return fmt.Errorf("only parameters and states have dims, not %s", f.GoType)
	}
	return nil
}

// tagNames lists the keys of a struct tag. What reflect would pass over in silence is an error: a key without a quoted value, or one that stands twice.
func tagNames(tag string) ([]string, error) {
	var names []string
	for tag = strings.TrimLeft(tag, " "); tag != ""; tag = strings.TrimLeft(tag, " ") {
		key, rest, _ := strings.Cut(tag, ":")
		value, err := strconv.QuotedPrefix(rest)
		if err != nil || key == "" || strings.ContainsAny(key, " \"") || value[0] != '"' {
			return nil, fmt.Errorf("the tag is malformed at %s", tag)
		}
		if slices.Contains(names, key) {
			return nil, fmt.Errorf("the tag key %q stands there twice", key)
		}
		names = append(names, key)
		tag = rest[len(value):]
	}
	return names, nil
}

// Module is the kind of parameter that a field holds: Linear, Embedding, RMSNorm, LayerNorm or Tensor; "" where it holds none.
func (f *FieldSpec) Module() string {
	if _, ok := moduleTypes[f.GoType]; !ok {
		return ""
	}
	if f.GoType == "mlx.Array" {
		return "Tensor"
	}
	return strings.TrimPrefix(f.GoType, "*nn.")
}

// Struct is the name of the nested struct that a field holds: block.GatedMLP, Layer; "" where it holds none.
func (f *FieldSpec) Struct() string {
	if f.Module() != "" || f.State != "" || f.Rope != "" || f.From != "" || f.Trait != "" {
		return ""
	}
	return strings.TrimPrefix(strings.TrimPrefix(f.GoType, "[]"), "*")
}
