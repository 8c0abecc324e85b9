package nn

import "github.com/mlxgen/mlxgen/mlx"

// KV is the handle of the keys and values that one attention remembers. It is immutable; the memory behind it belongs to package state.
type KV struct {
	Path     string // model.layers.3.self_attn.kv
	Index    int    // which of the model's KV handles
	Heads    int
	KeyDim   int
	ValueDim int
	Window   int // how many positions a token sees, itself included; 0 = all
}

// AttendOptions are the numbers of one attention.
type AttendOptions struct {
	Scale   float64   // multiplies q·k
	Softcap float64   // scores become cap·tanh(score/cap); 0 = none
	Sinks   mlx.Array // [heads] extra logits of the softmax; invalid = none
}

// Attend remembers k [T, kv_heads, key_dim] and v [T, kv_heads, value_dim], then attends q [T, heads, key_dim] to the remembered positions of each
// token's own row, up to and including its own. The result is [T, heads, value_dim].
//
//mlxgen:effect
func (s *Step) Attend(kv *KV, q, k, v mlx.Array, o AttendOptions) mlx.Array {
	store := s.in.Stores[kv.Index]
	group := s.in.Groups[store.Group]
	done := mlx.PagedAppend(store.Pool, k, v, group.Slots, s.after[kv.Index])
	s.after[kv.Index] = done
	return mlx.PagedAttend(store.Pool, q, s.in.Rows, s.in.Positions, group.Tables, group.First, done, mlx.AttendOptions{
		Scale: o.Scale, Window: kv.Window, Softcap: o.Softcap, Sinks: o.Sinks,
	})
}
