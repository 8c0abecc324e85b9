// Package block holds the parts that several templates are built from. The specialiser copies them into the generated packages, under the names that
// the template's as tags choose.
package block

import (
	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// GatedMLP is the gated feed-forward block: down(act(gate(x)) · up(x)).
//
// Source: Shazeer, "GLU Variants Improve Transformer" (2020).
type GatedMLP struct {
	GateProj *nn.Linear `param:"gate_proj" dims:"inner, width" bias:"mlp_bias"`
	UpProj   *nn.Linear `param:"up_proj" dims:"inner, width" bias:"mlp_bias"`
	DownProj *nn.Linear `param:"down_proj" dims:"width, inner" bias:"mlp_bias"`
	Act      string     `trait:"hidden_act"`
}

// Forward maps x [T, width] to [T, width].
func (m *GatedMLP) Forward(s *nn.Step, x mlx.Array) mlx.Array {
	gate := Activate(m.GateProj.Forward(s, x), m.Act)
	return m.DownProj.Forward(s, gate.Mul(m.UpProj.Forward(s, x)))
}
