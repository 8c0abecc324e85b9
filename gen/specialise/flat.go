package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
)

// flat returns what stands in a list of statements after the fold: what nothing reaches is gone, and decided ifs, elses and switches are replaced by
// what is left of them. keep drops statements that are dead.
func (i *funcInst) flat(list []ast.Stmt, keep func(ast.Stmt) bool) []ast.Stmt {
	var out []ast.Stmt
	for _, s := range list {
		if !i.res.reached[s] || !keep(s) {
			continue
		}
		if inner, ok := i.unwrapped(s); ok {
			out = append(out, i.flat(inner, keep)...)
			continue
		}
		out = append(out, s)
	}
	return out
}

// unwrapped returns the statements that replace a decided if or switch.
func (i *funcInst) unwrapped(s ast.Stmt) ([]ast.Stmt, bool) {
	switch s := s.(type) {
	case *ast.IfStmt:
		v, ok := i.res.verdict(s.Cond)
		switch {
		case !ok:
			return nil, false
		case bool(v):
			return s.Body.List, true
		case s.Else == nil:
			return nil, true
		}
		if b, ok := s.Else.(*ast.BlockStmt); ok {
			return b.List, true
		}
		return []ast.Stmt{s.Else}, true
	case *ast.SwitchStmt:
		if c, ok := i.onlyClause(s); ok {
			if c == nil {
				return nil, true
			}
			return c.Body, true
		}
	}
	return nil, false
}

// onlyClause returns the one case that is left of a decided switch, nil when none is; ok is false for a switch that stays.
func (i *funcInst) onlyClause(s *ast.SwitchStmt) (*ast.CaseClause, bool) {
	gone := 0
	for _, c := range s.Body.List {
		c := c.(*ast.CaseClause)
		f, known := i.res.clauses[c]
		switch {
		case known && f == clauseAll:
			return c, true
		case known && f == clauseGone:
			gone++
		}
	}
	return nil, gone == len(s.Body.List)
}

// terminates reports whether control never leaves the end of a list of statements, by Go's rules for what is left of it.
func (i *funcInst) terminates(t *Templates, list []ast.Stmt, keep func(ast.Stmt) bool) bool {
	flat := i.flat(list, keep)
	if len(flat) == 0 {
		return false
	}
	switch s := flat[len(flat)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok != token.FALLTHROUGH
	case *ast.ExprStmt:
		return t.panics(s)
	case *ast.BlockStmt:
		return i.terminates(t, s.List, keep)
	case *ast.IfStmt:
		return s.Else != nil && i.terminates(t, s.Body.List, keep) && i.terminates(t, []ast.Stmt{s.Else}, keep)
	case *ast.SwitchStmt:
		hasDefault := false
		for _, c := range s.Body.List {
			c := c.(*ast.CaseClause)
			f := i.res.clauses[c]
			if f == clauseGone {
				continue
			}
			hasDefault = hasDefault || c.List == nil || f == clauseDefault
			if !i.terminates(t, c.Body, keep) {
				return false
			}
		}
		return hasDefault && !breaks(s)
	case *ast.ForStmt:
		return s.Cond == nil
	}
	return false
}

// clashes finds names that would change their meaning when the statements of a decided branch move into the list around it: the first such
// identifier, or nil.
func (f *fold) clashes(i *funcInst, s ast.Stmt) (*ast.Ident, types.Object) {
	inner, ok := i.unwrapped(s)
	if !ok || len(inner) == 0 {
		return nil, nil
	}
	around := f.enclosing(i, s)
	if around == nil {
		return nil, nil
	}
	for _, o := range f.declared(i, inner) {
		var hit *ast.Ident
		ast.Inspect(i.fn.decl, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok || hit != nil || id.Name != o.Name() {
				return hit == nil
			}
			other := f.t.info.ObjectOf(id)
			if other == nil || other == o || other.Parent() == nil {
				return true
			}
			if other.Parent().Contains(around.Pos()) || f.movesTo(i, other, around) {
				hit = id
			}
			return hit == nil
		})
		if hit != nil {
			return hit, o
		}
	}
	return nil, nil
}

// declared returns the objects that a list of statements declares in its own scope, after the fold.
func (f *fold) declared(i *funcInst, list []ast.Stmt) []types.Object {
	var objs []types.Object
	add := func(id *ast.Ident) {
		if o := f.t.info.Defs[id]; o != nil {
			objs = append(objs, o)
		}
	}
	for _, s := range i.flat(list, func(ast.Stmt) bool { return true }) {
		switch s := s.(type) {
		case *ast.AssignStmt:
			for _, e := range s.Lhs {
				if id, ok := e.(*ast.Ident); ok {
					add(id)
				}
			}
		case *ast.DeclStmt:
			for _, spec := range s.Decl.(*ast.GenDecl).Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for _, id := range v.Names {
						add(id)
					}
				}
			}
		}
	}
	return objs
}

// enclosing returns the statement whose list a statement ends up in: the nearest one around it that is not itself unwrapped.
func (f *fold) enclosing(i *funcInst, s ast.Stmt) ast.Stmt {
	for up := i.fn.up[s]; up != nil; up = i.fn.up[up] {
		if outer := i.fn.up[up]; outer != nil {
			if _, ok := i.unwrapped(outer); ok {
				continue
			}
		}
		switch up.(type) {
		case *ast.BlockStmt, *ast.CaseClause:
			if outer := i.fn.up[up]; outer != nil {
				if _, ok := outer.(*ast.BlockStmt); ok {
					if _, isSwitch := i.fn.up[outer].(*ast.SwitchStmt); isSwitch {
						if _, ok := i.unwrapped(i.fn.up[outer]); ok {
							continue
						}
					}
				}
			}
			return up
		}
	}
	return i.fn.decl.Body
}

// movesTo reports whether a local object's declaration ends up directly in the list of a statement.
func (f *fold) movesTo(i *funcInst, o types.Object, around ast.Stmt) bool {
	var list []ast.Stmt
	switch s := around.(type) {
	case *ast.BlockStmt:
		list = s.List
	case *ast.CaseClause:
		list = s.Body
	}
	for _, d := range f.declared(i, list) {
		if d == o {
			return true
		}
	}
	return false
}
