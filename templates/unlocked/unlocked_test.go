package unlocked_test

import (
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/internal/modeltest"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/model"
	"github.com/mlxgen/mlxgen/runtime/weights"
	"github.com/mlxgen/mlxgen/templates/unlocked"
)

// configs are small configs of each family that span its variants.
var configs = map[string]string{
	"llama":                 `"model_type": "llama"`,
	"llama, tied":           `"model_type": "llama", "tie_word_embeddings": true`,
	"llama, biases":         `"model_type": "llama", "attention_bias": true, "mlp_bias": true`,
	"llama, yarn":           `"model_type": "llama", "rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 16}`,
	"llama, dynamic":        `"model_type": "llama", "rope_scaling": {"type": "dynamic", "factor": 4}`,
	"llama, gelu":           `"model_type": "llama", "hidden_act": "gelu"`,
	"qwen3":                 `"model_type": "qwen3", "head_dim": 32`,
	"qwen3, sliding window": `"model_type": "qwen3", "head_dim": 16, "use_sliding_window": true, "sliding_window": 8, "max_window_layers": 1`,
}

func normalise(t *testing.T, text string) (*model.Entry, *contract.Config) {
	t.Helper()
	raw, err := contract.ParseRaw("config.json", []byte(`{"vocab_size": 96, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
		"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, `+text+`}`))
	if err != nil {
		t.Fatal(err)
	}
	entries := unlocked.Entries()
	var policies []*contract.Policy
	for i := range entries {
		policies = append(policies, &entries[i].Policy)
	}
	index, diags := contract.Detect(raw, policies)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	config, diags := contract.Normalise(policies[index], raw, nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return &entries[index], config
}

func TestForwardDescribesAStepClass(t *testing.T) {
	for name, text := range configs {
		t.Run(name, func(t *testing.T) {
			entry, config := normalise(t, text)
			modeltest.SameStepClass(t, entry, config)
		})
	}
}

// The reflective loader asks for exactly the parameters that the blueprint declares.
func TestBuildAsksForWhatTheBlueprintDeclares(t *testing.T) {
	for name, text := range configs {
		t.Run(name, func(t *testing.T) {
			entry, config := normalise(t, text)
			blueprint, err := unlocked.Blueprint(entry.Policy.Template)
			if err != nil {
				t.Fatal(err)
			}
			want, _, diags := blueprint.Expand(config)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			got, err := weights.Describe(func(b *weights.Builder) error {
				_, err := entry.New(b, config)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) {
				t.Fatalf("%d parameters, want %d", len(got), len(want))
			}
			for i := range want {
				if got[i].Path != want[i].Path || got[i].Bias != want[i].Bias {
					t.Errorf("parameter %d is %+v, want %+v", i, got[i], want[i])
				}
			}
		})
	}
}

// Different configs give different graphs: the comparison of graphs can fail.
func TestGraphsTellVariantsApart(t *testing.T) {
	seen := map[string]string{}
	for name, text := range configs {
		entry, config := normalise(t, text)
		digest, err := modeltest.Digest(entry, config)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if other := seen[digest]; other != "" {
			t.Errorf("%s and %s have the same graph", name, other)
		}
		seen[digest] = name
	}
}

func TestUnknownTemplate(t *testing.T) {
	_, err := unlocked.Entry(contract.Policy{Name: "x", Template: "nope"}).New(nil, nil)
	if err == nil || !strings.Contains(err.Error(), `"nope"`) {
		t.Errorf("got %v", err)
	}
}
