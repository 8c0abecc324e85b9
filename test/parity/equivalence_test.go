package parity

import (
	"testing"

	"github.com/mlxgen/mlxgen/templates/unlocked"
)

const demo = "../../checkpoints/mlxgen/demo"

func TestDemoModelIsTheSameInEveryStep(t *testing.T) {
	dev := open(t)
	equivalences(t, dev, load(t, dev, demo, unlocked.Entries()), 1, 4, 23, 70)
}
