package contract

import (
	"strings"
	"testing"
)

// optional is a model whose sinks, gate and block are all there or none, as the headers say.
func optional(t testing.TB) (*Blueprint, *Policy, *Config) {
	b := blueprint(t,
		[]string{"Model", `Layers []*Layer param:"layers" each:"layers"`, `Scale *nn.RMSNorm param:"scale" dims:"2" eps:"1e-6" when:"all-or-none"`},
		[]string{"Layer", `Up *nn.Linear param:"up" dims:"2, 2"`, `Sinks mlx.Array param:"sinks" dims:"2" when:"all-or-none"`, `Extra *Extra param:"extra" when:"all-or-none"`},
		[]string{"Extra", `A *nn.Linear param:"a" dims:"2, 2"`, `B *nn.Linear param:"b" dims:"2, 2" when:"wide"`})
	return b, &Policy{Name: "optional", Template: "test", Layouts: []Layout{{Name: "hub"}, {Name: "old", Program: []Op{{Kind: Rename, Match: "layers.{i}.sink_logits", To: "layers.{i}.sinks"}}}}},
		&Config{Facts: Facts{"wide": {Value: BoolValue(false)}}, Layers: []Facts{{}, {}}}
}

func TestDecide(t *testing.T) {
	base := []string{"layers.0.up.weight F32 2 2", "layers.1.up.weight F32 2 2"}
	for name, c := range map[string]struct {
		tensors []string
		facts   string
		code    string
		want    string
	}{
		"none":               {nil, "present.layers.extra=false present.layers.sinks=false present.scale=false", "", ""},
		"sinks":              {[]string{"layers.0.sinks F32 2", "layers.1.sinks F32 2"}, "present.layers.extra=false present.layers.sinks=true present.scale=false", "", ""},
		"sinks, renamed":     {[]string{"layers.0.sink_logits F32 2", "layers.1.sink_logits F32 2"}, "present.layers.extra=false present.layers.sinks=true present.scale=false", "", ""},
		"a struct":           {[]string{"layers.0.extra.a.weight F32 2 2", "layers.1.extra.a.weight F32 2 2"}, "present.layers.extra=true present.layers.sinks=false present.scale=false", "", ""},
		"outside the layers": {[]string{"scale.weight F32 2"}, "present.layers.extra=false present.layers.sinks=false present.scale=true", "", ""},
		"sinks of one layer": {[]string{"layers.1.sinks F32 2"}, "", "MG1208", "has layers.1.sinks, but lacks layers.0.sinks"},
		"a struct of one":    {[]string{"layers.0.extra.a.weight F32 2 2"}, "", "MG1208", "lacks layers.1.extra.a"},
	} {
		t.Run(name, func(t *testing.T) {
			b, p, config := optional(t)
			h := []*Header{header(t, "model.safetensors", append(base, c.tensors...)...)}
			diags := b.Decide(p, config, raw(t, "{}"), h)
			wantCodes(t, diags, c.code, c.want)
			if c.code != "" {
				return
			}
			var facts []string
			for _, class := range []string{"present.layers.extra", "present.layers.sinks", "present.scale"} {
				facts = append(facts, class+"="+config.Facts[class].Value.String())
				if !strings.HasPrefix(config.Facts[class].From, "headers: ") {
					t.Errorf("%s is from %q", class, config.Facts[class].From)
				}
			}
			if got := strings.Join(facts, " "); got != c.facts {
				t.Errorf("facts %s, want %s", got, c.facts)
			}
			params, _, diags := b.Expand(config)
			if diags != nil {
				t.Fatal(diags)
			}
			proof, diags := Prove(p, params, config, raw(t, "{}"), h)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			accounted(t, proof, params, h)
			// A guard may name the decision.
			guard := Guard{Name: "Layer.Sinks", Want: "present.layers.sinks"}
			if CheckGuards([]Guard{guard}, config).HasErrors() != strings.Contains(c.facts, "sinks=false") {
				t.Errorf("the guard on %s says the opposite", c.facts)
			}
		})
	}
}

func TestDecideErrors(t *testing.T) {
	b, p, config := optional(t)
	h := header(t, "model.safetensors", "layers.0.up.weight F32 2 2")
	_, _, diags := b.Expand(config)
	wantCodes(t, diags, "MG1201", "headers decide")
	wantCodes(t, b.Decide(p, config, raw(t, "{}"), []*Header{h, h}), "MG1202")
	wantCodes(t, b.Decide(p, config, raw(t, `{"quantization_config":{"quant_method":"awq"}}`), []*Header{h}), "MG1213")
	wantCodes(t, b.Decide(&Policy{Name: "none"}, config, raw(t, "{}"), []*Header{h}), "MG1210")
	delete(config.Facts, "wide")
	wantCodes(t, b.Decide(p, config, raw(t, "{}"), []*Header{h}), "MG1201", `"wide"`)
	b.Root = "Nothing"
	wantCodes(t, b.Decide(p, config, raw(t, "{}"), []*Header{h}), "MG1201", "Nothing")
	failing := &Policy{Name: "f", Layouts: []Layout{{Name: "hub", Program: []Op{{Kind: "melt", Match: "layers.{i}.up"}}}}}
	b, _, config = optional(t)
	wantCodes(t, b.Decide(failing, config, raw(t, "{}"), []*Header{h}), "MG1207", "melt")
	plain := blueprint(t, []string{"Model", `Up *nn.Linear param:"up" dims:"2, 2"`})
	if diags := plain.Decide(failing, config, raw(t, "{}"), nil); diags != nil {
		t.Errorf("nothing to decide: %v", diags)
	}
}
