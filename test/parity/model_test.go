// Package parity runs models: against the references' logits, and against themselves under every way of cutting and mixing steps.
package parity

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/engine"
	"github.com/mlxgen/mlxgen/runtime/model"
	"github.com/mlxgen/mlxgen/runtime/snapshot"
	"github.com/mlxgen/mlxgen/runtime/state"
)

// open opens the CPU device. A missing library fails the test.
func open(t *testing.T) *mlx.Device {
	t.Helper()
	dev, err := mlx.Open(mlx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dev.Close)
	return dev
}

// load proves and loads the checkpoint in dir with one of the entries.
func load(t *testing.T, dev *mlx.Device, dir string, entries []model.Entry) *model.Model {
	t.Helper()
	s, err := snapshot.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	proven, err := model.Prove(s, entries)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(context.Background(), dev, proven)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// run is a model with a way of running it.
func newEngine(t *testing.T, dev *mlx.Device, m *model.Model, o engine.Options) *engine.Engine {
	t.Helper()
	o.Vocab = m.Config.Int("vocab_size")
	if o.Tokens == 0 {
		o.Tokens = 2048
	}
	e, err := engine.New(dev, m.Model, m.Handles, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// logits runs tokens in steps of the given sizes.
func logits(t *testing.T, e *engine.Engine, tokens []int32, cuts ...int) [][]float32 {
	t.Helper()
	rows, err := e.Logits(context.Background(), tokens, cuts...)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// repeat is size, size, … often enough for n tokens.
func repeat(n int, sizes ...int) []int {
	var cuts []int
	for len(cuts) < n {
		cuts = append(cuts, sizes...)
	}
	return cuts
}

// together runs several sequences as rows of the same steps: each step takes another number of tokens of each row, and rows start and end at different
// steps.
func together(t *testing.T, e *engine.Engine, sequences [][]int32) [][][]float32 {
	t.Helper()
	cache := e.Cache()
	rows := make([]*state.Row, len(sequences))
	done := make([]int, len(sequences))
	results := make([][][]float32, len(sequences))
	for i, s := range sequences {
		rows[i] = cache.NewRow(len(s))
		defer cache.Free(rows[i])
	}
	sizes := []int{1, 3, 1, 7, 2, 5}
	for step := 0; ; step++ {
		var chunks []state.Chunk
		var owners []int
		total := 0
		for i, s := range sequences {
			if step < i { // later rows are admitted later
				continue
			}
			n := min(sizes[(step+2*i)%len(sizes)], len(s)-done[i])
			if n <= 0 {
				continue
			}
			chunks = append(chunks, state.Chunk{Row: rows[i], Tokens: s[done[i] : done[i]+n]})
			owners = append(owners, i)
			total += n
		}
		if len(chunks) == 0 {
			return results
		}
		want := make([]int32, total)
		for i := range want {
			want[i] = int32(i)
		}
		got, err := e.Step(chunks, want)
		if err != nil {
			t.Fatal(err)
		}
		for i, owner := range owners {
			n := len(chunks[i].Tokens)
			results[owner] = append(results[owner], got[:n]...)
			done[owner] += n
			got = got[n:]
		}
	}
}

// sameBits fails unless two runs agree in every bit.
func sameBits(t *testing.T, what string, got, want [][]float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d positions, want %d", what, len(got), len(want))
		return
	}
	for i := range want {
		for j := range want[i] {
			if math.Float32bits(got[i][j]) != math.Float32bits(want[i][j]) {
				t.Errorf("%s: position %d, token %d: %v, want %v exactly", what, i, j, got[i][j], want[i][j])
				return
			}
		}
	}
}

// close fails unless two runs agree within a part of the largest logit.
func near(t *testing.T, what string, got, want [][]float32, tolerance float64) {
	t.Helper()
	worst, largest := 0.0, 0.0
	for i := range want {
		for j := range want[i] {
			worst = max(worst, math.Abs(float64(got[i][j])-float64(want[i][j])))
			largest = max(largest, math.Abs(float64(want[i][j])))
		}
	}
	if !(worst <= tolerance*largest) {
		t.Errorf("%s: differs by %v of %v", what, worst, largest)
	}
}

// sequence makes n tokens below vocab that depend on the seed.
func sequence(seed, n, vocab int) []int32 {
	tokens := make([]int32, n)
	x := uint64(seed)*0x9E3779B97F4A7C15 + 1
	for i := range tokens {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		tokens[i] = int32(x % uint64(vocab))
	}
	return tokens
}

// equivalences checks that a model's logits do not depend on how its tokens are cut into steps, on what else is in a step, or on padding: bit for bit
// with our own kernels, and within rounding against stock operations. Pages hold four positions, so that every border is crossed.
func equivalences(t *testing.T, dev *mlx.Device, m *model.Model, lengths ...int) {
	t.Helper()
	vocab := m.Config.Int("vocab_size")
	var sequences [][]int32
	for i, n := range lengths {
		sequences = append(sequences, sequence(i+1, n, vocab))
	}
	e := newEngine(t, dev, m, engine.Options{PageSize: 4, Padding: state.Exact, Rows: len(lengths)})
	var alone [][][]float32
	for _, s := range sequences {
		alone = append(alone, logits(t, e, s))
	}
	free := e.Cache().FreePages()
	padded := newEngine(t, dev, m, engine.Options{PageSize: 4, Rows: len(lengths)})
	wide := newEngine(t, dev, m, engine.Options{PageSize: 64, Rows: len(lengths)})
	stock := newEngine(t, dev, m, engine.Options{PageSize: 4, Stock: true, Rows: len(lengths)})
	for i, s := range sequences {
		name := fmt.Sprintf("%d tokens, ", len(s))
		sameBits(t, name+"again", logits(t, e, s), alone[i])
		sameBits(t, name+"one at a time", logits(t, e, s, repeat(len(s), 1)...), alone[i])
		sameBits(t, name+"odd chunks", logits(t, e, s, repeat(len(s), 3, 1, 5, 2)...), alone[i])
		sameBits(t, name+"prefill, then one at a time", logits(t, e, s, append([]int{max(1, len(s)/2)}, repeat(len(s), 1)...)...), alone[i])
		sameBits(t, name+"padded", logits(t, padded, s, repeat(len(s), 3, 1, 5, 2)...), alone[i])
		sameBits(t, name+"pages of 64", logits(t, wide, s), alone[i])
		near(t, name+"stock", logits(t, stock, s, repeat(len(s), 7)...), alone[i], 2e-5)
	}
	for i, got := range together(t, e, sequences) {
		sameBits(t, fmt.Sprintf("%d tokens among others", len(sequences[i])), got, alone[i])
	}
	for i, got := range together(t, padded, sequences) {
		sameBits(t, fmt.Sprintf("%d tokens among others, padded", len(sequences[i])), got, alone[i])
	}
	if now := e.Cache().FreePages(); now != free {
		t.Errorf("%d pages are free, %d were before", now, free)
	}
}
