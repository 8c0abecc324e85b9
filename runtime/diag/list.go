package diag

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Errorf makes a diagnostic of severity Error.
func Errorf(code, pos, format string, args ...any) Diagnostic {
	return Diagnostic{Code: code, Severity: Error, Pos: pos, Message: fmt.Sprintf(format, args...)}
}

// Warnf makes a diagnostic of severity Warning.
func Warnf(code, pos, format string, args ...any) Diagnostic {
	d := Errorf(code, pos, format, args...)
	d.Severity = Warning
	return d
}

// Note returns d with one more line of evidence.
func (d Diagnostic) Note(format string, args ...any) Diagnostic {
	d.Notes = append(slices.Clone(d.Notes), fmt.Sprintf(format, args...))
	return d
}

// WithHint returns d with what to do.
func (d Diagnostic) WithHint(format string, args ...any) Diagnostic {
	d.Hint = fmt.Sprintf(format, args...)
	return d
}

// Error is the diagnostic as text.
func (d Diagnostic) Error() string {
	var b strings.Builder
	d.render(&b, plain)
	return strings.TrimSuffix(b.String(), "\n")
}

// Err is the list as an error: nil when it holds none of severity Error.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// HasErrors says whether the list holds a diagnostic of severity Error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Error is all diagnostics as text.
func (l List) Error() string {
	var b strings.Builder
	l.Render(&b, false)
	return strings.TrimSuffix(b.String(), "\n")
}

// Sort orders the list by position (numbers by their value), then code, then message.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(natural(a.Pos, b.Pos), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}

// Codes lists the codes of the list, in its order.
func (l List) Codes() []string {
	codes := make([]string, len(l))
	for i, d := range l {
		codes[i] = d.Code
	}
	return codes
}

// RenderJSON writes the list for machines: one object with the list.
func (l List) RenderJSON(w io.Writer) error {
	if l == nil {
		l = List{}
	}
	return json.NewEncoder(w).Encode(map[string]List{"diagnostics": l})
}
