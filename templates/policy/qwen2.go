package policy

import "github.com/mlxgen/mlxgen/runtime/contract"

// qwen2 is the dense Qwen1.5, Qwen2 and Qwen2.5.
func qwen2() contract.Policy {
	return contract.Policy{
		Name:          "qwen2",
		ModelTypes:    []string{"qwen2"},
		Architectures: []string{"Qwen2ForCausalLM"},
		Template:      "decoder",
		Fields: decoderFields(append(qwenWindowFields(),
			orNull(count("num_key_value_heads", "key and value heads"), "num_attention_heads"), // Transformers' default where absent, 32, is no one's number
			longest("32768"),
			constant("attention_bias", contract.Bool, "true", "query, key and value projections have biases"),
			constant("output_bias", contract.Bool, "false", "the output projection has a bias"),
			constant("mlp_bias", contract.Bool, "false", "gate, up and down projections have biases"),
			constant("qk_norm", contract.Bool, "false", "queries and keys are normed"),
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
		Defects:    []string{"mlx-lm does not apply sliding windows"},
		Generation: contract.Generation{Kind: "autoregressive"},
	}
}
