package specialise

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// walker walks one function along its path conditions.
type walker struct {
	*fold
	inst *funcInst
	res  *result
}

// block walks a list of statements and returns the states that fall out of its end. Statements that no state reaches are not walked: they are cut.
func (w *walker) block(list []ast.Stmt, in []*state) []*state {
	for _, s := range list {
		if !anyReal(in) {
			return nil
		}
		in = w.stmt(s, in)
	}
	return in
}

func (w *walker) stmt(s ast.Stmt, in []*state) []*state {
	w.res.reached[s] = true
	switch s := s.(type) {
	case *ast.BlockStmt:
		return w.block(s.List, in)
	case *ast.IfStmt:
		return w.ifStmt(s, in)
	case *ast.SwitchStmt:
		return w.switchStmt(s, in)
	case *ast.ForStmt:
		w.optional(s.Init, in)
		if s.Cond != nil {
			w.expr(s.Cond, in)
		}
		w.optional(s.Post, in)
		w.block(s.Body.List, in)
		return in
	case *ast.RangeStmt:
		return w.rangeStmt(s, in)
	case *ast.ReturnStmt:
		for _, e := range s.Results {
			if e == w.inst.fn.verdict {
				w.branch(e, in)
				continue
			}
			w.expr(e, in)
		}
		return nil
	case *ast.BranchStmt:
		return nil
	case *ast.ExprStmt:
		w.expr(s.X, in)
		if call, ok := ast.Unparen(s.X).(*ast.CallExpr); ok && w.t.builtin(call) == "panic" {
			w.panicked(s, in)
			return nil
		}
		return in
	case *ast.AssignStmt:
		return w.assign(s, in)
	case *ast.DeclStmt:
		for _, spec := range s.Decl.(*ast.GenDecl).Specs {
			if v, ok := spec.(*ast.ValueSpec); ok {
				for i, e := range v.Values {
					w.expr(e, in)
					if len(v.Values) == len(v.Names) {
						in = w.define(v.Names[i], e, in)
					}
				}
			}
		}
		return in
	case *ast.IncDecStmt:
		w.expr(s.X, in)
	case *ast.EmptyStmt:
	default:
		// Outside of the subset; the linter says so. Nothing inside is folded.
		ast.Inspect(s, func(n ast.Node) bool {
			if e, ok := n.(ast.Stmt); ok {
				w.res.reached[e] = true
			}
			return true
		})
	}
	return in
}

// optional walks a statement that may be missing.
func (w *walker) optional(s ast.Stmt, in []*state) {
	if s != nil {
		w.stmt(s, in)
	}
}

func (w *walker) ifStmt(s *ast.IfStmt, in []*state) []*state {
	w.optional(s.Init, in)
	yes, no := w.branch(s.Cond, in)
	if _, ok := w.res.verdict(s.Cond); ok && s.Init != nil {
		w.res.report(w, s.Pos(), "MG2103", "the condition is decided, but its statement declares variables")
	}
	w.res.reached[s.Body] = anyReal(yes)
	out := w.block(s.Body.List, yes)
	if s.Else != nil && anyReal(no) {
		out = append(out, w.stmt(s.Else, no)...)
	} else {
		out = append(out, no...)
	}
	return rejoin(in, append(slices.Clone(yes), no...), out)
}

func (w *walker) rangeStmt(s *ast.RangeStmt, in []*state) []*state {
	w.expr(s.X, in)
	body := in
	if v := w.t.varOf(s.Value); v != nil && s.Tok == token.DEFINE && w.inst.fn.assigns[v] == 1 {
		body = nil
		for _, st := range in {
			at, ok := w.table(s.X, st)
			if !ok {
				body = append(body, st)
				continue
			}
			n, i := st.addFamily(family{up: at.fam, pts: w.rowsBelow(at.class, st, at.fam)})
			body = append(body, n.bind(v, ref{at.class, i}))
		}
		body = slices.DeleteFunc(body, func(st *state) bool {
			return slices.ContainsFunc(st.fams, func(f family) bool { return len(f.pts) == 0 })
		})
	}
	w.res.reached[s.Body] = anyReal(body)
	w.block(s.Body.List, body)
	return in
}

// rowsBelow returns the addresses of a table's rows below those of a family (or anywhere).
func (w *walker) rowsBelow(c *class, s *state, fam int) []addr {
	if fam < 0 {
		return c.addrs
	}
	return w.below(c.addrs, s.fams[fam].pts)
}

