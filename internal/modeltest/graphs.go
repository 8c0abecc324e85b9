// Package modeltest proves things about a family's code without running it: it traces models over symbolic weights and compares the graphs.
package modeltest

import (
	"fmt"
	"testing"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/model"
	"github.com/mlxgen/mlxgen/runtime/nn"
	"github.com/mlxgen/mlxgen/runtime/state"
	"github.com/mlxgen/mlxgen/runtime/weights"
)

// Layout is the shape of a step: how many tokens each row had before, and how many it adds.
type Layout struct {
	Name     string
	Rows     []Row
	PageSize int // positions a page; 4 where zero, so that rows cross pages
}

// Row is one row of a layout.
type Row struct{ Before, Add int }

// Layouts are the four kinds of steps that every family is compared on.
var Layouts = []Layout{
	{Name: "one token", Rows: []Row{{0, 1}}},
	{Name: "many decode rows", Rows: []Row{{3, 1}, {9, 1}, {0, 1}, {17, 1}, {4, 1}}},
	{Name: "one long row", Rows: []Row{{0, 37}}},
	{Name: "mixed", Rows: []Row{{5, 1}, {0, 13}, {21, 1}, {6, 5}}},
}

// SameGraphs checks that two entries build the same graph for a config, in every layout: the same operations on the same weights, with the same
// effects in the same order.
func SameGraphs(t *testing.T, a, b *model.Entry, config *contract.Config) {
	t.Helper()
	for _, layout := range Layouts {
		graphs := make([]*mlx.Graph, 2)
		for i, entry := range []*model.Entry{a, b} {
			graph, err := Trace(entry, config, layout)
			if err != nil {
				t.Fatalf("%s: %v", layout.Name, err)
			}
			graphs[i] = graph
		}
		if diff := mlx.Diff(graphs[0], graphs[1]); diff != "" {
			t.Errorf("%s: the graphs differ:\n%s", layout.Name, diff)
		}
	}
}

// SameStepClass checks that the entry's Forward describes a step class: traces with different numbers of tokens are the same up to that number.
func SameStepClass(t *testing.T, entry *model.Entry, config *contract.Config) {
	t.Helper()
	// Large primes stand for the token counts, so that no other size can be mistaken for them. One page holds all, so that the tables are alike too.
	const few, many, page = 10007, 10037, 1 << 14
	a, err := Trace(entry, config, Layout{"few", []Row{{0, few}}, page}, mlx.Symbol{Name: "T", Value: few})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Trace(entry, config, Layout{"many", []Row{{0, many}}, page}, mlx.Symbol{Name: "T", Value: many})
	if err != nil {
		t.Fatal(err)
	}
	if err := mlx.Isomorphic(a, b); err != nil {
		t.Error(err)
	}
}

// Digest is the digest of the graph of the mixed layout, for golden tests.
func Digest(entry *model.Entry, config *contract.Config) (string, error) {
	graph, err := Trace(entry, config, Layouts[len(Layouts)-1])
	if err != nil {
		return "", err
	}
	return graph.Digest(), nil
}

// Trace records one step of the entry's model over named leaves instead of weights.
func Trace(entry *model.Entry, config *contract.Config, layout Layout, symbols ...mlx.Symbol) (*mlx.Graph, error) {
	dev := mlx.NewTracer(mlx.TracerOptions{Symbols: symbols})
	defer dev.Close()
	scope := dev.NewScope()
	defer scope.Close()

	var m nn.Model
	var handles []*nn.KV
	var buildErr error
	err := scope.Run(func() {
		handles, buildErr = weights.Leaves(dev, func(b *weights.Builder) (err error) {
			m, err = entry.New(b, config)
			return err
		})
	})
	if buildErr != nil {
		return nil, buildErr
	}
	if err != nil {
		return nil, err
	}
	batch, closeCache, err := prepare(dev, handles, layout)
	if err != nil {
		return nil, err
	}
	defer closeCache()

	var logits mlx.Array
	if err := scope.Run(func() {
		step := batch.TraceStep(dev)
		logits = m.Head(step, m.Body(step, m.Embed(step)))
	}); err != nil {
		return nil, err
	}
	return dev.Graph(logits)
}

// prepare lays out the step on a cache whose rows already hold what the layout says.
func prepare(dev *mlx.Device, handles []*nn.KV, layout Layout) (*state.Batch, func(), error) {
	size := layout.PageSize
	if size == 0 {
		size = 4
	}
	pages := 1
	for _, row := range layout.Rows {
		pages += (row.Before+row.Add)/size + 1
	}
	cache, err := state.New(dev, handles, state.Options{PageSize: size, Pages: pages, DType: mlx.Float32})
	if err != nil {
		return nil, nil, err
	}
	var chunks []state.Chunk
	for _, row := range layout.Rows {
		r := cache.NewRow(row.Before + row.Add)
		if row.Before > 0 {
			before, err := cache.Prepare([]state.Chunk{{Row: r, Tokens: make([]int32, row.Before)}}, state.Exact)
			if err != nil {
				return nil, nil, fmt.Errorf("filling a row: %w", err)
			}
			before.Commit()
		}
		chunks = append(chunks, state.Chunk{Row: r, Tokens: make([]int32, row.Add)})
	}
	batch, err := cache.Prepare(chunks, state.Exact)
	return batch, cache.Close, err
}
