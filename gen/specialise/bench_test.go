package specialise

import (
	"os"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// BenchmarkLoad reads, checks and lints the project's templates.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, diags := Load(Options{Source: os.DirFS("../..")}); diags.HasErrors() {
			b.Fatal(diags)
		}
	}
}

// BenchmarkSpecialise makes a package of the families scenario: experts in some of 100 layers, three checkpoints.
func BenchmarkSpecialise(b *testing.B) {
	s := readScenario(b, "testdata/scenarios/families.txtar")
	ts, diags := s.load()
	if diags.HasErrors() {
		b.Fatal(diags)
	}
	var evidence []Checkpoint
	for _, name := range []string{"a", "b", "c"} {
		one := s.evidence["moe"][0]
		config := &contract.Config{Facts: one.Config.Facts}
		for len(config.Layers) < 100 {
			config.Layers = append(config.Layers, one.Config.Layers...)
		}
		evidence = append(evidence, Checkpoint{Name: name, Config: config})
	}
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if res, diags := ts.Specialise(Request{Template: "t", Package: "p", Evidence: evidence}); res == nil {
				b.Error(diags)
			}
		}
	})
}
