package specialise

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
)

// tree is a condition as one state sees it. What the evidence cannot speak about is a leaf of kind '?', a run-time check.
type tree struct {
	op   byte // '&' '|' '!' over kids; 'a' an atom; '?' a run-time check
	kids []*tree
	expr ast.Expr // the source expression that this node decides; nil inside of predicates that are looked through
	atom *atom
}

// atom is one question to the evidence: is an optional field there, or how does a trait compare to a constant.
type atom struct {
	at     ref
	f      formula
	ask    func(a addr) (bool, error)
	label  string // Attention.QNorm
	opaque bool   // no predicate over the config says it
	pos    token.Pos
}

// build reads a condition. It never guesses: an expression of any other form is a run-time check.
func (w *walker) build(e ast.Expr, s *state) *tree {
	switch e := e.(type) {
	case *ast.ParenExpr:
		n := w.build(e.X, s)
		return &tree{op: n.op, kids: n.kids, atom: n.atom, expr: n.expr}
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			return &tree{op: '!', kids: []*tree{w.build(e.X, s)}, expr: e}
		}
	case *ast.BinaryExpr:
		switch e.Op {
		case token.LAND:
			return &tree{op: '&', kids: []*tree{w.build(e.X, s), w.build(e.Y, s)}, expr: e}
		case token.LOR:
			return &tree{op: '|', kids: []*tree{w.build(e.X, s), w.build(e.Y, s)}, expr: e}
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			if n := w.comparison(e, e.Op, e.X, e.Y, s); n != nil {
				return n
			}
			if n := w.comparison(e, flip(e.Op), e.Y, e.X, s); n != nil {
				return n
			}
		}
	case *ast.CallExpr:
		if n := w.lookThrough(e, s); n != nil {
			return n
		}
		if sel, ok := e.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Valid" && len(e.Args) == 0 {
			if f := w.t.fieldOf(sel.X); f != nil && f.optional() {
				return w.presence(e, f, sel.X, s)
			}
		}
	case *ast.SelectorExpr, *ast.Ident:
		if typ := w.t.info.TypeOf(e); typ != nil && types.Identical(typ.Underlying(), types.Typ[types.Bool]) {
			if n := w.trait(e, token.EQL, constant.MakeBool(true), e, s); n != nil {
				return n
			}
		}
	}
	return &tree{op: '?', expr: e}
}

// flip mirrors a comparison.
func flip(op token.Token) token.Token {
	switch op {
	case token.LSS:
		return token.GTR
	case token.LEQ:
		return token.GEQ
	case token.GTR:
		return token.LSS
	case token.GEQ:
		return token.LEQ
	}
	return op
}

// comparison reads "x op y" where y is nil or a constant.
func (w *walker) comparison(e ast.Expr, op token.Token, x, y ast.Expr, s *state) *tree {
	tv := w.t.info.Types[y]
	if tv.IsNil() {
		f := w.t.fieldOf(x)
		if f == nil || !f.optional() {
			return nil
		}
		n := w.presence(e, f, x, s)
		if n != nil && op == token.EQL {
			inner := *n
			inner.expr = nil
			return &tree{op: '!', kids: []*tree{&inner}, expr: e}
		}
		return n
	}
	if tv.Value == nil || w.t.info.Types[x].Value != nil {
		return nil
	}
	return w.trait(x, op, tv.Value, e, s)
}

// presence makes the atom "the optional field f, selected by x, is there".
func (w *walker) presence(e ast.Expr, f *fieldInfo, x ast.Expr, s *state) *tree {
	at, ok := w.resolve(ast.Unparen(x).(*ast.SelectorExpr).X, s)
	if !ok {
		return nil
	}
	a := &atom{at: at, label: at.class.out.name + "." + f.name(), pos: e.Pos(), f: w.presenceFormula(at.class, f), opaque: f.allOrNone()}
	a.ask = func(p addr) (bool, error) { return w.present(at.class, f, p) }
	return &tree{op: 'a', atom: a, expr: e}
}

// presenceFormula is the predicate of an optional field in a class. Whether an all-or-none parameter is there is the headers' affair: they are
// compared with what the loader wants in any case, so that no predicate over the config is needed (or possible).
func (p *plan) presenceFormula(c *class, f *fieldInfo) formula {
	if f.allOrNone() {
		return always
	}
	return predicate(c.when(f))
}

