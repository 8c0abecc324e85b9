package engine

import (
	"context"
	"fmt"

	"github.com/mlxgen/mlxgen/runtime/state"
)

// Logits feeds tokens to a fresh row and returns the logits at every position, [len(tokens)][vocab]. cuts are the sizes of the steps; what they leave
// over goes in one more step. Without cuts there is one step.
func (e *Engine) Logits(ctx context.Context, tokens []int32, cuts ...int) ([][]float32, error) {
	row := e.cache.NewRow(len(tokens))
	defer e.cache.Free(row)

	var all [][]float32
	for step := 0; len(tokens) > 0; step++ {
		size := len(tokens)
		if step < len(cuts) {
			size = min(size, cuts[step])
		}
		if size <= 0 {
			return nil, fmt.Errorf("engine: a step of %d tokens", size)
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		rows, err := e.Step([]state.Chunk{{Row: row, Tokens: tokens[:size]}}, span(0, size))
		if err != nil {
			return nil, err
		}
		all, tokens = append(all, rows...), tokens[size:]
	}
	return all, nil
}

// span is from, from+1, …, to-1.
func span(from, to int) []int32 {
	s := make([]int32, 0, to-from)
	for i := from; i < to; i++ {
		s = append(s, int32(i))
	}
	return s
}
