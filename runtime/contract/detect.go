package contract

import (
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Detect chooses the policy of a config by model_type, architectures and the policy's match condition, and returns its index. No policy, and more than
// one, are errors.
func Detect(raw *Raw, policies []*Policy) (int, diag.List) {
	modelType := raw.Text("model_type")
	if modelType == "" {
		return -1, diag.List{diag.Errorf("MG1303", raw.Pointer("model_type"), "the config names no model_type").
			WithHint("is this the config.json of a language model in the layout of Transformers?")}
	}
	var fits []int
	var rejected diag.List
	for i, p := range policies {
		if !slices.Contains(p.ModelTypes, modelType) {
			continue
		}
		if d, ok := p.accepts(raw); !ok {
			rejected = append(rejected, d)
			continue
		}
		fits = append(fits, i)
	}
	switch {
	case len(fits) == 1:
		return fits[0], nil
	case len(fits) > 1:
		d := diag.Errorf("MG1304", raw.Pointer("model_type"), "%d policies take model type %q", len(fits), modelType)
		for _, i := range fits {
			d = d.Note("%s", policies[i].Name)
		}
		return -1, diag.List{d}
	case rejected != nil:
		return -1, rejected
	}
	d := diag.Errorf("MG1303", raw.Pointer("model_type"), "no family takes model type %q", modelType)
	if near := nearest(modelType, policies); near != "" {
		d = d.Note("the nearest name is %s", near)
	}
	var known []string
	for _, p := range policies {
		known = append(known, p.ModelTypes...)
	}
	slices.Sort(known)
	return -1, diag.List{d.Note("known: %s", strings.Join(slices.Compact(known), ", ")).WithHint("a new family is one policy file: docs/adding-a-family.md")}
}

// accepts checks architectures and match of a policy whose model type fits.
func (p *Policy) accepts(raw *Raw) (diag.Diagnostic, bool) {
	if v := raw.At("architectures"); v != nil && !v.IsNull() && (v.Array == nil || len(v.Array) > 0) && len(p.Architectures) > 0 {
		known := slices.ContainsFunc(append(slices.Clone(v.Array), v), func(a *RawValue) bool { return slices.Contains(p.Architectures, a.Value.S) })
		if !known {
			return diag.Errorf("MG1305", raw.Pointer("architectures"), "policy %s does not build %s", p.Name, v.summary()).
				Note("it builds %s", strings.Join(p.Architectures, ", ")).
				WithHint("classifiers and reward models have another head; they are families of their own"), false
		}
	}
	if p.Match != "" {
		ok, err := evalBool(p.Match, EnvFunc(func(name string) (Value, bool) {
			v := raw.At(strings.ReplaceAll(name, ".", "/"))
			switch {
			case v == nil:
				return Value{}, true
			case v.Object != nil:
				return Value{Kind: Object}, true
			}
			return v.Value, true
		}))
		if err != nil || !ok {
			return diag.Errorf("MG1305", raw.File, "policy %s takes this model type only where %s", p.Name, p.Match), false
		}
	}
	return diag.Diagnostic{}, true
}

// nearest is the known model type with the smallest edit distance, if it is at most half of the name.
func nearest(name string, policies []*Policy) string {
	best, distance := "", len(name)/2+1
	for _, p := range policies {
		for _, known := range p.ModelTypes {
			if d := editDistance(name, known); d < distance {
				best, distance = known, d
			}
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
