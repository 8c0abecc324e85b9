package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/mlxgen/mlxgen/runtime/sample"
	"github.com/mlxgen/mlxgen/runtime/state"
)

// prefillChunk is how many tokens of a prompt one step takes: enough to keep matrix products large, few enough to answer a cancellation soon.
const prefillChunk = 512

// Request asks for a continuation.
type Request struct {
	Prompt []int32
	Max    int     // tokens to generate at most
	Stop   []int32 // tokens that end the answer; they are not returned
	Sample sample.Options
}

// ErrEmptyPrompt says that a request has no token to start from.
var ErrEmptyPrompt = errors.New("engine: the prompt has no tokens")

// Generate yields the tokens of a continuation one by one, as they are computed. It ends after a stop token, after Max tokens, when the loop breaks,
// or with one error (also when ctx is done).
func (e *Engine) Generate(ctx context.Context, r Request) iter.Seq2[int32, error] {
	return func(yield func(int32, error) bool) {
		if err := e.generate(ctx, r, yield); err != nil {
			yield(0, err)
		}
	}
}

func (e *Engine) generate(ctx context.Context, r Request, yield func(int32, error) bool) error {
	if len(r.Prompt) == 0 {
		return ErrEmptyPrompt
	}
	if err := r.Sample.Validate(); err != nil {
		return err
	}
	row := e.cache.NewRow(len(r.Prompt) + r.Max)
	defer e.cache.Free(row)

	logits, err := e.Prefill(ctx, row, r.Prompt)
	if err != nil {
		return err
	}
	for n := range r.Max {
		token, err := sample.Token(logits, row.Len(), r.Sample)
		if err != nil {
			return err
		}
		if slices.Contains(r.Stop, token) || !yield(token, nil) || n == r.Max-1 {
			return nil
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		rows, err := e.Step([]state.Chunk{{Row: row, Tokens: []int32{token}}}, []int32{0})
		if err != nil {
			return fmt.Errorf("at position %d: %w", row.Len(), err)
		}
		logits = rows[0]
	}
	return nil
}

// Prefill feeds a prompt to a row in chunks and returns the logits after its last token.
func (e *Engine) Prefill(ctx context.Context, row *state.Row, prompt []int32) ([]float32, error) {
	for len(prompt) > prefillChunk {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if _, err := e.Step([]state.Chunk{{Row: row, Tokens: prompt[:prefillChunk]}}, nil); err != nil {
			return nil, err
		}
		prompt = prompt[prefillChunk:]
	}
	rows, err := e.Step([]state.Chunk{{Row: row, Tokens: prompt}}, []int32{int32(len(prompt) - 1)})
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}
