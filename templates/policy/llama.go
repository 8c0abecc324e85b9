package policy

import "github.com/mlxgen/mlxgen/runtime/contract"

// llama is Llama 1 to 3 and what is built like it.
func llama() contract.Policy {
	return contract.Policy{
		Name:          "llama",
		ModelTypes:    []string{"llama"},
		Architectures: []string{"LlamaForCausalLM"},
		Template:      "decoder",
		Fields: decoderFields(
			longest("2048"),
			flag("mlp_bias", "gate, up and down projections have biases"),
			constant("qk_norm", contract.Bool, "false", "queries and keys are normed"),
			rope("10000"),
		),
		Layers:     decoderLayers("0"),
		LayerCount: "num_hidden_layers",
		Checks:     decoderChecks(),
		Inert: []contract.Inert{
			{Key: "rope_interleaved", Reason: "no reference reads it"},
			{Key: "bias", Reason: "left over from conversion; attention_bias and mlp_bias decide"},
		},
		Layouts: decoderLayouts(),
		References: []contract.Reference{
			{Repository: "huggingface/transformers", Question: "arithmetic, tensors"},
			{Repository: "ml-explore/mlx-lm", Commit: mlxLM, Question: "quantised layout"},
		},
		Defects: []string{
			"mlx-lm ignores rope_parameters of Transformers 5 and falls back to theta 10000",
			"mlx-lm takes tie_word_embeddings as true where the config has none",
		},
		Generation: contract.Generation{Kind: "autoregressive"},
	}
}
