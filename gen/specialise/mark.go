package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// marker finds what is live: aggressive dead-code elimination over statements and objects in one pass. Everything is dead until something live needs
// it. Assignments, literal keys and arguments are conditional edges: they are followed when their variable, field or parameter becomes live.
type marker struct {
	*fold
	insts  map[*funcInst]bool
	order  []*funcInst
	stmts  map[stmtKey]bool
	vars   map[varKey]bool
	fields map[fieldKey]bool
	outs   map[*outType]bool
	decls  map[types.Object]bool
	wait   map[any][]func()
	work   []func()
}

type stmtKey struct {
	i *funcInst
	s ast.Stmt
}

type varKey struct {
	i *funcInst
	v *types.Var
}

// fieldKey is a field of an output type, or of a plain struct (out nil).
type fieldKey struct {
	out *outType
	v   *types.Var
}

func newMarker(f *fold) *marker {
	return &marker{
		fold: f, insts: map[*funcInst]bool{}, stmts: map[stmtKey]bool{}, vars: map[varKey]bool{}, fields: map[fieldKey]bool{},
		outs: map[*outType]bool{}, decls: map[types.Object]bool{}, wait: map[any][]func(){},
	}
}

// run marks from the roots.
func (m *marker) run() {
	m.out(m.root.out)
	for _, i := range m.list {
		if i.frozen && i.out == m.root.out {
			m.inst(i)
		}
	}
	for len(m.work) > 0 {
		next := m.work[len(m.work)-1]
		m.work = m.work[:len(m.work)-1]
		next()
	}
}

// when runs f once key is live.
func (m *marker) when(live bool, key any, f func()) {
	if live {
		f()
		return
	}
	m.wait[key] = append(m.wait[key], f)
}

// wake runs what waited for key.
func (m *marker) wake(key any) {
	m.work = append(m.work, m.wait[key]...)
	delete(m.wait, key)
}

// inst marks a function and what is live in it by itself.
func (m *marker) inst(i *funcInst) {
	if m.insts[i] {
		return
	}
	m.insts[i] = true
	m.order = append(m.order, i)
	m.signature(i)
	for _, s := range i.statements() {
		if m.intrinsic(i, s) {
			m.stmt(i, s)
		}
	}
}

// statements returns the reached statements in source order.
func (i *funcInst) statements() []ast.Stmt {
	var list []ast.Stmt
	ast.Inspect(i.fn.decl.Body, func(n ast.Node) bool {
		if s, ok := n.(ast.Stmt); ok && i.res.reached[s] {
			list = append(list, s)
		}
		return true
	})
	return list
}

// signature marks the receiver's type, the results, and the parameters that must stay: those of a given signature, and those that the template's own
// body does not read either.
func (m *marker) signature(i *funcInst) {
	if i.out != nil {
		m.out(i.out)
	}
	d := i.fn.decl
	if d.Recv != nil && i.out == nil {
		m.typeExpr(i, d.Recv.List[0].Type)
	}
	if d.Type.Results != nil {
		for _, f := range d.Type.Results.List {
			m.typeExpr(i, f.Type)
			for _, name := range f.Names {
				if v := m.t.varOf(name); v != nil {
					m.variable(i, v)
				}
			}
		}
	}
	for _, v := range i.fn.params {
		if i.frozen || !i.fn.used[v] || v.Name() == "_" || v.Name() == "" {
			m.variable(i, v)
		}
	}
}

// intrinsic reports whether a statement is live whenever its function is.
func (m *marker) intrinsic(i *funcInst, s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.ExprStmt:
		return m.t.panics(s) || m.hasEffect(i, s.X)
	case *ast.AssignStmt:
		blank := true
		for _, e := range s.Lhs {
			if m.stores(e) {
				return true
			}
			id, ok := e.(*ast.Ident)
			blank = blank && ok && id.Name == "_"
		}
		return blank
	case *ast.IncDecStmt:
		return m.stores(s.X)
	case *ast.IfStmt, *ast.SwitchStmt, *ast.ForStmt, *ast.RangeStmt:
		return m.stmtHasEffect(i, s)
	case *ast.BlockStmt, *ast.BranchStmt, *ast.CaseClause, *ast.DeclStmt, *ast.EmptyStmt:
		return false
	}
	return true
}

