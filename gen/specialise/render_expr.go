package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// selectorText prints x.f; the qualifier of a block is cut.
func (r *renderer) selectorText(e *ast.SelectorExpr) *frag {
	if id, ok := e.X.(*ast.Ident); ok {
		if pkg, ok := r.t.info.Uses[id].(*types.PkgName); ok && r.isOwn(pkg.Imported()) {
			return r.ident(e.Sel)
		}
	}
	f := r.node(e.X)
	f.str(r.raw(e.X.End(), e.Sel.Pos()))
	return f.add(r.ident(e.Sel))
}

// callText prints a call without the arguments for parameters that are gone, or what replaces it.
func (r *renderer) callText(e *ast.CallExpr) *frag {
	var info *callInfo
	if r.inst != nil {
		info = r.inst.res.calls[e]
	}
	switch {
	case info == nil:
		return nil
	case info.inline != nil:
		return r.inlineText(e, info.inline)
	}
	keep := make([]bool, len(e.Args))
	for n := range e.Args {
		params := info.target.fn.params
		keep[n] = r.vars[varKey{info.target, params[min(n, len(params)-1)]}]
	}
	f := r.node(e.Fun)
	f.str(r.raw(e.Fun.End(), e.Lparen+1))
	return f.add(r.list(e.Lparen+1, e.Rparen, e.Args, keep, func(x ast.Expr) *frag { return r.node(x) })).str(")")
}

// inlineText prints the expression that a decided trait dispatcher comes down to.
func (r *renderer) inlineText(e *ast.CallExpr, in *inlined) *frag {
	n := r.in(in.inst)
	n.subst, n.wrap = map[*types.Var]*frag{}, map[*ast.Ident]bool{}
	for i, p := range in.inst.fn.params {
		if r.vars[varKey{in.inst, p}] {
			n.subst[p] = r.node(e.Args[i])
			if needsParens(e.Args[i]) {
				operands(in.ret, func(id *ast.Ident) { n.wrap[id] = true })
			}
		}
	}
	return n.node(in.ret)
}

// needsParens reports whether e must be wrapped where it becomes an operand.
func needsParens(e ast.Expr) bool {
	switch e.(type) {
	case *ast.BinaryExpr, *ast.UnaryExpr, *ast.StarExpr:
		return true
	}
	return false
}

// operands calls f for the identifiers below e that are operands: of operators, selectors, calls and indices, rather than whole arguments.
func operands(e ast.Expr, f func(*ast.Ident)) {
	id := func(x ast.Expr) {
		if id, ok := x.(*ast.Ident); ok {
			f(id)
		}
	}
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			id(n.X)
			id(n.Y)
		case *ast.UnaryExpr:
			id(n.X)
		case *ast.StarExpr:
			id(n.X)
		case *ast.SelectorExpr:
			id(n.X)
		case *ast.CallExpr:
			id(n.Fun)
		case *ast.IndexExpr:
			id(n.X)
		case *ast.SliceExpr:
			id(n.X)
		}
		return true
	})
}

// compositeText prints a literal without the keys that are gone.
func (r *renderer) compositeText(lit *ast.CompositeLit) *frag {
	keep := make([]bool, len(lit.Elts))
	for n, e := range lit.Elts {
		keep[n] = r.keepsKey(lit, e)
	}
	if !slices.Contains(keep, false) {
		return nil
	}
	f := &frag{}
	if lit.Type != nil {
		f.add(r.node(lit.Type)).str(r.raw(lit.Type.End(), lit.Lbrace))
	}
	f.str("{")
	if n := slices.Index(keep, true); n < 0 || !slices.Contains(keep[n+1:], true) && len(r.comments(lit.Lbrace, lit.Rbrace)) == 0 {
		// At most one key is left: it fits on the line.
		if n >= 0 {
			f.add(r.node(lit.Elts[n]))
		}
		return f.str("}")
	}
	return f.add(r.list(lit.Lbrace+1, lit.Rbrace, lit.Elts, keep, func(x ast.Expr) *frag { return r.node(x) })).str("}")
}

// keepsKey reports whether an element of a literal is printed.
func (r *renderer) keepsKey(lit *ast.CompositeLit, e ast.Expr) bool {
	kv, ok := e.(*ast.KeyValueExpr)
	if !ok {
		return true
	}
	if r.inst != nil && r.inst.res.dropped[kv] {
		return false
	}
	if _, ok := r.t.info.TypeOf(lit).Underlying().(*types.Struct); !ok {
		return true
	}
	v, _ := r.t.info.Uses[kv.Key.(*ast.Ident)].(*types.Var)
	return v == nil || !r.isOwn(v.Pkg()) || r.fields[fieldKey{nil, v}]
}

