// Package sample chooses the next token from logits. Randomness is counter-based: the number that decides a token depends on the seed and the
// token's absolute position only, so a row draws the same tokens whatever else is in the batch, and however often it was preempted.
package sample

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrNotFinite says that logits hold a NaN, or infinities that leave no distribution.
var ErrNotFinite = errors.New("sample: the logits are not finite")

// Options choose the distribution. The zero value is greedy.
type Options struct {
	Temperature float64 // 0 = greedy
	TopK        int     // keep the k most likely; 0 = all
	TopP        float64 // keep the smallest set whose probability reaches p; 0 or 1 = all
	MinP        float64 // drop tokens less likely than MinP times the most likely; 0 = none
	Seed        uint64
}

// Validate says what is wrong with the options, naming the field.
func (o Options) Validate() error {
	switch {
	case !(o.Temperature >= 0) || math.IsInf(o.Temperature, 0):
		return fmt.Errorf("sample: temperature %v: want a number of at least 0", o.Temperature)
	case o.TopK < 0:
		return fmt.Errorf("sample: top-k %d: want at least 0", o.TopK)
	case !(o.TopP >= 0 && o.TopP <= 1):
		return fmt.Errorf("sample: top-p %v: want a number from 0 to 1", o.TopP)
	case !(o.MinP >= 0 && o.MinP <= 1):
		return fmt.Errorf("sample: min-p %v: want a number from 0 to 1", o.MinP)
	}
	return nil
}

// Token chooses a token from one row of logits for the given absolute position.
func Token(logits []float32, position int, o Options) (int32, error) {
	best, err := argmax(logits)
	if err != nil || o.Temperature == 0 || o.TopK == 1 {
		return best, err
	}
	kept := distribution(logits, logits[best], o)
	// Walk the distribution up to a uniform number of its total weight.
	total := 0.0
	for _, c := range kept {
		total += c.weight
	}
	left := Uniform(o.Seed, uint64(position)) * total
	for _, c := range kept {
		if left -= c.weight; left < 0 {
			return c.token, nil
		}
	}
	return kept[len(kept)-1].token, nil
}

// candidate is a token with its unnormalised probability.
type candidate struct {
	token  int32
	weight float64
}

// distribution applies temperature, min-p, top-k and top-p, in this order; the most likely token comes first.
func distribution(logits []float32, best float32, o Options) []candidate {
	kept := make([]candidate, 0, len(logits))
	for token, logit := range logits {
		// Weights are relative to the most likely token's, which is 1.
		weight := math.Exp(float64(logit-best) / o.Temperature)
		if weight > 0 && weight >= o.MinP {
			kept = append(kept, candidate{int32(token), weight})
		}
	}
	slices.SortFunc(kept, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.token, b.token))
	})
	if o.TopK > 0 && o.TopK < len(kept) {
		kept = kept[:o.TopK]
	}
	if o.TopP > 0 && o.TopP < 1 {
		kept = kept[:nucleus(kept, o.TopP)]
	}
	return kept
}

// nucleus is the length of the shortest prefix that holds p of the weight.
func nucleus(sorted []candidate, p float64) int {
	total := 0.0
	for _, c := range sorted {
		total += c.weight
	}
	sum := 0.0
	for i, c := range sorted {
		if sum += c.weight; sum >= p*total {
			return i + 1
		}
	}
	return len(sorted)
}

func argmax(logits []float32) (int32, error) {
	if len(logits) == 0 {
		return 0, errors.New("sample: no logits")
	}
	best := 0
	for i, logit := range logits {
		if logit != logit || math.IsInf(float64(logit), 1) {
			return 0, fmt.Errorf("%w: token %d has %v", ErrNotFinite, i, logit)
		}
		if logit > logits[best] {
			best = i
		}
	}
	if math.IsInf(float64(logits[best]), -1) {
		return 0, fmt.Errorf("%w: every token has -Inf", ErrNotFinite)
	}
	return int32(best), nil
}

// Uniform is the counter-th number of the seed's stream, in [0, 1).
//
// Source: two rounds of the splitmix64 finaliser (Steele, Lea and Flood, 2014) over the seed and the counter.
func Uniform(seed, counter uint64) float64 {
	const golden = 0x9E3779B97F4A7C15
	bits := mix(mix(seed+golden) + (counter+1)*golden)
	return float64(bits>>11) / (1 << 53)
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