// trait makes the atom "x op c" for a trait field or a trait parameter x.
func (w *walker) trait(x ast.Expr, op token.Token, c constant.Value, e ast.Expr, s *state) *tree {
	var b binding
	switch x := ast.Unparen(x).(type) {
	case *ast.SelectorExpr:
		f := w.t.fieldOf(x)
		if f == nil || !f.isTrait() {
			return nil
		}
		at, ok := w.resolve(x.X, s)
		if !ok {
			return nil
		}
		b = binding{field: f, at: at}
	case *ast.Ident:
		v := w.t.varOf(x)
		found, ok := s.binds[v]
		if v == nil || !ok {
			return nil
		}
		b = found
	default:
		return nil
	}
	if b.field == nil {
		truth := constant.Compare(b.value, op, c)
		a := &atom{at: ref{fam: -1}, f: constantFormula(truth), pos: e.Pos(), ask: func(addr) (bool, error) { return truth, nil }}
		return &tree{op: 'a', atom: a, expr: e}
	}
	f := comparisonFormula(b.at.class.trait(b.field), op, c)
	a := &atom{at: b.at, label: b.at.class.out.name + "." + b.field.name(), pos: e.Pos(), f: f}
	a.ask = func(p addr) (bool, error) {
		if err := w.fitting(b.at.class, b.field, p); err != nil {
			return false, err
		}
		return w.holdsFormula(f, p)
	}
	return &tree{op: 'a', atom: a, expr: e}
}

// comparisonFormula prints a comparison as a predicate.
func comparisonFormula(text string, op token.Token, c constant.Value) formula {
	if !tight(text) && c.Kind() != constant.Bool {
		text = "(" + text + ")"
	}
	if c.Kind() == constant.Bool {
		if constant.BoolVal(c) == (op == token.EQL) {
			return predicate(text)
		}
		return not(predicate(text))
	}
	return predicate(text + " " + op.String() + " " + literal(c))
}

// literal prints a constant in the expression language.
func literal(c constant.Value) string {
	switch c.Kind() {
	case constant.String:
		return "'" + constant.StringVal(c) + "'"
	case constant.Bool:
		return strconv.FormatBool(constant.BoolVal(c))
	case constant.Int:
		return c.ExactString()
	}
	f, _ := constant.Float64Val(c)
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// lookThrough reads a call of a single-return predicate as the condition that it returns.
func (w *walker) lookThrough(call *ast.CallExpr, s *state) *tree {
	obj := w.t.callee(call)
	fn := w.t.funcs[obj]
	if fn == nil || fn.verdict == nil || len(call.Args) != len(fn.params) {
		return nil
	}
	inner := s
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && fn.recv != nil {
		at, ok := w.resolve(sel.X, s)
		if !ok || fn.self == nil {
			return nil
		}
		inner = inner.bind(fn.self, at)
	} else if fn.obj.Signature().Recv() != nil {
		return nil
	}
	for i, p := range fn.params {
		b, ok := w.bindingOf(call.Args[i], s)
		if !fn.traits[p] || !ok {
			return nil
		}
		inner = inner.clone()
		if inner.binds == nil {
			inner.binds = map[*types.Var]binding{}
		}
		inner.binds[p] = b
	}
	n := w.build(fn.verdict, inner)
	if !n.asks() {
		return nil
	}
	n.strip()
	n.expr = call
	return n
}

// asks reports whether any part of the condition is the evidence's affair.
func (n *tree) asks() bool {
	if n.op == 'a' {
		return true
	}
	for _, k := range n.kids {
		if k.asks() {
			return true
		}
	}
	return false
}

// strip removes the source expressions, which belong to another function.
func (n *tree) strip() {
	n.expr = nil
	for _, k := range n.kids {
		k.strip()
	}
}

// bindingOf returns the value of an argument for a trait parameter.
func (w *walker) bindingOf(e ast.Expr, s *state) (binding, bool) {
	if tv := w.t.info.Types[e]; tv.Value != nil {
		return binding{value: tv.Value}, true
	}
	switch x := ast.Unparen(e).(type) {
	case *ast.SelectorExpr:
		if f := w.t.fieldOf(x); f != nil && f.isTrait() {
			if at, ok := w.resolve(x.X, s); ok {
				return binding{field: f, at: at}, true
			}
		}
	case *ast.Ident:
		if v := w.t.varOf(x); v != nil {
			b, ok := s.binds[v]
			return b, ok
		}
	}
	return binding{}, false
}

// resolve finds the struct that an expression denotes: a bound variable, or a field path below one.
func (w *walker) resolve(e ast.Expr, s *state) (ref, bool) {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if v := w.t.varOf(e); v != nil {
			r, ok := s.refs[v]
			return r, ok
		}
	case *ast.SelectorExpr:
		if f := w.t.fieldOf(e); f != nil && f.kid != nil && !f.each() {
			if r, ok := w.resolve(e.X, s); ok {
				r.class = r.class.kids[f]
				return r, r.class != nil
			}
		}
	case *ast.IndexExpr:
		if r, ok := w.table(e.X, s); ok {
			r.fam = -1
			return r, true
		}
	}
	return ref{}, false
}

// table finds the class of a table's rows; the family is the one that the table hangs on.
func (w *walker) table(e ast.Expr, s *state) (ref, bool) {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return ref{}, false
	}
	f := w.t.fieldOf(sel)
	if f == nil || !f.each() {
		return ref{}, false
	}
	r, ok := w.resolve(sel.X, s)
	if !ok {
		return ref{}, false
	}
	r.class = r.class.kids[f]
	return r, r.class != nil
}
