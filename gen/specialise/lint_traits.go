package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// traits checks every read of a trait, an optional parameter or a trait parameter: in a condition that the fold understands, or where its value is
// harmless.
func (l *linter) traits() {
	l.eachNode(func(n ast.Node, around []ast.Node) {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if f := l.t.fieldOf(n); f != nil && f.asked() {
				l.read(n, f, f.owner.name()+"."+f.name(), around)
			}
		case *ast.Ident:
			if v, ok := l.t.info.Uses[n].(*types.Var); ok && l.fn.traits[v] {
				l.read(n, nil, v.Name(), around)
			}
		case *ast.IfStmt:
			if n.Init != nil && l.asks(n.Cond) {
				l.r.add(n.Init.Pos(), "MG2017", "an if over traits has an init statement")
			}
			l.condition(n.Cond)
		case *ast.SwitchStmt:
			if n.Init != nil && l.isTraitSwitch(n) {
				l.r.add(n.Init.Pos(), "MG2017", "a switch over traits has an init statement")
			}
			if n.Tag == nil {
				for _, c := range n.Body.List {
					for _, e := range c.(*ast.CaseClause).List {
						l.condition(e)
					}
				}
			}
		case *ast.CallExpr:
			l.traitArguments(n)
		}
	})
	if l.fn.verdict != nil {
		l.condition(l.fn.verdict)
	}
}

// read checks one read. f is nil for a trait parameter.
func (l *linter) read(e ast.Expr, f *fieldInfo, name string, around []ast.Node) {
	up := around[len(around)-1]
	if at := l.asAtom(e, f, around); at >= 0 {
		if !l.inCondition(at, around) {
			l.r.add(e.Pos(), "MG2016", "%s is tested outside of a condition", name)
		} else if sel, ok := e.(*ast.SelectorExpr); ok && !l.traceable(sel.X) {
			l.r.add(e.Pos(), "MG2017", "%s is asked of something else than a receiver, parameter or range variable", name)
		}
		return
	}
	isNumber := f != nil && f.isTrait() && l.t.info.TypeOf(e).Underlying().(*types.Basic).Info()&types.IsNumeric != 0
	switch up := up.(type) {
	case *ast.CallExpr:
		if l.traitParam(up, e) || up.Fun != e && (isNumber || f != nil && f.optional()) {
			return
		}
	case *ast.SelectorExpr:
		if f != nil && f.optional() {
			return
		}
	case *ast.KeyValueExpr:
		if up.Value == e && f != nil && l.isOptions(around) {
			return
		}
	case *ast.BinaryExpr, *ast.UnaryExpr, *ast.ParenExpr:
		if isNumber {
			return
		}
	}
	l.r.add(e.Pos(), "MG2016", "%s is copied", name)
}

// asAtom returns the index in around of the comparison (or Valid call) that makes e a question, len(around) for e itself as a condition, or -1.
func (l *linter) asAtom(e ast.Expr, f *fieldInfo, around []ast.Node) int {
	at := len(around) - 1
	var self ast.Node = e
	for ; at >= 0; at-- {
		if _, ok := around[at].(*ast.ParenExpr); !ok {
			break
		}
		self = around[at]
	}
	if at < 0 {
		return -1
	}
	switch up := around[at].(type) {
	case *ast.BinaryExpr:
		other := up.Y
		if up.Y == self {
			other = up.X
		}
		tv := l.t.info.Types[other]
		if (tv.IsNil() || tv.Value != nil) && isComparison(up.Op) {
			return at
		}
	case *ast.SelectorExpr:
		if f != nil && f.optional() && up.Sel.Name == "Valid" && at > 0 {
			if call, ok := around[at-1].(*ast.CallExpr); ok && call.Fun == up && l.t.isArray(f.obj.Type()) {
				return at - 1
			}
		}
	case *ast.SwitchStmt:
		if up.Tag == self {
			return len(around)
		}
	case *ast.CaseClause:
		if s, ok := around[at-2].(*ast.SwitchStmt); ok && s.Tag != nil {
			return -1 // compared with a run-time value
		}
	}
	if typ := l.t.info.TypeOf(e); typ != nil && types.Identical(typ.Underlying(), types.Typ[types.Bool]) && l.inCondition(len(around), around) {
		return len(around)
	}
	return -1
}

func isComparison(op token.Token) bool {
	switch op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return true
	}
	return false
}

