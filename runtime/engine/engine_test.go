package engine_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/engine"
	"github.com/mlxgen/mlxgen/runtime/model"
	"github.com/mlxgen/mlxgen/runtime/sample"
	"github.com/mlxgen/mlxgen/runtime/snapshot"
	"github.com/mlxgen/mlxgen/runtime/state"
	"github.com/mlxgen/mlxgen/templates/unlocked"
)

// demo loads the demo model and makes an engine for it.
func demo(t *testing.T, o engine.Options) (*engine.Engine, *mlx.Device) {
	t.Helper()
	s, err := snapshot.Open("../../checkpoints/mlxgen/demo")
	if err != nil {
		t.Fatal(err)
	}
	proven, err := model.Prove(s, unlocked.Entries())
	if err != nil {
		t.Fatal(err)
	}
	dev, err := mlx.Open(mlx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dev.Close)
	m, err := model.Load(t.Context(), dev, proven)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	o.Vocab = m.Config.Int("vocab_size")
	if o.Tokens == 0 {
		o.Tokens = 512
	}
	e, err := engine.New(dev, m.Model, m.Handles, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e, dev
}

// collect runs a request to its end.
func collect(ctx context.Context, e *engine.Engine, r engine.Request) (tokens []int32, err error) {
	for token, err := range e.Generate(ctx, r) {
		if err != nil {
			return tokens, err
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}

func TestGenerate(t *testing.T) {
	e, _ := demo(t, engine.Options{})
	prompt := []int32{5, 17, 300, 42}
	greedy, err := collect(t.Context(), e, engine.Request{Prompt: prompt, Max: 12})
	if err != nil || len(greedy) != 12 {
		t.Fatalf("%v, %v", greedy, err)
	}
	again, _ := collect(t.Context(), e, engine.Request{Prompt: prompt, Max: 12})
	if !slices.Equal(greedy, again) {
		t.Errorf("greedy answers differ: %v, %v", greedy, again)
	}
	stopped, err := collect(t.Context(), e, engine.Request{Prompt: prompt, Max: 12, Stop: []int32{greedy[5]}})
	if at := slices.Index(greedy, greedy[5]); err != nil || !slices.Equal(stopped, greedy[:at]) {
		t.Errorf("stopped at %v: %v, %v", greedy[5], stopped, err)
	}
	hot := engine.Request{Prompt: prompt, Max: 20, Sample: sample.Options{Temperature: 1.5, Seed: 7}}
	first, _ := collect(t.Context(), e, hot)
	second, _ := collect(t.Context(), e, hot)
	if !slices.Equal(first, second) {
		t.Errorf("one seed gives two answers: %v, %v", first, second)
	}
	hot.Sample.Seed = 8
	if other, _ := collect(t.Context(), e, hot); slices.Equal(first, other) {
		t.Error("two seeds give one answer of 20 hot tokens")
	}
}

func TestGenerateRefuses(t *testing.T) {
	e, _ := demo(t, engine.Options{})
	free := e.Cache().FreePages()
	for name, c := range map[string]struct {
		request engine.Request
		want    string
	}{
		"empty prompt":      {engine.Request{Max: 1}, "no tokens"},
		"negative token":    {engine.Request{Prompt: []int32{1, -1}, Max: 1}, "token -1"},
		"foreign token":     {engine.Request{Prompt: []int32{1, 1024}, Max: 1}, "token 1024"},
		"bad temperature":   {engine.Request{Prompt: []int32{1}, Max: 1, Sample: sample.Options{Temperature: math.NaN()}}, "temperature"},
		"too long a prompt": {engine.Request{Prompt: make([]int32, 5000), Max: 1}, state.ErrFull.Error()},
		"no room to answer": {engine.Request{Prompt: make([]int32, 570), Max: 50}, state.ErrFull.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := collect(t.Context(), e, c.request); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
			if now := e.Cache().FreePages(); now != free {
				t.Errorf("%d pages are free, %d were before", now, free)
			}
		})
	}
}

func TestGenerateStopsWhenCancelled(t *testing.T) {
	e, _ := demo(t, engine.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range e.Generate(ctx, engine.Request{Prompt: []int32{5}, Max: 100}) {
		if last = err; err != nil {
			break
		}
		if n++; n == 3 {
			cancel()
		}
	}
	if n != 3 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d tokens, then %v", n, last)
	}
}

// Many answers leave nothing behind: no handles, no pages, no memory.
func TestGenerateLeavesNothingBehind(t *testing.T) {
	e, dev := demo(t, engine.Options{})
	run := func() {
		if _, err := collect(t.Context(), e, engine.Request{Prompt: []int32{5, 6, 7}, Max: 8}); err != nil {
			t.Fatal(err)
		}
	}
	run()
	handles, memory, free := dev.LiveHandles(), dev.Memory().Active, e.Cache().FreePages()
	for range 20 {
		run()
	}
	if now := dev.LiveHandles(); now != handles {
		t.Errorf("%d handles live, %d before", now, handles)
	}
	if now := dev.Memory().Active; now != memory {
		t.Errorf("%d bytes in use, %d before", now, memory)
	}
	if now := e.Cache().FreePages(); now != free {
		t.Errorf("%d pages free, %d before", now, free)
	}
}

// A forked row continues exactly as its origin would have, and neither disturbs the other.
func TestForkedRowsAreIndependent(t *testing.T) {
	e, _ := demo(t, engine.Options{PageSize: 4, Rows: 3})
	cache := e.Cache()
	step := func(r *state.Row, tokens ...int32) []float32 {
		t.Helper()
		rows, err := e.Step([]state.Chunk{{Row: r, Tokens: tokens}}, []int32{int32(len(tokens) - 1)})
		if err != nil {
			t.Fatal(err)
		}
		return rows[0]
	}
	origin := cache.NewRow(40)
	step(origin, 1, 2, 3, 4, 5, 6)
	fork, err := cache.Fork(origin)
	if err != nil {
		t.Fatal(err)
	}
	alone := cache.NewRow(40)
	step(alone, 1, 2, 3, 4, 5, 6)

	step(fork, 9, 9, 9) // writes beside the origin's last position
	want, got := step(alone, 7, 8), step(origin, 7, 8)
	if !slices.Equal(want, got) {
		t.Error("a fork's tokens changed its origin")
	}
	fresh := cache.NewRow(40)
	step(fresh, 1, 2, 3, 4, 5, 6, 9, 9, 9)
	if want, got := step(fresh, 10), step(fork, 10); !slices.Equal(want, got) {
		t.Error("a fork continues otherwise than a fresh row")
	}
	for _, r := range []*state.Row{origin, fork, alone, fresh} {
		cache.Free(r)
	}
}
