package specialise

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// item is a line group of a block: a statement with its comments, or a comment of its own.
type item struct {
	lead  []string // comment lines above
	body  *frag    // nil for a comment alone
	trail string   // comment behind
	blank bool     // a blank line stands above
	cut   bool     // something that stood above is gone
	stmt  ast.Stmt // what body prints, where it is one statement
}

// size is the number of lines of an item.
func (i *item) size() int {
	n := len(i.lead)
	if i.body != nil {
		n += strings.Count(i.body.String(), "\n") + 1
	}
	return n
}

// piece is a statement or a free comment of a list in the source, with the comments that belong to it.
//
// Ownership: comment lines directly above a statement and the comment behind it belong to the statement. Everything else stands for itself.
type piece struct {
	stmt       ast.Stmt
	lead       []*ast.CommentGroup
	trail      *ast.CommentGroup
	first      int // line
	last       int
	ownComment *ast.CommentGroup
}

// pieces splits a list of statements between two positions into statements and comments. Comments on the line of open belong to what opens there.
func (r *renderer) pieces(list []ast.Stmt, open, end token.Pos) []piece {
	var groups []*ast.CommentGroup
	for _, c := range r.comments(open, end) {
		inside := false
		for _, s := range list {
			inside = inside || c.Pos() >= s.Pos() && c.End() <= s.End()
		}
		if !inside && r.file.line(c.Pos()) > r.file.line(open) {
			groups = append(groups, c)
		}
	}
	var out []piece
	next := 0
	var open1 []*ast.CommentGroup // comments since the last statement
	flush := func() {
		for _, c := range open1 {
			out = append(out, piece{ownComment: c, first: r.file.line(c.Pos()), last: r.file.line(c.End())})
		}
		open1 = nil
	}
	for _, s := range list {
		for ; next < len(groups) && groups[next].Pos() < s.Pos(); next++ {
			c := groups[next]
			if len(open1) == 0 && len(out) > 0 && out[len(out)-1].stmt != nil && r.file.line(c.Pos()) == r.file.line(out[len(out)-1].stmt.End()) {
				out[len(out)-1].trail, out[len(out)-1].last = c, r.file.line(c.End())
				continue
			}
			open1 = append(open1, c)
		}
		p := piece{stmt: s, first: r.file.line(s.Pos()), last: r.file.line(s.End())}
		for n := len(open1); n > 0 && r.file.line(open1[n-1].End())+1 == p.first; n = len(open1) {
			p.lead = append([]*ast.CommentGroup{open1[n-1]}, p.lead...)
			p.first = r.file.line(open1[n-1].Pos())
			open1 = open1[:n-1]
		}
		flush()
		out = append(out, p)
	}
	for ; next < len(groups); next++ {
		c := groups[next]
		if len(open1) == 0 && len(out) > 0 && out[len(out)-1].stmt != nil && r.file.line(c.Pos()) == r.file.line(out[len(out)-1].stmt.End()) {
			out[len(out)-1].trail = c
			continue
		}
		open1 = append(open1, c)
	}
	flush()
	return out
}

// items prints what is left of a list of statements.
func (r *renderer) items(list []ast.Stmt, open, end token.Pos) []*item {
	var out []*item
	blank, cut := false, false
	last := 0
	var carried []string // comments of a statement whose value moved into the next one
	put := func(list ...*item) {
		if len(list) == 0 {
			cut = true
			return
		}
		list[0].blank = list[0].blank || blank
		list[0].cut = list[0].cut || cut
		blank, cut = false, false
		out = append(out, list...)
	}
	for _, p := range r.pieces(list, open, end) {
		blank = blank || last > 0 && p.first > last+1
		last = p.last
		if p.stmt == nil {
			put(&item{lead: r.lines(p.ownComment)})
			continue
		}
		if !r.inst.res.reached[p.stmt] || !r.alive(p.stmt) {
			if r.inst.tidy.gone[p.stmt] {
				carried = r.leadLines(p.lead)
			}
			cut = true
			continue
		}
		var trail string
		if p.trail != nil {
			trail = " " + r.raw(p.trail.Pos(), p.trail.End())
		}
		if inner, ok := r.unwrappedItems(p.stmt); ok {
			if len(inner) > 0 && r.keepsLead(p.stmt) {
				inner[0].lead = append(r.leadLines(p.lead), inner[0].lead...)
			}
			put(inner...)
			continue
		}
		lead := append(carried, r.leadLines(p.lead)...)
		carried = nil
		flat := r.stmtItems(p.stmt)
		if len(flat) > 0 {
			flat[0].lead = append(lead, flat[0].lead...)
			flat[len(flat)-1].trail += trail
		}
		put(flat...)
	}
	if cut && !slices.ContainsFunc(out, func(i *item) bool { return i.body != nil }) {
		return nil // comments about nothing
	}
	return out
}

