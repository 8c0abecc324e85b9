package specialise

import (
	"go/ast"
	"go/types"
	"slices"
)

// call walks a call and enters the function with the states in which it happens.
func (w *walker) call(e *ast.CallExpr, in []*state) {
	fn := w.t.funcs[w.t.callee(e)]
	if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok {
		w.selector(sel, in, true)
	} else if _, ok := ast.Unparen(e.Fun).(*ast.Ident); !ok {
		w.expr(e.Fun, in)
	}
	for i, arg := range e.Args {
		if fn != nil && i < len(fn.params) && fn.traits[fn.params[i]] {
			w.traitArgument(arg, in)
			continue
		}
		w.expr(arg, in)
	}
	w.toInterfaces(e, in)
	if fn == nil {
		return
	}
	entries := map[*outType][]*state{}
	var outs []*outType
	for _, s := range in {
		out, entry := w.entryOf(e, fn, s)
		for _, n := range entry {
			if entries[out] == nil {
				outs = append(outs, out)
			}
			entries[out] = append(entries[out], n)
		}
	}
	if len(outs) > 1 {
		w.res.report(w, e.Pos(), "MG2111", "this call may reach %s and %s", outs[0].name, outs[1].name)
	}
	for _, out := range outs {
		info := &callInfo{}
		if info.inline = w.inline(fn, e, entries[out]); info.inline == nil {
			info.target = w.instance(fn, out)
			for _, s := range entries[out] {
				w.enter(info.target, s)
			}
		}
		w.res.calls[e] = info
	}
}

// traitArgument walks the argument for a trait parameter: only the struct that it is read from matters.
func (w *walker) traitArgument(e ast.Expr, in []*state) {
	if sel, ok := ast.Unparen(e).(*ast.SelectorExpr); ok {
		w.selector(sel, in, false)
		return
	}
	w.expr(e, in)
}

// entryOf translates a state of the caller into one of the callee: parameters instead of arguments, with the families that they need and what the
// path says about those.
func (w *walker) entryOf(e *ast.CallExpr, fn *funcInfo, s *state) (*outType, []*state) {
	n := &state{refs: map[*types.Var]ref{}, binds: map[*types.Var]binding{}}
	moved := map[int]int{}
	var keep func(fam int) int
	keep = func(fam int) int {
		if i, ok := moved[fam]; ok {
			return i
		}
		up := -1
		for a := s.fams[fam].up; a >= 0 && up < 0; a = s.fams[a].up {
			if i, ok := moved[a]; ok {
				up = i
			}
		}
		n.fams = append(n.fams, family{up: up, pts: s.fams[fam].pts})
		moved[fam] = len(n.fams) - 1
		return moved[fam]
	}
	move := func(r ref) ref {
		if r.fam < 0 {
			n.fams = append(n.fams, family{up: -1, pts: r.class.addrs})
			return ref{r.class, len(n.fams) - 1}
		}
		return ref{r.class, keep(r.fam)}
	}
	var out *outType
	if fn.recv != nil {
		at, ok := w.resolve(ast.Unparen(e.Fun).(*ast.SelectorExpr).X, s)
		if !ok {
			return w.anyEntry(e, fn)
		}
		out = at.class.out
		at = move(at)
		n.fams[at.fam].pts = filter(n.fams[at.fam].pts, func(a addr) bool { return contains(at.class.addrs, a) })
		if fn.self != nil {
			n.refs[fn.self] = at
		}
	}
	// Families are listed with those above first.
	type pending struct {
		v *types.Var
		r ref
	}
	var args []pending
	for i, p := range fn.params {
		if i >= len(e.Args) {
			break
		}
		if at, ok := w.resolve(e.Args[i], s); ok && w.t.structOf(deref(p.Type())) != nil {
			args = append(args, pending{p, at})
		}
		if fn.traits[p] {
			b, ok := w.bindingOf(e.Args[i], s)
			if !ok {
				w.res.report(w, e.Args[i].Pos(), "MG2034", "the argument for the trait %s is neither a trait nor a constant", p.Name())
				continue
			}
			if b.field != nil {
				b.at = move(b.at)
			}
			n.binds[p] = b
		}
	}
	for _, a := range args {
		n.refs[a.v] = move(a.r)
	}
	for _, c := range s.conds {
		if c.fam >= 0 {
			if i, ok := moved[c.fam]; ok {
				n.conds = append(n.conds, conj{i, c.f})
				continue
			}
			if c.f.perLayer() {
				continue
			}
		}
		n.conds = append(n.conds, conj{-1, c.f})
	}
	return out, []*state{n}
}

