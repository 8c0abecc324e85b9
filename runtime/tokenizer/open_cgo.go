//go:build cgo

package tokenizer

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	tokenizers "github.com/daulet/tokenizers"

	"github.com/mlxgen/mlxgen/runtime/internal/native"
)

// handle is an open tokenizer: the library's Go package owns it, and what that package lacks is
// called through the native one.
type handle struct {
	lib *tokenizers.Tokenizer
	native.Tokenizer
}

func open(tokenizerJSON []byte) (*handle, error) {
	lib, err := tokenizers.FromBytes(tokenizerJSON)
	if err != nil {
		return nil, err
	}
	pointer, err := pointerOf(lib)
	if err != nil {
		return nil, errors.Join(err, lib.Close())
	}
	return &handle{lib, native.NewTokenizer(pointer)}, nil
}

// pointerOf returns the C handle that the library's Go package keeps to itself. go.sum pins its
// version; a layout that changes all the same is an error, not a wrong pointer.
func pointerOf(lib *tokenizers.Tokenizer) (unsafe.Pointer, error) {
	v := reflect.ValueOf(lib).Elem()
	if v.NumField() != 1 || v.Field(0).Kind() != reflect.UnsafePointer {
		return nil, fmt.Errorf("tokenizer: github.com/daulet/tokenizers changed %s; adapt pointerOf", v.Type())
	}
	return v.Field(0).UnsafePointer(), nil
}

func (h *handle) close() {
	_ = h.lib.Close() // always nil
}

// encode encodes through the library's Go package, but for what it cannot carry: text with NUL
// bytes, which its C strings would cut, and the reason of a failure.
func (h *handle) encode(text string, addSpecial bool) ([]int32, error) {
	if strings.Contains(text, "\x00") {
		return h.Encode(text, addSpecial)
	}
	encoding, err := h.lib.EncodeWithOptionsErr(text, addSpecial)
	if err != nil {
		return h.Encode(text, addSpecial)
	}
	ids := make([]int32, len(encoding.IDs))
	for i, id := range encoding.IDs {
		ids[i] = int32(id)
	}
	return ids, nil
}