// keepsLead reports whether the comment above a decided statement belongs to what is left of it: to the then branch of an if.
func (r *renderer) keepsLead(s ast.Stmt) bool {
	i, ok := s.(*ast.IfStmt)
	return ok && r.inst.res.holds(i.Cond)
}

// unwrappedItems prints what replaces a decided if or switch.
func (r *renderer) unwrappedItems(s ast.Stmt) ([]*item, bool) {
	if _, ok := r.inst.unwrapped(s); !ok {
		return nil, false
	}
	switch s := s.(type) {
	case *ast.IfStmt:
		if r.inst.res.holds(s.Cond) {
			return r.items(s.Body.List, s.Body.Lbrace, s.Body.Rbrace), true
		}
		switch e := s.Else.(type) {
		case *ast.BlockStmt:
			return r.items(e.List, e.Lbrace, e.Rbrace), true
		case *ast.IfStmt:
			return r.items([]ast.Stmt{e}, e.Pos(), e.End()), true
		}
	case *ast.SwitchStmt:
		if c, _ := r.inst.onlyClause(s); c != nil {
			return r.caseItems(s, c), true
		}
	}
	return nil, true
}

// caseItems prints the body of a case.
func (r *renderer) caseItems(s *ast.SwitchStmt, c *ast.CaseClause) []*item {
	end := s.Body.Rbrace
	for _, other := range s.Body.List {
		if other.Pos() > c.Pos() {
			end = other.Pos()
			break
		}
	}
	// Comments at the column of the next case belong to that.
	for _, g := range r.comments(c.Colon, end) {
		if end != s.Body.Rbrace && g.Pos() >= bodyEnd(c) && r.column(g.Pos()) == r.column(end) {
			end = g.Pos()
			break
		}
	}
	return r.items(c.Body, c.Colon, end)
}

func bodyEnd(c *ast.CaseClause) token.Pos {
	if len(c.Body) == 0 {
		return c.Colon
	}
	return c.Body[len(c.Body)-1].End()
}

func (r *renderer) column(p token.Pos) int { return r.file.tok.Position(p).Column }

// lines returns the lines of a comment group.
func (r *renderer) lines(g *ast.CommentGroup) []string {
	var out []string
	for _, c := range g.List {
		out = append(out, c.Text)
	}
	return out
}

func (r *renderer) leadLines(groups []*ast.CommentGroup) []string {
	var out []string
	for _, g := range groups {
		out = append(out, r.lines(g)...)
	}
	return out
}

// joinParagraphs removes the blank lines that a cut left beside a paragraph of one line.
func joinParagraphs(items []*item) {
	for n, it := range items {
		if n == 0 {
			it.blank = false
			continue
		}
		if !it.blank || !it.cut || len(it.lead) > 0 {
			continue
		}
		before, after := 0, it.size()
		for k := n - 1; k >= 0; k-- {
			before += items[k].size()
			if items[k].blank {
				break
			}
		}
		for k := n + 1; k < len(items) && !items[k].blank; k++ {
			after += items[k].size()
		}
		if before == 1 || after == 1 {
			it.blank = false
		}
	}
}

// layout prints items as lines.
func layout(items []*item) *frag {
	joinParagraphs(items)
	f := &frag{}
	for _, it := range items {
		if it.blank {
			f.str("\n")
		}
		for _, l := range it.lead {
			f.str(l + "\n")
		}
		if it.body != nil {
			f.add(it.body).str(it.trail + "\n")
		}
	}
	return f
}