func deref(typ types.Type) types.Type {
	if p, ok := typ.(*types.Pointer); ok {
		return p.Elem()
	}
	return typ
}

// anyEntry enters a method on a receiver that cannot be traced: it may be any struct of its type.
func (w *walker) anyEntry(e *ast.CallExpr, fn *funcInfo) (*outType, []*state) {
	outs := w.byInfo[fn.recv]
	if len(outs) != 1 {
		if len(outs) > 1 {
			w.res.report(w, e.Pos(), "MG2111", "this call may reach %s and %s", outs[0].name, outs[1].name)
		}
		return nil, nil
	}
	var list []*state
	for _, c := range outs[0].classes {
		s := &state{fams: []family{{up: -1, pts: c.addrs}}, refs: map[*types.Var]ref{}}
		if fn.self != nil {
			s.refs[fn.self] = ref{c, 0}
		}
		list = append(list, s)
	}
	return outs[0], list
}

// toInterfaces enters the methods through which a struct that is passed as an interface may be called; their signatures are given.
func (w *walker) toInterfaces(e *ast.CallExpr, in []*state) {
	for i, arg := range e.Args {
		for _, fn := range w.t.throughInterface(arg, w.t.paramType(e, i)) {
			w.throughInterface(fn, arg, in)
		}
	}
}

// throughInterface enters a method of e that is called from outside.
func (w *walker) throughInterface(fn *funcInfo, e ast.Expr, in []*state) {
	if fn.recv == nil {
		target := w.instance(fn, nil)
		target.frozen = true
		w.enter(target, &state{refs: map[*types.Var]ref{}})
		return
	}
	for _, s := range in {
		at, ok := w.resolve(e, s)
		if !ok {
			continue
		}
		n := &state{fams: []family{{up: -1, pts: s.points(at)}}, refs: map[*types.Var]ref{}}
		if fn.self != nil {
			n.refs[fn.self] = ref{at.class, 0}
		}
		for _, c := range s.conds {
			if !c.f.perLayer() || at.fam >= 0 && c.fam == at.fam {
				n.conds = append(n.conds, conj{0, c.f})
			}
		}
		target := w.instance(fn, at.class.out)
		target.frozen = true
		w.enter(target, n)
	}
}

// paramType returns the type of the parameter that the i-th argument of a call is for, the type that a conversion converts to, or nil.
func (t *Templates) paramType(e *ast.CallExpr, i int) types.Type {
	if tv := t.info.Types[e.Fun]; tv.IsType() {
		return tv.Type
	}
	sig, ok := t.info.TypeOf(e.Fun).(*types.Signature)
	if !ok {
		return nil
	}
	last := sig.Params().Len() - 1
	if sig.Variadic() && i >= last {
		if s, ok := sig.Params().At(last).Type().(*types.Slice); ok && !e.Ellipsis.IsValid() {
			return s.Elem()
		}
		return nil
	}
	if i > last {
		return nil
	}
	return sig.Params().At(i).Type()
}

// throughInterface returns our methods that can be called when e is converted to a type: those that an interface names, and those that package fmt
// looks for.
func (t *Templates) throughInterface(e ast.Expr, to types.Type) []*funcInfo {
	if to == nil {
		return nil
	}
	iface, ok := to.Underlying().(*types.Interface)
	typ := t.info.TypeOf(e)
	if !ok || typ == nil || types.IsInterface(typ) {
		return nil
	}
	names := []string{"String", "Error"}
	for m := range iface.Methods() {
		names = append(names, m.Name())
	}
	var list []*funcInfo
	for _, name := range names {
		for _, p := range t.packages {
			obj, _, _ := types.LookupFieldOrMethod(typ, true, p.types, name)
			if fn := t.funcs[asFunc(obj)]; fn != nil && !slices.Contains(list, fn) {
				list = append(list, fn)
			}
		}
	}
	return list
}

func asFunc(o types.Object) *types.Func {
	f, _ := o.(*types.Func)
	return f
}