// assign walks an assignment. A variable that is set once, to a struct, denotes that struct.
func (w *walker) assign(s *ast.AssignStmt, in []*state) []*state {
	for _, e := range s.Rhs {
		w.expr(e, in)
	}
	for i, lhs := range s.Lhs {
		if id, ok := lhs.(*ast.Ident); ok {
			if s.Tok == token.DEFINE && len(s.Lhs) == len(s.Rhs) {
				in = w.define(id, s.Rhs[i], in)
			}
			continue
		}
		w.expr(lhs, in)
	}
	return in
}

// define binds a local variable to the struct that it is set to.
func (w *walker) define(id *ast.Ident, e ast.Expr, in []*state) []*state {
	v := w.t.varOf(id)
	if v == nil || w.inst.fn.assigns[v] != 1 {
		return in
	}
	out := make([]*state, len(in))
	for i, s := range in {
		out[i] = s
		if at, ok := w.resolve(e, s); ok {
			n := s
			if at.fam < 0 {
				n, at.fam = s.addFamily(family{up: -1, pts: at.class.addrs})
			}
			out[i] = n.bind(v, at)
		}
	}
	return out
}

// panicked reports evidence that certainly reaches a panic: one that no run-time check stands before.
func (w *walker) panicked(s *ast.ExprStmt, in []*state) {
	for at := ast.Stmt(s); at != nil; at = w.inst.fn.up[at] {
		switch up := w.inst.fn.up[at].(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return
		case *ast.IfStmt:
			if w.runtime(up.Cond, in) {
				return
			}
		case *ast.SwitchStmt:
			if up.Tag != nil && w.runtime(up.Tag, in) {
				return
			}
			for _, c := range up.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					if up.Tag == nil && w.runtime(e, in) {
						return
					}
				}
			}
		}
	}
	if w.earlyExit(s, in) {
		return
	}
	var pts []addr
	for _, st := range in {
		for _, f := range st.fams {
			if st.real() {
				pts = append(pts, f.pts...)
			}
		}
	}
	d := w.res.report(w, s.Pos(), "MG2105", "the evidence ends in this panic")
	d.Notes = w.wheres(pts)
}

// earlyExit reports whether a run-time check with a return or a jump inside stands before s in one of the lists around it.
func (w *walker) earlyExit(s ast.Stmt, in []*state) bool {
	found := false
	ast.Inspect(w.inst.fn.decl.Body, func(n ast.Node) bool {
		i, ok := n.(*ast.IfStmt)
		if !ok || i.Pos() > s.Pos() || !w.runtime(i.Cond, in) {
			return n == nil || n.Pos() < s.Pos()
		}
		ast.Inspect(i, func(n ast.Node) bool {
			switch n.(type) {
			case *ast.ReturnStmt, *ast.BranchStmt:
				found = true
			}
			return true
		})
		return true
	})
	return found
}

// runtime reports whether a condition (or a switch tag) asks something that is no trait.
func (w *walker) runtime(e ast.Expr, in []*state) bool {
	for _, s := range in {
		var visit func(n *tree) bool
		visit = func(n *tree) bool { return n.op == '?' || slices.ContainsFunc(n.kids, visit) }
		if tv := w.t.info.Types[e]; tv.Type != nil && !types.Identical(tv.Type.Underlying(), types.Typ[types.Bool]) {
			if w.trait(e, token.EQL, constant.MakeString(""), e, s) == nil {
				return true
			}
		} else if visit(w.build(e, s)) {
			return true
		}
	}
	return false
}

// fits reports whether a value of the config can stand in a field of a Go type.
func fits(typ types.Type, v contract.Value) error {
	b, _ := typ.Underlying().(*types.Basic)
	if b == nil {
		return nil
	}
	ok := false
	switch v.Kind {
	case contract.Bool:
		ok = b.Info()&types.IsBoolean != 0
	case contract.String:
		ok = b.Info()&types.IsString != 0
	case contract.Int:
		ok = b.Info()&types.IsNumeric != 0
	case contract.Float:
		ok = b.Info()&types.IsFloat != 0
	case contract.Null:
		return fmt.Errorf("the value is null")
	}
	if !ok {
		return fmt.Errorf("the value does not fit %s", typ)
	}
	return nil
}
