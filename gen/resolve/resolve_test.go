package resolve

import (
	"os"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/gen/facts"
	"github.com/mlxgen/mlxgen/gen/specialise"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
	"github.com/mlxgen/mlxgen/templates/policy"
)

const llamaConfig = `{
	"model_type": "llama", "architectures": ["LlamaForCausalLM"],
	"vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
	"rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true
}`

const llamaTensors = `shard model.safetensors
  model.embed_tokens.weight F32 [32 16]
  model.layers.{0..2}.input_layernorm.weight F32 [16]
  model.layers.{0..2}.mlp.down_proj.weight F32 [16 24]
  model.layers.{0..2}.mlp.gate_proj.weight F32 [24 16]
  model.layers.{0..2}.mlp.up_proj.weight F32 [24 16]
  model.layers.{0..2}.post_attention_layernorm.weight F32 [16]
  model.layers.{0..2}.self_attn.k_proj.weight F32 [8 16]
  model.layers.{0..2}.self_attn.o_proj.weight F32 [16 16]
  model.layers.{0..2}.self_attn.q_proj.weight F32 [16 16]
  model.layers.{0..2}.self_attn.v_proj.weight F32 [8 16]
  model.norm.weight F32 [16]
`

// known are the policies and templates of the repository.
func known(t *testing.T) ([]*contract.Policy, Blueprints) {
	t.Helper()
	templates, diags := specialise.Load(specialise.Options{Source: os.DirFS("../..")})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var policies []*contract.Policy
	for _, p := range policy.All() {
		policies = append(policies, &p)
	}
	return policies, templates
}

// made are facts from texts; each pair of change replaces the one by the other, in the config or in the tensors.
func made(t *testing.T, change ...string) *facts.Facts {
	t.Helper()
	config, tensors := llamaConfig, llamaTensors
	for i := 0; i < len(change); i += 2 {
		if !strings.Contains(config+tensors, change[i]) {
			t.Fatalf("neither text has %q", change[i])
		}
		config, tensors = strings.ReplaceAll(config, change[i], change[i+1]), strings.ReplaceAll(tensors, change[i], change[i+1])
	}
	raw, err := contract.ParseRaw("config.json", []byte(config))
	if err != nil {
		t.Fatal(err)
	}
	headers, err := facts.ParseTensors([]byte(tensors))
	if err != nil {
		t.Fatal(err)
	}
	return &facts.Facts{Raw: raw, Headers: headers, Files: map[string][]byte{"config.json": []byte(config)}}
}

