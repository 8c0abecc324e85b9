package policy

import "github.com/mlxgen/mlxgen/runtime/contract"

// mistral is Mistral 7B and what is built like it: a llama without biases whose layers may all see a window only.
func mistral() contract.Policy {
	return contract.Policy{
		Name:          "mistral",
		ModelTypes:    []string{"mistral"},
		Architectures: []string{"MistralForCausalLM"},
		Template:      "decoder",
		Fields: decoderFields(
			orNull(count("num_key_value_heads", "key and value heads"), "num_attention_heads"), // Transformers' default where absent, 8, is a guess
			longest("131072"),
			constant("attention_bias", contract.Bool, "false", "query, key and value projections have biases"),
			constant("mlp_bias", contract.Bool, "false", "gate, up and down projections have biases"),
			constant("qk_norm", contract.Bool, "false", "queries and keys are normed"),
			contract.Field{Name: "sliding_window", Keys: []string{"sliding_window"}, Kind: contract.Int, Default: "4096", Whose: "transformers", Null: "null", Min: 1, Max: 1 << 30, Doc: "positions a token sees"},
			rope("10000"),
		),
		Layers:     decoderLayers("sliding_window ?? 0"),
		LayerCount: "num_hidden_layers",
		Checks:     decoderChecks(),
		Layouts:    decoderLayouts(),
		References: []contract.Reference{
			{Repository: "huggingface/transformers", Question: "arithmetic, tensors"},
			{Repository: "ml-explore/mlx-lm", Commit: mlxLM, Question: "quantised layout"},
		},
		Defects:    []string{"mlx-lm runs it as a llama and does not apply the sliding window"},
		Generation: contract.Generation{Kind: "autoregressive"},
	}
}
