package decoder

import (
	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/nn"
	"github.com/mlxgen/mlxgen/templates/block"
)

// Layer is one decoder layer: attention and feed-forward, each on a normed input and added to the residual stream.
type Layer struct {
	InputNorm    *nn.RMSNorm     `param:"input_layernorm" dims:"hidden_size" eps:"rms_norm_eps"`
	Attention    *Attention      `param:"self_attn"`
	PostAttnNorm *nn.RMSNorm     `param:"post_attention_layernorm" dims:"hidden_size" eps:"rms_norm_eps"`
	MLP          *block.GatedMLP `param:"mlp" as:"MLP" with:"width=hidden_size, inner=intermediate_size"`
}

// Forward runs the layer on x [T, hidden_size].
func (l *Layer) Forward(s *nn.Step, x mlx.Array) mlx.Array {
	x = x.Add(l.Attention.Forward(s, l.InputNorm.Forward(s, x)))
	return x.Add(l.MLP.Forward(s, l.PostAttnNorm.Forward(s, x)))
}
