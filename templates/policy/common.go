// Package policy holds the policies: one declaration per family, and the only hand-written file that a family has. They are data, so that the resolved
// policy can be emitted into the generated package.
package policy

import (
	"slices"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// mlxLM is the commit of ml-explore/mlx-lm that the policies were checked against.
const mlxLM = "d78bf58e217c904ec282ed8da9b947491f78c022"

// All lists the policies.
func All() []contract.Policy { return []contract.Policy{llama(), mistral(), qwen2(), qwen3()} }

// decoderFields are the fields that decoders in the style of llama share, then the family's own. One of the family's with a shared name replaces it.
func decoderFields(own ...contract.Field) []contract.Field {
	fields := []contract.Field{
		count("vocab_size", "rows of the embedding and the head"),
		count("hidden_size", "width of the residual stream"),
		count("intermediate_size", "inner width of the feed-forward block"),
		count("num_hidden_layers", "layers"),
		count("num_attention_heads", "query heads"),
		byDefault(count("num_key_value_heads", "key and value heads"), "num_attention_heads"),
		byDefault(count("head_dim", "features of a head"), "hidden_size / num_attention_heads"),
		{Name: "hidden_act", Keys: []string{"hidden_act"}, Kind: contract.String, Default: "'silu'", Whose: "transformers", Enum: []string{"silu", "gelu", "gelu_pytorch_tanh"}, Doc: "activation of the feed-forward block"},
		{Name: "rms_norm_eps", Keys: []string{"rms_norm_eps"}, Kind: contract.Float, Default: "1e-6", Whose: "transformers", Min: 0, Max: 1, Doc: "added to the mean square in norms"},
		flag("attention_bias", "query, key and value projections have biases"),
		constant("output_bias", contract.Bool, "attention_bias", "the output projection has a bias"),
		flag("tie_word_embeddings", "the head is the embedding"),
	}
	for _, f := range own {
		if at := slices.IndexFunc(fields, func(shared contract.Field) bool { return shared.Name == f.Name }); at >= 0 {
			fields[at] = f
			continue
		}
		fields = append(fields, f)
	}
	return fields
}

// count is a required whole number of at least 1.
func count(name, doc string) contract.Field {
	return contract.Field{Name: name, Keys: []string{name}, Kind: contract.Int, Min: 1, Max: 1 << 24, Doc: doc}
}

// byDefault gives a field Transformers' default.
func byDefault(f contract.Field, expr string) contract.Field {
	f.Default, f.Whose = expr, "transformers"
	return f
}

// orNull gives a field the value that an explicit null stands for.
func orNull(f contract.Field, expr string) contract.Field {
	f.Null = expr
	return f
}

// flag is a truth value that is false where the config has none, as in Transformers.
func flag(name, doc string) contract.Field {
	return contract.Field{Name: name, Keys: []string{name}, Kind: contract.Bool, Default: "false", Whose: "transformers", Doc: doc}
}

// constant is a fact that the family fixes.
func constant(name string, kind contract.Kind, expr, doc string) contract.Field {
	return contract.Field{Name: name, Kind: kind, Default: expr, Whose: "policy", Doc: doc}
}

// longest is max_position_embeddings with a family's default.
func longest(def string) contract.Field {
	return contract.Field{Name: "max_position_embeddings", Keys: []string{"max_position_embeddings"}, Kind: contract.Int, Default: def, Whose: "transformers", Min: 1, Max: 1 << 30, Doc: "positions the checkpoint was made for"}
}

// rope is the rotary plan: rope_parameters of Transformers 5, or rope_scaling with rope_theta beside it.
func rope(theta string) contract.Field {
	return contract.Field{Name: "rope", Keys: []string{"rope_parameters", "rope_scaling"}, Kind: contract.RopePlan, Default: theta, Whose: "transformers", Doc: "rotary positions"}
}

// decoderLayers are the columns of the layer table; window is an expression.
func decoderLayers(window string) []contract.Column {
	return []contract.Column{
		{Name: "heads", Expr: "num_attention_heads", Kind: contract.Int, Doc: "query heads"},
		{Name: "kv_heads", Expr: "num_key_value_heads", Kind: contract.Int, Doc: "key and value heads"},
		{Name: "head_dim", Expr: "head_dim", Kind: contract.Int, Doc: "features of a head"},
		{Name: "scale", Expr: "1 / sqrt(head_dim)", Kind: contract.Float, Doc: "multiplies the scores"},
		{Name: "window", Expr: window, Kind: contract.Int, Doc: "positions a token sees; 0 = all"},
		{Name: "rope", Expr: "rope", Kind: contract.RopePlan, Doc: "rotary positions"},
	}
}

// decoderChecks hold in every decoder with grouped queries.
func decoderChecks(more ...contract.Check) []contract.Check {
	return append([]contract.Check{
		{Expr: "num_attention_heads % num_key_value_heads == 0", Message: "the query heads must divide evenly among the key heads"},
	}, more...)
}

// decoderLayouts are the hub's layout and MLX's, which differ in how weights are quantised only. Old checkpoints carry rotary buffers; a head beside a
// tied embedding is a copy that Transformers ignores.
func decoderLayouts() []contract.Layout {
	drops := []contract.Op{
		{Kind: contract.Drop, Match: "model.layers.{i}.self_attn.rotary_emb.inv_freq", Reason: "a buffer that is computed from the config"},
		{Kind: contract.Drop, Match: "lm_head", When: "tie_word_embeddings", Reason: "the head is tied to the embedding"},
	}
	return []contract.Layout{{Name: "hub", Program: drops}, {Name: "mlx", Program: drops}}
}

// qwenWindowFields say which layers of Qwen2 and Qwen3 see a window only.
func qwenWindowFields() []contract.Field {
	return []contract.Field{
		flag("use_sliding_window", "some layers see a window only"),
		{Name: "sliding_window", Keys: []string{"sliding_window"}, Kind: contract.Int, Default: "4096", Whose: "transformers", Null: "null", Min: 1, Max: 1 << 30, Doc: "positions a sliding layer sees"},
		{Name: "max_window_layers", Keys: []string{"max_window_layers"}, Kind: contract.Int, Default: "28", Whose: "transformers", Min: 0, Max: 1 << 20, Doc: "first layer that slides, where layer_types is absent"},
		{Name: "layer_types", Keys: []string{"layer_types"}, Kind: contract.List, Default: "null", Whose: "transformers", Enum: []string{"full_attention", "sliding_attention"}, Doc: "full_attention or sliding_attention of each layer"},
	}
}

// qwenWindow is the window of layer i. layer_types decide where they are given, but only with use_sliding_window is there a window for them; without one
// Transformers fails, too.
const qwenWindow = "if(has(layer_types), if(layer_types[i] == 'sliding_attention', if(use_sliding_window, sliding_window, null), 0), " +
	"if(use_sliding_window && has(sliding_window) && i >= max_window_layers, sliding_window, 0))"

var qwenWindowCheck = contract.Check{Expr: "!has(layer_types) || len(layer_types) == num_hidden_layers", Message: "layer_types must name every layer"}
