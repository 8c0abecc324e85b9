package specialise

import (
	"go/ast"
	"go/token"
	"slices"
)

// switchStmt walks a switch: over a trait, over conditions, or over a run-time value.
func (w *walker) switchStmt(s *ast.SwitchStmt, in []*state) []*state {
	w.optional(s.Init, in)
	var out []*state
	switch {
	case s.Tag == nil:
		out = w.conditionSwitch(s, in)
	case w.isTrait(s.Tag, in):
		out = w.traitSwitch(s, in)
	default:
		out = w.runtimeSwitch(s, in)
	}
	return rejoin(in, out)
}

// isTrait reports whether all states know e as a trait.
func (w *walker) isTrait(e ast.Expr, in []*state) bool {
	return !slices.ContainsFunc(in, func(s *state) bool { return w.trait(e, token.EQL, zeroConstant(w.t.info.TypeOf(e)), e, s) == nil })
}

// clausesOf returns the cases of a switch in source order, and its default.
func clausesOf(s *ast.SwitchStmt) (cases []*ast.CaseClause, other *ast.CaseClause) {
	for _, c := range s.Body.List {
		if c := c.(*ast.CaseClause); c.List == nil {
			other = c
		} else {
			cases = append(cases, c)
		}
	}
	return cases, other
}

func (w *walker) runtimeSwitch(s *ast.SwitchStmt, in []*state) []*state {
	w.expr(s.Tag, in)
	cases, other := clausesOf(s)
	var out []*state
	for _, c := range cases {
		for _, e := range c.List {
			w.expr(e, in)
		}
		out = append(out, w.clause(c, in)...)
	}
	if other != nil {
		out = append(out, w.clause(other, in)...)
	}
	if other == nil || breaks(s) {
		out = append(out, in...)
	}
	return out
}

// breaks reports whether a break leaves the switch.
func breaks(s *ast.SwitchStmt) bool {
	found := false
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt:
			return n == ast.Node(s)
		case *ast.BranchStmt:
			found = found || n.Tok == token.BREAK
		}
		return true
	}
	ast.Inspect(s, visit)
	return found
}

// clause walks the body of a case.
func (w *walker) clause(c *ast.CaseClause, in []*state) []*state {
	if len(in) == 0 {
		return nil
	}
	w.res.reached[c] = true
	w.checkJumps(c)
	return w.block(c.Body, in)
}

// conditionSwitch walks "switch { case cond: }", which is a chain of ifs.
func (w *walker) conditionSwitch(s *ast.SwitchStmt, in []*state) []*state {
	cases, other := clausesOf(s)
	var out []*state
	rest := in
	live := 0
	for _, c := range cases {
		if len(rest) == 0 {
			w.res.clauses[c] = clauseGone
			continue
		}
		var yes []*state
		for _, e := range c.List {
			y, n := w.branch(e, rest)
			yes, rest = append(yes, y...), n
			if len(rest) == 0 {
				break
			}
		}
		w.res.clauses[c] = fate(len(yes), len(rest), live)
		if len(yes) > 0 {
			live++
		}
		out = append(out, w.clause(c, yes)...)
	}
	if other == nil {
		return append(out, rest...)
	}
	w.res.clauses[other] = clauseStays
	if len(rest) == 0 {
		w.res.clauses[other] = clauseGone
	} else if live == 0 {
		w.res.clauses[other] = clauseAll
	}
	return append(out, w.clause(other, rest)...)
}

// fate says what becomes of a case that yes states enter and no states pass, behind live other cases.
func fate(yes, no, live int) clauseFate {
	switch {
	case yes == 0:
		return clauseGone
	case no > 0:
		return clauseStays
	case live == 0:
		return clauseAll
	}
	return clauseDefault
}

// traitSwitch walks "switch trait { case constants: }". Its guard is that one of the constants that are left holds.
func (w *walker) traitSwitch(s *ast.SwitchStmt, in []*state) []*state {
	cases, other := clausesOf(s)
	var out []*state
	var kept []*ast.CaseClause
	rest := in
	for _, c := range cases {
		var yes []*state
		for _, e := range c.List {
			y, n := w.oneCase(s.Tag, e, rest)
			yes, rest = append(yes, y...), n
		}
		w.res.clauses[c] = clauseStays
		if len(yes) == 0 {
			w.res.clauses[c] = clauseGone
			continue
		}
		kept = append(kept, c)
		out = append(out, w.clause(c, yes)...)
	}
	if other != nil && len(rest) > 0 {
		w.res.clauses[other] = clauseStays
		if len(kept) == 0 {
			w.res.clauses[other] = clauseAll
		}
		out = append(out, w.clause(other, rest)...)
	} else {
		out = append(out, rest...)
	}
	if len(rest) == 0 {
		w.settleDefault(kept, other, in)
	}
	w.guardSwitch(s, cases, kept, len(rest) > 0, in)
	if len(kept) > 1 || len(kept) == 1 && len(rest) > 0 {
		for _, st := range in {
			w.keepAtom(s.Tag, st)
			for _, c := range kept {
				for _, e := range c.List {
					if v := w.t.info.Types[e].Value; v != nil {
						w.keepOpen(e, w.trait(s.Tag, token.EQL, v, e, st).atom.f)
					}
				}
			}
		}
	}
	return out
}

