package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
)

// syntax refuses statements and expressions outside of the subset.
func (l *linter) syntax() {
	l.eachNode(func(n ast.Node, around []ast.Node) {
		switch n := n.(type) {
		case *ast.GoStmt, *ast.DeferStmt, *ast.SelectStmt, *ast.SendStmt, *ast.LabeledStmt, *ast.TypeSwitchStmt:
			l.r.add(n.Pos(), "MG2006", "%s is outside of the subset", statementName(n))
		case *ast.BranchStmt:
			if n.Label != nil || n.Tok == token.GOTO {
				l.r.add(n.Pos(), "MG2006", "%s with a label is outside of the subset", n.Tok)
			}
		case *ast.DeclStmt:
			if d := n.Decl.(*ast.GenDecl); d.Tok != token.VAR {
				l.r.add(n.Pos(), "MG2006", "declare the %s outside of the function", d.Tok)
			} else if len(d.Specs) != 1 {
				l.r.add(n.Pos(), "MG2006", "one var declaration per line")
			}
		case *ast.RangeStmt:
			if typ := l.t.info.TypeOf(n.X); typ != nil {
				switch typ.Underlying().(type) {
				case *types.Signature, *types.Chan, *types.Map:
					l.r.add(n.Pos(), "MG2006", "ranging over %s is outside of the subset", typ)
				}
			}
		case *ast.FuncLit:
			l.r.add(n.Pos(), "MG2009", "a function literal")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				l.r.add(n.Pos(), "MG2006", "receiving is outside of the subset")
			}
			if _, lit := ast.Unparen(n.X).(*ast.CompositeLit); n.Op == token.AND && !lit {
				l.r.add(n.Pos(), "MG2011", "the address of a variable is taken")
			}
		case *ast.ReturnStmt:
			if len(n.Results) == 0 && l.fn.obj.Signature().Results().Len() > 0 {
				l.r.add(n.Pos(), "MG2010", "a bare return")
			}
		case *ast.CallExpr:
			if name := l.t.builtin(n); name == "recover" || name == "close" {
				l.r.add(n.Pos(), "MG2006", "%s is outside of the subset", name)
			}
			l.conversion(n)
		case *ast.Ident, *ast.SelectorExpr:
			l.functionValue(n.(ast.Expr), around)
		case *ast.AssignStmt:
			l.assignment(n)
		case *ast.IncDecStmt:
			l.assigned(n.X)
		}
		if _, ok := n.(ast.Stmt); ok {
			l.oneLine(n, around)
		}
	})
	l.interfaces()
}

func statementName(n ast.Node) string {
	switch n.(type) {
	case *ast.GoStmt:
		return "go"
	case *ast.DeferStmt:
		return "defer"
	case *ast.SelectStmt:
		return "select"
	case *ast.SendStmt:
		return "sending"
	case *ast.LabeledStmt:
		return "a label"
	}
	return "a type switch"
}

// oneLine refuses lists with several statements on a line.
func (l *linter) oneLine(n ast.Node, around []ast.Node) {
	var list []ast.Stmt
	switch n := n.(type) {
	case *ast.BlockStmt:
		list = n.List
	case *ast.CaseClause:
		list = n.Body
	}
	for i := 1; i < len(list); i++ {
		if l.fn.file.line(list[i-1].End()) == l.fn.file.line(list[i].Pos()) {
			l.r.add(list[i].Pos(), "MG2001", "two statements on a line")
		}
	}
}

// functionValue refuses functions of ours that are not called on the spot: nobody could say in which state they run.
func (l *linter) functionValue(e ast.Expr, around []ast.Node) {
	id, ok := e.(*ast.Ident)
	if sel, isSel := e.(*ast.SelectorExpr); isSel {
		id, ok = sel.Sel, true
	}
	if !ok || len(around) == 0 {
		return
	}
	fn, isFunc := l.t.info.Uses[id].(*types.Func)
	if !isFunc || l.t.funcs[fn] == nil {
		return
	}
	switch up := around[len(around)-1].(type) {
	case *ast.CallExpr:
		if up.Fun == e {
			return
		}
	case *ast.SelectorExpr:
		if up.Sel == id {
			return // seen with the selector
		}
	}
	l.r.add(e.Pos(), "MG2009", "%s is used as a value", fn.Name())
}

