package nn

import "github.com/mlxgen/mlxgen/mlx"

// Heads splits the last axis of x [T, heads*d] into [T, heads, d].
func Heads(x mlx.Array, heads int) mlx.Array { return x.Reshape(-1, heads, x.Dim(-1)/heads) }

// Join is the inverse of Heads: it joins the last two axes of x [T, heads, d].
func Join(x mlx.Array) mlx.Array { return x.Flatten(-2, -1) }

// SiLU is x·sigmoid(x).
func SiLU(x mlx.Array) mlx.Array { return x.SiLU() }

// GELU is x·Φ(x) with the exact error function.
func GELU(x mlx.Array) mlx.Array { return x.GELU() }

// GELUTanh is GELU in its tanh approximation.
func GELUTanh(x mlx.Array) mlx.Array { return x.GELUTanh() }
