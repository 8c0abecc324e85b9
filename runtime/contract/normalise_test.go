package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// normalisePolicy has a field of each kind.
func normalisePolicy() *Policy {
	return &Policy{
		Name: "test", LayerCount: "layers",
		Fields: []Field{
			{Name: "size", Keys: []string{"hidden_size", "n_embd", "sizes/hidden"}, Kind: Int, Min: 1, Max: 1000},
			{Name: "layers", Keys: []string{"num_layers"}, Kind: Int, Default: "2", Whose: "transformers"},
			{Name: "heads", Keys: []string{"heads"}, Kind: Int, Default: "4", Whose: "mlx-lm"},
			{Name: "head_dim", Keys: []string{"head_dim"}, Kind: Int, Default: "size / heads"},
			{Name: "eps", Keys: []string{"eps", "norms/eps"}, Kind: Float, Default: "1e-6", Min: 0, Max: 1},
			{Name: "bias", Keys: []string{"bias"}, Kind: Bool, Default: "false"},
			{Name: "act", Keys: []string{"act"}, Kind: String, Default: "'silu'", Enum: []string{"silu", "gelu"}},
			{Name: "types", Keys: []string{"types"}, Kind: List, Default: "null", Enum: []string{"full", "sliding"}},
			{Name: "numbers", Keys: []string{"numbers"}, Kind: List, Default: "null"},
			{Name: "fixed", Kind: Int, Default: "7"},
		},
		Layers: []Column{
			{Name: "dim", Expr: "head_dim", Kind: Int},
			{Name: "window", Expr: "if(has(types), if(types[i] == 'sliding', size, 0), 0)", Kind: Int},
			{Name: "scale", Expr: "1 / layer.dim * 1.0", Kind: Float},
			{Name: "odd", Expr: "i % 2 == 1", Kind: Bool},
			{Name: "nothing", Expr: "null", Kind: String},
		},
		Checks: []Check{{"!has(types) || len(types) == layers", "types must name every layer"}, {"heads % 2 == 0", "an even number of heads"}},
		Inert:  []Inert{{"policy_inert", "reason"}, {"sizes/comment", "reason"}},
	}
}

// factText lists facts by name.
func factText(f Facts) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		lines = append(lines, fmt.Sprintf("%s = %s  (%s)", name, show(f[name].Value), f[name].From))
	}
	return strings.Join(lines, "\n")
}

func TestNormalise(t *testing.T) {
	p := normalisePolicy()
	p.Layers[2].Expr = "1.0 / layer.dim"
	c, diags := Normalise(p, raw(t, `{"model_type":"test","n_embd":64.0,"hidden_size":64,"sizes":{"hidden":64,"_x":1,"comment":"y","none":null},"num_layers":3,"types":["full","sliding","full"],"eps":1,"policy_inert":1,"extra":[1],"_private":{},"nothing":null,"torch_dtype":"bfloat16","norms":{}}`),
		[]Inert{{"extra", "decided when the checkpoint was added"}, {"norms", "empty"}})
	if diags != nil {
		t.Fatal(diags)
	}
	want := `act = "silu"  (default of policy: 'silu')
bias = false  (default of policy: false)
eps = float 1  (config.json#/eps)
fixed = int 7  (default of policy: 7)
head_dim = int 16  (default of policy: size / heads)
heads = int 4  (default of mlx-lm: 4)
layers = int 3  (config.json#/num_layers)
numbers = null  (default of policy: null)
size = int 64  (config.json#/hidden_size)
types = ["full", "sliding", "full"]  (config.json#/types)`
	if got := factText(c.Facts); got != want {
		t.Errorf("facts\n%s\nwant\n%s", got, want)
	}
	wantRow := `dim = int 16  (default of policy: size / heads)
nothing = null  (null)
odd = true  (i % 2 == 1)
scale = float 0.0625  (1.0 / layer.dim)
window = int 64  (if(has(types), if(types[i] == 'sliding', size, 0), 0))`
	if got := factText(c.Layers[1]); len(c.Layers) != 3 || got != wantRow {
		t.Errorf("row 1\n%s\nwant\n%s", got, wantRow)
	}
	if c.Int("size") != 64 || c.Float("eps") != 1 || c.Bool("bias") || c.Text("act") != "silu" || c.Rope("rope") != nil || c.Int("missing") != 0 || c.Layers[2].Int("window") != 0 || c.Float("size") != 64 || c.Text("size") != "" {
		t.Error("typed readers")
	}
	if v, ok := c.Row(1).Lookup("layer.window"); !ok || v.I != 64 {
		t.Error("layer.window of row 1")
	}
	for _, name := range []string{"layer.missing", "missing", "layer", "layer."} {
		if _, ok := c.Row(1).Lookup(name); ok {
			t.Errorf("row 1 has %q", name)
		}
	}
}

