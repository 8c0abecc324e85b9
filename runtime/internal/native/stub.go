//go:build !cgo

package native

import (
	"time"
	"unsafe"
)

// Tokenizer stands in for the library's tokenizer; every method returns ErrNoCgo.
type Tokenizer struct{}

// NewTokenizer returns a tokenizer of which every method fails.
func NewTokenizer(unsafe.Pointer) Tokenizer { return Tokenizer{} }

// Encode returns ErrNoCgo.
func (Tokenizer) Encode(string, bool) ([]int32, error) { return nil, ErrNoCgo }

// Decode returns ErrNoCgo.
func (Tokenizer) Decode([]int32, bool) (string, error) { return "", ErrNoCgo }

// VocabSize returns ErrNoCgo.
func (Tokenizer) VocabSize(bool) (int, error) { return 0, ErrNoCgo }

// TokenToID returns ErrNoCgo.
func (Tokenizer) TokenToID(string) (int32, bool, error) { return 0, false, ErrNoCgo }

// IDToToken returns ErrNoCgo.
func (Tokenizer) IDToToken(int32) (string, bool, error) { return "", false, ErrNoCgo }

// AddedTokens returns ErrNoCgo.
func (Tokenizer) AddedTokens() ([]AddedToken, error) { return nil, ErrNoCgo }

// Decoder returns ErrNoCgo.
func (Tokenizer) Decoder() ([]byte, error) { return nil, ErrNoCgo }

// AddTokens returns ErrNoCgo.
func (Tokenizer) AddTokens([]AddedToken) error { return ErrNoCgo }

// Template stands in for a compiled template.
type Template struct{}

// CompileTemplate returns ErrNoCgo.
func CompileTemplate(string) (*Template, error) { return nil, ErrNoCgo }

// Render returns ErrNoCgo.
func (*Template) Render([]byte, time.Time) (string, error) { return "", ErrNoCgo }
