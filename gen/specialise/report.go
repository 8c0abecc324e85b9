package specialise

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// report collects diagnostics.
type report struct {
	im   *sourceImporter
	list diag.List
	seen map[string]bool
}

// add notes an error at a template position.
func (r *report) add(p token.Pos, code, format string, args ...any) *diag.Diagnostic {
	return r.addAt(r.im.at(p), code, format, args...)
}

// addAt notes an error at a printed position.
func (r *report) addAt(at, code, format string, args ...any) *diag.Diagnostic {
	d := diag.Diagnostic{Code: code, Severity: diag.Error, Pos: at, Message: fmt.Sprintf(format, args...), Hint: rules[code].hint}
	if key := d.Code + d.Pos + d.Message; r.seen[key] {
		return &d
	} else if r.seen == nil {
		r.seen = map[string]bool{key: true}
	} else {
		r.seen[key] = true
	}
	r.list = append(r.list, d)
	return &r.list[len(r.list)-1]
}

// failed reports whether an error was noted.
func (r *report) failed() bool {
	return slices.ContainsFunc(r.list, func(d diag.Diagnostic) bool { return d.Severity == diag.Error })
}

// sorted returns the findings by position and code.
func (r *report) sorted() diag.List {
	slices.SortStableFunc(r.list, func(a, b diag.Diagnostic) int {
		return cmp.Or(comparePositions(a.Pos, b.Pos), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return r.list
}

// comparePositions orders file:line:column texts by file, then by numbers.
func comparePositions(a, b string) int {
	fa, la, ca := splitPosition(a)
	fb, lb, cb := splitPosition(b)
	return cmp.Or(cmp.Compare(fa, fb), cmp.Compare(la, lb), cmp.Compare(ca, cb))
}

func splitPosition(s string) (file string, line, column int) {
	for i := range len(s) {
		if s[i] == ':' {
			fmt.Sscanf(s[i:], ":%d:%d", &line, &column)
			return s[:i], line, column
		}
	}
	return s, 0, 0
}
