package policy

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// object is a config as a map.
type object = map[string]any

// base is a config of a family with nothing left out that has no default.
func base(family string) object {
	c := object{"model_type": family, "vocab_size": 320, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4}
	if family == "qwen3" {
		c["num_key_value_heads"] = 2
	}
	return c
}

// with is a config with keys changed; a key of value absent is removed.
func with(c, changes object) object {
	c = maps.Clone(c)
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == absent })
	return c
}

type nothing struct{}

var absent = nothing{}

func normalise(t testing.TB, family string, c object, extra ...contract.Inert) (*contract.Config, diag.List) {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := contract.ParseRaw("config.json", text)
	if err != nil {
		t.Fatal(err)
	}
	return contract.Normalise(byName(t, family), raw, extra)
}

// wantFacts checks facts by name: a value and, behind " < ", where it comes from.
func wantFacts(t *testing.T, facts contract.Facts, want map[string]string) {
	t.Helper()
	for name, text := range want {
		value, from, hasFrom := strings.Cut(text, " < ")
		if f := facts[name]; f.Value.String() != value || hasFrom && f.From != from {
			t.Errorf("%s = %s < %s, want %s", name, f.Value, f.From, text)
		}
	}
}

func TestDefaults(t *testing.T) {
	for family, want := range map[string]map[string]string{
		"llama": {
			"num_key_value_heads": "4 < default of transformers: num_attention_heads", "head_dim": "16 < default of transformers: hidden_size / num_attention_heads", "hidden_act": `"silu" < default of transformers: 'silu'`, "rms_norm_eps": "1e-06 < default of transformers: 1e-6",
			"attention_bias": "false < default of transformers: false", "mlp_bias": "false < default of transformers: false", "tie_word_embeddings": "false < default of transformers: false", "max_position_embeddings": "2048 < default of transformers: 2048", "qk_norm": "false < default of policy: false",
			"rope": "default rope, theta 10000 < default of transformers: 10000", "hidden_size": "64 < config.json#/hidden_size",
		},
		"qwen3": {
			"num_key_value_heads": "2 < config.json#/num_key_value_heads", "head_dim": "128 < default of transformers: 128", "hidden_act": `"silu"`, "rms_norm_eps": "1e-06", "attention_bias": "false", "mlp_bias": "false < default of policy: false", "qk_norm": "true < default of policy: true",
			"max_position_embeddings": "32768 < default of transformers: 32768", "use_sliding_window": "false", "max_window_layers": "28", "layer_types": "null", "rope": "default rope, theta 10000",
		},
	} {
		c, diags := normalise(t, family, base(family))
		if diags != nil {
			t.Fatal(diags)
		}
		wantFacts(t, c.Facts, want)
		if len(c.Layers) != 4 {
			t.Fatalf("%s has %d layers", family, len(c.Layers))
		}
		for _, row := range c.Layers {
			wantFacts(t, row, map[string]string{"heads": "4 < config.json#/num_attention_heads", "window": "0", "kv_heads": c.Facts["num_key_value_heads"].Value.String(), "head_dim": c.Facts["head_dim"].Value.String()})
			if scale := row.Float("scale"); scale*scale*float64(c.Int("head_dim")) < 0.999 || scale*scale*float64(c.Int("head_dim")) > 1.001 {
				t.Errorf("%s: scale %v of head_dim %d", family, scale, c.Int("head_dim"))
			}
			if row.Rope("rope") != c.Rope("rope") {
				t.Errorf("%s: a layer has a rope of its own", family)
			}
		}
	}
}

