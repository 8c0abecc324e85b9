package block

import (
	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// Activate applies the activation function named act to x, element by element.
//
//mlxgen:as activate
//mlxgen:trait act
func Activate(x mlx.Array, act string) mlx.Array {
	switch act {
	case "silu":
		return nn.SiLU(x)
	case "gelu":
		return nn.GELU(x)
	case "gelu_pytorch_tanh":
		return nn.GELUTanh(x)
	default:
		panic("unknown activation")
	}
}
