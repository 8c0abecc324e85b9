package mlx

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// OpError is the first failure of a scope: an operation that could not be
// built, or an evaluation that failed.
type OpError struct {
	Op     Op       // what failed; OpNone for an evaluation
	Shapes [][]int  // of the inputs
	DTypes []DType  // of the inputs
	Names  []string // of the inputs that have one ("" otherwise)
	Msg    string   // what is wrong
	Where  string   // file:line of the caller outside this package
	Err    error    // a sentinel below, or nil
}

// The kinds of misuse that errors.Is finds behind an OpError.
var (
	// ErrFreed is the use of an array whose scope has ended.
	ErrFreed = errors.New("the array's scope has ended")
	// ErrNoScope is an operation outside of Scope.Run.
	ErrNoScope = errors.New("no scope is running")
	// ErrOffOwner is an operation on a goroutine that is not the device's owner.
	ErrOffOwner = errors.New("not on the device's thread")
	// ErrNoArray is the zero Array where one is needed.
	ErrNoArray = errors.New("no array")
	// ErrNoLibrary is a device whose library could not be found or used.
	ErrNoLibrary = errors.New("the MLX library is missing")
	// ErrClosed is a device or pool after its Close.
	ErrClosed = errors.New("closed")
	// ErrTooLarge is an array that the machine's memory cannot hold. MLX's CPU
	// back end would end the process.
	ErrTooLarge = errors.New("larger than the memory")
	// ErrTracing is a request for values from a tracer, which has none.
	ErrTracing = errors.New("a tracer has no values")
)

// Error renders the failure on one line.
func (e *OpError) Error() string {
	var b strings.Builder
	b.WriteString("mlx: ")
	if e.Op != OpNone {
		b.WriteString(e.Op.String())
		b.WriteByte('(')
		for i, s := range e.Shapes {
			if i > 0 {
				b.WriteString(", ")
			}
			if i < len(e.Names) && e.Names[i] != "" {
				b.WriteString(e.Names[i])
				b.WriteByte(' ')
			}
			if e.DTypes[i] == NoDType {
				b.WriteByte('-')
				continue
			}
			fmt.Fprintf(&b, "%v%v", e.DTypes[i], s)
		}
		b.WriteString("): ")
	}
	b.WriteString(e.Msg)
	if e.Where != "" {
		b.WriteString(" (")
		b.WriteString(e.Where)
		b.WriteByte(')')
	}
	return b.String()
}

// Unwrap gives the sentinel or the cause.
func (e *OpError) Unwrap() error { return e.Err }

// callSite finds the first caller outside of this package.
func callSite() string {
	var pcs [24]uintptr
	n := runtime.Callers(2, pcs[:])
	frames := runtime.CallersFrames(pcs[:n])
	for {
		f, more := frames.Next()
		if !strings.Contains(f.Function, "/mlx.") || strings.HasSuffix(f.File, "_test.go") {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}
