package sample

import (
	"errors"
	"math"
	"testing"
)

func TestGreedyTakesTheFirstOfTheLargest(t *testing.T) {
	got, err := Token([]float32{1, 3, 3, 2}, 0, Options{})
	if err != nil || got != 1 {
		t.Fatalf("got %d, %v; want 1", got, err)
	}
}

func TestNotFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, logits := range map[string][]float32{
		"nan":      {0, nan, 1},
		"nan last": {0, 1, nan},
		"inf":      {0, inf},
		"all -inf": {-inf, -inf},
	} {
		if _, err := Token(logits, 0, Options{Temperature: 1}); !errors.Is(err, ErrNotFinite) {
			t.Errorf("%s: got %v, want ErrNotFinite", name, err)
		}
	}
	if _, err := Token(nil, 0, Options{}); err == nil {
		t.Error("no logits: want an error")
	}
}

func TestValidate(t *testing.T) {
	nan := math.NaN()
	for _, o := range []Options{
		{Temperature: -1},
		{Temperature: nan},
		{Temperature: math.Inf(1)},
		{TopK: -1},
		{TopP: 1.5},
		{TopP: nan},
		{MinP: -0.1},
		{MinP: nan},
	} {
		if o.Validate() == nil {
			t.Errorf("%+v: want an error", o)
		}
	}
	if err := (Options{Temperature: 0.7, TopP: 0.9, TopK: 40, MinP: 0.05}).Validate(); err != nil {
		t.Error(err)
	}
}

// The drawn frequencies follow the exact distribution: chi-squared over many positions stays below a bound that a right sampler passes with
// overwhelming probability (the seed is fixed, so the test is deterministic).
func TestFrequencies(t *testing.T) {
	logits := []float32{0, 1, 2, -1, 0.5}
	for name, o := range map[string]Options{
		"plain":       {Temperature: 1},
		"cool":        {Temperature: 0.5},
		"top-k":       {Temperature: 1, TopK: 2},
		"top-p":       {Temperature: 1, TopP: 0.8},
		"min-p":       {Temperature: 1, MinP: 0.2},
		"all of them": {Temperature: 1.3, TopK: 4, TopP: 0.9, MinP: 0.05},
	} {
		t.Run(name, func(t *testing.T) {
			const draws = 20000
			want := exact(logits, o)
			counts := make([]float64, len(logits))
			o.Seed = 7
			for position := range draws {
				token, err := Token(logits, position, o)
				if err != nil {
					t.Fatal(err)
				}
				counts[token]++
			}
			chi := 0.0
			for i, p := range want {
				if p == 0 {
					if counts[i] != 0 {
						t.Fatalf("token %d was drawn %v times but is cut off", i, counts[i])
					}
					continue
				}
				d := counts[i] - p*draws
				chi += d * d / (p * draws)
			}
			if chi > 25 { // 4 degrees of freedom: p < 1e-4
				t.Errorf("chi-squared %.1f; counts %v, probabilities %v", chi, counts, want)
			}
		})
	}
}

// exact is the distribution by its definition, in quadratic time.
func exact(logits []float32, o Options) []float64 {
	p := make([]float64, len(logits))
	sum, most := 0.0, 0.0
	for i, l := range logits {
		p[i] = math.Exp(float64(l) / o.Temperature)
		sum += p[i]
		most = max(most, p[i])
	}
	keep := func(ok func(i int) bool) {
		left := 0.0
		for i := range p {
			if !ok(i) {
				p[i] = 0
			}
			left += p[i]
		}
		sum = left
	}
	above := func(i int) (n int, mass float64) {
		for j := range p {
			if p[j] > p[i] {
				n++
				mass += p[j]
			}
		}
		return n, mass
	}
	keep(func(i int) bool { return p[i] >= o.MinP*most })
	if o.TopK > 0 {
		cut := append([]float64(nil), p...)
		keep(func(i int) bool {
			n := 0
			for j := range cut {
				if cut[j] > cut[i] {
					n++
				}
			}
			return n < o.TopK
		})
	}
	if o.TopP > 0 {
		total, ok := sum, make([]bool, len(p))
		for i := range p {
			_, mass := above(i)
			ok[i] = mass < o.TopP*total
		}
		keep(func(i int) bool { return ok[i] })
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func TestUniformDependsOnSeedAndCounterOnly(t *testing.T) {
	seen := map[float64]bool{}
	for seed := range uint64(50) {
		for counter := range uint64(50) {
			u := Uniform(seed, counter)
			if u < 0 || u >= 1 || seen[u] {
				t.Fatalf("seed %d counter %d: %v", seed, counter, u)
			}
			seen[u] = true
		}
	}
}
