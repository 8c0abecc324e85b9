package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// inlined is a call of a trait dispatcher that is decided at this place: the expression that its body comes down to.
type inlined struct {
	inst *funcInst // the callee as seen from this call alone
	ret  ast.Expr
}

// inline decides whether a call of a trait dispatcher is replaced by what its body comes down to: the body is a single return at the points of this
// call, and every parameter that is left is used once, in order, so that nothing is evaluated twice, not at all, or in another order.
func (w *walker) inline(fn *funcInfo, e *ast.CallExpr, entries []*state) *inlined {
	if len(fn.traits) == 0 || fn.obj.Signature().Recv() != nil || e.Ellipsis.IsValid() || fn.obj.Signature().Variadic() {
		return nil
	}
	probe := &funcInst{fn: fn, entry: map[string]*state{}}
	queue := w.queue
	for _, s := range entries {
		n := *s
		w.enter(probe, &n)
	}
	w.fold.queue = queue
	probe.res = w.walk(probe)
	ret := probe.single(fn.decl.Body.List)
	if ret == nil || len(ret.Results) != 1 {
		return nil
	}
	order, shared := w.order(probe, ret.Results[0])
	var plain []*types.Var
	for i, p := range fn.params {
		if fn.traits[p] {
			continue
		}
		plain = append(plain, p)
		shared = shared && types.Identical(w.t.defaultType(e.Args[i]), p.Type())
	}
	if !shared || !slices.Equal(order, plain) || overtaken(w.t, fn, e, ret.Results[0]) || w.captured(fn, ret.Results[0], e) {
		return nil
	}
	if w.effectIn(ret.Results[0]) && slices.ContainsFunc(e.Args, w.effectIn) {
		return nil
	}
	return &inlined{inst: probe, ret: ret.Results[0]}
}

// overtaken reports whether a call inside of ret would happen before an argument that does work itself, and that the call evaluated before.
func overtaken(t *Templates, fn *funcInfo, e *ast.CallExpr, ret ast.Expr) bool {
	found := false
	for i, arg := range e.Args {
		if fn.traits[fn.params[i]] || !works(arg) {
			continue
		}
		ast.Inspect(ret, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && t.info.Uses[id] == fn.params[i] {
				ast.Inspect(ret, func(n ast.Node) bool {
					if call, ok := n.(*ast.CallExpr); ok && call.End() <= id.Pos() {
						found = true
					}
					return true
				})
			}
			return true
		})
	}
	return found
}

// works reports whether evaluating e calls anything.
func works(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		_, call := n.(*ast.CallExpr)
		found = found || call
		return true
	})
	return found
}

// order lists the parameters that an expression evaluates, in order. The second result is false when it may not evaluate all of them.
func (w *walker) order(probe *funcInst, e ast.Expr) (list []*types.Var, always bool) {
	always = true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			info := probe.res.calls[n]
			if info == nil || info.inline == nil {
				return true
			}
			// What replaces an inner dispatcher evaluates its plain arguments in order, and no traits.
			for i, arg := range n.Args {
				if fn := info.inline.inst.fn; !fn.traits[fn.params[i]] {
					inner, ok := w.order(probe, arg)
					list, always = append(list, inner...), always && ok
				}
			}
			return false
		case *ast.Ident:
			if v, ok := w.t.info.Uses[n].(*types.Var); ok && slices.Contains(probe.fn.params, v) {
				list = append(list, v)
			}
		case *ast.FuncLit:
			always = false
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				always = false
			}
		}
		return true
	})
	return list, always
}

// effectIn reports whether evaluating e may change state; calls of our own functions count, they are not known yet.
func (w *walker) effectIn(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			obj := w.t.callee(call)
			found = found || obj != nil && (w.t.isEffect(obj) || w.t.funcs[obj] != nil)
		}
		return true
	})
	return found
}

// captured reports whether a package-level name or an import that ret uses means something else at the call.
func (w *walker) captured(fn *funcInfo, ret ast.Expr, e *ast.CallExpr) bool {
	found := false
	ast.Inspect(ret, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		obj := w.t.info.Uses[id]
		if obj == nil || obj.Parent() == nil || obj.Pkg() != nil && obj.Parent() != obj.Pkg().Scope() {
			if _, isImport := obj.(*types.PkgName); !isImport {
				return true
			}
		}
		scope := w.t.info.Scopes[w.inst.fn.decl.Type]
		if inner := scope.Innermost(e.Pos()); inner != nil {
			scope = inner
		}
		if at, other := scope.LookupParent(id.Name, e.Pos()); other != nil && at != types.Universe && at != w.inst.fn.obj.Pkg().Scope() {
			if _, isImport := other.(*types.PkgName); !isImport {
				found = true
			}
		}
		return true
	})
	return found
}

// single returns the return statement that a body comes down to when the branches that nothing reaches are cut, or nil.
func (i *funcInst) single(list []ast.Stmt) *ast.ReturnStmt {
	flat := i.flat(list, func(ast.Stmt) bool { return true })
	if len(flat) != 1 {
		return nil
	}
	ret, _ := flat[0].(*ast.ReturnStmt)
	return ret
}
