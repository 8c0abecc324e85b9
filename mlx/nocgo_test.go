//go:build !cgo

package mlx

import (
	"errors"
	"strings"
	"testing"
)

func TestOpenWithoutCgo(t *testing.T) {
	if _, err := Open(Options{}); !errors.Is(err, ErrNoLibrary) || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Fatal(err)
	}
}
