package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// tidied is what the cuts made superfluous in a function: stores that nothing reads since the branch between is gone, and temporaries that are only
// returned. Only statements that the cuts brought together are touched; what the author wrote side by side stays.
type tidied struct {
	dead   map[ast.Stmt]bool            // stores that are overwritten before anything reads them
	define map[*ast.AssignStmt]ast.Expr // assignments that now define their variable; the value is the declared type where it must be said
	ret    map[*ast.ReturnStmt]ast.Expr // returns of a temporary, with its value
	moved  map[*ast.ReturnStmt]ast.Stmt // and the statement that set it
	gone   map[ast.Stmt]bool
}

// tidyStores finds dead stores. It runs before marking, so that what only they need dies with them.
func (f *fold) tidyStores(i *funcInst) {
	i.tidy = tidied{
		dead: map[ast.Stmt]bool{}, define: map[*ast.AssignStmt]ast.Expr{}, ret: map[*ast.ReturnStmt]ast.Expr{},
		moved: map[*ast.ReturnStmt]ast.Stmt{}, gone: map[ast.Stmt]bool{},
	}
	everything := func(ast.Stmt) bool { return true }
	f.eachList(i, i.fn.decl.Body.List, everything, func(list []ast.Stmt) {
		for k, s := range list {
			v, typ, value := f.defines(s)
			if v == nil {
				continue
			}
			n := slices.IndexFunc(list[k+1:], func(s ast.Stmt) bool { return f.mentions(s, v) })
			if n < 0 {
				continue
			}
			next, ok := list[k+1+n].(*ast.AssignStmt)
			if !ok || next.Tok != token.ASSIGN || len(next.Lhs) != 1 || f.t.varOf(next.Lhs[0]) != v || f.mentions(next.Rhs[0], v) {
				continue
			}
			if i.fn.up[s] == i.fn.up[next] || isPlain(s) && slices.ContainsFunc(list[k+1:k+1+n], jumps) {
				continue
			}
			same := types.Identical(f.t.defaultType(next.Rhs[0]), v.Type())
			if !same && typ == nil && !isPlain(s) {
				continue
			}
			if value != nil && f.hasEffect(i, value) {
				i.res.diags.im = f.t.im
				i.res.diags.add(s.Pos(), "MG2106", "%s changes state, and its result is never used", f.t.files[f.t.im.fset.File(s.Pos())].text(value.Pos(), value.End()))
				continue
			}
			i.tidy.dead[s] = true
			if _, defines := i.tidy.define[asAssign(s)]; !defines && isPlain(s) {
				continue // an assignment before an assignment; the variable is declared elsewhere
			}
			if i.tidy.define[next] = nil; !same {
				i.tidy.define[next] = typ
			}
		}
	})
}

// eachList calls visit for every list of statements that the fold left, outer ones first.
func (f *fold) eachList(i *funcInst, list []ast.Stmt, keep func(ast.Stmt) bool, visit func([]ast.Stmt)) {
	flat := i.flat(list, keep)
	visit(flat)
	for _, s := range flat {
		switch s := s.(type) {
		case *ast.BlockStmt:
			f.eachList(i, s.List, keep, visit)
		case *ast.IfStmt:
			f.eachList(i, s.Body.List, keep, visit)
			if s.Else != nil {
				f.eachList(i, []ast.Stmt{s.Else}, keep, visit)
			}
		case *ast.ForStmt:
			f.eachList(i, s.Body.List, keep, visit)
		case *ast.RangeStmt:
			f.eachList(i, s.Body.List, keep, visit)
		case *ast.SwitchStmt:
			for _, c := range s.Body.List {
				if c := c.(*ast.CaseClause); i.res.reached[c] {
					f.eachList(i, c.Body, keep, visit)
				}
			}
		}
	}
}

// defines returns the one variable that a statement declares or sets, with its declared type and value.
func (f *fold) defines(s ast.Stmt) (v *types.Var, typ, value ast.Expr) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE && len(s.Lhs) == 1 {
			v, _ = f.t.info.Defs[s.Lhs[0].(*ast.Ident)].(*types.Var)
			return v, nil, s.Rhs[0]
		}
		if id, ok := s.Lhs[0].(*ast.Ident); ok && isPlain(s) && !f.stores(id) && id.Name != "_" {
			return f.t.varOf(id), nil, s.Rhs[0]
		}
	case *ast.DeclStmt:
		d := s.Decl.(*ast.GenDecl)
		if len(d.Specs) != 1 {
			return nil, nil, nil
		}
		if spec, ok := d.Specs[0].(*ast.ValueSpec); ok && d.Tok == token.VAR && len(spec.Names) == 1 {
			v, _ = f.t.info.Defs[spec.Names[0]].(*types.Var)
			if len(spec.Values) == 1 {
				value = spec.Values[0]
			}
			return v, spec.Type, value
		}
	}
	return nil, nil, nil
}

