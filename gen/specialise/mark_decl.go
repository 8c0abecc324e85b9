package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
)

// object marks a package-level declaration of ours and what it is made of.
func (m *marker) object(o types.Object) {
	d := m.t.decls[o]
	if d == nil || m.decls[o] {
		return
	}
	m.decls[o] = true
	switch spec := d.spec.(type) {
	case *ast.TypeSpec:
		if s, ok := spec.Type.(*ast.StructType); ok {
			m.plainStruct(s)
			return
		}
		m.typeExpr(nil, spec.Type)
	case *ast.ValueSpec:
		m.valueSpec(d, spec, o)
	}
	m.wake(o)
}

// plainStruct marks the types of fields when the fields are live.
func (m *marker) plainStruct(s *ast.StructType) {
	for _, f := range s.Fields.List {
		for _, name := range f.Names {
			if v := m.t.varOf(name); v != nil {
				k := fieldKey{nil, v}
				m.when(m.fields[k], k, func() { m.typeExpr(nil, f.Type) })
			}
		}
		if len(f.Names) == 0 {
			m.typeExpr(nil, f.Type)
			m.embedded(f.Type)
		}
	}
}

// embedded marks an embedded field, which has no name of its own.
func (m *marker) embedded(typ ast.Expr) {
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	id, ok := typ.(*ast.Ident)
	if sel, isSel := typ.(*ast.SelectorExpr); isSel {
		id, ok = sel.Sel, true
	}
	if v, isVar := m.t.info.Defs[id].(*types.Var); ok && isVar {
		m.field(fieldKey{nil, v})
	}
}

// valueSpec marks what a constant or variable is made of. Where iota counts, the whole group stays: its lines number each other.
func (m *marker) valueSpec(d *declInfo, spec *ast.ValueSpec, o types.Object) {
	if countsLines(d.decl) {
		for _, s := range d.decl.Specs {
			s := s.(*ast.ValueSpec)
			for _, name := range s.Names {
				if obj := m.t.info.Defs[name]; obj != nil {
					m.decls[obj] = true
				}
			}
			m.valueParts(s)
		}
		return
	}
	// A spec with several names stays whole.
	for _, name := range spec.Names {
		if obj := m.t.info.Defs[name]; obj != nil && obj != o {
			m.decls[obj] = true
		}
	}
	m.valueParts(spec)
}

func (m *marker) valueParts(s *ast.ValueSpec) {
	if s.Type != nil {
		m.typeExpr(nil, s.Type)
	}
	for _, e := range s.Values {
		m.expr(nil, e)
	}
}

// countsLines reports whether a const declaration uses iota or repeats expressions.
func countsLines(d *ast.GenDecl) bool {
	if d.Tok != token.CONST {
		return false
	}
	found := false
	for _, s := range d.Specs {
		s := s.(*ast.ValueSpec)
		found = found || len(s.Values) == 0
		for _, e := range s.Values {
			ast.Inspect(e, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && id.Name == "iota" {
					found = true
				}
				return true
			})
		}
	}
	return found
}