func TestAccepts(t *testing.T) {
	for _, c := range []struct {
		family  string
		changes object
		want    map[string]string
	}{
		{"llama", object{"head_dim": nil, "rope_scaling": nil, "num_key_value_heads": nil}, map[string]string{"head_dim": "16", "num_key_value_heads": "4"}},
		{"llama", object{"head_dim": 80, "num_key_value_heads": 1}, map[string]string{"head_dim": "80 < config.json#/head_dim", "num_key_value_heads": "1"}},
		{"llama", object{"rope_interleaved": false, "bias": true, "pretraining_tp": 2, "_x": 1, "use_cache": true, "torch_dtype": "float16"}, nil},
		{"llama", object{"attention_bias": true, "mlp_bias": true, "tie_word_embeddings": true, "hidden_act": "gelu_pytorch_tanh"}, map[string]string{"attention_bias": "true", "mlp_bias": "true", "tie_word_embeddings": "true < config.json#/tie_word_embeddings", "hidden_act": `"gelu_pytorch_tanh"`}},
		{"llama", object{"rope_parameters": object{"rope_type": "default", "rope_theta": 1e5}}, map[string]string{"rope": "default rope, theta 100000 < config.json#/rope_parameters"}},
		{"llama", object{"rope_theta": 5e5, "rope_scaling": object{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}}, map[string]string{"rope": "llama3 rope, theta 500000 < config.json#/rope_scaling"}},
		{"qwen3", object{"sliding_window": nil, "max_window_layers": 0, "use_sliding_window": false}, nil},
		{"qwen3", object{"rope_scaling": object{"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8192}}, map[string]string{"rope": "yarn rope, theta 10000"}},
		{"qwen3", object{"head_dim": nil, "attention_bias": true}, map[string]string{"head_dim": "128", "attention_bias": "true"}},
	} {
		config, diags := normalise(t, c.family, with(base(c.family), c.changes))
		if diags != nil {
			t.Errorf("%s %v: %v", c.family, c.changes, diags)
			continue
		}
		wantFacts(t, config.Facts, c.want)
	}
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		family  string
		changes object
		codes   string
		text    string
	}{
		{"llama", object{"vocab_size": absent}, "MG1102", "the config has no vocab_size"},
		{"llama", object{"hidden_size": nil}, "MG1102", "no hidden_size"},
		{"llama", object{"num_attention_heads": absent}, "MG1102", "num_attention_heads"},
		{"llama", object{"num_hidden_layers": absent}, "MG1102", ""},
		{"llama", object{"intermediate_size": absent}, "MG1102", ""},
		{"qwen3", object{"num_key_value_heads": absent}, "MG1102", "num_key_value_heads"},
		{"llama", object{"num_attention_heads": 5}, "MG1103", "64 is not divisible by 5"},
		{"llama", object{"num_attention_heads": 0}, "MG1103", "not between 1"},
		{"llama", object{"num_hidden_layers": -1}, "MG1103", ""},
		{"llama", object{"num_hidden_layers": 5000}, "MG1106", "want 1 to 4096"},
		{"llama", object{"vocab_size": 1 << 25}, "MG1103", ""},
		{"llama", object{"hidden_size": "64"}, "MG1103", ""},
		{"llama", object{"hidden_size": 64.5}, "MG1103", ""},
		{"llama", object{"num_key_value_heads": 3}, "MG1107", "must divide evenly"},
		{"llama", object{"num_key_value_heads": 8}, "MG1107", "num_key_value_heads = 8  (config.json#/num_key_value_heads)"},
		{"llama", object{"hidden_act": "relu"}, "MG1103", "not one of silu, gelu, gelu_pytorch_tanh"},
		{"llama", object{"rms_norm_eps": -1e-6}, "MG1103", ""},
		{"llama", object{"tie_word_embeddings": "yes"}, "MG1103", ""},
		{"llama", object{"head_dim": 15}, "MG1103", "features of a head would be rotated"},
		{"llama", object{"sliding_window": 4096}, "MG1104", "sliding_window"},
		{"llama", object{"qk_norm": true}, "MG1104", "qk_norm"},
		{"llama", object{"layer_types": []string{}}, "MG1104", ""},
		{"qwen3", object{"mlp_bias": true}, "MG1104", "mlp_bias"},
		{"qwen3", object{"num_experts": 8}, "MG1104", ""},
		{"llama", object{"partial_rotary_factor": 0.5}, "MG1104", ""},
		{"llama", object{"logit_scale": 2}, "MG1104", ""},
		{"llama", object{"rope_scaling": object{"type": "ntk"}}, "MG1108", "unknown rope type"},
		{"llama", object{"rope_theta": 1e5, "rope_parameters": object{"rope_theta": 1e6}}, "MG1105", "rope_theta is 100000"},
		{"qwen3", object{"use_sliding_window": true, "layer_types": []string{"full_attention"}}, "MG1106 MG1107", "layer_types must name every layer"},
		{"qwen3", object{"layer_types": []string{"full_attention", "full_attention", "full_attention", "full_attention", "full_attention"}}, "MG1107", "layer_types must name every layer"},
		{"qwen3", object{"sliding_window": 16, "layer_types": []string{"full_attention", "sliding_attention", "full_attention", "full_attention"}}, "MG1106", "layer 1, window: null"},
		{"qwen3", object{"use_sliding_window": true, "sliding_window": nil, "layer_types": []string{"full_attention", "sliding_attention", "full_attention", "full_attention"}}, "MG1106", "layer 1, window: null"},
		{"qwen3", object{"layer_types": []string{"full_attention", "full_attention", "full_attention", "chunked_attention"}}, "MG1103", `"chunked_attention" is not one of`},
		{"qwen3", object{"layer_types": []any{"full_attention", "full_attention", "full_attention", object{}}}, "MG1103", ""},
		{"qwen3", object{"layer_types": "full_attention"}, "MG1103", "want a list"},
		{"qwen3", object{"sliding_window": 0}, "MG1103", ""},
		{"qwen3", object{"use_sliding_window": 1}, "MG1103", ""},
		{"qwen3", object{"max_window_layers": -1}, "MG1103", ""},
	} {
		_, diags := normalise(t, c.family, with(base(c.family), c.changes))
		codes := diags.Codes()
		slices.Sort(codes)
		if strings.Join(codes, " ") != c.codes || !strings.Contains(diags.Error(), c.text) {
			t.Errorf("%s %v: want %s with %q, got\n%v", c.family, c.changes, c.codes, c.text, diags)
		}
	}
	// A reasoned decision takes an unread key.
	if _, diags := normalise(t, "llama", with(base("llama"), object{"logit_scale": 1}), contract.Inert{Key: "logit_scale", Reason: "one changes nothing"}); diags != nil {
		t.Error(diags)
	}
}

// Windows of qwen3 as Transformers has them.
func TestWindows(t *testing.T) {
	for _, c := range []struct {
		changes object
		want    string
	}{
		{nil, "0 0 0 0"},
		{object{"sliding_window": 16}, "0 0 0 0"},
		{object{"sliding_window": 16, "max_window_layers": 0}, "0 0 0 0"},
		{object{"use_sliding_window": true, "sliding_window": 16, "max_window_layers": 2}, "0 0 16 16"},
		{object{"use_sliding_window": true, "sliding_window": 16, "max_window_layers": 0}, "16 16 16 16"},
		{object{"use_sliding_window": true, "sliding_window": 16, "max_window_layers": 4}, "0 0 0 0"},
		{object{"use_sliding_window": true, "sliding_window": 16}, "0 0 0 0"},
		{object{"use_sliding_window": true, "max_window_layers": 3}, "0 0 0 4096"},
		{object{"use_sliding_window": true, "sliding_window": 16, "max_window_layers": 0, "layer_types": []string{"full_attention", "sliding_attention", "full_attention", "sliding_attention"}}, "0 16 0 16"},
		{object{"use_sliding_window": true, "sliding_window": 16, "max_window_layers": 0, "layer_types": nil}, "16 16 16 16"},
		{object{"layer_types": []string{"full_attention", "full_attention", "full_attention", "full_attention"}}, "0 0 0 0"},
		{object{"use_sliding_window": true, "sliding_window": nil, "max_window_layers": 0}, "0 0 0 0"},
	} {
		config, diags := normalise(t, "qwen3", with(base("qwen3"), c.changes))
		if diags != nil {
			t.Errorf("%v: %v", c.changes, diags)
			continue
		}
		var got []string
		for _, row := range config.Layers {
			got = append(got, row["window"].Value.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: windows %v, want %s", c.changes, got, c.want)
		}
	}
}

// FuzzNormalise: no config, whatever it holds, breaks detection or normalisation; what is accepted has all facts and rows.
func FuzzNormalise(f *testing.F) {
	for _, family := range []string{"llama", "qwen3"} {
		for _, changes := range []object{
			nil,
			{"rope_scaling": object{"type": "yarn", "factor": 4}},
			{"rope_scaling": object{"type": "longrope", "short_factor": []int{1}, "long_factor": []int{1}}},
			{"rope_parameters": object{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4}},
			{"layer_types": []string{"full_attention", "sliding_attention"}, "use_sliding_window": true},
			{"head_dim": 1 << 40, "x": nil},
			{"num_attention_heads": 1e18, "hidden_size": -0.5},
			{"rope_scaling": object{"rope_type": "dynamic", "factor": 2}, "rope_parameters": object{"rope_type": "proportional"}},
		} {
			text, err := json.Marshal(with(base(family), changes))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Add([]byte(`{"model_type":"llama","vocab_size":NaN,"rope_theta":Infinity}`))
	policies := All()
	var pointers []*contract.Policy
	for i := range policies {
		pointers = append(pointers, &policies[i])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		raw, err := contract.ParseRaw("config.json", data)
		if err != nil {
			return
		}
		contract.Detect(raw, pointers)
		for _, p := range pointers {
			c, diags := contract.Normalise(p, raw, nil)
			if (c == nil) != diags.HasErrors() {
				t.Fatalf("config %v with %v", c, diags)
			}
			if c == nil {
				continue
			}
			for _, field := range p.Fields {
				if fact, ok := c.Facts[field.Name]; !ok || fact.From == "" {
					t.Fatalf("no fact %s: %+v", field.Name, fact)
				}
			}
			for i, row := range c.Layers {
				for _, column := range p.Layers {
					if fact, ok := row[column.Name]; !ok || fact.From == "" {
						t.Fatalf("row %d has no %s: %+v", i, column.Name, fact)
					}
				}
				if row.Int("heads") < 1 || row.Int("head_dim") < 1 || row.Int("heads")%row.Int("kv_heads") != 0 || row.Rope("rope") == nil || !(row.Rope("rope").Theta > 1) || row.Rope("rope").Dims%2 != 0 {
					t.Fatalf("row %d: %v", i, row)
				}
			}
		}
	})
}
