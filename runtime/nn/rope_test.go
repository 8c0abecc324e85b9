package nn

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// ropeCase is a plan with what Transformers computes for it (testdata/rope.py).
type ropeCase struct {
	Name    string
	Plan    contract.Rope
	Length  int
	Inverse []float64
	Factor  float64
}

func ropeCases(t *testing.T) []ropeCase {
	data, err := os.ReadFile("testdata/rope.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []ropeCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 8 {
		t.Fatalf("only %d cases", len(cases))
	}
	return cases
}

func TestFrequenciesEqualTransformers(t *testing.T) {
	for _, c := range ropeCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			got := inverseAt(t, &c.Plan, c.Length)
			if len(got) != len(c.Inverse) {
				t.Fatalf("%d frequencies, want %d", len(got), len(c.Inverse))
			}
			for i, want := range c.Inverse {
				if math.Abs(got[i]-want) > 2e-6*want {
					t.Errorf("pair %d: got %v, want %v", i, got[i], want)
				}
			}
			if got := attentionFactor(&c.Plan); math.Abs(got-c.Factor) > 1e-9 {
				t.Errorf("attention factor %v, want %v", got, c.Factor)
			}
		})
	}
}

// inverseAt is the inverse frequencies that a token of a row with the planned length turns by.
func inverseAt(t *testing.T, p *contract.Rope, length int) []float64 {
	dev := openCPU(t)
	scope := dev.NewScope()
	t.Cleanup(scope.Close)
	var got []float32
	var readErr error
	err := scope.Run(func() {
		step := NewStep(StepInput{
			Positions: dev.FromInt32s([]int32{1}),
			Lengths:   dev.FromInt32s([]int32{int32(length)}),
		})
		got, readErr = NewRope(p).inverse(step).Flatten(0, -1).Float32s()
	})
	if err != nil || readErr != nil {
		t.Fatal(err, readErr)
	}
	wide := make([]float64, len(got))
	for i, v := range got {
		wide[i] = float64(v)
	}
	return wide
}