// jumps reports whether control may leave the list inside of s, to where a variable of an outer list is still seen.
func jumps(s ast.Stmt) bool {
	found := false
	ast.Inspect(s, func(n ast.Node) bool {
		_, branch := n.(*ast.BranchStmt)
		found = found || branch
		return !found
	})
	return found
}

// isPlain reports whether a statement is an assignment to one target, without declaring it.
func isPlain(s ast.Stmt) bool {
	a := asAssign(s)
	return a != nil && a.Tok == token.ASSIGN && len(a.Lhs) == 1
}

func asAssign(s ast.Stmt) *ast.AssignStmt {
	a, _ := s.(*ast.AssignStmt)
	return a
}

// mentions reports whether v occurs below n.
func (f *fold) mentions(n ast.Node, v *types.Var) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && f.t.info.ObjectOf(id) == v
		return !found
	})
	return found
}

// tidyReturns finds "x := e; return x" that the cuts brought together. It runs after marking; nothing dies by it.
func (f *fold) tidyReturns(i *funcInst, keep func(ast.Stmt) bool) {
	f.eachList(i, i.fn.decl.Body.List, keep, func(list []ast.Stmt) {
		for k := 0; k+1 < len(list); k++ {
			ret, ok := list[k+1].(*ast.ReturnStmt)
			set, isSet := list[k].(*ast.AssignStmt)
			if !ok || !isSet || len(ret.Results) != 1 || len(set.Lhs) != 1 || len(set.Rhs) != 1 || f.wereNeighbours(i, set, ret) {
				continue
			}
			if typ, ok := i.tidy.define[set]; !ok && set.Tok != token.DEFINE || typ != nil {
				continue
			}
			v := f.t.varOf(set.Lhs[0])
			if v == nil || f.t.varOf(ret.Results[0]) != v || f.uses(i, v, keep) != 2 {
				continue
			}
			if !types.Identical(f.t.defaultType(set.Rhs[0]), v.Type()) {
				continue
			}
			i.tidy.ret[ret], i.tidy.moved[ret], i.tidy.gone[set] = set.Rhs[0], set, true
		}
	})
}

// defaultType returns the type that e has by itself, where nothing asks for another: of a constant the default type, or nil where that is not plain.
func (t *Templates) defaultType(e ast.Expr) types.Type {
	if t.info.Types[e].Value == nil {
		return t.info.TypeOf(e)
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.BasicLit:
		switch e.Kind {
		case token.INT:
			return types.Typ[types.Int]
		case token.FLOAT:
			return types.Typ[types.Float64]
		case token.STRING:
			return types.Typ[types.String]
		}
	case *ast.Ident:
		if c, ok := t.info.Uses[e].(*types.Const); ok {
			return types.Default(c.Type())
		}
	}
	return types.Typ[types.Invalid]
}

// wereNeighbours reports whether b follows a directly in the template.
func (f *fold) wereNeighbours(i *funcInst, a, b ast.Stmt) bool {
	var list []ast.Stmt
	switch up := i.fn.up[a].(type) {
	case *ast.BlockStmt:
		list = up.List
	case *ast.CaseClause:
		list = up.Body
	default:
		list = i.fn.decl.Body.List
	}
	n := slices.Index(list, a)
	return n >= 0 && n+1 < len(list) && list[n+1] == b
}

// uses counts the occurrences of a variable in what is left of a function.
func (f *fold) uses(i *funcInst, v *types.Var, keep func(ast.Stmt) bool) int {
	count := 0
	var stack []bool
	ast.Inspect(i.fn.decl.Body, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		alive := len(stack) == 0 || stack[len(stack)-1]
		if s, ok := n.(ast.Stmt); ok && len(stack) > 0 {
			alive = alive && (isContainer(s) || i.res.reached[s] && keep(s))
		}
		stack = append(stack, alive)
		if id, ok := n.(*ast.Ident); ok && alive && f.t.info.ObjectOf(id) == v {
			count++
		}
		return true
	})
	return count
}