// stmt marks a statement, those around it, and what it needs.
func (m *marker) stmt(i *funcInst, s ast.Stmt) {
	k := stmtKey{i, s}
	if m.stmts[k] || !i.res.reached[s] && !isContainer(s) {
		return
	}
	m.stmts[k] = true
	if up := i.fn.up[s]; up != nil {
		m.stmt(i, up)
	}
	switch s := s.(type) {
	case *ast.ReturnStmt:
		for _, e := range s.Results {
			m.cond(i, e)
		}
	case *ast.ExprStmt:
		m.expr(i, s.X)
	case *ast.AssignStmt:
		m.assign(i, s)
	case *ast.IncDecStmt:
		m.expr(i, s.X)
	case *ast.IfStmt:
		if _, decided := i.res.verdict(s.Cond); !decided {
			m.cond(i, s.Cond)
		}
	case *ast.SwitchStmt:
		m.switchStmt(i, s)
	case *ast.ForStmt:
		if s.Cond != nil {
			m.expr(i, s.Cond)
		}
		m.jumps(i, s)
	case *ast.RangeStmt:
		m.expr(i, s.X)
		if s.Tok == token.ASSIGN {
			m.exprs(i, s.Key, s.Value)
		}
		m.jumps(i, s)
	case *ast.BlockStmt, *ast.CaseClause, *ast.BranchStmt, *ast.DeclStmt, *ast.EmptyStmt:
	default:
		// Outside of the subset: all of it stays.
		ast.Inspect(s, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				m.expr(i, e)
				return false
			}
			if inner, ok := n.(ast.Stmt); ok {
				m.stmt(i, inner)
			}
			return true
		})
	}
}

// isContainer reports whether s is reached through its parts only.
func isContainer(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.BlockStmt, *ast.CaseClause:
		return true
	}
	return false
}

func (m *marker) switchStmt(i *funcInst, s *ast.SwitchStmt) {
	if _, gone := i.onlyClause(s); gone {
		return
	}
	if s.Tag != nil {
		m.expr(i, s.Tag)
	}
	for _, c := range s.Body.List {
		c := c.(*ast.CaseClause)
		if f := i.res.clauses[c]; f == clauseGone || f == clauseDefault {
			continue
		}
		for _, e := range c.List {
			if v, ok := i.res.verdict(e); !ok || bool(v) {
				m.cond(i, e)
			}
		}
	}
	m.jumps(i, s)
}

// jumps marks the breaks and continues that a live loop or switch is the target of: without them it would run differently.
func (m *marker) jumps(i *funcInst, s ast.Stmt) {
	ast.Inspect(s, func(n ast.Node) bool {
		if b, ok := n.(*ast.BranchStmt); ok && i.res.reached[b] && i.target(b) == s {
			m.stmt(i, b)
		}
		return true
	})
}

// target returns the loop or switch that a break or continue is about.
func (i *funcInst) target(b *ast.BranchStmt) ast.Stmt {
	for up := i.fn.up[b]; up != nil; up = i.fn.up[up] {
		switch up.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return up
		case *ast.SwitchStmt:
			if b.Tok != token.CONTINUE {
				return up
			}
		}
	}
	return nil
}

// assign marks what an assignment needs that is live by itself. What its variables need is marked with them.
func (m *marker) assign(i *funcInst, s *ast.AssignStmt) {
	for n, lhs := range s.Lhs {
		if id, ok := lhs.(*ast.Ident); ok && id.Name != "_" && !m.stores(lhs) {
			continue
		}
		m.expr(i, lhs)
		m.expr(i, rhsOf(s, n))
	}
}

// rhsOf returns the expression that sets the n-th target.
func rhsOf(s *ast.AssignStmt, n int) ast.Expr {
	if len(s.Rhs) == len(s.Lhs) {
		return s.Rhs[n]
	}
	return s.Rhs[0]
}