func TestNormaliseRefuses(t *testing.T) {
	for _, c := range []struct {
		name, config, codes string
		texts               []string
	}{
		{"missing", `{}`, "MG1102", []string{"the config has no hidden_size or n_embd or sizes/hidden", "config.json#/hidden_size", "policy test requires it"}},
		{"null is missing", `{"hidden_size":null,"n_embd":null}`, "MG1102", nil},
		{"conflict", `{"hidden_size":64,"n_embd":65}`, "MG1105", []string{"n_embd is 65, but hidden_size is 64", "config.json#/n_embd", "both name size"}},
		{"conflict of null and value", `{"hidden_size":null,"n_embd":64}`, "", nil},
		{"two conflicts", `{"hidden_size":64,"n_embd":65,"sizes":{"hidden":66}}`, "MG1105 MG1105", []string{"sizes/hidden is 66"}},
		{"conflicting types", `{"hidden_size":64,"n_embd":"64"}`, "MG1105", []string{`n_embd is "64"`}},
		{"string for integer", `{"hidden_size":"64"}`, "MG1103", []string{`hidden_size: "64", want an integer`}},
		{"float for integer", `{"hidden_size":64.5}`, "MG1103", []string{"hidden_size: 64.5, want an integer"}},
		{"bool for integer", `{"hidden_size":true}`, "MG1103", nil},
		{"list for integer", `{"hidden_size":[64]}`, "MG1103", nil},
		{"object for integer", `{"hidden_size":{}}`, "MG1102 MG1103", []string{"hidden_size is an object; want an integer"}},
		{"huge float for integer", `{"hidden_size":1e30}`, "MG1103", nil},
		{"2^63 for integer", `{"hidden_size":9223372036854775808}`, "MG1103", nil},
		{"NaN for integer", `{"hidden_size":NaN}`, "MG1103", nil},
		{"infinity for integer", `{"hidden_size":Infinity}`, "MG1103", nil},
		{"below bounds", `{"hidden_size":0}`, "MG1103", []string{"hidden_size: 0 is not between 1 and 1000"}},
		{"above bounds", `{"hidden_size":1001}`, "MG1103", []string{"1001 is not between"}},
		{"at bounds", `{"hidden_size":1000}`, "", nil},
		{"negative", `{"hidden_size":-64}`, "MG1103", nil},
		{"unbounded field has limits", `{"hidden_size":64,"head_dim":2000000000000000000}`, "MG1103", []string{"out of range"}},
		{"float bounds", `{"hidden_size":64,"eps":1.5}`, "MG1103", nil},
		{"NaN for float", `{"hidden_size":64,"eps":NaN}`, "MG1103", []string{"eps: NaN is out of range"}},
		{"infinity for float", `{"hidden_size":64,"eps":-Infinity}`, "MG1103", nil},
		{"string for float", `{"hidden_size":64,"eps":"1e-6"}`, "MG1103", []string{"want a number"}},
		{"integer for float", `{"hidden_size":64,"eps":0}`, "", nil},
		{"string for bool", `{"hidden_size":64,"bias":"false"}`, "MG1103", []string{"want true or false"}},
		{"number for bool", `{"hidden_size":64,"bias":0}`, "MG1103", nil},
		{"unknown choice", `{"hidden_size":64,"act":"relu"}`, "MG1103", []string{`act: "relu" is not one of silu, gelu`}},
		{"number for choice", `{"hidden_size":64,"act":1}`, "MG1103", []string{"want a string"}},
		{"choice by case", `{"hidden_size":64,"act":"SiLU"}`, "MG1103", nil},
		{"unknown choice in a list", `{"hidden_size":64,"types":["full","chunked"]}`, "MG1103", []string{`types: "chunked" is not one of full, sliding`}},
		{"object in a list of choices", `{"hidden_size":64,"types":["full",{}]}`, "MG1103", []string{"null is not one of"}},
		{"string for list", `{"hidden_size":64,"types":"full"}`, "MG1103", []string{"want a list"}},
		{"list without choices", `{"hidden_size":64,"numbers":[1,"x",null]}`, "", nil},
		{"uneven default", `{"hidden_size":66}`, "MG1103", []string{"head_dim: ", "size / heads: 66 is not divisible by 4"}},
		{"division by zero in a default", `{"hidden_size":64,"heads":0}`, "MG1103", []string{"division by zero"}},
		{"no cascade", `{"hidden_size":"x"}`, "MG1103", nil},
		{"unread", `{"hidden_size":64,"new_key":1}`, "MG1104", []string{`nothing reads the config key "new_key" (1)`, "config.json#/new_key", "mlxgen add --inert 'new_key="}},
		{"unread object", `{"hidden_size":64,"vision_config":{"a":1}}`, "MG1104", []string{"an object"}},
		{"unread false", `{"hidden_size":64,"new_key":false}`, "MG1104", nil},
		{"unread empty", `{"hidden_size":64,"new_key":[]}`, "MG1104", nil},
		{"three unread", `{"hidden_size":64,"a":1,"b":2,"c":3}`, "MG1104 MG1104 MG1104", nil},
		{"unread long value", `{"hidden_size":64,"new_key":"` + strings.Repeat("x", 500) + `"}`, "MG1104", []string{"…"}},
		{"case matters", `{"hidden_size":64,"Heads":2}`, "MG1104", nil},
		{"unread within", `{"sizes":{"hidden":64,"other":1}}`, "MG1104", []string{`"sizes/other"`, "config.json#/sizes/other"}},
		{"read within", `{"sizes":{"hidden":64}}`, "", nil},
		{"key with a slash", `{"sizes/hidden":64,"hidden_size":64}`, "MG1104", nil},
		{"key with a slash beside", `{"sizes/hidden":64,"sizes":{"hidden":64}}`, "MG1104", nil},
		{"nested key of a scalar", `{"hidden_size":64,"norms":1}`, "MG1104", nil},
		{"no layers", `{"hidden_size":64,"num_layers":0}`, "MG1106", []string{"0 layers; want 1 to 4096"}},
		{"too many layers", `{"hidden_size":64,"num_layers":4097}`, "MG1106", nil},
		{"too few types", `{"hidden_size":64,"types":["full"]}`, "MG1106 MG1107", []string{"layer 1, window: types[i]: index 1 in a list of 1", "types must name every layer", "the condition is !has(types) || len(types) == layers", `types = ["full"]  (config.json#/types)`, "layers = 2  (default of transformers: 2)"}},
		{"too many types", `{"hidden_size":64,"types":["full","full","full"]}`, "MG1107", nil},
		{"check", `{"hidden_size":63,"heads":3}`, "MG1107", []string{"policy test does not allow this config: an even number of heads", "heads = 3  (config.json#/heads)"}},
		{"several at once, sorted", `{"hidden_size":0,"act":"x","z":1}`, "MG1103 MG1103 MG1104", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := normalisePolicy()
			p.Layers[2].Expr = "1.0 / layer.dim"
			config, diags := Normalise(p, raw(t, c.config), nil)
			wantCodes(t, diags, c.codes, c.texts...)
			if (config == nil) != (c.codes != "") {
				t.Errorf("config %v", config)
			}
			sorted := slices.Clone(diags)
			sorted.Sort()
			if diags.Error() != sorted.Error() {
				t.Errorf("not sorted:\n%v", diags)
			}
		})
	}
}

