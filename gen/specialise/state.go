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
// conditions. A place has several states where calls differ in class, in trait arguments or in conditions. States are immutable.
type state struct {
	fams   []family
	refs   map[*types.Var]ref
	binds  map[*types.Var]binding
	conds  []conj
	origin *state // the state that this one was narrowed from
}

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

// clone copies s; the maps may then be changed.
func (s *state) clone() *state {
	return &state{fams: slices.Clone(s.fams), refs: maps.Clone(s.refs), binds: maps.Clone(s.binds), conds: slices.Clone(s.conds), origin: s}
}

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
// below is left. It returns nil when nothing is left.
func (p *plan) narrow(s *state, fam int, keep []addr) *state {
	if len(keep) == 0 {
		return nil
	}
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

// path returns the conditions of s that are about the structs of a family.
func (s *state) path(fam int) formula {
	var fs []formula
	for _, c := range s.conds {
		if c.fam < 0 || !c.f.perLayer() || fam >= 0 && s.related(c.fam, fam) {
			fs = append(fs, c.f)
		}
	}
	return all(fs...)
}

// assume returns s with a further condition on its path.
func (s *state) assume(fam int, f formula) *state {
	if f.op == 't' {
		return s
	}
	n := s.clone()
	n.conds = append(n.conds, conj{fam, f})
	return n
}

// key tells states apart that must not be merged: everything except the points.
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
	var conds []string
	for _, c := range s.conds {
		conds = append(conds, fmt.Sprintf("%d:%s", c.fam, c.f))
	}
	slices.Sort(conds)
	for _, c := range slices.Compact(conds) {
		b.WriteString(c + ";")
	}
	return b.String()
}

// rejoin merges what falls through the branches of a statement: a state that lost no points on the way is itself again.
func rejoin(in, out []*state) []*state {
	var merged []*state
	for _, s := range in {
		var parts []*state
		for _, o := range out {
			for a := o; a != nil; a = a.origin {
				if a == s {
					parts = append(parts, o)
					break
				}
			}
		}
		if whole(s, parts) {
			merged = append(merged, s)
			continue
		}
		merged = append(merged, parts...)
	}
	return merged
}

// whole reports whether parts together have all points of s.
func whole(s *state, parts []*state) bool {
	if len(parts) == 0 {
		return false
	}
	for i := range s.fams {
		var pts []addr
		for _, p := range parts {
			pts = append(pts, p.fams[i].pts...)
		}
		slices.Sort(pts)
		if len(slices.Compact(pts)) != len(s.fams[i].pts) {
			return false
		}
	}
	return true
}