// inCondition reports whether the node at an index of around (its length: the innermost node itself) is joined by !, && and || to a condition.
func (l *linter) inCondition(at int, around []ast.Node) bool {
	for i := at - 1; i >= 0; i-- {
		var self ast.Node
		if i+1 < len(around) {
			self = around[i+1]
		}
		switch up := around[i].(type) {
		case *ast.ParenExpr:
		case *ast.UnaryExpr:
			if up.Op != token.NOT {
				return false
			}
		case *ast.BinaryExpr:
			if up.Op != token.LAND && up.Op != token.LOR {
				return false
			}
		case *ast.IfStmt:
			return self == nil || self == ast.Node(up.Cond)
		case *ast.CaseClause:
			return true
		case *ast.SwitchStmt:
			return true
		case *ast.ReturnStmt:
			return l.fn.verdict != nil
		default:
			return false
		}
	}
	return false
}

// traceable reports whether the fold knows which struct e denotes.
func (l *linter) traceable(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v := l.t.varOf(e)
		if v == nil {
			return false
		}
		switch l.fn.assigns[v] {
		case 0:
			return v == l.fn.self || slices.Contains(l.fn.params, v)
		case 1:
			return l.fn.ranges[v] || l.fn.setTo[v] != nil && l.traceable(l.fn.setTo[v])
		}
		return false
	case *ast.SelectorExpr:
		f := l.t.fieldOf(e)
		return f != nil && f.kid != nil && l.traceable(e.X)
	}
	return false
}

// traitParam reports whether e is the argument for a trait parameter.
func (l *linter) traitParam(call *ast.CallExpr, e ast.Expr) bool {
	fn := l.t.funcs[l.t.callee(call)]
	if fn == nil {
		return false
	}
	for i, a := range call.Args {
		if a == e && i < len(fn.params) && fn.traits[fn.params[i]] {
			return true
		}
	}
	return false
}

// traitArguments wants traits or constants for trait parameters.
func (l *linter) traitArguments(call *ast.CallExpr) {
	fn := l.t.funcs[l.t.callee(call)]
	if fn == nil {
		return
	}
	for i, a := range call.Args {
		if i >= len(fn.params) || !fn.traits[fn.params[i]] || l.t.info.Types[a].Value != nil {
			continue
		}
		if sel, ok := ast.Unparen(a).(*ast.SelectorExpr); ok {
			if f := l.t.fieldOf(sel); f != nil && f.isTrait() && l.traceable(sel.X) {
				continue
			}
		}
		if v := l.t.varOf(a); v != nil && l.fn.traits[v] {
			continue
		}
		l.r.add(a.Pos(), "MG2034", "the argument for the trait %s is neither a trait nor a constant", fn.params[i].Name())
	}
}

// isOptions reports whether the innermost literal around is a struct of the runtime.
func (l *linter) isOptions(around []ast.Node) bool {
	for i := len(around) - 1; i >= 0; i-- {
		if lit, ok := around[i].(*ast.CompositeLit); ok {
			named, ok := types.Unalias(l.t.info.TypeOf(lit)).(*types.Named)
			return ok && l.t.decls[named.Obj()] == nil
		}
	}
	return false
}

// asks reports whether a condition asks about a trait anywhere.
func (l *linter) asks(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if f := l.t.fieldOf(n); f != nil && f.asked() {
				found = true
			}
		case *ast.Ident:
			if v, ok := l.t.info.Uses[n].(*types.Var); ok && l.fn.traits[v] {
				found = true
			}
		case *ast.CallExpr:
			if fn := l.t.funcs[l.t.callee(n)]; fn != nil && fn.verdict != nil && (&linter{t: l.t, r: l.r, fn: fn}).asks(fn.verdict) {
				found = true
			}
		}
		return !found
	})
	return found
}

// condition checks a condition as a whole: no effects, and layer traits of one struct only.
func (l *linter) condition(e ast.Expr) {
	if !l.asks(e) {
		return
	}
	bases := map[types.Object]bool{}
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if obj := l.t.callee(n); obj != nil && (l.t.isEffect(obj) || l.t.effectful[obj]) {
				l.r.add(n.Pos(), "MG2018", "%s changes state", obj.Name())
			}
		case *ast.SelectorExpr:
			f := l.t.fieldOf(n)
			if f == nil || !f.asked() || !(f.isTrait() && perRow(f.spec.Trait) || f.optional() && perRow(f.spec.When)) {
				return true
			}
			if v := l.root(n.X); v != nil {
				bases[v] = true
			}
		}
		return true
	})
	if len(bases) > 1 {
		l.r.add(e.Pos(), "MG2019", "the condition asks layer traits of %d structs", len(bases))
	}
}

// root returns the variable at the start of a selector.
func (l *linter) root(e ast.Expr) types.Object {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			return l.t.info.Uses[x]
		case *ast.SelectorExpr:
			e = x.X
		default:
			return nil
		}
	}
}
