package recipe

import (
	"fmt"
	"math"
)

// A Tolerance says how far logits may be from a reference's.
type Tolerance struct {
	// Rel bounds the difference of a logit, relative to the reference's largest of the whole sequence.
	Rel float64
	// BadRows is the fraction of the rows that may break that bound. It is 0 but for low-precision recipes of models
	// with experts, where a rounding may choose another expert.
	BadRows float64
}

// Compare judges logits, one row for every token of the sequence, against the reference's:
//
//   - every difference is at most Rel times the reference's largest magnitude, in all rows but the fraction BadRows;
//   - wherever the reference's best logit leads by more than twice that, the same token is best;
//   - every value is finite.
//
// It returns the largest difference relative to the reference's largest magnitude, and an error that says what failed.
func Compare(got [][]float32, seq Sequence, tol Tolerance) (worst float64, err error) {
	if len(got) != len(seq.Tokens) {
		return math.Inf(1), fmt.Errorf("%d rows of logits for %d tokens", len(got), len(seq.Tokens))
	}
	for position, row := range got {
		if want := len(seq.Logits[0]); len(row) != want {
			return math.Inf(1), fmt.Errorf("position %d: %d logits instead of %d", position, len(row), want)
		}
		for token, v := range row {
			if !finite(v) {
				return math.Inf(1), fmt.Errorf("position %d: the logit of token %d is %g", position, token, v)
			}
		}
	}
	largest := 0.0
	for _, row := range seq.Logits {
		for _, v := range row {
			largest = max(largest, math.Abs(float64(v)))
		}
	}
	limit := tol.Rel * largest
	furthest, bad, first, flip := 0.0, 0, "", ""
	for i, position := range seq.Rows {
		token, gap := difference(got[position], seq.Logits[i])
		furthest = max(furthest, gap)
		if gap > limit {
			if bad++; first == "" {
				first = fmt.Sprintf("position %d, token %d: %g instead of %g", position, token, got[position][token], seq.Logits[i][token])
			}
		}
		best, lead := leader(seq.Logits[i])
		if now, _ := leader(got[position]); now != best && lead > 2*limit && flip == "" {
			flip = fmt.Sprintf("position %d: token %d leads instead of token %d, which leads by %g", position, now, best, lead)
		}
	}
	if furthest > 0 {
		worst = furthest / largest // infinite where the reference is all zero
	}
	if float64(bad) > tol.BadRows*float64(len(seq.Rows)) {
		return worst, fmt.Errorf("%d of %d rows differ by more than %g of the largest logit (worst %.3g); %s", bad, len(seq.Rows), tol.Rel, worst, first)
	}
	if flip != "" {
		return worst, fmt.Errorf("%s", flip)
	}
	return worst, nil
}

// difference returns where two rows differ most, and by how much.
func difference(a, b []float32) (token int, gap float64) {
	for i := range a {
		if d := math.Abs(float64(a[i]) - float64(b[i])); d > gap {
			token, gap = i, d
		}
	}
	return token, gap
}

// leader returns the largest value's index and its lead over the second.
func leader(row []float32) (best int, lead float64) {
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	lead = math.Inf(1)
	for i, v := range row {
		if i != best {
			lead = min(lead, float64(row[best])-float64(v))
		}
	}
	return best, lead
}
