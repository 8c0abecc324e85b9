//go:build !cgo

package chat_test

import (
	"errors"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/chat"
	"github.com/mlxgen/mlxgen/runtime/internal/native"
)

func TestWithoutCgo(t *testing.T) {
	if _, err := chat.Compile("t", "x"); !errors.Is(err, native.ErrNoCgo) {
		t.Errorf("Compile: %v", err)
	}
}
