package specialise

import (
	"go/ast"
	"slices"
)

// verdict is what the evidence says about a condition; its absence in a result's map means that the condition stays.
type verdict bool

// verdict returns the verdict of a condition or an operand.
func (r *result) verdict(e ast.Expr) (verdict, bool) {
	v, ok := r.verdicts[ast.Unparen(e)]
	return v, ok
}

// holds reports whether a condition is decided to be true.
func (r *result) holds(e ast.Expr) bool {
	v, _ := r.verdict(e)
	return bool(v)
}

// reach notes which outcomes of an expression are possible at some point.
type reach struct{ yes, no bool }

// asking is one state's view of a condition: the tree, and the family of points at which it is evaluated.
type asking struct {
	s    *state
	tree *tree
	fam  int // < 0: atoms of unrelated families; each is taken for itself
	pts  []addr
	yes  []addr
	no   []addr
}

// anywhere stands for the points of a condition that is evaluated without a family.
var anywhere = []addr{-1}

// branch evaluates a condition for all states: the states in which it may hold, those in which it may not, and its verdict. It notes verdicts of
// operands, guards, and what run-time operands call.
func (w *walker) branch(e ast.Expr, in []*state) (yes, no []*state) {
	seen := map[ast.Expr]reach{}
	var asked []*asking
	for _, s := range in {
		a := &asking{s: s, tree: w.build(e, s)}
		if a.fam, a.pts = familyOf(a.tree, s); !s.real() {
			a.pts = nil // ghosts decide nothing
		}
		a.yes, a.no = w.evaluate(a, a.tree, a.pts, seen)
		asked = append(asked, a)
	}
	for x, r := range seen {
		if x != nil && r.yes != r.no {
			w.res.verdicts[x] = verdict(r.yes)
		}
	}
	verdict, decided := w.res.verdict(e)
	if len(w.res.verdicts) > 0 && w.t.mayChange(e) && w.anyVerdict(e) {
		w.res.report(w, e.Pos(), "MG2106", "a condition that is decided at least in part changes state")
	}
	for _, a := range asked {
		w.justify(a, a.tree, a.pts, always)
		if !decided || bool(verdict) {
			if s := w.side(a, a.yes, a.tree.upper(), decided); s != nil {
				yes = append(yes, s)
			}
		}
		if !decided || !bool(verdict) {
			if s := w.side(a, a.no, not(a.tree.lower()), decided); s != nil {
				no = append(no, s)
			}
		}
	}
	return yes, no
}

// anyVerdict reports whether a condition or one of its operands is decided.
func (w *walker) anyVerdict(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok {
			_, decided := w.res.verdict(x)
			found = found || decided
		}
		return !found
	})
	return found
}

// side returns the state behind one outcome of a condition; nil when the outcome is impossible whatever the config. What is decided needs no mention
// on the path: its guard says it.
func (w *walker) side(a *asking, pts []addr, f formula, decided bool) *state {
	switch {
	case decided:
		return a.s.fork()
	case a.fam < 0:
		s := a.s.fork()
		if len(pts) == 0 {
			for i := range s.fams {
				s.fams[i].pts = nil
			}
		}
		if a.tree.perLayer() {
			return s // a formula would speak of several rows as if they were one
		}
		return s.assume(-1, f)
	}
	return w.narrow(a.s.fork(), a.fam, pts).assume(a.fam, f)
}

// familyOf returns the family at whose points a condition is evaluated: the lowest of those that it asks about, when all others are above it.
func familyOf(n *tree, s *state) (int, []addr) {
	var fams []int
	var visit func(n *tree)
	visit = func(n *tree) {
		if n.op == 'a' && n.atom.at.class != nil {
			fams = append(fams, n.atom.at.fam)
		}
		for _, k := range n.kids {
			visit(k)
		}
	}
	visit(n)
	best := -1
	for _, f := range fams {
		switch {
		case f < 0:
			return -1, anywhere
		case best < 0 || s.above(best, f):
			best = f
		case !s.above(f, best):
			return -1, anywhere
		}
	}
	if best < 0 {
		return -1, anywhere
	}
	return best, s.fams[best].pts
}

// evaluate splits points by the outcome of a condition; where a run-time check decides, a point is on both sides. Operands see only the points that
// reach them.
func (w *walker) evaluate(a *asking, n *tree, pts []addr, seen map[ast.Expr]reach) (yes, no []addr) {
	switch n.op {
	case '?':
		yes, no = pts, pts
	case '!':
		no, yes = w.evaluate(a, n.kids[0], pts, seen)
	case '&':
		x, xno := w.evaluate(a, n.kids[0], pts, seen)
		y, yno := w.evaluate(a, n.kids[1], x, seen)
		yes, no = y, union(xno, yno)
	case '|':
		x, xno := w.evaluate(a, n.kids[0], pts, seen)
		y, yno := w.evaluate(a, n.kids[1], xno, seen)
		yes, no = union(x, y), yno
	case 'a':
		yes, no = w.askAtom(a, n.atom, pts)
	}
	if n.expr != nil {
		r := seen[n.expr]
		seen[n.expr] = reach{r.yes || len(yes) > 0, r.no || len(no) > 0}
	}
	return yes, no
}

