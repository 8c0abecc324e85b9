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
	d.render(&b, palette{})
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

// Sort orders the list by position, then code, then message.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
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

// palette is the escape sequences of a terminal, or nothing.
type palette struct{ bold, red, yellow, dim, reset string }

var colours = palette{bold: "\x1b[1m", red: "\x1b[31m", yellow: "\x1b[33m", dim: "\x1b[2m", reset: "\x1b[0m"}

// Render writes the list for people.
func (l List) Render(w io.Writer, colour bool) {
	p := palette{}
	if colour {
		p = colours
	}
	var b strings.Builder
	for _, d := range l {
		d.render(&b, p)
	}
	io.WriteString(w, b.String())
}

func (d Diagnostic) render(b *strings.Builder, p palette) {
	shade := p.red
	if d.Severity != Error {
		shade = p.yellow
	}
	fmt.Fprintf(b, "%s%s%s %s:%s %s\n", p.bold, shade, d.Severity, d.Code, p.reset, d.Message)
	if d.Pos != "" {
		fmt.Fprintf(b, "  %sat %s%s\n", p.dim, d.Pos, p.reset)
	}
	for _, note := range d.Notes {
		fmt.Fprintf(b, "  %s\n", strings.ReplaceAll(note, "\n", "\n  "))
	}
	if d.Hint != "" {
		fmt.Fprintf(b, "  hint: %s\n", strings.ReplaceAll(d.Hint, "\n", "\n  "))
	}
}

// RenderJSON writes the list for machines: one object with the list.
func (l List) RenderJSON(w io.Writer) error {
	if l == nil {
		l = List{}
	}
	return json.NewEncoder(w).Encode(map[string]List{"diagnostics": l})
}
