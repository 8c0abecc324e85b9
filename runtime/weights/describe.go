package weights

import (
	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// Describe runs a loader without arrays and returns the parameters it asks for, in order.
func Describe(loader func(*Builder) error) ([]contract.Param, error) {
	r, err := start(nothing{}, loader)
	if err != nil {
		return nil, err
	}
	return r.params, nil
}

// nothing is the source of empty arrays.
type nothing struct{}

func (nothing) matrix(contract.Param) (nn.Weight, error) { return nn.Weight{}, nil }
func (nothing) vector(contract.Param) (mlx.Array, error) { return mlx.Array{}, nil }
func (nothing) bias(contract.Param) (mlx.Array, error)   { return mlx.Array{}, nil }

// Leaves runs a loader over named leaves of a tracing device: the weight of parameter P is the leaf P.weight in float32. It must be called within the
// device's current scope. It returns the model's state handles.
func Leaves(dev *mlx.Device, loader func(*Builder) error) ([]*nn.KV, error) {
	r, err := start(leaves{dev}, loader)
	if err != nil {
		return nil, err
	}
	return r.handles, nil
}

type leaves struct{ dev *mlx.Device }

func (l leaves) matrix(p contract.Param) (nn.Weight, error) {
	return nn.Weight{Dense: l.dev.Leaf(p.Path+".weight", mlx.Float32, p.Shape...)}, nil
}

func (l leaves) vector(p contract.Param) (mlx.Array, error) {
	return l.dev.Leaf(p.Path+".weight", mlx.Float32, p.Shape...), nil
}

func (l leaves) bias(p contract.Param) (mlx.Array, error) {
	return l.dev.Leaf(p.Path+".bias", mlx.Float32, p.Shape[:1]...), nil
}
