package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// frag is a piece of output text, with what each of its identifiers must refer to, in order.
type frag struct {
	text strings.Builder
	ids  []want
}

// want is an identifier of the output and what it stands for: a key that equal objects share, or nil for blanks.
type want struct {
	name string
	key  any
}

// The keys of wants. Objects of other packages are their own keys.
type (
	localKey  struct{ i, o any }       // a local object of a function instance
	globalKey struct{ o, out any }     // a package-level object of ours
	memberKey struct{ o types.Object } // a field or method of ours: found by name
	importKey struct{ path string }    // an import
)

func (f *frag) str(s string) *frag {
	f.text.WriteString(s)
	return f
}

func (f *frag) id(name string, key any) *frag {
	f.text.WriteString(name)
	f.ids = append(f.ids, want{name, key})
	return f
}

func (f *frag) add(g *frag) *frag {
	f.text.WriteString(g.text.String())
	f.ids = append(f.ids, g.ids...)
	return f
}

func (f *frag) String() string { return f.text.String() }

// renderer prints what is left of one package's declarations.
type renderer struct {
	*marker
	inst    *funcInst
	file    *file
	imports map[string]bool
	subst   map[*types.Var]*frag // of an inlined call: the arguments
	wrap    map[*ast.Ident]bool  // and the parameters that need parentheses around theirs
	parts   []*output
	keep    bool // tags are kept (tests specialise output again)
}

// in returns a renderer for a function instance.
func (r *renderer) in(i *funcInst) *renderer {
	n := *r
	n.inst, n.subst, n.wrap = i, nil, nil
	if i != nil {
		n.file = i.fn.file
	}
	return &n
}

// alive reports whether a statement is printed.
func (r *renderer) alive(s ast.Stmt) bool {
	return r.stmts[stmtKey{r.inst, s}] && !r.inst.tidy.dead[s] && !r.inst.tidy.gone[s]
}

// raw is the source between two positions; there are no identifiers in it.
func (r *renderer) raw(from, to token.Pos) string { return r.file.text(from, to) }

// node prints the source of n with its identifiers renamed and its dead parts gone.
func (r *renderer) node(n ast.Node) *frag {
	out := &frag{}
	pos := n.Pos()
	ast.Inspect(n, func(x ast.Node) bool {
		if x == nil {
			return true
		}
		if _, ok := x.(*ast.CommentGroup); ok {
			return false
		}
		if f := r.special(x); f != nil {
			out.str(r.raw(pos, x.Pos()))
			out.add(f)
			pos = x.End()
			return false
		}
		return true
	})
	return out.str(r.raw(pos, n.End()))
}

// special prints the nodes that are more than their text; nil for all others.
func (r *renderer) special(n ast.Node) *frag {
	switch n := n.(type) {
	case *ast.Ident:
		return r.ident(n)
	case *ast.SelectorExpr:
		return r.selectorText(n)
	case *ast.CallExpr:
		return r.callText(n)
	case *ast.CompositeLit:
		return r.compositeText(n)
	}
	return nil
}

// ident prints an identifier under the name that its object has in the output.
func (r *renderer) ident(id *ast.Ident) *frag {
	f := &frag{}
	obj := r.t.info.ObjectOf(id)
	if v, ok := obj.(*types.Var); ok && r.subst[v] != nil {
		if r.wrap[id] {
			return f.str("(").add(r.subst[v]).str(")")
		}
		return r.subst[v]
	}
	if pkg, ok := obj.(*types.PkgName); ok {
		r.imports[pkg.Imported().Path()] = true
	}
	name, key := r.naming(obj, id)
	return f.id(name, key)
}

// naming returns the name and key of an object in the output.
func (r *renderer) naming(obj types.Object, at *ast.Ident) (string, any) {
	if obj == nil || at.Name == "_" {
		return at.Name, nil
	}
	switch o := obj.(type) {
	case *types.PkgName:
		return at.Name, importKey{o.Imported().Path()}
	case *types.Var:
		if o.IsField() {
			if o.Pkg() != nil && r.isOwn(o.Pkg()) {
				return at.Name, memberKey{o}
			}
			return at.Name, obj
		}
	case *types.Func:
		if o.Signature().Recv() != nil {
			if r.t.funcs[o] != nil || o.Pkg() != nil && r.isOwn(o.Pkg()) {
				return at.Name, memberKey{o}
			}
			return at.Name, obj
		}
	}
	switch {
	case obj.Pkg() == nil || !r.isOwn(obj.Pkg()):
		return at.Name, obj
	case obj.Parent() == obj.Pkg().Scope():
		return r.globalName(obj, at)
	}
	return at.Name, localKey{r.inst, obj}
}

// globalName returns the name of a package-level object of ours.
func (r *renderer) globalName(obj types.Object, at *ast.Ident) (string, any) {
	switch o := obj.(type) {
	case *types.TypeName:
		if s := r.t.structs[o]; s != nil {
			if r.inst != nil && r.inst.out != nil && r.inst.out.info == s {
				return r.inst.out.name, globalKey{o, r.inst.out}
			}
			outs := r.liveOuts(s)
			if len(outs) > 1 {
				r.r.add(at.Pos(), "MG2111", "%s stands for both %s and %s here", s.name(), outs[0].name, outs[1].name)
			}
			if len(outs) > 0 {
				return outs[0].name, globalKey{o, outs[0]}
			}
		}
		return r.t.plainName(o), globalKey{o, nil}
	case *types.Func:
		if fn := r.t.funcs[o]; fn != nil {
			return fn.as, globalKey{o, nil}
		}
	}
	return obj.Name(), globalKey{obj, nil}
}

// liveOuts returns the output types of a struct that are printed.
func (r *renderer) liveOuts(s *structInfo) []*outType {
	var list []*outType
	for _, o := range r.byInfo[s] {
		if r.outs[o] {
			list = append(list, o)
		}
	}
	return list
}

// plainName is the name of a type that is no parameter struct: its own, or what its as directive says.
func (t *Templates) plainName(o *types.TypeName) string {
	if d := t.decls[o]; d != nil {
		if as, ok := directive(directives(docOf(d.decl, d.spec.(*ast.TypeSpec))), "as"); ok {
			return as
		}
	}
	return o.Name()
}
