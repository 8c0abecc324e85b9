package specialise

import (
	"go/ast"
	"go/types"
	"slices"
)

// names checks that no cut, move or renaming can change what a name refers to.
func (l *linter) names() {
	outputs := l.t.outputNames()
	imports := map[string]bool{}
	for _, p := range l.t.packages {
		for _, f := range p.files {
			for _, s := range f.ast.Imports {
				if obj, ok := l.t.info.Implicits[s].(*types.PkgName); ok {
					imports[obj.Name()] = true
				}
			}
		}
	}
	ast.Inspect(l.fn.decl, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		obj := l.t.info.Defs[id]
		if obj == nil || id.Name == "_" || obj.Parent() == nil || obj.Parent() == l.fn.obj.Pkg().Scope() {
			return true
		}
		switch {
		case imports[id.Name]:
			l.r.add(id.Pos(), "MG2012", "%s hides the import of that name", id.Name)
		case l.fn.obj.Pkg().Scope().Lookup(id.Name) != nil:
			l.r.add(id.Pos(), "MG2012", "%s hides the package's %s", id.Name, id.Name)
		case outputs[id.Name]:
			l.r.add(id.Pos(), "MG2012", "%s hides the name that a block's declaration gets in generated packages", id.Name)
		case types.Universe.Lookup(id.Name) != nil:
			l.r.add(id.Pos(), "MG2012", "%s hides the predeclared %s", id.Name, id.Name)
		}
		return true
	})
	l.branches()
}

// outputNames returns the package-level names that declarations of blocks get in generated packages.
func (t *Templates) outputNames() map[string]bool {
	names := map[string]bool{}
	for _, fn := range t.funcs {
		if fn.obj.Signature().Recv() == nil {
			names[fn.as] = true
		}
	}
	for _, f := range t.fields {
		if f.spec.As != "" {
			names[f.spec.As] = true
		}
	}
	for obj := range t.decls {
		if o, ok := obj.(*types.TypeName); ok {
			names[t.plainName(o)] = true
		} else {
			names[obj.Name()] = true
		}
	}
	return names
}

// branches wants names that are declared in a branch over traits to be unique in the function, but for branches that exclude each other.
func (l *linter) branches() {
	l.eachNode(func(n ast.Node, around []ast.Node) {
		var lists [][]ast.Stmt
		switch n := n.(type) {
		case *ast.IfStmt:
			if !l.asks(n.Cond) {
				return
			}
			lists = append(lists, n.Body.List)
			if b, ok := n.Else.(*ast.BlockStmt); ok {
				lists = append(lists, b.List)
			}
		case *ast.SwitchStmt:
			if !l.isTraitSwitch(n) {
				return
			}
			for _, c := range n.Body.List {
				lists = append(lists, c.(*ast.CaseClause).Body)
			}
		}
		for _, list := range lists {
			for _, o := range l.declaredIn(list) {
				l.unique(o, list, chainOf(n, around))
			}
		}
	})
}

// chainOf returns the outermost if of an else-if chain, or n.
func chainOf(n ast.Node, around []ast.Node) ast.Node {
	for i := len(around) - 1; i >= 0; i-- {
		up, ok := around[i].(*ast.IfStmt)
		if !ok || up.Else != n {
			break
		}
		n = up
	}
	return n
}

// declaredIn returns the objects that a list declares in its own scope.
func (l *linter) declaredIn(list []ast.Stmt) []types.Object {
	var objs []types.Object
	for _, s := range list {
		var ids []ast.Expr
		switch s := s.(type) {
		case *ast.AssignStmt:
			ids = s.Lhs
		case *ast.DeclStmt:
			for _, spec := range s.Decl.(*ast.GenDecl).Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for _, id := range v.Names {
						ids = append(ids, id)
					}
				}
			}
		}
		for _, e := range ids {
			if id, ok := e.(*ast.Ident); ok && l.t.info.Defs[id] != nil {
				objs = append(objs, l.t.info.Defs[id])
			}
		}
	}
	return objs
}

// unique reports an object of a branch whose name means something else outside of the chain.
func (l *linter) unique(o types.Object, list []ast.Stmt, chain ast.Node) {
	within := func(n ast.Node) bool {
		return slices.ContainsFunc(list, func(s ast.Stmt) bool { return n.Pos() >= s.Pos() && n.End() <= s.End() })
	}
	done := false
	ast.Inspect(l.fn.decl, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok || done || id.Name != o.Name() {
			return !done
		}
		other := l.t.info.ObjectOf(id)
		if other == nil || other == o || other.Parent() == nil {
			return true
		}
		if !within(id) && id.Pos() >= chain.Pos() && id.End() <= chain.End() {
			return true
		}
		l.r.add(o.Pos(), "MG2013", "%s is also declared or used at %s", o.Name(), l.t.im.at(id.Pos()))
		done = true
		return false
	})
}
