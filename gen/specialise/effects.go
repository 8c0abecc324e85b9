package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
)

// findEffects finds the functions that may change state by what is written in them, in any branch.
func (t *Templates) findEffects() {
	t.effectful = map[*types.Func]bool{}
	for changed := true; changed; {
		changed = false
		for obj, fn := range t.funcs {
			if !t.effectful[obj] && t.mayChange(fn.decl.Body) {
				t.effectful[obj], changed = true, true
			}
		}
	}
}

// mayChange reports whether anything below n is a call that may change state.
func (t *Templates) mayChange(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			obj := t.callee(call)
			found = found || obj != nil && (t.isEffect(obj) || t.effectful[obj])
		}
		return !found
	})
	return found
}

// bodyHasEffect reports whether a reachable statement of an instance changes state: by a marked method, through memory that others see, or through
// a function that does.
func (f *fold) bodyHasEffect(i *funcInst) bool {
	for s := range i.res.reached {
		if i.res.reached[s] && f.stmtHasEffect(i, s) {
			return true
		}
	}
	return false
}

// stmtHasEffect looks at the expressions of a statement itself, not at statements inside of it.
func (f *fold) stmtHasEffect(i *funcInst, s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ExprStmt:
		return f.hasEffect(i, s.X)
	case *ast.AssignStmt:
		for _, e := range s.Rhs {
			if f.hasEffect(i, e) {
				return true
			}
		}
		for _, e := range s.Lhs {
			if f.stores(e) || f.hasEffect(i, e) {
				return true
			}
		}
	case *ast.IncDecStmt:
		return f.stores(s.X)
	case *ast.ReturnStmt:
		for _, e := range s.Results {
			if f.hasEffect(i, e) {
				return true
			}
		}
	case *ast.IfStmt:
		_, decided := i.res.verdict(s.Cond)
		return !decided && f.hasEffect(i, s.Cond)
	case *ast.SwitchStmt:
		return s.Tag != nil && f.hasEffect(i, s.Tag)
	case *ast.ForStmt:
		return s.Cond != nil && f.hasEffect(i, s.Cond)
	case *ast.RangeStmt:
		return f.hasEffect(i, s.X)
	case *ast.DeclStmt:
		for _, spec := range s.Decl.(*ast.GenDecl).Specs {
			if v, ok := spec.(*ast.ValueSpec); ok {
				for _, e := range v.Values {
					if f.hasEffect(i, e) {
						return true
					}
				}
			}
		}
	case *ast.BranchStmt, *ast.BlockStmt, *ast.CaseClause, *ast.EmptyStmt:
	default:
		return true
	}
	return false
}

// stores reports whether assigning to e writes to memory that something else may see: an element of a slice or map, or a field behind a pointer.
// Fields of a local struct variable are the variable's own.
func (f *fold) stores(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v := f.t.varOf(e)
		return v != nil && v.Parent() == v.Pkg().Scope()
	case *ast.SelectorExpr:
		if _, ok := f.t.info.TypeOf(e.X).Underlying().(*types.Struct); ok {
			return f.stores(e.X)
		}
	}
	return true
}

// hasEffect reports whether evaluating e changes state, in an instance. A panic is none: a value that nobody needs need not be computed.
func (f *fold) hasEffect(i *funcInst, e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			found = found || f.callHasEffect(i, n)
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		case *ast.FuncLit:
			found = true
		}
		return !found
	})
	return found
}

// callHasEffect looks at a call itself, not at its arguments. What cannot be seen through counts as an effect.
func (f *fold) callHasEffect(i *funcInst, call *ast.CallExpr) bool {
	if tv := f.t.info.Types[call.Fun]; tv.IsType() {
		return false
	}
	if b := f.t.builtin(call); b != "" {
		switch b {
		case "copy", "delete", "clear", "close", "print", "println":
			return true
		}
		return false
	}
	obj := f.t.callee(call)
	if obj == nil {
		return true
	}
	if f.t.isEffect(obj) {
		return true
	}
	if f.t.funcs[obj] != nil {
		info := i.res.calls[call]
		switch {
		case info == nil:
			return false // not reached: the operand of a decided condition
		case info.inline != nil:
			return f.hasEffect(info.inline.inst, info.inline.ret)
		}
		return info.target.effect
	}
	// A method of an interface that the template declares may be any of its methods.
	if recv := obj.Signature().Recv(); recv != nil && types.IsInterface(recv.Type()) {
		return obj.Pkg() != nil && f.isOwn(obj.Pkg())
	}
	return false
}

// isOwn reports whether a package is a template or a block.
func (f *fold) isOwn(p *types.Package) bool {
	l := f.t.im.pkgs[p.Path()]
	return l != nil && l.own
}

// panics reports whether a statement is a call of panic.
func (t *Templates) panics(s ast.Stmt) bool {
	x, ok := s.(*ast.ExprStmt)
	return ok && panicOnly(t, []ast.Stmt{x}) != nil
}
