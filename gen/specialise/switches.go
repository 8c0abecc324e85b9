package specialise

import (
	"go/ast"
	"go/token"
	"slices"
)

// switchStmt walks a switch: over a trait, over conditions, or over a run-time value.
func (w *walker) switchStmt(s *ast.SwitchStmt, in []*state) []*state {
	w.optional(s.Init, in)
	switch {
	case s.Tag == nil:
		return w.conditionSwitch(s, in)
	case w.isTrait(s.Tag, in):
		return w.traitSwitch(s, in)
	}
	return w.runtimeSwitch(s, in)
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
	var branches, out []*state
	enter := func(c *ast.CaseClause) {
		forked := forkAll(in)
		branches = append(branches, forked...)
		out = append(out, w.clause(c, forked)...)
	}
	for _, c := range cases {
		for _, e := range c.List {
			w.expr(e, in)
		}
		enter(c)
	}
	if other != nil {
		enter(other)
	}
	if other == nil || breaks(s) {
		return in
	}
	return rejoin(in, branches, out)
}

func forkAll(in []*state) []*state {
	out := make([]*state, len(in))
	for i, s := range in {
		out[i] = s.fork()
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
	if !anyReal(in) {
		return nil
	}
	w.res.reached[c] = true
	w.checkJumps(c)
	return w.block(c.Body, in)
}

// conditionSwitch walks "switch { case cond: }", which is a chain of ifs.
func (w *walker) conditionSwitch(s *ast.SwitchStmt, in []*state) []*state {
	cases, other := clausesOf(s)
	var branches, out []*state
	rest := in
	live := 0
	for _, c := range cases {
		if !anyReal(rest) {
			w.res.clauses[c] = clauseGone
			continue
		}
		var yes []*state
		for _, e := range c.List {
			y, n := w.branch(e, rest)
			yes, rest = append(yes, y...), n
			if !anyReal(rest) {
				break
			}
		}
		yes = reroot(yes, in)
		w.res.clauses[c] = fate(anyReal(yes), anyReal(rest), live)
		if anyReal(yes) {
			live++
		}
		branches = append(branches, yes...)
		out = append(out, w.clause(c, yes)...)
	}
	rest = reroot(rest, in)
	branches = append(branches, rest...)
	if other == nil {
		return rejoin(in, branches, append(out, rest...))
	}
	w.res.clauses[other] = clauseStays
	if !anyReal(rest) {
		w.res.clauses[other] = clauseGone
	} else if live == 0 {
		w.res.clauses[other] = clauseAll
	}
	return rejoin(in, branches, append(out, w.clause(other, rest)...))
}

// reroot makes states that were forked several times direct branches of those that a switch began with.
func reroot(list, in []*state) []*state {
	out := make([]*state, len(list))
	for i, s := range list {
		out[i] = s.clone()
		for _, top := range in {
			if s.id.below(top.id) {
				out[i].id = &ident{up: top.id}
			}
		}
	}
	return out
}

// fate says what becomes of a case that the evidence enters or passes, behind live other cases.
func fate(yes, no bool, live int) clauseFate {
	switch {
	case !yes:
		return clauseGone
	case no:
		return clauseStays
	case live == 0:
		return clauseAll
	}
	return clauseDefault
}

// traitSwitch walks "switch trait { case constants: }". Its guard is that one of the constants that are left holds.
func (w *walker) traitSwitch(s *ast.SwitchStmt, in []*state) []*state {
	cases, other := clausesOf(s)
	var branches, out []*state
	var kept []*ast.CaseClause
	rest := in
	for _, c := range cases {
		var yes []*state
		for _, e := range c.List {
			y, n := w.oneCase(s.Tag, e, rest)
			yes, rest = append(yes, y...), n
		}
		w.res.clauses[c] = clauseStays
		if !anyReal(yes) {
			w.res.clauses[c] = clauseGone
			continue
		}
		kept = append(kept, c)
		yes = reroot(yes, in)
		branches = append(branches, yes...)
		out = append(out, w.clause(c, yes)...)
	}
	rest = reroot(rest, in)
	reachesDefault := anyReal(rest)
	if other != nil && reachesDefault {
		w.res.clauses[other] = clauseStays
		if len(kept) == 0 {
			w.res.clauses[other] = clauseAll
		}
		branches = append(branches, rest...)
		out = append(out, w.clause(other, rest)...)
	} else if other == nil {
		branches = append(branches, rest...)
		out = append(out, rest...)
	}
	if !reachesDefault {
		w.settleDefault(kept, other, in)
	}
	w.guardSwitch(s, cases, kept, reachesDefault, in)
	if len(kept) > 1 || len(kept) == 1 && reachesDefault {
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
	return rejoin(in, branches, out)
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
			yes, no = append(yes, s.fork()), append(no, s.fork())
			continue
		}
		a := &asking{s: s, tree: w.trait(tag, token.EQL, c, e, s)}
		if a.fam, a.pts = familyOf(a.tree, s); !s.real() {
			a.pts = nil
		}
		a.yes, a.no = w.evaluate(a, a.tree, a.pts, map[ast.Expr]reach{})
		if n := w.side(a, a.yes, a.tree.upper(), false); n != nil {
			yes = append(yes, n)
		}
		if n := w.side(a, a.no, not(a.tree.lower()), false); n != nil {
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
		want := either(f...)
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
