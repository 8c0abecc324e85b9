package nn

import (
	"testing"

	"github.com/mlxgen/mlxgen/mlx"
)

// openCPU opens the CPU device for a test. A missing library fails the test: it never skips.
func openCPU(t *testing.T) *mlx.Device {
	t.Helper()
	dev, err := mlx.Open(mlx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dev.Close)
	return dev
}
