package policy

import "github.com/mlxgen/mlxgen/runtime/contract"

// qwen3 is the dense Qwen3.
func qwen3() contract.Policy {
	return contract.Policy{
		Name:          "qwen3",
		ModelTypes:    []string{"qwen3"},
		Architectures: []string{"Qwen3ForCausalLM"},
		Template:      "decoder",
		Fields: decoderFields(append(qwenWindowFields(),
			orNull(count("num_key_value_heads", "key and value heads"), "num_attention_heads"), // Transformers' default where absent, 32, is no one's number
			byDefault(count("head_dim", "features of a head"), "128"),
			longest("32768"),
			constant("mlp_bias", contract.Bool, "false", "gate, up and down projections have biases"),
			constant("qk_norm", contract.Bool, "true", "queries and keys are normed"),
			rope("10000"),
		)...),
		Layers:     decoderLayers(qwenWindow),
		LayerCount: "num_hidden_layers",
		Checks:     decoderChecks(qwenWindowCheck),
		Layouts:    decoderLayouts(),
		References: []contract.Reference{
			{Repository: "huggingface/transformers", Question: "arithmetic, tensors"},
			{Repository: "ml-explore/mlx-lm", Commit: mlxLM, Question: "quantised layout"},
		},
		Defects:    []string{"mlx-lm ignores attention_bias, sliding windows and rope_parameters of Transformers 5"},
		Generation: contract.Generation{Kind: "autoregressive"},
	}
}
