package specialise

import (
	"fmt"
	"go/constant"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// state is what is known at one place of a function for one way of reaching it: which structs the variables denote, at which points, under which
// conditions. A place has several states where calls differ in class or in trait arguments. States are immutable.
//
// A state without points is a ghost: a way that the code leaves open and no checkpoint of the evidence goes. Ghosts decide nothing, but what is
// decided must hold on their way, too, so they leave guards like all others.
type state struct {
	fams  []family
	refs  map[*types.Var]ref
	binds map[*types.Var]binding
	conds []conj
	id    *ident
}

// ident is what a state keeps while it only learns more about variables. Branches fork it.
type ident struct{ up *ident }

// family is the set of addresses that one struct, and whatever hangs below it without a table between, may have. Families whose up is another one
// are rows below that one's structs; families without relation are independent of each other.
type family struct {
	up  int
	pts []addr // sorted
}

// ref is what a variable denotes: a struct of a class, at the addresses of a family; fam < 0 means at any address.
type ref struct {
	class *class
	fam   int
}

// binding is the value of a trait parameter: a constant, or a trait field of a struct.
type binding struct {
	value constant.Value
	field *fieldInfo
	at    ref
}

// conj is a condition of the path, about the structs of one family (fam < 0: about whole checkpoints).
type conj struct {
	fam int
	f   formula
}

// clone copies s; the copy may then be changed.
func (s *state) clone() *state {
	return &state{fams: slices.Clone(s.fams), refs: maps.Clone(s.refs), binds: maps.Clone(s.binds), conds: slices.Clone(s.conds), id: s.id}
}

// fork copies s for one side of a branch.
func (s *state) fork() *state {
	n := s.clone()
	n.id = &ident{up: s.id}
	return n
}

// real reports whether some point of the evidence is in s; otherwise it is a ghost.
func (s *state) real() bool {
	return !slices.ContainsFunc(s.fams, func(f family) bool { return len(f.pts) == 0 })
}

// anyReal reports whether one of the states is real: whether the evidence gets there.
func anyReal(list []*state) bool { return slices.ContainsFunc(list, (*state).real) }

// points returns the addresses that r may have in s.
func (s *state) points(r ref) []addr {
	if r.fam < 0 {
		return r.class.addrs
	}
	return s.fams[r.fam].pts
}

// bind returns s with v denoting r.
func (s *state) bind(v *types.Var, r ref) *state {
	n := s.clone()
	if n.refs == nil {
		n.refs = map[*types.Var]ref{}
	}
	n.refs[v] = r
	return n
}

// addFamily returns s with a further family, and its index.
func (s *state) addFamily(f family) (*state, int) {
	n := s.clone()
	n.fams = append(n.fams, f)
	return n, len(n.fams) - 1
}

// related reports whether one of two families is above the other (or the same).
func (s *state) related(a, b int) bool { return s.above(a, b) || s.above(b, a) }

// above reports whether family a is b or an ancestor of b.
func (s *state) above(a, b int) bool {
	for ; b >= 0; b = s.fams[b].up {
		if a == b {
			return true
		}
	}
	return false
}

// narrow returns s with the points of one family reduced to keep: rows below go with what they hang on, and what is above stays only where something
// below is left.
func (p *plan) narrow(s *state, fam int, keep []addr) *state {
	n := s.clone()
	n.fams[fam].pts = keep
	for i := range n.fams {
		if i == fam || !n.above(fam, i) {
			continue
		}
		// Families are listed after those that they hang on, so the one above is already reduced.
		n.fams[i].pts = p.below(n.fams[i].pts, n.fams[n.fams[i].up].pts)
	}
	for child, i := fam, n.fams[fam].up; i >= 0; child, i = i, n.fams[i].up {
		n.fams[i].pts = p.over(n.fams[i].pts, n.fams[child].pts)
	}
	return n
}

// below returns those of pts that hang on one of tops.
func (p *plan) below(pts, tops []addr) []addr {
	if len(tops) == 0 {
		return nil
	}
	d := p.places[tops[0]].depth
	return filter(pts, func(a addr) bool { return contains(tops, p.project(a, d)) })
}

// over returns those of pts that one of lows hangs on.
func (p *plan) over(pts, lows []addr) []addr {
	if len(pts) == 0 {
		return nil
	}
	d := p.places[pts[0]].depth
	var up []addr
	for _, a := range lows {
		up = append(up, p.project(a, d))
	}
	slices.Sort(up)
	return filter(pts, func(a addr) bool { return contains(up, a) })
}

func filter(pts []addr, keep func(addr) bool) []addr {
	var out []addr
	for _, a := range pts {
		if keep(a) {
			out = append(out, a)
		}
	}
	return out
}

func contains(sorted []addr, a addr) bool {
	_, ok := slices.BinarySearch(sorted, a)
	return ok
}

// union merges sorted sets.
func union(a, b []addr) []addr {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// path returns the conditions of s that are about the structs of a family. Rows of two families cannot be spoken of at once: of several families of
// rows only one is mentioned, which makes a guard stronger, never weaker.
func (s *state) path(fam int) formula {
	var fs []formula
	rows := -1
	for _, c := range s.conds {
		if !c.f.perLayer() {
			fs = append(fs, c.f)
			continue
		}
		if c.fam < 0 || fam < 0 || !s.related(c.fam, fam) || rows >= 0 && rows != c.fam {
			continue
		}
		rows = c.fam
		fs = append(fs, c.f)
	}
	return all(fs...)
}

// assume returns s with a further condition on its path, or nil when the path is then impossible.
func (s *state) assume(fam int, f formula) *state {
	if f.op == 't' {
		return s
	}
	n := s.clone()
	parts := []formula{f}
	if f.op == '&' {
		parts = f.args
	}
	for _, part := range parts {
		n.conds = append(n.conds, conj{fam, part})
	}
	var same []formula
	for _, c := range n.conds {
		if c.fam == fam || !c.f.perLayer() {
			same = append(same, c.f)
		}
	}
	if all(same...).op == 'f' {
		return nil
	}
	return n
}

// key tells states apart that must not be merged: everything except points and conditions.
func (s *state) key(vars []*types.Var) string {
	var b strings.Builder
	for i, f := range s.fams {
		fmt.Fprintf(&b, "%d<%d;", i, f.up)
	}
	for _, v := range vars {
		if r, ok := s.refs[v]; ok {
			fmt.Fprintf(&b, "%s=%d@%d;", v.Name(), r.class.id, r.fam)
		}
		if x, ok := s.binds[v]; ok {
			if x.field != nil {
				fmt.Fprintf(&b, "%s=%d.%s@%d;", v.Name(), x.at.class.id, x.field.name(), x.at.fam)
			} else {
				fmt.Fprintf(&b, "%s=%s;", v.Name(), x.value.ExactString())
			}
		}
	}
	return b.String()
}

// merge returns a state that is reached whenever one of two with the same key is, and whether it is more than s.
func (s *state) merge(o *state) (*state, bool) {
	n := s.clone()
	grown := false
	for i := range n.fams {
		pts := union(s.fams[i].pts, o.fams[i].pts)
		grown = grown || len(pts) > len(s.fams[i].pts)
		n.fams[i].pts = pts
	}
	has := func(list []conj, c conj) bool {
		return slices.ContainsFunc(list, func(d conj) bool { return d.fam == c.fam && d.f.String() == c.f.String() })
	}
	var common, one, two []conj
	for _, c := range s.conds {
		if has(o.conds, c) {
			common = append(common, c)
		} else {
			one = append(one, c)
		}
	}
	for _, c := range o.conds {
		if !has(s.conds, c) {
			two = append(two, c)
		}
	}
	if len(one) == 0 {
		return n, grown
	}
	n.conds = common
	if fam, ok := s.lowest(append(slices.Clone(one), two...)); ok && len(two) > 0 {
		if f := either(formulas(one), formulas(two)); f.op != 't' {
			n.conds = append(n.conds, conj{fam, f})
		}
	}
	return n, grown || !slices.EqualFunc(n.conds, s.conds, func(a, b conj) bool { return a.fam == b.fam && a.f.String() == b.f.String() })
}

// formulas is the conjunction of conditions.
func formulas(list []conj) formula {
	var fs []formula
	for _, c := range list {
		fs = append(fs, c.f)
	}
	return all(fs...)
}

// lowest returns the family that all conditions are about, or hang above. Conditions on unrelated families cannot be said in one.
func (s *state) lowest(list []conj) (int, bool) {
	fam := -1
	for _, c := range list {
		switch {
		case c.fam < 0 || fam >= 0 && s.above(c.fam, fam):
		case fam < 0 || s.above(fam, c.fam):
			fam = c.fam
		default:
			return -1, false
		}
	}
	return fam, true
}

// rejoin merges what falls through the branches of a statement. A state all of whose branches fell through is itself again.
func rejoin(in, branches, out []*state) []*state {
	var merged []*state
	for _, s := range in {
		whole, any := true, false
		for _, b := range branches {
			if b.id.up == s.id {
				any = true
				whole = whole && slices.ContainsFunc(out, func(o *state) bool { return o.id == b.id })
			}
		}
		if whole && any {
			merged = append(merged, s)
			continue
		}
		for _, o := range out {
			if o.id.below(s.id) {
				merged = append(merged, o)
			}
		}
	}
	return limit(merged)
}

// below reports whether i was forked from up, at any distance, or is it.
func (i *ident) below(up *ident) bool {
	for ; i != nil; i = i.up {
		if i == up {
			return true
		}
	}
	return false
}

// maxStates bounds the states of a place; beyond, those that know the same about variables become one.
const maxStates = 12

func limit(list []*state) []*state {
	if len(list) <= maxStates {
		return list
	}
	var out []*state
	byKey := map[string]int{}
	for _, s := range list {
		var vars []*types.Var
		for v := range s.refs {
			vars = append(vars, v)
		}
		for v := range s.binds {
			vars = append(vars, v)
		}
		slices.SortFunc(vars, func(a, b *types.Var) int { return int(a.Pos() - b.Pos()) })
		k := s.key(vars)
		if n, ok := byKey[k]; ok {
			out[n], _ = out[n].merge(s)
			continue
		}
		byKey[k] = len(out)
		out = append(out, s.clone())
	}
	return out
}