func TestCheckpoint(t *testing.T) {
	policies, blueprints := known(t)
	r, diags := Checkpoint("a/b", made(t), policies, blueprints, nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if r.ID != "a/b" || r.Policy.Name != "llama" || len(r.Config.Layers) != 3 || len(r.Params) != 2+3*9 || len(r.States) != 3 || len(r.Proof.Bindings) != len(r.Params) {
		t.Errorf("resolved as %s: %d layers, %d parameters, %d states", r.Policy.Name, len(r.Config.Layers), len(r.Params), len(r.States))
	}
}

// errorsAre checks the codes and texts of the errors, and that each names the checkpoint.
func errorsAre(t *testing.T, diags diag.List, codes string, texts ...string) {
	t.Helper()
	if got := strings.Join(errorsOf(diags).Codes(), " "); got != codes {
		t.Errorf("got %q, want %q:\n%v", got, codes, diags)
	}
	for _, text := range texts {
		if !strings.Contains(diags.Error(), text) {
			t.Errorf("want %q in\n%v", text, diags)
		}
	}
	for _, d := range diags {
		if !strings.HasPrefix(d.Pos, "a/b") {
			t.Errorf("the position %q does not name the checkpoint", d.Pos)
		}
	}
}

func TestRefusals(t *testing.T) {
	policies, blueprints := known(t)
	const rope = `"rope_theta": 10000.0`
	for name, c := range map[string]struct {
		change []string
		codes  string
		texts  []string
	}{
		"unread key":   {[]string{rope, rope + `, "new_trick": 0.5`}, "MG1104", []string{"new_trick", "--inert"}},
		"two findings": {[]string{rope, rope + `, "x": 1, "y": 2`}, "MG1104 MG1104", nil},
		"extra tensor": {
			[]string{"  model.norm.weight F32 [16]\n", "  model.norm.weight F32 [16]\n  model.layers.{0..2}.self_attn.q_norm.weight F32 [4]\n"},
			"MG1203",
			[]string{"3 tensors", "model.layers.{0..2}.self_attn.q_norm.weight"},
		},
		"wrong shape":  {[]string{"model.norm.weight F32 [16]", "model.norm.weight F32 [17]"}, "MG1205", []string{"[17]", "[16]"}},
		"unknown rope": {[]string{rope, `"rope_scaling": {"rope_type": "spiral", "factor": 2}`}, "MG1108", []string{"spiral"}},
		"classifier":   {[]string{"LlamaForCausalLM", "LlamaForSequenceClassification"}, "MG1305", nil},
		"no type":      {[]string{`"model_type": "llama", `, ""}, "MG1303", []string{"names no model_type"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, diags := Checkpoint("a/b", made(t, c.change...), policies, blueprints, nil)
			if r != nil {
				t.Fatal("resolved")
			}
			errorsAre(t, diags, c.codes, c.texts...)
			if strings.Contains(diags.Error(), "nearest:") {
				t.Errorf("the family is known, or nothing is:\n%v", diags)
			}
		})
	}
}

func TestInertDecision(t *testing.T) {
	policies, blueprints := known(t)
	f := made(t, `"rope_theta": 10000.0`, `"rope_theta": 10000.0, "new_trick": 0.5`)
	if _, diags := Checkpoint("a/b", f, policies, blueprints, []contract.Inert{{Key: "new_trick", Reason: "read by nothing"}}); diags.HasErrors() {
		t.Error(diags)
	}
}

func TestNearest(t *testing.T) {
	policies, blueprints := known(t)
	renamed := []string{`"model_type": "llama"`, `"model_type": "lemur"`}
	for name, c := range map[string]struct {
		change []string
		texts  []string
	}{
		"alias": {nil, []string{"policy llama takes all of it", "templates/policy/llama.go"}},
		"llama with a key and biases": {[]string{
			`"rope_theta"`, `"clip_qkv": 8, "rope_theta"`,
			"  model.norm.weight F32 [16]\n", "  model.norm.weight F32 [16]\n  model.layers.{0..2}.self_attn.q_proj.bias F32 [16]\n",
		}, []string{"nearest: policy llama", `MG1104 nothing reads the config key "clip_qkv"`, "MG1203", "self_attn.q_proj.bias"}},
		"qwen3 with another activation": {[]string{
			`"rope_theta"`, `"head_dim": 4, "max_window_layers": 3, "sliding_window": null, "use_sliding_window": false, "hidden_act": "relu2", "rope_theta"`,
			"  model.norm.weight F32 [16]\n", "  model.norm.weight F32 [16]\n  model.layers.{0..2}.self_attn.q_norm.weight F32 [4]\n  model.layers.{0..2}.self_attn.k_norm.weight F32 [4]\n",
		}, []string{"nearest: policy qwen", "one difference", "MG1103", "relu2"}}, // the config stops qwen2 and qwen3 alike, before their tensors differ
	} {
		t.Run(name, func(t *testing.T) {
			r, diags := Checkpoint("a/b", made(t, append(renamed, c.change...)...), policies, blueprints, nil)
			if r != nil {
				t.Fatal("resolved")
			}
			errorsAre(t, diags, "MG1303", append(c.texts, "lemur")...)
		})
	}
}

func TestNearestIsBounded(t *testing.T) {
	policies, blueprints := known(t)
	var keys strings.Builder
	for i := range 40 {
		keys.WriteString(`"odd_` + strings.Repeat("x", i+1) + `": 1, `)
	}
	_, diags := Checkpoint("a/b", made(t, `"model_type": "llama"`, `"model_type": "lemur"`, `"rope_theta"`, keys.String()+`"rope_theta"`), policies, blueprints, nil)
	errorsAre(t, diags, "MG1303", "40 differences", "and 24 more")
}

func TestNoPolicies(t *testing.T) {
	_, blueprints := known(t)
	_, diags := Checkpoint("a/b", made(t), nil, blueprints, nil)
	errorsAre(t, diags, "MG1303")
}
