//go:build !cgo

package tokenizer

import "github.com/mlxgen/mlxgen/runtime/internal/native"

// handle stands in for an open tokenizer, which there is none of without cgo.
type handle struct{ native.Tokenizer }

func open([]byte) (*handle, error) { return nil, native.ErrNoCgo }

func (*handle) close() {}

func (h *handle) encode(text string, addSpecial bool) ([]int32, error) {
	return h.Encode(text, addSpecial)
}
