package specialise

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
)

// expr walks an expression that is evaluated in the given states: which functions it calls and how, which fields it reads, whether optional
// parameters are there.
func (w *walker) expr(e ast.Expr, in []*state) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			w.call(n, in)
			return false
		case *ast.SelectorExpr:
			w.selector(n, in, true)
			return false
		case *ast.CompositeLit:
			w.composite(n, in)
			return false
		case *ast.FuncLit:
			w.block(n.Body.List, in)
			return false
		}
		return true
	})
}

// selector walks x.f. An optional field must be there at all points unless the caller says that nothing is a fine value.
func (w *walker) selector(e *ast.SelectorExpr, in []*state, needed bool) {
	f := w.t.fieldOf(e)
	if f == nil {
		if _, ok := w.t.info.Uses[e.Sel].(*types.PkgName); !ok {
			w.expr(e.X, in)
		}
		return
	}
	w.expr(e.X, in)
	w.noteOuts(e, f, in)
	if f.optional() && needed {
		w.prove(e, f, in)
	}
}

// noteOuts notes to which output types a selected field belongs.
func (w *walker) noteOuts(e *ast.SelectorExpr, f *fieldInfo, in []*state) {
	add := func(o *outType) {
		if !slices.Contains(w.res.outs[e], o) {
			w.res.outs[e] = append(w.res.outs[e], o)
		}
	}
	for _, s := range in {
		if at, ok := w.resolve(e.X, s); ok {
			add(at.class.out)
			continue
		}
		for _, o := range w.byInfo[f.owner] {
			add(o)
		}
	}
}

// prove reports an optional parameter that is used where the evidence lacks it.
func (w *walker) prove(e *ast.SelectorExpr, f *fieldInfo, in []*state) {
	var have, lack []addr
	name := f.owner.name()
	for _, s := range in {
		at, ok := w.resolve(e.X, s)
		if !ok {
			continue
		}
		name = at.class.out.name
		for _, p := range s.points(at) {
			ok, err := w.present(at.class, f, p)
			switch {
			case err != nil:
				w.res.report(w, e.Pos(), "MG2109", "%s.%s is not known: %v", name, f.name(), err).Notes = w.wheres([]addr{p})
			case ok:
				have = append(have, p)
			default:
				lack = append(lack, p)
			}
		}
	}
	switch {
	case len(lack) == 0:
	case len(have) == 0:
		w.res.report(w, e.Pos(), "MG2101", "%s.%s is used here, and no checkpoint that gets here has it", name, f.name()).Notes = w.wheres(lack)
	default:
		w.res.report(w, e.Pos(), "MG2102", "%s.%s is used here without a check, and some checkpoints that get here lack it", name, f.name()).Notes = w.wheres(lack)
	}
}

// keepAtom walks a question to the evidence that stays as a run-time check.
func (w *walker) keepAtom(e ast.Expr, s *state) {
	in := []*state{s}
	ast.Inspect(e, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Valid" {
				n = f.X
			}
		}
		if sel, ok := n.(*ast.SelectorExpr); ok {
			w.selector(sel, in, false)
			return false
		}
		return true
	})
}

// composite walks a literal. Options of the runtime that are zero at every point vanish: the zero value is what a missing key means.
func (w *walker) composite(lit *ast.CompositeLit, in []*state) {
	external := w.isOptions(lit)
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			w.expr(e, in)
			continue
		}
		if sel, ok := ast.Unparen(kv.Value).(*ast.SelectorExpr); ok && external {
			if f := w.t.fieldOf(sel); f != nil && f.asked() {
				if w.zero(kv, sel, f, in) {
					continue
				}
				w.selector(sel, in, false)
				continue
			}
		}
		if _, isField := kv.Key.(*ast.Ident); !isField || !w.isStruct(lit) {
			w.expr(kv.Key, in)
		}
		w.expr(kv.Value, in)
	}
}

// isOptions reports whether lit is a struct of the runtime, not one of the templates.
func (w *walker) isOptions(lit *ast.CompositeLit) bool {
	named, ok := types.Unalias(w.t.info.TypeOf(lit)).(*types.Named)
	return ok && w.isStruct(lit) && w.t.decls[named.Obj()] == nil
}

func (w *walker) isStruct(lit *ast.CompositeLit) bool {
	typ := w.t.info.TypeOf(lit)
	if typ == nil {
		return false
	}
	_, ok := typ.Underlying().(*types.Struct)
	return ok
}

// zero reports whether an option's trait or parameter is zero at all points, and notes the guard when it is.
func (w *walker) zero(kv *ast.KeyValueExpr, sel *ast.SelectorExpr, f *fieldInfo, in []*state) bool {
	var drafts []draft
	if !anyReal(in) {
		return false
	}
	for _, s := range in {
		at, ok := w.resolve(sel.X, s)
		if !ok {
			return false
		}
		want := not(w.presenceFormulaOr(at.class, f))
		for _, p := range s.points(at) {
			if f.optional() {
				if there, err := w.present(at.class, f, p); err != nil || there {
					return false
				}
				continue
			}
			err := w.fitting(at.class, f, p)
			zero := false
			if err == nil {
				zero, err = w.holdsFormula(want, p)
			}
			if err != nil {
				w.res.report(w, sel.Pos(), "MG2109", "%s.%s is not known: %v", at.class.out.name, f.name(), err).Notes = w.wheres([]addr{p})
			}
			if !zero {
				return false
			}
		}
		if want.op != 'f' && want.op != 't' {
			drafts = append(drafts, draft{label: at.class.out.name + "." + f.name(), pos: kv.Pos(), when: s.path(at.fam), want: want})
		}
	}
	w.res.dropped[kv] = true
	w.res.guards = append(w.res.guards, drafts...)
	return true
}

// presenceFormulaOr is the predicate that an optional field is there, or that a trait is not zero.
func (w *walker) presenceFormulaOr(c *class, f *fieldInfo) formula {
	if f.optional() {
		return w.presenceFormula(c, f)
	}
	return comparisonFormula(c.trait(f), token.NEQ, zeroConstant(f.obj.Type()))
}

// zeroConstant returns the zero of a basic type.
func zeroConstant(typ types.Type) constant.Value {
	if b, ok := typ.Underlying().(*types.Basic); ok {
		switch {
		case b.Info()&types.IsBoolean != 0:
			return constant.MakeBool(false)
		case b.Info()&types.IsString != 0:
			return constant.MakeString("")
		}
	}
	return constant.MakeInt64(0)
}
