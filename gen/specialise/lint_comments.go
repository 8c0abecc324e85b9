package specialise

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"unicode"
)

// comments looks for comments outside of branches that name what only a branch has: they would be wrong where the branch is gone. Only names that are
// no words of English are looked for.
func (l *linter) comments() {
	names := l.branchNames()
	if len(names) == 0 {
		return
	}
	spans := l.branchSpans()
	inside := func(p token.Pos) bool {
		return slices.ContainsFunc(spans, func(s [2]token.Pos) bool { return p >= s[0] && p < s[1] })
	}
	for _, g := range l.fn.file.ast.Comments {
		own := g == l.fn.decl.Doc || g.Pos() >= l.fn.decl.Body.Pos() && g.End() <= l.fn.decl.Body.End()
		if own && !inside(g.Pos()) {
			l.t.lintComment(l.r, g, names)
		}
	}
}

// branchNames are the optional fields that the function tests, and what is declared in its branches over traits.
func (l *linter) branchNames() []string {
	var names []string
	l.eachNode(func(n ast.Node, around []ast.Node) {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if f := l.t.fieldOf(n); f != nil && f.optional() {
				names = append(names, f.name(), f.spec.Param)
			}
		case *ast.IfStmt:
			if l.asks(n.Cond) {
				for _, o := range l.declaredIn(n.Body.List) {
					names = append(names, o.Name())
				}
			}
		}
	})
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return !telling(n) })
}

// telling reports whether a name is no English word: it has an underscore, a digit, or a capital inside.
func telling(name string) bool {
	for i, c := range name {
		if c == '_' || unicode.IsDigit(c) || i > 0 && unicode.IsUpper(c) {
			return true
		}
	}
	return false
}

// branchSpans are the source ranges that the cuts take away or keep as a whole: ifs and switches over traits, with the comments above them.
func (l *linter) branchSpans() [][2]token.Pos {
	var spans [][2]token.Pos
	l.eachNode(func(n ast.Node, around []ast.Node) {
		switch s := n.(type) {
		case *ast.IfStmt:
			if !l.asks(s.Cond) {
				return
			}
		case *ast.SwitchStmt:
			if !l.isTraitSwitch(s) {
				return
			}
		default:
			return
		}
		from := n.Pos()
		comments := l.fn.file.ast.Comments
		for i := len(comments) - 1; i >= 0; i-- {
			if c := comments[i]; c.End() <= from && l.fn.file.line(c.End())+1 == l.fn.file.line(from) {
				from = c.Pos()
			}
		}
		spans = append(spans, [2]token.Pos{from, n.End()})
	})
	return spans
}

// lintComment reports the first of names that a comment contains as a word.
func (t *Templates) lintComment(r *report, g *ast.CommentGroup, names []string) {
	for _, word := range strings.FieldsFunc(g.Text(), func(c rune) bool { return !identifierRune(c) }) {
		if slices.Contains(names, word) {
			r.add(g.Pos(), "MG2025", "the comment speaks of %s, which not every model has", word)
			return
		}
	}
}

// lintTypeComments checks the comments of a parameter struct and of its fields against the names of its optional fields. Comments on those are the
// generator's to replace.
func (t *Templates) lintTypeComments(r *report, s *structInfo) {
	var names []string
	for _, f := range s.fields {
		if f.optional() {
			names = append(names, f.name(), f.spec.Param)
		}
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !telling(n) })
	if doc := docOf(s.decl, s.spec); doc != nil {
		t.lintComment(r, doc, names)
	}
	for _, f := range s.fields {
		if f.optional() {
			continue
		}
		for _, g := range []*ast.CommentGroup{f.ast.Doc, f.ast.Comment} {
			if g != nil {
				t.lintComment(r, g, names)
			}
		}
	}
}
