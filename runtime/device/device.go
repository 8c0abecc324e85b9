// Package device is the one home of device choice: every command and the library open their device here.
package device

import (
	"fmt"

	"github.com/mlxgen/mlxgen/mlx"
)

// Open opens a device by name: "cpu", "gpu", or "" for the best one that the installed library offers.
func Open(name string) (*mlx.Device, error) {
	switch name {
	case "cpu":
		return mlx.Open(mlx.Options{Kind: mlx.CPU})
	case "gpu":
		return mlx.Open(mlx.Options{Kind: mlx.GPU})
	case "":
		if dev, err := mlx.Open(mlx.Options{Kind: mlx.GPU}); err == nil {
			return dev, nil
		}
		return mlx.Open(mlx.Options{Kind: mlx.CPU})
	}
	return nil, fmt.Errorf("unknown device %q: want cpu or gpu", name)
}
