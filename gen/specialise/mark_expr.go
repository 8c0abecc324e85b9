package specialise

import (
	"go/ast"
	"go/types"
)

// expr marks everything that evaluating e needs. i is nil for package-level initialisers.
func (m *marker) expr(i *funcInst, e ast.Expr) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			m.call(i, n)
			return false
		case *ast.SelectorExpr:
			m.selector(i, n)
			return false
		case *ast.CompositeLit:
			m.composite(i, n)
			return false
		case *ast.Ident:
			m.ident(i, n)
		}
		return true
	})
}

func (m *marker) exprs(i *funcInst, list ...ast.Expr) {
	for _, e := range list {
		if e != nil {
			m.expr(i, e)
		}
	}
}

// typeExpr marks the types that a type expression names.
func (m *marker) typeExpr(i *funcInst, e ast.Expr) { m.expr(i, e) }

// cond marks what is left of a condition.
func (m *marker) cond(i *funcInst, e ast.Expr) {
	if _, decided := i.res.verdict(e); decided {
		return
	}
	switch x := e.(type) {
	case *ast.ParenExpr:
		m.cond(i, x.X)
	case *ast.UnaryExpr:
		m.cond(i, x.X)
	case *ast.BinaryExpr:
		if x.Op.String() == "&&" || x.Op.String() == "||" {
			m.cond(i, x.X)
			m.cond(i, x.Y)
			return
		}
		m.expr(i, e)
	default:
		m.expr(i, e)
	}
}

// ident marks what an identifier refers to.
func (m *marker) ident(i *funcInst, id *ast.Ident) {
	obj := m.t.info.Uses[id]
	switch o := obj.(type) {
	case *types.Var:
		if o.IsField() {
			return
		}
		if m.t.decls[o] != nil {
			m.object(o)
			return
		}
		if i != nil {
			m.variable(i, o)
		}
	case *types.Const:
		m.object(o)
	case *types.TypeName:
		m.typeName(o)
	}
}

// typeName marks a named type of ours.
func (m *marker) typeName(o *types.TypeName) {
	if s := m.t.structs[o]; s != nil {
		for _, out := range m.byInfo[s] {
			m.out(out)
		}
		return
	}
	m.object(o)
}

// selector marks x.f: the field, and x.
func (m *marker) selector(i *funcInst, e *ast.SelectorExpr) {
	switch o := m.t.info.Uses[e.Sel].(type) {
	case *types.Var:
		if f := m.t.fields[o]; f != nil {
			if i != nil {
				for _, out := range i.res.outs[e] {
					m.field(fieldKey{out, o})
				}
			}
		} else if o.IsField() {
			m.field(fieldKey{nil, o.Origin()})
		} else {
			m.object(o)
		}
	case *types.Const:
		m.object(o)
	case *types.TypeName:
		m.typeName(o)
	}
	if id, ok := e.X.(*ast.Ident); ok {
		if _, isImport := m.t.info.Uses[id].(*types.PkgName); isImport {
			return
		}
	}
	m.promoted(e)
	m.expr(i, e.X)
}

// promoted marks the embedded fields on the way to a promoted one. The linter refuses embedding; this keeps the result right in any case.
func (m *marker) promoted(e *ast.SelectorExpr) {
	sel := m.t.info.Selections[e]
	if sel == nil || len(sel.Index()) < 2 {
		return
	}
	typ := sel.Recv()
	for _, n := range sel.Index()[:len(sel.Index())-1] {
		s, ok := deref(typ.Underlying()).Underlying().(*types.Struct)
		if !ok {
			return
		}
		m.field(fieldKey{nil, s.Field(n)})
		typ = s.Field(n).Type()
	}
}

// call marks a call: arguments for parameters of our functions wait until the parameter is live.
func (m *marker) call(i *funcInst, e *ast.CallExpr) {
	var info *callInfo
	if i != nil {
		info = i.res.calls[e]
	}
	if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok {
		m.selector(i, sel)
	} else {
		m.expr(i, e.Fun)
	}
	for n, arg := range e.Args {
		for _, method := range m.t.throughInterface(arg, m.t.paramType(e, n)) {
			for _, other := range m.list {
				if other.fn == method {
					m.inst(other)
				}
			}
		}
	}
	switch {
	case info == nil:
		m.exprs(i, e.Args...)
		return
	case info.inline != nil:
		m.inlined(i, e, info.inline)
		return
	}
	m.inst(info.target)
	for n, arg := range e.Args {
		params := info.target.fn.params
		if n >= len(params) {
			n = len(params) - 1 // variadic
		}
		k := varKey{info.target, params[n]}
		m.when(m.vars[k], k, func() { m.expr(i, arg) })
	}
}

// inlined marks what the expression that replaces a call needs.
func (m *marker) inlined(i *funcInst, e *ast.CallExpr, in *inlined) {
	for n, p := range in.inst.fn.params {
		k := varKey{in.inst, p}
		m.when(m.vars[k], k, func() { m.expr(i, e.Args[n]) })
	}
	m.insts[in.inst] = true
	m.expr(in.inst, in.ret)
}

// composite marks a literal. Keys of our plain structs wait until the field is live.
func (m *marker) composite(i *funcInst, lit *ast.CompositeLit) {
	if lit.Type != nil {
		m.typeExpr(i, lit.Type)
	}
	typ := m.t.info.TypeOf(lit)
	_, isStruct := typ.Underlying().(*types.Struct)
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		switch {
		case !ok:
			m.positional(lit)
			m.expr(i, e)
		case !isStruct:
			m.exprs(i, kv.Key, kv.Value)
		case i != nil && i.res.dropped[kv]:
		default:
			v, _ := m.t.info.Uses[kv.Key.(*ast.Ident)].(*types.Var)
			if v == nil || !m.isOwn(v.Pkg()) {
				m.expr(i, kv.Value)
				continue
			}
			k := fieldKey{nil, v}
			m.when(m.fields[k], k, func() { m.expr(i, kv.Value) })
		}
	}
}

// positional marks all fields of a struct whose literal names none.
func (m *marker) positional(lit *ast.CompositeLit) {
	if s, ok := m.t.info.TypeOf(lit).Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			m.field(fieldKey{nil, f})
		}
	}
}
