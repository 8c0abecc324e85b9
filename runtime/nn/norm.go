package nn

import "github.com/mlxgen/mlxgen/mlx"

// RMSNorm divides by the root mean square over the last axis and scales by a weight.
//
// Source: Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).
type RMSNorm struct {
	Weight mlx.Array // [width]
	Eps    float64
}

// Forward norms x [..., width]; the statistics are computed in float32.
func (n *RMSNorm) Forward(_ *Step, x mlx.Array) mlx.Array {
	return mlx.RMSNorm(x, n.Weight, n.Eps)
}
