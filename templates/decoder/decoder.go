// Package decoder is the template of decoders built from attention and a feed-forward block.
package decoder

import (
	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// Model is a decoder: token embedding, layers, final norm and output head.
//
//mlxgen:root
type Model struct {
	Embedding *nn.Embedding `param:"model.embed_tokens" dims:"vocab_size, hidden_size"`
	Layers    []*Layer      `param:"model.layers" each:"layers"`
	Norm      *nn.RMSNorm   `param:"model.norm" dims:"hidden_size" eps:"rms_norm_eps"`
	LMHead    *nn.Linear    `param:"lm_head" dims:"vocab_size, hidden_size" when:"!tie_word_embeddings"`
}

// Embed looks up the step's tokens; the result is [T, hidden_size].
func (m *Model) Embed(s *nn.Step) mlx.Array {
	return m.Embedding.Forward(s, s.Tokens())
}

// Body runs the layers on x [T, hidden_size] and norms the result.
func (m *Model) Body(s *nn.Step, x mlx.Array) mlx.Array {
	for _, l := range m.Layers {
		x = l.Forward(s, x)
	}
	return m.Norm.Forward(s, x)
}

// Head maps hidden states h [N, hidden_size] to logits [N, vocab_size].
func (m *Model) Head(s *nn.Step, h mlx.Array) mlx.Array {
	if m.LMHead != nil {
		return m.LMHead.Forward(s, h)
	}
	return m.Embedding.Unembed(s, h)
}
