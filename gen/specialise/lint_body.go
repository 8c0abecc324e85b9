package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
)

// isTraitSwitch reports whether a switch is over a trait, or over conditions of which one asks about traits.
func (l *linter) isTraitSwitch(s *ast.SwitchStmt) bool {
	if s.Tag != nil {
		return l.asks(s.Tag)
	}
	for _, c := range s.Body.List {
		for _, e := range c.(*ast.CaseClause).List {
			if l.asks(e) {
				return true
			}
		}
	}
	return false
}

// switches checks the form of switches over traits.
func (l *linter) switches() {
	l.eachNode(func(n ast.Node, around []ast.Node) {
		s, ok := n.(*ast.SwitchStmt)
		if !ok || !l.isTraitSwitch(s) {
			return
		}
		for i, c := range s.Body.List {
			c := c.(*ast.CaseClause)
			l.jumpsIn(c)
			if c.List == nil && i < len(s.Body.List)-1 {
				l.r.add(c.Pos(), "MG2022", "the default is not the last case")
			}
			if s.Tag == nil {
				continue
			}
			for _, e := range c.List {
				if l.t.info.Types[e].Value == nil {
					l.r.add(e.Pos(), "MG2017", "a case of a switch over a trait is no constant")
				}
			}
		}
		if s.Tag == nil {
			return
		}
		if _, other := clausesOf(s); other == nil || panicOnly(l.t, other.Body) == nil {
			l.r.add(s.Pos(), "MG2022", "the switch over a trait has no default that panics")
		}
	})
}

// jumpsIn refuses break and fallthrough whose target is the switch itself.
func (l *linter) jumpsIn(c *ast.CaseClause) {
	for _, s := range c.Body {
		ast.Inspect(s, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt:
				return false
			case *ast.BranchStmt:
				if n.Tok == token.BREAK || n.Tok == token.FALLTHROUGH {
					l.r.add(n.Pos(), "MG2021", "%s in a switch over traits", n.Tok)
				}
			}
			return true
		})
	}
}

// effects wants at most one call per statement that is marked as an effect.
func (l *linter) effects() {
	l.eachNode(func(n ast.Node, around []ast.Node) {
		s, ok := n.(ast.Stmt)
		if !ok {
			return
		}
		count := 0
		var visit func(n ast.Node) bool
		visit = func(n ast.Node) bool {
			if inner, ok := n.(ast.Stmt); ok && inner != s {
				return false
			}
			if call, ok := n.(*ast.CallExpr); ok {
				if obj := l.t.callee(call); obj != nil && l.t.isEffect(obj) {
					if count++; count == 2 {
						l.r.add(call.Pos(), "MG2023", "a second state change in this statement")
					}
				}
			}
			return true
		}
		ast.Inspect(s, visit)
	})
}

// shapes refuses Go values that depend on arrays or on the step: Forward describes a step class, not a step.
func (l *linter) shapes() {
	l.eachNode(func(n ast.Node, around []ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return
		}
		obj := l.t.callee(call)
		if obj == nil || obj.Pkg() == nil || l.t.funcs[obj] != nil || !l.varies(obj.Signature()) {
			return
		}
		if _, static := directive(l.t.marks[obj], "static"); static {
			return
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && obj.Name() == "Valid" {
			if f := l.t.fieldOf(sel.X); f != nil && f.optional() {
				return
			}
		}
		for v := range obj.Signature().Results().Variables() {
			if isGoValue(v.Type()) {
				l.r.add(call.Pos(), "MG2024", "%s tells a %s of an array or a step", obj.Name(), v.Type())
				return
			}
		}
	})
}

// varies reports whether a function sees an array or the step.
func (l *linter) varies(sig *types.Signature) bool {
	if r := sig.Recv(); r != nil && (l.t.isArray(deref(r.Type())) || l.t.isStep(r.Type())) {
		return true
	}
	for v := range sig.Params().Variables() {
		typ := v.Type()
		if s, ok := typ.Underlying().(*types.Slice); ok {
			typ = s.Elem()
		}
		if l.t.isArray(deref(typ)) || l.t.isStep(typ) {
			return true
		}
	}
	return false
}

// isGoValue reports whether typ is a number, a text or a truth value, or a slice of those.
func isGoValue(typ types.Type) bool {
	if s, ok := typ.Underlying().(*types.Slice); ok {
		typ = s.Elem()
	}
	switch b := typ.(type) {
	case *types.Basic:
		return b.Info()&(types.IsNumeric|types.IsString|types.IsBoolean) != 0
	}
	return false
}

// structs refuses that parameter structs are made or copied, and literals of our structs that do not name their fields.
func (l *linter) structs() {
	l.eachNode(func(n ast.Node, around []ast.Node) {
		switch n := n.(type) {
		case *ast.CompositeLit:
			typ := l.t.info.TypeOf(n)
			if s := l.t.structOf(typ); s != nil {
				l.r.add(n.Pos(), "MG2020", "%s is made here", s.name())
			}
			named, ok := types.Unalias(typ).(*types.Named)
			if _, isStruct := typ.Underlying().(*types.Struct); !isStruct || ok && l.t.decls[named.Obj()] == nil {
				return
			}
			for _, e := range n.Elts {
				if _, ok := e.(*ast.KeyValueExpr); !ok {
					l.r.add(e.Pos(), "MG2026", "the literal does not name its fields")
					return
				}
			}
		case *ast.StarExpr:
			if tv := l.t.info.Types[n]; tv.IsValue() && l.t.structOf(tv.Type) != nil {
				l.r.add(n.Pos(), "MG2020", "%s is copied", l.t.structOf(tv.Type).name())
			}
		case *ast.CallExpr:
			if l.t.builtin(n) == "new" && len(n.Args) == 1 {
				if s := l.t.structOf(l.t.info.TypeOf(n.Args[0])); s != nil {
					l.r.add(n.Pos(), "MG2020", "%s is made here", s.name())
				}
			}
		}
	})
}
