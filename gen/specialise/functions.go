package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// funcInfo is a function or method of a template or block, with what the walks ask of it again and again.
type funcInfo struct {
	obj     *types.Func
	decl    *ast.FuncDecl
	file    *file
	recv    *structInfo     // the parameter struct whose method it is
	plain   *types.TypeName // or the other type
	self    *types.Var      // the receiver; nil when it has no name
	params  []*types.Var
	traits  map[*types.Var]bool // declared trait parameters
	as      string              // the name in generated packages
	verdict ast.Expr            // the returned condition of a single-return predicate, which callers look through
	assigns map[*types.Var]int  // how often a local variable is set
	setTo   map[*types.Var]ast.Expr
	ranges  map[*types.Var]bool   // range variables
	used    map[*types.Var]bool   // variables that the template's own body reads
	up      map[ast.Stmt]ast.Stmt // the statement around a statement
}

// collectFunc indexes one function.
func (t *Templates) collectFunc(r *report, f *file, d *ast.FuncDecl) {
	obj, ok := t.info.Defs[d.Name].(*types.Func)
	if !ok || d.Body == nil {
		return
	}
	fn := &funcInfo{
		obj: obj, decl: d, file: f, traits: map[*types.Var]bool{}, as: d.Name.Name, assigns: map[*types.Var]int{},
		setTo: map[*types.Var]ast.Expr{}, ranges: map[*types.Var]bool{}, used: map[*types.Var]bool{}, up: map[ast.Stmt]ast.Stmt{},
	}
	t.funcs[obj] = fn
	sig := obj.Signature()
	if recv := sig.Recv(); recv != nil {
		typ := recv.Type()
		if p, ok := typ.(*types.Pointer); ok {
			typ = p.Elem()
		}
		if named, ok := types.Unalias(typ).(*types.Named); ok {
			if fn.recv = t.structs[named.Obj()]; fn.recv == nil {
				fn.plain = named.Obj()
			}
		}
		if names := d.Recv.List[0].Names; len(names) == 1 {
			fn.self, _ = t.info.Defs[names[0]].(*types.Var)
		}
	}
	for v := range sig.Params().Variables() {
		fn.params = append(fn.params, v)
	}
	t.readDirectives(r, fn)
	t.indexBody(fn)
	if len(d.Body.List) == 1 && sig.Results().Len() == 1 && sig.Results().At(0).Type() == types.Typ[types.Bool] {
		if ret, ok := d.Body.List[0].(*ast.ReturnStmt); ok && len(ret.Results) == 1 {
			fn.verdict = ret.Results[0]
		}
	}
}

// readDirectives reads as and trait of a function's doc comment.
func (t *Templates) readDirectives(r *report, fn *funcInfo) {
	for _, d := range t.marks[fn.obj] {
		key, arg, _ := strings.Cut(d, " ")
		switch key {
		case "as":
			if !token.IsIdentifier(arg) || fn.obj.Signature().Recv() != nil {
				r.add(fn.decl.Pos(), "MG2033", "as needs a function and an identifier, not %q", arg)
				continue
			}
			fn.as = arg
		case "trait":
			for name := range strings.FieldsFuncSeq(arg, func(c rune) bool { return c == ' ' || c == ',' }) {
				i := slices.IndexFunc(fn.params, func(v *types.Var) bool { return v.Name() == name })
				if i < 0 || !isTraitType(fn.params[i].Type()) {
					r.add(fn.decl.Pos(), "MG2033", "%s has no bool, string or number parameter %q", fn.decl.Name.Name, name)
					continue
				}
				fn.traits[fn.params[i]] = true
			}
		case "effect":
			r.add(fn.decl.Pos(), "MG2033", "effects are declared by the runtime, not by templates")
		default:
			r.add(fn.decl.Pos(), "MG2033", "unknown directive %q of a function", key)
		}
	}
}