// assignment checks what is assigned to.
func (l *linter) assignment(n *ast.AssignStmt) {
	for _, e := range n.Lhs {
		l.assigned(e)
	}
}

func (l *linter) assigned(e ast.Expr) {
	for x := ast.Unparen(e); ; {
		if f := l.t.fieldOf(x); f != nil {
			l.r.add(e.Pos(), "MG2020", "%s.%s is assigned to", f.owner.name(), f.name())
			return
		}
		switch y := x.(type) {
		case *ast.Ident:
			if v := l.t.varOf(y); v != nil && l.t.decls[v] != nil {
				l.r.add(e.Pos(), "MG2008", "the package variable %s is changed", v.Name())
			} else if v != nil && (v == l.fn.self || l.fn.traits[v]) {
				l.r.add(e.Pos(), "MG2016", "%s is assigned to", v.Name())
			}
			return
		case *ast.SelectorExpr:
			if v, ok := l.t.info.Uses[y.Sel].(*types.Var); ok && !v.IsField() {
				l.r.add(e.Pos(), "MG2008", "the package variable %s is changed", v.Name())
				return
			}
			x = ast.Unparen(y.X)
		case *ast.IndexExpr:
			x = ast.Unparen(y.X)
		case *ast.StarExpr:
			x = ast.Unparen(y.X)
		default:
			return
		}
	}
}

// conversion refuses explicit conversions of structs to interfaces.
func (l *linter) conversion(n *ast.CallExpr) {
	if tv := l.t.info.Types[n.Fun]; tv.IsType() && types.IsInterface(tv.Type) && len(n.Args) == 1 {
		l.toInterface(n.Args[0], tv.Type)
	}
}

// interfaces refuses implicit conversions other than of arguments: methods that are called through a variable could not be found.
func (l *linter) interfaces() {
	results := l.fn.obj.Signature().Results()
	l.eachNode(func(n ast.Node, around []ast.Node) {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if len(n.Lhs) == len(n.Rhs) {
				for i := range n.Lhs {
					l.toInterface(n.Rhs[i], l.t.info.TypeOf(n.Lhs[i]))
				}
			}
		case *ast.ValueSpec:
			if n.Type != nil {
				for _, e := range n.Values {
					l.toInterface(e, l.t.info.TypeOf(n.Type))
				}
			}
		case *ast.ReturnStmt:
			if len(n.Results) == results.Len() {
				for i, e := range n.Results {
					l.toInterface(e, results.At(i).Type())
				}
			}
		case *ast.CompositeLit:
			l.literalElements(n)
		case *ast.CallExpr:
			if l.t.builtin(n) == "append" && len(n.Args) > 1 {
				if s, ok := l.t.info.TypeOf(n.Args[0]).Underlying().(*types.Slice); ok && !n.Ellipsis.IsValid() {
					for _, e := range n.Args[1:] {
						l.toInterface(e, s.Elem())
					}
				}
			}
		}
	})
}

func (l *linter) literalElements(n *ast.CompositeLit) {
	switch typ := l.t.info.TypeOf(n).Underlying().(type) {
	case *types.Struct:
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				l.toInterface(kv.Value, l.t.info.TypeOf(kv.Key))
			}
		}
	case interface{ Elem() types.Type }:
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				e = kv.Value
			}
			l.toInterface(e, typ.Elem())
		}
	}
}

func (l *linter) toInterface(e ast.Expr, to types.Type) {
	if len(l.t.throughInterface(e, to)) > 0 {
		l.r.add(e.Pos(), "MG2029", "%s becomes %s", types.TypeString(l.t.info.TypeOf(e), types.RelativeTo(l.fn.obj.Pkg())), to)
	}
}
