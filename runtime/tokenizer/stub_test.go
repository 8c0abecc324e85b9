//go:build !cgo

package tokenizer_test

import (
	"errors"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/internal/native"
	"github.com/mlxgen/mlxgen/runtime/tokenizer"
)

func TestWithoutCgo(t *testing.T) {
	if _, err := tokenizer.Open("testdata/bytelevel"); !errors.Is(err, native.ErrNoCgo) {
		t.Errorf("Open: %v", err)
	}
	config, err := tokenizer.ReadConfig("testdata/bytelevel")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := config.ChatTemplate("", false); err != nil || got != "{{ 'file' }}\n" {
		t.Errorf("ChatTemplate: %q, %v", got, err)
	}
}