// askAtom splits points by an atom. Without a common family the atom is asked at all points of its own: unless they agree, it is a run-time check.
func (w *walker) askAtom(a *asking, at *atom, pts []addr) (yes, no []addr) {
	if len(pts) == 0 {
		return nil, nil
	}
	if a.fam < 0 {
		own := anywhere
		if at.at.class != nil {
			own = filter(a.s.points(at.at), func(p addr) bool { return contains(at.at.class.addrs, p) })
		}
		var y, n bool
		for _, p := range own {
			ok, err := at.ask(p)
			if err != nil {
				w.lost(at, p, err)
			}
			y, n = y || ok, n || !ok
		}
		if y {
			yes = pts
		}
		if n {
			no = pts
		}
		return yes, no
	}
	depth := 0
	if at.at.class != nil {
		depth = at.at.class.depth
	}
	for _, p := range pts {
		q := p
		if at.at.class != nil {
			q = w.project(p, depth)
		}
		if at.at.class != nil && !contains(at.at.class.addrs, q) {
			continue // there is nothing to ask; that it is there is proven elsewhere
		}
		ok, err := at.ask(q)
		if err != nil {
			w.lost(at, q, err)
		}
		if ok {
			yes = append(yes, p)
		} else {
			no = append(no, p)
		}
	}
	return yes, no
}

// lost reports that the evidence has no value for a trait.
func (w *walker) lost(at *atom, p addr, err error) {
	w.res.report(w, at.pos, "MG2109", "%s is not known: %v", at.label, err).Notes = w.wheres([]addr{p})
}

// upper is what must hold of the evidence when the condition may hold; lower is what suffices for the condition to hold.
func (n *tree) upper() formula { return n.bound(always) }
func (n *tree) lower() formula { return n.bound(never) }

func (n *tree) bound(unknown formula) formula {
	switch n.op {
	case 'a':
		if n.atom.opaque {
			return unknown
		}
		return n.atom.f
	case '!':
		if unknown.op == 't' {
			return not(n.kids[0].lower())
		}
		return not(n.kids[0].upper())
	case '&':
		return all(n.kids[0].bound(unknown), n.kids[1].bound(unknown))
	case '|':
		return either(n.kids[0].bound(unknown), n.kids[1].bound(unknown))
	}
	return unknown
}

// perLayer reports whether some atom is about a row of the layer table.
func (n *tree) perLayer() bool {
	return n.op == 'a' && n.atom.f.perLayer() || slices.ContainsFunc(n.kids, (*tree).perLayer)
}

// justify notes the guards of a condition's decided operands and walks its run-time operands. pts are the points that reach n, path is what the
// operands before it said.
func (w *walker) justify(a *asking, n *tree, pts []addr, path formula) {
	if n.expr != nil {
		if v, ok := w.res.verdict(n.expr); ok {
			w.guard(a, n, bool(v), pts, path)
			w.bases(a, n, pts, path)
			return
		}
	}
	ignore := map[ast.Expr]reach{}
	switch n.op {
	case '!':
		w.justify(a, n.kids[0], pts, path)
	case '&':
		yes, _ := w.evaluate(a, n.kids[0], pts, ignore)
		w.justify(a, n.kids[0], pts, path)
		w.justify(a, n.kids[1], yes, all(path, n.kids[0].upper()))
	case '|':
		_, no := w.evaluate(a, n.kids[0], pts, ignore)
		w.justify(a, n.kids[0], pts, path)
		w.justify(a, n.kids[1], no, all(path, not(n.kids[0].lower())))
	default:
		if n.expr != nil {
			w.operand(a, n, pts, path)
		}
		return
	}
	if call, ok := n.expr.(*ast.CallExpr); ok {
		w.operandAt(a, call, pts, path)
	}
}

