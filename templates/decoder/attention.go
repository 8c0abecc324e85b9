package decoder

import (
	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// Attention is grouped-query attention with rotary positions.
//
// Source: Ainslie et al., "GQA" (2023); Su et al., "RoFormer" (2021).
type Attention struct {
	QProj *nn.Linear  `param:"q_proj" dims:"layer.heads*layer.head_dim, hidden_size" bias:"attention_bias"`
	KProj *nn.Linear  `param:"k_proj" dims:"layer.kv_heads*layer.head_dim, hidden_size" bias:"attention_bias"`
	VProj *nn.Linear  `param:"v_proj" dims:"layer.kv_heads*layer.head_dim, hidden_size" bias:"attention_bias"`
	OProj *nn.Linear  `param:"o_proj" dims:"hidden_size, layer.heads*layer.head_dim" bias:"output_bias"`
	QNorm *nn.RMSNorm `param:"q_norm" dims:"layer.head_dim" eps:"rms_norm_eps" when:"qk_norm"`
	KNorm *nn.RMSNorm `param:"k_norm" dims:"layer.head_dim" eps:"rms_norm_eps" when:"qk_norm"`
	Rope  *nn.Rope    `rope:"layer.rope"`
	KV    *nn.KV      `state:"kv" dims:"layer.kv_heads, layer.head_dim" window:"layer.window"`

	Heads   int     `from:"layer.heads"`
	KVHeads int     `from:"layer.kv_heads"`
	Scale   float64 `from:"layer.scale"`
}

// Forward attends the tokens x [T, hidden_size] to their own rows and to what KV remembers.
func (a *Attention) Forward(s *nn.Step, x mlx.Array) mlx.Array {
	q := nn.Heads(a.QProj.Forward(s, x), a.Heads) // [T, heads, head_dim]
	k := nn.Heads(a.KProj.Forward(s, x), a.KVHeads)
	v := nn.Heads(a.VProj.Forward(s, x), a.KVHeads)
	if a.QNorm != nil {
		q, k = a.QNorm.Forward(s, q), a.KNorm.Forward(s, k)
	}
	q, k = a.Rope.Forward(s, q), a.Rope.Forward(s, k)
	return a.OProj.Forward(s, nn.Join(s.Attend(a.KV, q, k, v, nn.AttendOptions{Scale: a.Scale})))
}
