package contract

import "testing"

func guardConfig() *Config {
	return &Config{
		Facts: Facts{"qk_norm": {BoolValue(true), "default of policy: true"}, "act": {StringValue("silu"), "config.json#/hidden_act"}, "size": {IntValue(8), "config.json#/size"}, "none": {}},
		Layers: []Facts{
			{"kind": {StringValue("full"), "config.json#/layer_types"}, "window": {IntValue(0), "0"}},
			{"kind": {StringValue("sliding"), "config.json#/layer_types"}, "window": {IntValue(64), "w"}},
			{"kind": {StringValue("full"), "config.json#/layer_types"}, "window": {IntValue(0), "0"}},
			{"kind": {StringValue("full"), "config.json#/layer_types"}, "window": {IntValue(32), "w"}},
		},
	}
}

func TestCheckGuards(t *testing.T) {
	for _, c := range []struct {
		name  string
		guard Guard
		codes string
		texts []string
	}{
		{"holds", Guard{Want: "qk_norm"}, "", nil},
		{"violated", Guard{Name: "Attention.QNorm", Want: "!qk_norm", Pos: "decoder.go:12:2"}, "MG1301", []string{"relies on Attention.QNorm: !qk_norm", "qk_norm = true  (default of policy: true)", "at decoder.go:12:2", "mlxgen add", "--unlocked"}},
		{"several facts", Guard{Name: "G", Want: "qk_norm && act == 'gelu' && none == null"}, "MG1301", []string{`qk_norm = true  (default of policy: true); act = "silu"  (config.json#/hidden_act)`}},
		{"implication holds: the path is not taken", Guard{When: "act == 'gelu'", Want: "!qk_norm"}, "", nil},
		{"implication holds", Guard{When: "act == 'silu'", Want: "qk_norm"}, "", nil},
		{"implication violated", Guard{Name: "G", When: "act == 'silu'", Want: "!qk_norm"}, "MG1301", []string{"wherever act == 'silu'"}},
		{"what is not wanted is not evaluated", Guard{When: "false", Want: "missing"}, "", nil},
		{"layers hold", Guard{PerLayer: true, Want: "layer.kind == 'full' || layer.window > 0"}, "", nil},
		{"layers violated", Guard{Name: "G", PerLayer: true, Want: "layer.window == 0"}, "MG1301", []string{"in layers 1,3", "layer.window = 64  (w)"}},
		{"all layers violated", Guard{Name: "G", PerLayer: true, Want: "i < 0"}, "MG1301", []string{"in layers 0..3"}},
		{"layers violated where the path is taken", Guard{Name: "G", PerLayer: true, When: "layer.kind == 'full'", Want: "layer.window == 0"}, "MG1301", []string{"in layers 3", "wherever layer.kind == 'full'", "layer.window = 32"}},
		{"layers and facts", Guard{Name: "G", PerLayer: true, Want: "i != 2 || size == 9"}, "MG1301", []string{"in layers 2", "size = 8  (config.json#/size)"}},
		{"unknown name", Guard{Name: "G", Want: "missing"}, "MG1302", []string{"guard G cannot be evaluated", `"missing"`}},
		{"unknown name in when", Guard{Name: "G", When: "missing", Want: "qk_norm"}, "MG1302", []string{`"missing"`}},
		{"unknown column", Guard{Name: "G", PerLayer: true, Want: "layer.missing"}, "MG1302", []string{"layer 0", `"layer.missing"`}},
		{"column outside of layers", Guard{Name: "G", Want: "layer.window == 0"}, "MG1302", []string{`"layer.window"`}},
		{"no truth value", Guard{Name: "G", Want: "size"}, "MG1302", []string{"size is 8; want a truth value"}},
		{"syntax", Guard{Name: "G", Want: "size =="}, "MG1302", []string{"ends too early"}},
		{"empty", Guard{Name: "G"}, "MG1302", []string{"ends too early"}},
		{"error in one layer only", Guard{Name: "G", PerLayer: true, Want: "if(i == 2, 1 / 0 == 1, true)"}, "MG1302", []string{"layer 2", "division by zero"}},
	} {
		t.Run(c.name, func(t *testing.T) { wantCodes(t, CheckGuards([]Guard{c.guard}, guardConfig()), c.codes, c.texts...) })
	}
}

func TestCheckGuardsReportsAll(t *testing.T) {
	guards := []Guard{{Name: "A", Want: "!qk_norm"}, {Name: "B", Want: "qk_norm"}, {Name: "C", Want: "missing"}, {Name: "D", PerLayer: true, Want: "layer.window == 0"}}
	wantCodes(t, CheckGuards(guards, guardConfig()), "MG1301 MG1301 MG1302", "relies on A", "guard C", "relies on D")
	// Without layers a guard of layers has nothing to violate.
	wantCodes(t, CheckGuards(guards[3:], &Config{Facts: Facts{}}), "")
	wantCodes(t, CheckGuards(nil, guardConfig()), "")
}
