package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// fold evaluates the template's conditions. Every function is walked once per output type with the states in which live calls reach it; when a call
// adds states to a function that was walked before, it is walked again. States only grow, and with more points less is decided, so this ends.
type fold struct {
	*plan
	insts map[instKey]*funcInst
	list  []*funcInst // in the order in which they were reached
	queue []*funcInst
}

type instKey struct {
	fn  *funcInfo
	out *outType
}

// funcInst is a function of the template for one output type of its receiver.
type funcInst struct {
	fn     *funcInfo
	out    *outType // nil for functions and for methods of plain types
	entry  map[string]*state
	keys   []string // of entry, sorted
	res    *result
	queued bool
	frozen bool // its signature is given: a root, or a method that an interface asks for
	effect bool // some reachable statement changes state
	tidy   tidied
}

// result is what one walk found out.
type result struct {
	reached  map[ast.Stmt]bool
	verdicts map[ast.Expr]verdict
	clauses  map[*ast.CaseClause]clauseFate
	calls    map[*ast.CallExpr]*callInfo
	dropped  map[*ast.KeyValueExpr]bool
	outs     map[ast.Expr][]*outType // output types of the structs whose fields are selected
	open     map[ast.Expr][]string   // predicates that stay run-time checks
	guards   []draft
	diags    report
}

// clauseFate says what becomes of a case of a switch.
type clauseFate byte

const (
	clauseStays   clauseFate = iota
	clauseGone               // no point gets there
	clauseAll                // every point gets there: the switch is gone, its body stays
	clauseDefault            // every point that is left gets there: it becomes the default
)

// callInfo is what a call of a function of ours became.
type callInfo struct {
	target *funcInst
	inline *inlined
}

// draft is a guard before it is shortened.
type draft struct {
	label string
	pos   token.Pos
	when  formula
	want  formula
}

// report notes a finding of this walk.
func (r *result) report(w *walker, p token.Pos, code, format string, args ...any) *diag.Diagnostic {
	r.diags.im = w.t.im
	return r.diags.add(p, code, format, args...)
}

// newFold prepares a fold and enters the roots.
func newFold(p *plan) *fold {
	f := &fold{plan: p, insts: map[instKey]*funcInst{}}
	for _, fn := range p.t.methodsOf(p.root.info) {
		if !fn.obj.Exported() {
			continue
		}
		s := &state{fams: []family{{up: -1, pts: p.root.addrs}}, id: &ident{}}
		if fn.self != nil {
			s = s.bind(fn.self, ref{p.root, 0})
		}
		inst := f.instance(fn, p.root.out)
		inst.frozen = true
		f.enter(inst, s)
	}
	return f
}

// methodsOf returns the methods of a parameter struct in source order.
func (t *Templates) methodsOf(s *structInfo) []*funcInfo {
	var list []*funcInfo
	for _, fn := range t.funcs {
		if fn.recv == s {
			list = append(list, fn)
		}
	}
	slices.SortFunc(list, func(a, b *funcInfo) int { return int(a.decl.Pos() - b.decl.Pos()) })
	return list
}

// instance returns the instance of a function for an output type.
func (f *fold) instance(fn *funcInfo, out *outType) *funcInst {
	k := instKey{fn, out}
	if i, ok := f.insts[k]; ok {
		return i
	}
	i := &funcInst{fn: fn, out: out, entry: map[string]*state{}}
	f.insts[k] = i
	f.list = append(f.list, i)
	return i
}

// enter adds a state in which a function is called.
func (f *fold) enter(i *funcInst, s *state) {
	vars := i.fn.params
	if i.fn.self != nil {
		vars = append([]*types.Var{i.fn.self}, vars...)
	}
	k := s.key(vars)
	if old, ok := i.entry[k]; ok {
		grown, changed := old.merge(s)
		if !changed {
			return
		}
		i.entry[k] = grown
	} else {
		n := s.clone()
		n.id = &ident{}
		i.entry[k] = n
		i.keys = append(i.keys, k)
		slices.Sort(i.keys)
	}
	if !i.queued {
		i.queued = true
		f.queue = append(f.queue, i)
	}
}

// run walks until no call adds anything.
func (f *fold) run() {
	for len(f.queue) > 0 {
		i := f.queue[0]
		f.queue = f.queue[1:]
		i.queued = false
		i.res = f.walk(i)
	}
	for changed := true; changed; {
		changed = false
		for _, i := range f.list {
			if i.res != nil && !i.effect && f.bodyHasEffect(i) {
				i.effect, changed = true, true
			}
		}
	}
}

// walk folds one function in all states in which it is entered.
func (f *fold) walk(i *funcInst) *result {
	w := &walker{fold: f, inst: i, res: &result{
		reached: map[ast.Stmt]bool{}, verdicts: map[ast.Expr]verdict{}, clauses: map[*ast.CaseClause]clauseFate{},
		calls: map[*ast.CallExpr]*callInfo{}, dropped: map[*ast.KeyValueExpr]bool{}, outs: map[ast.Expr][]*outType{},
		open: map[ast.Expr][]string{},
	}}
	var in []*state
	for _, k := range i.keys {
		in = append(in, w.known(i.entry[k]))
	}
	if anyReal(in) {
		w.block(i.fn.decl.Body.List, in)
	}
	return w.res
}

// known forgets what a state says of receivers and parameters that the function assigns to.
func (w *walker) known(s *state) *state {
	for v := range w.inst.fn.assigns {
		_, isRef := s.refs[v]
		_, isBind := s.binds[v]
		if isRef || isBind {
			s = s.clone()
			delete(s.refs, v)
			delete(s.binds, v)
		}
	}
	return s
}

// fitting checks that the value of a trait at an address can stand in its field.
func (f *fold) fitting(c *class, field *fieldInfo, a addr) error {
	v, err := f.eval(c.trait(field), a)
	if err != nil {
		return err
	}
	return fits(field.obj.Type(), v)
}
