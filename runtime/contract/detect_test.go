package contract

import (
	"strings"
	"testing"
)

func TestDetect(t *testing.T) {
	policies := []*Policy{
		{Name: "llama", ModelTypes: []string{"llama", "llama2"}, Architectures: []string{"LlamaForCausalLM"}},
		{Name: "qwen3", ModelTypes: []string{"qwen3"}, Architectures: []string{"Qwen3ForCausalLM"}},
		{Name: "open", ModelTypes: []string{"open"}},
		{Name: "old", ModelTypes: []string{"versions"}, Match: "version == 1 && (vision ?? false) == false"},
		{Name: "new", ModelTypes: []string{"versions"}, Match: "version == 2 && has(text.depth) && text.depth > 3"},
		{Name: "both", ModelTypes: []string{"twice", "versions"}, Match: "version == 3"},
		{Name: "again", ModelTypes: []string{"twice"}, Match: "version >= 3"},
	}
	for _, c := range []struct {
		config string
		want   string // a policy, or a code
		texts  []string
	}{
		{`{"model_type":"llama"}`, "llama", nil},
		{`{"model_type":"llama2","architectures":["LlamaForCausalLM"]}`, "llama", nil},
		{`{"model_type":"llama","architectures":[]}`, "llama", nil},
		{`{"model_type":"llama","architectures":null}`, "llama", nil},
		{`{"model_type":"llama","architectures":["X","LlamaForCausalLM"]}`, "llama", nil},
		{`{"model_type":"llama","architectures":"LlamaForCausalLM"}`, "llama", nil},
		{`{"model_type":"open","architectures":["Anything"]}`, "open", nil},
		{`{"model_type":"llama","architectures":["LlamaForSequenceClassification"]}`, "MG1305", []string{"policy llama does not build", "LlamaForSequenceClassification", "it builds LlamaForCausalLM", "config.json#/architectures", "reward models"}},
		{`{"model_type":"llama","architectures":"Other"}`, "MG1305", []string{"Other"}},
		{`{"model_type":"llama","architectures":{"a":1}}`, "MG1305", nil},
		{`{"model_type":"llama","architectures":[1,null]}`, "MG1305", nil},
		{`{"model_type":"llama","architectures":1}`, "MG1305", nil},
		{`{"model_type":"llama","architectures":["Qwen3ForCausalLM"]}`, "MG1305", nil},
		{`{}`, "MG1303", []string{"names no model_type", "config.json#/model_type"}},
		{`{"model_type":""}`, "MG1303", []string{"names no model_type"}},
		{`{"model_type":null}`, "MG1303", nil},
		{`{"model_type":1}`, "MG1303", nil},
		{`{"model_type":["llama"]}`, "MG1303", nil},
		{`{"text_config":{"model_type":"llama"}}`, "MG1303", nil},
		{`{"model_type":"qwen4"}`, "MG1303", []string{`no family takes model type "qwen4"`, "the nearest name is qwen3", "known: llama, llama2, open, qwen3, twice, versions\n", "docs/adding-a-family.md"}},
		{`{"model_type":"lama"}`, "MG1303", []string{"nearest name is llama"}},
		{`{"model_type":"LLAMA"}`, "MG1303", nil},
		{`{"model_type":"versions","version":1}`, "old", nil},
		{`{"model_type":"versions","version":2,"text":{"depth":4}}`, "new", nil},
		{`{"model_type":"versions","version":3}`, "both", nil},
		{`{"model_type":"versions","version":2}`, "MG1305", []string{"policy old takes this model type only where", "policy new takes", "policy both takes"}},
		{`{"model_type":"versions","version":2,"text":{"depth":3}}`, "MG1305", nil},
		{`{"model_type":"versions"}`, "MG1305", nil},
		{`{"model_type":"versions","version":"1"}`, "MG1305", nil},
		{`{"model_type":"versions","version":1,"vision":true}`, "MG1305", nil},
		{`{"model_type":"twice","version":3}`, "MG1304", []string{`2 policies take model type "twice"`, "both", "again"}},
		{`{"model_type":"twice","version":4}`, "again", nil},
	} {
		i, diags := Detect(raw(t, c.config), policies)
		if strings.HasPrefix(c.want, "MG") {
			if i != -1 || len(diags) == 0 {
				t.Errorf("%s: policy %d, %v", c.config, i, diags)
				continue
			}
			for _, code := range diags.Codes() {
				if code != c.want {
					t.Errorf("%s: %s, want %s", c.config, code, c.want)
				}
			}
			wantErr(t, diags, c.texts...)
			continue
		}
		if i < 0 || policies[i].Name != c.want || diags != nil {
			t.Errorf("%s: policy %d, %v; want %s", c.config, i, diags, c.want)
		}
	}
	if i, diags := Detect(raw(t, `{"model_type":"x"}`), nil); i != -1 || len(diags) != 1 {
		t.Errorf("without policies: %d, %v", i, diags)
	}
	// Far names are not suggested.
	_, diags := Detect(raw(t, `{"model_type":"gpt_neox_japanese"}`), policies)
	if strings.Contains(diags.Error(), "nearest") {
		t.Errorf("a far name is suggested:\n%v", diags)
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "bc", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 2}, {"llama", "lama", 1}} {
		if got := editDistance(c.a, c.b); got != c.want || got != editDistance(c.b, c.a) {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// The lists of inert keys have reasons, and name each key once.
func TestInertKeysHaveReasons(t *testing.T) {
	seen := map[string]bool{}
	for _, i := range globalInert {
		if i.Key == "" || i.Reason == "" || seen[i.Key] {
			t.Errorf("inert key %q: %q", i.Key, i.Reason)
		}
		seen[i.Key] = true
	}
}