// bases walks the structs that a decided condition asks: they must be there to be asked.
func (w *walker) bases(a *asking, n *tree, pts []addr, path formula) {
	ignore := map[ast.Expr]reach{}
	switch n.op {
	case '!':
		w.bases(a, n.kids[0], pts, path)
	case '&':
		yes, _ := w.evaluate(a, n.kids[0], pts, ignore)
		w.bases(a, n.kids[0], pts, path)
		w.bases(a, n.kids[1], yes, all(path, n.kids[0].upper()))
	case '|':
		_, no := w.evaluate(a, n.kids[0], pts, ignore)
		w.bases(a, n.kids[0], pts, path)
		w.bases(a, n.kids[1], no, all(path, not(n.kids[0].lower())))
	case 'a':
		ast.Inspect(exprOrNil(n.expr), func(x ast.Node) bool {
			if sel, ok := x.(*ast.SelectorExpr); ok {
				if f := w.t.fieldOf(sel); f != nil && f.asked() {
					w.operandAt(a, sel.X, pts, path)
					return false
				}
			}
			return true
		})
	}
}

// exprOrNil is e as a node; for nil an empty one.
func exprOrNil(e ast.Expr) ast.Node {
	if e == nil {
		return &ast.BadExpr{}
	}
	return e
}

// operand walks what stays of a condition.
func (w *walker) operand(a *asking, n *tree, pts []addr, path formula) {
	if call, ok := n.expr.(*ast.CallExpr); n.op == 'a' && (!ok || w.t.funcs[w.t.callee(call)] == nil) {
		if s := w.at(a, pts, path); s != nil {
			w.keepAtom(n.expr, s)
		}
		w.keepOpen(n.expr, n.atom.f)
		return
	}
	w.operandAt(a, n.expr, pts, path)
}

func (w *walker) operandAt(a *asking, e ast.Expr, pts []addr, path formula) {
	if s := w.at(a, pts, path); s != nil {
		w.expr(e, []*state{s})
	}
}

// at returns the state in which an operand is evaluated: where the operands before it let it be.
func (w *walker) at(a *asking, pts []addr, path formula) *state {
	if a.fam < 0 {
		return a.s
	}
	return w.narrow(a.s, a.fam, pts).assume(a.fam, path)
}

// guard notes what a decided condition relies on for the points of one state, split where each operand carries the decision for itself.
func (w *walker) guard(a *asking, n *tree, v bool, pts []addr, path formula) {
	switch {
	case n.op == '!':
		w.guard(a, n.kids[0], !v, pts, path)
		return
	case n.op == '&' && v, n.op == '|' && !v:
		w.guard(a, n.kids[0], v, pts, path)
		w.guard(a, n.kids[1], v, pts, path)
		return
	case n.op == '&' || n.op == '|':
		// One operand alone may decide. Of a ghost, which has no points, the other states tell which.
		ignore := map[ast.Expr]reach{}
		if len(pts) == 0 {
			for i, k := range n.kids {
				if known, ok := w.res.verdict(k.expr); ok && bool(known) == v {
					if first := n.kids[0].upper(); i == 1 && n.op == '&' {
						path = all(path, first)
					} else if i == 1 {
						path = all(path, not(n.kids[0].lower()))
					}
					w.guard(a, k, v, pts, path)
					return
				}
			}
			break
		}
		yes, no := w.evaluate(a, n.kids[0], pts, ignore)
		same, other, first := no, yes, n.kids[0].upper()
		if n.op == '|' {
			same, other, first = yes, no, not(n.kids[0].lower())
		}
		if len(other) == 0 {
			w.guard(a, n.kids[0], v, pts, path)
			return
		}
		yes, no = w.evaluate(a, n.kids[1], other, ignore)
		if len(same) == 0 {
			first = always
		}
		if n.op == '&' && len(yes) == 0 || n.op == '|' && len(no) == 0 {
			w.guard(a, n.kids[1], v, other, all(path, first))
			return
		}
	case n.op == 'a' && n.atom.opaque:
		return // the headers decide, and are compared with what the loader wants
	}
	want := n.lower()
	if !v {
		want = not(n.upper())
	}
	if want.op == 't' {
		return
	}
	lead := n.lead()
	fam := a.fam
	if fam < 0 {
		// Each atom was asked at all points of its own family, whatever other families were narrowed to.
		if n.op == 'a' {
			fam = n.atom.at.fam
		}
		if path.perLayer() {
			path = always
		}
		if n.op != 'a' && n.perLayer() {
			want = never // nobody went this way, and what it takes cannot be said: it stays closed
		}
	}
	w.res.guards = append(w.res.guards, draft{
		label: lead.label, pos: lead.pos, when: all(a.s.path(fam), path), want: want,
	})
}

// lead returns the first atom of a condition.
func (n *tree) lead() *atom {
	if n.op == 'a' {
		return n.atom
	}
	for _, k := range n.kids {
		if a := k.lead(); a != nil {
			return a
		}
	}
	return nil
}

// keepOpen notes a predicate that stays a run-time check.
func (w *walker) keepOpen(e ast.Expr, f formula) {
	if text := f.String(); f.op == 'a' && !slices.Contains(w.res.open[e], text) {
		w.res.open[e] = append(w.res.open[e], text)
	}
}