// list prints the kept elements of a parenthesised list. Comments go with the element that they stand behind or above.
func (r *renderer) list(open, end token.Pos, elems []ast.Expr, keep []bool, print func(ast.Expr) *frag) *frag {
	f := &frag{}
	if !slices.Contains(keep, true) {
		return f
	}
	prev := open
	kept, wasKept := false, true
	for n, e := range elems {
		if !keep[n] {
			if wasKept && kept {
				f.str(",").str(r.behind(prev, e.Pos()))
			}
			prev, wasKept = e.End(), false
			continue
		}
		switch {
		case wasKept:
			f.str(r.raw(prev, e.Pos()))
		default:
			if r.file.line(e.Pos()) > r.file.line(prev) {
				f.str("\n")
				for _, c := range r.comments(prev, e.Pos()) {
					if r.file.line(c.Pos()) > r.file.line(prev) {
						f.str(r.raw(c.Pos(), c.End()) + "\n")
					}
				}
			} else if kept {
				f.str(" ")
			}
		}
		f.add(print(e))
		prev, wasKept, kept = e.End(), true, true
	}
	switch {
	case wasKept:
		f.str(r.raw(prev, end))
	case r.file.line(end) > r.file.line(prev):
		f.str("\n")
	}
	text := f.String()
	if !wasKept && r.file.line(end) == r.file.line(prev) {
		// No trailing comma on the line of the closing parenthesis.
		trimmed := &frag{ids: f.ids}
		return trimmed.str(strings.TrimSuffix(strings.TrimRight(text, " "), ","))
	}
	return f
}

// behind returns the comment that stands on the line of from, behind it.
func (r *renderer) behind(from, to token.Pos) string {
	for _, c := range r.comments(from, to) {
		if r.file.line(c.Pos()) == r.file.line(from) {
			return " " + r.raw(c.Pos(), c.End())
		}
	}
	return ""
}

// comments returns the comment groups between two positions.
func (r *renderer) comments(from, to token.Pos) []*ast.CommentGroup {
	var list []*ast.CommentGroup
	for _, c := range r.file.ast.Comments {
		if c.Pos() >= from && c.End() <= to {
			list = append(list, c)
		}
	}
	return list
}

// condText prints what is left of a condition.
func (r *renderer) condText(e ast.Expr) *frag {
	left := r.residual(e)
	if p, ok := left.(*ast.ParenExpr); ok && left != e {
		left = p.X
	}
	return r.condPart(left, 0)
}

// residual returns the part of a condition that is left: the operands beside decided ones.
func (r *renderer) residual(e ast.Expr) ast.Expr {
	switch x := e.(type) {
	case *ast.ParenExpr:
		if in := r.residual(x.X); in != x.X {
			return in
		}
	case *ast.BinaryExpr:
		if x.Op != token.LAND && x.Op != token.LOR {
			return e
		}
		// Only an operand that does not decide the whole can be left out.
		neutral := verdict(x.Op == token.LAND)
		if v, ok := r.inst.res.verdict(x.X); ok && v == neutral {
			return r.residual(x.Y)
		}
		if v, ok := r.inst.res.verdict(x.Y); ok && v == neutral {
			return r.residual(x.X)
		}
	}
	return e
}

// condPart prints a part of a condition as an operand of an operator with precedence prec.
func (r *renderer) condPart(e ast.Expr, prec int) *frag {
	f := &frag{}
	if v, ok := r.inst.res.verdict(e); ok {
		if v {
			return f.str("true")
		}
		return f.str("false")
	}
	switch x := e.(type) {
	case *ast.ParenExpr:
		in := r.residual(x.X)
		if in == x.X {
			return f.str("(").add(r.condPart(x.X, 0)).str(")")
		}
		return r.condPart(ast.Unparen(in), prec)
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			return f.str("!").add(r.condPart(r.residual(x.X), token.UnaryPrec))
		}
	case *ast.BinaryExpr:
		if x.Op == token.LAND || x.Op == token.LOR {
			own := x.Op.Precedence()
			f.add(r.condPart(r.residual(x.X), own)).str(r.raw(x.X.End(), x.Y.Pos())).add(r.condPart(r.residual(x.Y), own+1))
			if own < prec {
				return (&frag{}).str("(").add(f).str(")")
			}
			return f
		}
		f.add(r.node(e))
		if x.Op.Precedence() < prec {
			return (&frag{}).str("(").add(f).str(")")
		}
		return f
	}
	return r.node(e)
}

// negated prints the opposite of a condition.
func (r *renderer) negated(e ast.Expr) *frag {
	left := ast.Unparen(r.residual(e))
	f := &frag{}
	switch x := left.(type) {
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			return r.condText(ast.Unparen(x.X))
		}
	case *ast.BinaryExpr:
		if x.Op == token.EQL || x.Op == token.NEQ {
			op := "!="
			if x.Op == token.NEQ {
				op = "=="
			}
			return f.add(r.node(x.X)).str(" " + op + " ").add(r.node(x.Y))
		}
		return f.str("!(").add(r.condPart(left, 0)).str(")")
	}
	return f.str("!").add(r.condPart(left, token.UnaryPrec))
}