// indexBody notes who encloses whom, what is assigned and what is read.
func (t *Templates) indexBody(fn *funcInfo) {
	var stack []ast.Stmt
	ast.Inspect(fn.decl.Body, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		s, ok := n.(ast.Stmt)
		if !ok {
			// Keep the stack in step with Inspect's closing calls.
			if len(stack) > 0 {
				s = stack[len(stack)-1]
			}
			stack = append(stack, s)
			return true
		}
		if len(stack) > 0 {
			fn.up[s] = stack[len(stack)-1]
		}
		stack = append(stack, s)
		switch s := s.(type) {
		case *ast.AssignStmt:
			for i, lhs := range s.Lhs {
				var rhs ast.Expr
				if len(s.Rhs) == len(s.Lhs) {
					rhs = s.Rhs[i]
				}
				if id, ok := lhs.(*ast.Ident); !ok || t.info.Defs[id] == nil {
					fn.set(t.varOf(lhs), nil) // a later assignment: what the variable denotes is not known
				}
				fn.set(t.varOf(lhs), rhs)
			}
		case *ast.IncDecStmt:
			fn.set(t.varOf(s.X), nil)
		case *ast.RangeStmt:
			fn.set(t.varOf(s.Key), nil)
			fn.set(t.varOf(s.Value), nil)
			fn.ranges[t.varOf(s.Value)] = s.Tok == token.DEFINE
		case *ast.DeclStmt:
			for _, spec := range s.Decl.(*ast.GenDecl).Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for i, name := range v.Names {
						if len(v.Values) == len(v.Names) {
							fn.set(t.varOf(name), v.Values[i])
						} else if len(v.Values) > 0 {
							fn.set(t.varOf(name), nil)
						}
					}
				}
			}
		}
		return true
	})
	t.eachRead(fn.decl.Body, func(id *ast.Ident, v *types.Var) { fn.used[v] = true })
}

func (fn *funcInfo) set(v *types.Var, rhs ast.Expr) {
	if v != nil {
		fn.assigns[v]++
		fn.setTo[v] = rhs
	}
}

// varOf returns the variable that an identifier (in any number of parentheses) denotes or defines.
func (t *Templates) varOf(e ast.Expr) *types.Var {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok || e == nil {
		return nil
	}
	v, _ := t.info.ObjectOf(id).(*types.Var)
	return v
}

// eachRead calls f for every identifier below n that reads a variable (not for the targets of plain assignments).
func (t *Templates) eachRead(n ast.Node, f func(*ast.Ident, *types.Var)) {
	targets := map[*ast.Ident]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.ASSIGN || n.Tok == token.DEFINE {
				for _, lhs := range n.Lhs {
					if id, ok := ast.Unparen(lhs).(*ast.Ident); ok {
						targets[id] = true
					}
				}
			}
		case *ast.Ident:
			if v, ok := t.info.Uses[n].(*types.Var); ok && !targets[n] {
				f(n, v)
			}
		}
		return true
	})
}

// callee returns the function or method that a call invokes: a declared one, or nil for conversions, builtins and function values.
func (t *Templates) callee(call *ast.CallExpr) *types.Func {
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		fn, _ := t.info.Uses[f].(*types.Func)
		return fn
	case *ast.SelectorExpr:
		fn, _ := t.info.Uses[f.Sel].(*types.Func)
		return fn
	}
	return nil
}

// builtin returns the name of the builtin that a call invokes, or "".
func (t *Templates) builtin(call *ast.CallExpr) string {
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok {
		if b, ok := t.info.Uses[id].(*types.Builtin); ok {
			return b.Name()
		}
	}
	return ""
}

// fieldOf returns the tagged field that a selector selects, or nil.
func (t *Templates) fieldOf(e ast.Expr) *fieldInfo {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	v, ok := t.info.Uses[sel.Sel].(*types.Var)
	if !ok {
		return nil
	}
	return t.fields[v]
}