// settleDefault decides what stays of the default when no point gets there: a panic stays beside several cases, as the run-time check that it is.
func (w *walker) settleDefault(kept []*ast.CaseClause, other *ast.CaseClause, in []*state) {
	if len(kept) == 1 {
		w.res.clauses[kept[0]] = clauseAll
		if other != nil {
			w.res.clauses[other] = clauseGone
		}
		return
	}
	if other == nil {
		return
	}
	if call := panicOnly(w.t, other.Body); call != nil {
		w.res.clauses[other] = clauseStays
		w.res.reached[other], w.res.reached[other.Body[0]] = true, true
		w.expr(call, in)
		return
	}
	w.res.clauses[other] = clauseGone
	w.res.clauses[kept[len(kept)-1]] = clauseDefault
}

// panicOnly returns the call when a list of statements is nothing but a panic.
func panicOnly(t *Templates, list []ast.Stmt) *ast.CallExpr {
	if len(list) != 1 {
		return nil
	}
	if x, ok := list[0].(*ast.ExprStmt); ok {
		if call, ok := ast.Unparen(x.X).(*ast.CallExpr); ok && t.builtin(call) == "panic" {
			return call
		}
	}
	return nil
}

// oneCase splits states by "tag == constant".
func (w *walker) oneCase(tag, e ast.Expr, in []*state) (yes, no []*state) {
	c := w.t.info.Types[e].Value
	for _, s := range in {
		if c == nil {
			yes, no = append(yes, s.clone()), append(no, s.clone())
			continue
		}
		a := &asking{s: s, tree: w.trait(tag, token.EQL, c, e, s)}
		a.fam, a.pts = familyOf(a.tree, s)
		a.yes, a.no = w.evaluate(a, a.tree, a.pts, map[ast.Expr]reach{})
		if n := w.side(a, a.yes, a.tree.upper()); n != nil {
			yes = append(yes, n)
		}
		if n := w.side(a, a.no, not(a.tree.lower())); n != nil {
			no = append(no, n)
		}
	}
	return yes, no
}

// guardSwitch notes what a trait switch relies on: that a kept case is taken or, with a default that stays, that no dropped case would be.
func (w *walker) guardSwitch(s *ast.SwitchStmt, cases, kept []*ast.CaseClause, other bool, in []*state) {
	if len(cases) == len(kept) && other {
		return
	}
	for _, st := range in {
		var f []formula
		var lead *atom
		fam := -1
		for _, c := range cases {
			if slices.Contains(kept, c) == other {
				continue
			}
			for _, e := range c.List {
				v := w.t.info.Types[e].Value
				if v == nil {
					continue
				}
				a := w.trait(s.Tag, token.EQL, v, e, st).atom
				lead, fam = a, a.at.fam
				if other {
					f = append(f, not(a.f))
				} else {
					f = append(f, a.f)
				}
			}
		}
		want := any_(f...)
		if other {
			want = all(f...)
		}
		if lead != nil && want.op != 't' {
			w.res.guards = append(w.res.guards, draft{label: lead.label, pos: s.Pos(), when: st.path(fam), want: want})
		}
	}
}

// checkJumps refuses break and fallthrough that would change their meaning with the switch around them gone.
func (w *walker) checkJumps(c *ast.CaseClause) {
	if f := w.res.clauses[c]; f == clauseStays {
		// The fate may still become clauseAll; jumps out of trait switches are refused in any case.
	}
	for _, s := range c.Body {
		ast.Inspect(s, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt:
				return false
			case *ast.BranchStmt:
				if n.Tok == token.FALLTHROUGH || n.Tok == token.BREAK {
					if w.decides(c) {
						w.res.report(w, n.Pos(), "MG2104", "%s in a switch over traits", n.Tok)
					}
				}
			}
			return true
		})
	}
}

// decides reports whether the switch around a case is decided by the evidence, wholly or in part.
func (w *walker) decides(c *ast.CaseClause) bool {
	body, _ := w.inst.fn.up[c].(*ast.BlockStmt)
	s, ok := w.inst.fn.up[body].(*ast.SwitchStmt)
	if !ok {
		return false
	}
	for _, c := range s.Body.List {
		if _, ok := w.res.clauses[c.(*ast.CaseClause)]; ok {
			return true
		}
	}
	return false
}
