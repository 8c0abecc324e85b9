package diag

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// palette is the escape sequences of a terminal, or nothing.
type palette struct{ bold, red, yellow, dim, reset string }

var (
	plain   palette
	colours = palette{bold: "\x1b[1m", red: "\x1b[31m", yellow: "\x1b[33m", dim: "\x1b[2m", reset: "\x1b[0m"}
)

// Render writes the list for people:
//
//	error MG1203: no parameter takes 36 tensors
//	  at model-00001-of-00005.safetensors:model.layers.0.self_attn.q_norm.weight
//	  model.layers.{0..35}.self_attn.q_norm.weight  BF16 [128]
//	  hint: …
//
// Cells of notes that are separated by tabs stand in aligned columns.
func (l List) Render(w io.Writer, colour bool) {
	p := plain
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
	fmt.Fprintf(b, "%s%s%s %s:%s %s\n", p.bold, shade, d.Severity, d.Code, p.reset, indented(d.Message))
	if d.Pos != "" {
		fmt.Fprintf(b, "  %sat %s%s\n", p.dim, indented(d.Pos), p.reset)
	}
	for _, line := range aligned(d.Notes) {
		fmt.Fprintf(b, "  %s\n", indented(line))
	}
	if d.Hint != "" {
		fmt.Fprintf(b, "  hint: %s\n", indented(d.Hint))
	}
}

// indented is text whose further lines are indented like the first, without characters that a terminal obeys: names and values in messages come from
// files that nobody has checked.
func indented(text string) string { return strings.ReplaceAll(harmless(text), "\n", "\n  ") }

// harmless escapes control and format characters other than line feeds, and what is no UTF-8.
func harmless(text string) string {
	dangerous := func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }
	if utf8.ValidString(text) && !strings.ContainsFunc(text, dangerous) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&b, "\\x%02x", text[i])
		case dangerous(r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// aligned pads the tab-separated cells of lines to columns.
func aligned(lines []string) []string {
	rows := make([][]string, len(lines))
	var widths []int
	for i, line := range lines {
		rows[i] = strings.Split(line, "\t")
		for j, cell := range rows[i][:len(rows[i])-1] {
			if j == len(widths) {
				widths = append(widths, 0)
			}
			widths[j] = max(widths[j], utf8.RuneCountInString(cell))
		}
	}
	out := make([]string, len(lines))
	for i, cells := range rows {
		var b strings.Builder
		for j, cell := range cells {
			b.WriteString(cell)
			if j < len(cells)-1 {
				b.WriteString(strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell)+2))
			}
		}
		out[i] = b.String()
	}
	return out
}

// natural compares text with runs of digits by their value, so that layer 2 stands before layer 10.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		n, m := digits(x), digits(y)
		if n == 0 || m == 0 {
			if x[0] != y[0] {
				return compareBytes(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		p, q := strings.TrimLeft(x[:n], "0"), strings.TrimLeft(y[:m], "0")
		if len(p) != len(q) {
			return len(p) - len(q)
		}
		if c := strings.Compare(p, q); c != 0 {
			return c
		}
		x, y = x[n:], y[m:]
	}
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(a, b) // they differ in leading zeros at most
}

func compareBytes(a, b byte) int { return int(a) - int(b) }

// digits is the length of the run of digits that s starts with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
