package policy

import "github.com/mlxgen/mlxgen/runtime/contract"

// qwen3 is the dense Qwen3.
func qwen3() contract.Policy {
	return contract.Policy{
		Name:          "qwen3",
		ModelTypes:    []string{"qwen3"},
		Architectures: []string{"Qwen3ForCausalLM"},
		Template:      "decoder",
		Fields: decoderFields(
			orNull(count("num_key_value_heads", "key and value heads"), "num_attention_heads"), // Transformers' default where absent, 32, is no one's number
			byDefault(count("head_dim", "features of a head"), "128"),
			longest("32768"),
			constant("mlp_bias", contract.Bool, "false", "gate, up and down projections have biases"),
			constant("qk_norm", contract.Bool, "true", "queries and keys are normed"),
			flag("use_sliding_window", "some layers see a window only"),
			contract.Field{Name: "sliding_window", Keys: []string{"sliding_window"}, Kind: contract.Int, Default: "4096", Whose: "transformers", Null: "null", Min: 1, Max: 1 << 30, Doc: "positions a sliding layer sees"},
			contract.Field{Name: "max_window_layers", Keys: []string{"max_window_layers"}, Kind: contract.Int, Default: "28", Whose: "transformers", Min: 0, Max: 1 << 20, Doc: "first layer that slides, where layer_types is absent"},
			contract.Field{Name: "layer_types", Keys: []string{"layer_types"}, Kind: contract.List, Default: "null", Whose: "transformers", Enum: []string{"full_attention", "sliding_attention"}, Doc: "full_attention or sliding_attention of each layer"},
			rope("10000"),
		),
		// layer_types decide where they are given, but only with use_sliding_window is there a window for them; without one Transformers fails, too.
		Layers: decoderLayers("if(has(layer_types), if(layer_types[i] == 'sliding_attention', if(use_sliding_window, sliding_window, null), 0), " +
			"if(use_sliding_window && has(sliding_window) && i >= max_window_layers, sliding_window, 0))"),
		LayerCount: "num_hidden_layers",
		Checks: decoderChecks(
			contract.Check{Expr: "!has(layer_types) || len(layer_types) == num_hidden_layers", Message: "layer_types must name every layer"},
		),
		Layouts: decoderLayouts(),
		References: []contract.Reference{
			{Repository: "huggingface/transformers", Question: "arithmetic, tensors"},
			{Repository: "ml-explore/mlx-lm", Commit: mlxLM, Question: "quantised layout"},
		},
		Defects:    []string{"mlx-lm ignores attention_bias, sliding windows and rope_parameters of Transformers 5"},
		Generation: contract.Generation{Kind: "autoregressive"},
	}
}