// Inert keys need a reason, wherever they are listed.
func TestNormaliseInert(t *testing.T) {
	const config = `{"hidden_size":64,"x":1,"num_layers":1}`
	p := normalisePolicy()
	p.Layers = nil
	for _, c := range []struct {
		extra []Inert
		codes string
	}{{nil, "MG1104"}, {[]Inert{{"x", ""}}, "MG1104"}, {[]Inert{{"y", "r"}}, "MG1104"}, {[]Inert{{"x", "r"}}, ""}} {
		_, diags := Normalise(p, raw(t, config), c.extra)
		wantCodes(t, diags, c.codes)
	}
}

// Mistakes of a policy are told, not guessed around.
func TestNormaliseBrokenPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Policy)
		codes  string
		text   string
	}{
		"default":          {func(p *Policy) { p.Fields[1].Default = "2 +" }, "MG1103", "ends too early"},
		"default's name":   {func(p *Policy) { p.Fields[1].Default = "missing" }, "MG1103", `"missing"`},
		"default's kind":   {func(p *Policy) { p.Fields[1].Default = "'x'" }, "MG1103", "want an integer"},
		"default's bounds": {func(p *Policy) { p.Fields[4].Default = "2.0" }, "MG1103", "not between"},
		"later field":      {func(p *Policy) { p.Fields[1].Default = "fixed" }, "MG1103", `"fixed"`},
		"layer count":      {func(p *Policy) { p.LayerCount = "missing" }, "MG1106", "the number of layers"},
		"layer count kind": {func(p *Policy) { p.LayerCount = "act" }, "MG1106", "layers; want"},
		"column":           {func(p *Policy) { p.Layers[0].Expr = "(" }, "MG1106 MG1106", "column dim"},
		"column's kind":    {func(p *Policy) { p.Layers[0].Expr = "act" }, "MG1106 MG1106", "layer 0, dim"},
		"column is null":   {func(p *Policy) { p.Layers[0].Expr = "types" }, "MG1106 MG1106", "layer 0, dim: null, want an integer"},
		"check":            {func(p *Policy) { p.Checks[1].Expr = "missing" }, "MG1107", `"missing"`},
		"check's kind":     {func(p *Policy) { p.Checks[1].Expr = "heads" }, "MG1107", "heads = 4"},
		"no layers at all": {func(p *Policy) { p.LayerCount = "" }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := normalisePolicy()
			p.Layers[2].Expr = "1.0 / layer.dim"
			c.change(p)
			_, diags := Normalise(p, raw(t, `{"hidden_size":64}`), nil)
			wantCodes(t, diags, c.codes, c.text)
		})
	}
}