// variable marks a local variable or parameter: its assignments become live, or the arguments for it.
func (m *marker) variable(i *funcInst, v *types.Var) {
	k := varKey{i, v}
	if m.vars[k] {
		return
	}
	m.vars[k] = true
	if slices.Contains(i.fn.params, v) {
		m.paramType(i, v)
	}
	m.wake(k)
	for _, s := range i.statements() {
		if i.tidy.dead[s] {
			continue
		}
		switch s := s.(type) {
		case *ast.AssignStmt:
			for n, lhs := range s.Lhs {
				if m.baseOf(lhs) == v {
					m.part(lhs, func() {
						m.stmt(i, s)
						m.expr(i, rhsOf(s, n))
						if _, plain := lhs.(*ast.Ident); !plain {
							m.expr(i, lhs)
						}
					})
				}
			}
		case *ast.IncDecStmt:
			if m.baseOf(s.X) == v {
				m.stmt(i, s)
			}
		case *ast.DeclStmt:
			m.declStmt(i, s, v)
		case *ast.RangeStmt:
			if m.t.varOf(s.Key) == v || m.t.varOf(s.Value) == v {
				m.stmt(i, s)
			}
		}
	}
}

// part runs f once the field of a plain struct that lhs is, if it is one, is live.
func (m *marker) part(lhs ast.Expr, f func()) {
	if k, ok := m.plainField(lhs); ok {
		m.when(m.fields[k], k, f)
		return
	}
	f()
}

// plainField returns the field of a plain struct of ours that a selector selects.
func (m *marker) plainField(e ast.Expr) (fieldKey, bool) {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return fieldKey{}, false
	}
	v, ok := m.t.info.Uses[sel.Sel].(*types.Var)
	if !ok || !v.IsField() || v.Pkg() == nil || !m.isOwn(v.Pkg()) || m.t.fields[v] != nil {
		return fieldKey{}, false
	}
	return fieldKey{nil, v}, true
}

// targetLive reports whether a target of an assignment keeps its value.
func (m *marker) targetLive(i *funcInst, lhs ast.Expr) bool {
	if m.stores(lhs) {
		return true
	}
	if k, ok := m.plainField(lhs); ok && !m.fields[k] {
		return false
	}
	v := m.baseOf(lhs)
	return v == nil || m.vars[varKey{i, v}]
}

func (m *marker) declStmt(i *funcInst, s *ast.DeclStmt, v *types.Var) {
	for _, spec := range s.Decl.(*ast.GenDecl).Specs {
		spec, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for n, name := range spec.Names {
			if m.t.varOf(name) != v {
				continue
			}
			m.stmt(i, s)
			if spec.Type != nil {
				m.typeExpr(i, spec.Type)
			}
			switch {
			case len(spec.Values) == len(spec.Names):
				m.expr(i, spec.Values[n])
			case len(spec.Values) == 1:
				m.expr(i, spec.Values[0])
			}
		}
	}
}

// baseOf returns the variable that an assignment to e changes: itself, or a local struct or array of which e is a part.
func (m *marker) baseOf(e ast.Expr) *types.Var {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return m.t.varOf(e)
	case *ast.SelectorExpr:
		if _, ok := m.t.info.TypeOf(e.X).Underlying().(*types.Struct); ok {
			return m.baseOf(e.X)
		}
	}
	return nil
}

// paramType marks the types that a parameter's declaration names.
func (m *marker) paramType(i *funcInst, v *types.Var) {
	for _, f := range i.fn.decl.Type.Params.List {
		for _, name := range f.Names {
			if m.t.varOf(name) == v {
				m.typeExpr(i, f.Type)
			}
		}
		if len(f.Names) == 0 {
			m.typeExpr(i, f.Type)
		}
	}
}

// field marks a field of an output type or plain struct.
func (m *marker) field(k fieldKey) {
	if m.fields[k] {
		return
	}
	m.fields[k] = true
	if f := m.t.fields[k.v]; f != nil && f.kid != nil && k.out != nil {
		for _, c := range k.out.classes {
			m.out(c.kids[f].out)
		}
	}
	m.wake(k)
}

// out marks an output type.
func (m *marker) out(o *outType) {
	if !m.outs[o] {
		m.outs[o] = true
		m.decls[o.info.obj] = true
	}
}
