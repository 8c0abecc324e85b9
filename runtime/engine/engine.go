// Package engine runs a loaded model. It turns chunks of rows into steps on the device, and steps into logits and tokens.
//
// An Engine runs one step at a time and is used from one goroutine at a time. Nothing of a failed step remains: its arrays are freed and its rows are
// as they were before.
package engine

import (
	"fmt"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/nn"
	"github.com/mlxgen/mlxgen/runtime/state"
)

// Engine is a model with its sequence state on a device.
type Engine struct {
	dev   *mlx.Device
	model nn.Model
	cache *state.Cache
	pad   state.Padding
	vocab int
}

// Options are the sizes of an engine.
type Options struct {
	Vocab    int // token ids are below it
	Tokens   int // positions that all rows together can remember
	Rows     int // rows that run at once; 1 where zero
	PageSize int // positions a page; 64 where zero
	Stock    bool
	Padding  state.Padding // state.Buckets where nil
}

// New makes an engine for a model and the state handles that it declared.
func New(dev *mlx.Device, model nn.Model, handles []*nn.KV, o Options) (*Engine, error) {
	if o.PageSize == 0 {
		o.PageSize = 64
	}
	if o.Padding == nil {
		o.Padding = state.Buckets
	}
	if o.Tokens <= 0 {
		return nil, fmt.Errorf("engine: room for %d tokens", o.Tokens)
	}
	if o.Vocab <= 0 {
		return nil, fmt.Errorf("engine: a vocabulary of %d tokens", o.Vocab)
	}
	// A row's last page is partly empty, so every row costs up to a page more.
	pages := (o.Tokens+o.PageSize-1)/o.PageSize + max(o.Rows, 1)
	cache, err := state.New(dev, handles, state.Options{PageSize: o.PageSize, Pages: pages, DType: mlx.Float32, Stock: o.Stock})
	if err != nil {
		return nil, err
	}
	return &Engine{dev: dev, model: model, cache: cache, pad: o.Padding, vocab: o.Vocab}, nil
}

// Close frees the sequence state. The model stays.
func (e *Engine) Close() { e.cache.Close() }

// Cache is the engine's sequence state, for admitting and freeing rows.
func (e *Engine) Cache() *state.Cache { return e.cache }

// Step runs one step and returns the logits of the chosen tokens: want names them by their index among all tokens of the step, in chunk order.
// Rows advance only when it succeeds.
func (e *Engine) Step(chunks []state.Chunk, want []int32) ([][]float32, error) {
	for _, chunk := range chunks {
		for _, token := range chunk.Tokens {
			// MLX does not check an index: a foreign token would read foreign memory.
			if token < 0 || int(token) >= e.vocab {
				return nil, fmt.Errorf("engine: token %d is not in the vocabulary of %d", token, e.vocab)
			}
		}
	}
	batch, err := e.cache.Prepare(chunks, e.pad)
	if err != nil {
		return nil, err
	}
	logits, err := e.forward(batch, want)
	if err != nil {
		batch.Discard()
		return nil, err
	}
	batch.Commit()
	return logits, nil
}

// forward evaluates a prepared step. Without wanted logits it evaluates the hidden state, so that the step's effects happen.
func (e *Engine) forward(batch *state.Batch, want []int32) ([][]float32, error) {
	scope := e.dev.NewScope()
	defer scope.Close()

	var out mlx.Array
	err := scope.Run(func() {
		step := batch.Step(e.dev)
		out = e.model.Body(step, e.model.Embed(step))
		if len(want) > 0 {
			out = e.model.Head(step, out.Take(e.dev.FromInt32s(want), 0))
		}
		out = out.AsType(mlx.Float32)
	})
	if err != nil {
		return nil, err
	}
	if err := scope.Eval(out); err != nil {
		return nil, err
	}
	if len(want) == 0 {
		return nil, nil
	}
	flat, err := out.Float32s()
	if err != nil {
		return nil, err
	}
	vocab := len(flat) / len(want)
	rows := make([][]float32, len(want))
	for i := range rows {
		rows[i] = flat[i*vocab : (i+1)*vocab]
	}
	return rows, nil
}
