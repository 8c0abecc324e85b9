// Package native binds the native library of native/: Hugging Face tokenizers and chat templates.
//
// It is the one place that says where the archive is and what to link with it. Without cgo every
// function returns [ErrNoCgo], so that packages above need no build tags of their own.
package native

import (
	"errors"
	"fmt"
)

// ErrNoCgo says that the binary was built without cgo and so without the native library.
var ErrNoCgo = errors.New("this binary was built with CGO_ENABLED=0: tokenizers and chat templates need cgo (build with CGO_ENABLED=1 after `make setup`)")

// ErrClosed says that a tokenizer or template was used after Close.
var ErrClosed = errors.New("already closed")

// Kind tells failures of the library apart.
type Kind int32

// The kinds of failure, with the numbers of mlxgen_native.h.
const (
	Invalid Kind = 1 + iota // the input is wrong
	Panic                   // the input broke the library; nothing else is affected
	Syntax                  // a template does not compile
	Raised                  // a template called raise_exception
	Limit                   // a template needs more time, memory or depth than it may
)

// Error is a failure that the library reports.
type Error struct {
	Kind    Kind
	Line    int // of a template, counted from 1; 0 when unknown
	Message string
}

// Error returns the message with the line, where there is one.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	}
	return e.Message
}

// AddedToken is a token that was added to a tokenizer's vocabulary.
type AddedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}
