// Package nn is a stand-in for the tests of the specialiser.
package nn

import (
	"fmt"
	"os"
	"sync"

	"github.com/mlxgen/mlxgen/mlx"
)

var _ sync.Mutex

// File is of a type that the importer does not know; nobody uses it.
var File *os.File

// Step counts the state changes.
type Step struct{ effects int }

// Tokens are the step's tokens.
func (s *Step) Tokens() mlx.Array { return mlx.Op("tokens") }

// Len is a Go value that varies.
func (s *Step) Len() int { return 7 }

// Width does not vary.
//
//mlxgen:static
func (s *Step) Width(x mlx.Array) int { return 8 }

// KV is a state handle.
type KV struct{ Path string }

// AttendOptions are options.
type AttendOptions struct {
	Scale   float64
	Softcap float64
	Window  int
	Causal  bool
	Sinks   mlx.Array
}

// Attend changes state.
//
//mlxgen:effect
func (s *Step) Attend(kv *KV, q, k, v mlx.Array, o AttendOptions) mlx.Array {
	s.effects++
	return mlx.Effect("attend", kv.Path, q, k, v, o.Scale, o.Softcap, o.Window, o.Causal, o.Sinks)
}

// Note changes state and says so.
//
//mlxgen:effect
func (s *Step) Note(text string, x mlx.Array) {
	s.effects++
	mlx.Effect("note", text, x)
}

// Ready changes state.
//
//mlxgen:effect
func (s *Step) Ready() bool {
	s.effects++
	mlx.Effect("ready")
	return s.effects%2 == 1
}

// Linear is a parameter.
type Linear struct{ Path string }

// Forward multiplies.
func (l *Linear) Forward(_ *Step, x mlx.Array) mlx.Array { return mlx.Op("linear", l.Path, x) }

// Embedding is a parameter.
type Embedding struct{ Path string }

// Forward looks up.
func (e *Embedding) Forward(_ *Step, x mlx.Array) mlx.Array { return mlx.Op("embed", e.Path, x) }

// Unembed is the transpose.
func (e *Embedding) Unembed(_ *Step, x mlx.Array) mlx.Array { return mlx.Op("unembed", e.Path, x) }

// RMSNorm is a parameter.
type RMSNorm struct{ Path string }

// Forward norms.
func (n *RMSNorm) Forward(_ *Step, x mlx.Array) mlx.Array { return mlx.Op("norm", n.Path, x) }

// Rope turns.
type Rope struct{ Path string }

// Forward turns.
func (r *Rope) Forward(_ *Step, x mlx.Array) mlx.Array { return mlx.Op("rope", x) }

// Mixer mixes.
type Mixer interface {
	Mix(s *Step, x mlx.Array) mlx.Array
}

// Apply calls a mixer.
func Apply(m Mixer, s *Step, x mlx.Array) mlx.Array { return m.Mix(s, x) }

// Heads splits.
func Heads(x mlx.Array, n int) mlx.Array { return mlx.Op("heads", x, n) }

// Join joins.
func Join(x mlx.Array) mlx.Array { return mlx.Op("join", x) }

// SiLU is an activation.
func SiLU(x mlx.Array) mlx.Array { return mlx.Op("silu", x) }

// GELU is an activation.
func GELU(x mlx.Array) mlx.Array { return mlx.Op("gelu", x) }

// GELUTanh is an activation.
func GELUTanh(x mlx.Array) mlx.Array { return mlx.Op("gelu_tanh", x) }

// Softcap caps.
func Softcap(x mlx.Array, limit float64) mlx.Array { return mlx.Op("softcap", x, limit) }

// Show describes.
func Show(x any) string { return fmt.Sprint(x) }
