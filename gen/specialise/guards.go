package specialise

import (
	"cmp"
	"slices"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// guardList turns everything that the output relies on into guards: the decided conditions of live functions and the decided presence of fields.
// What another guard implies is left out.
func (m *marker) guardList() []contract.Guard {
	var drafts []draft
	for _, i := range m.order {
		drafts = append(drafts, m.draftsOf(i)...)
	}
	drafts = append(drafts, m.fieldDrafts()...)
	slices.SortStableFunc(drafts, func(a, b draft) int {
		return cmp.Or(cmp.Compare(int(a.pos), int(b.pos)), cmp.Compare(a.label, b.label), cmp.Compare(a.when.String(), b.when.String()), cmp.Compare(a.want.String(), b.want.String()))
	})
	drafts = resolve(drafts)
	// Unconditional ones first: they shorten and subsume the others.
	var certain []formula
	for _, d := range drafts {
		if d.when.op == 't' {
			certain = append(certain, d.want)
		}
	}
	var kept []draft
	for _, d := range drafts {
		if d.when, d.want = m.without(d.when, certain), given(d.when, d.want); d.want.op != 't' {
			kept = append(kept, d)
		}
	}
	var out []contract.Guard
	for n, d := range kept {
		if slices.ContainsFunc(kept[:n], func(e draft) bool { return covers(e, d) }) || slices.ContainsFunc(kept[n+1:], func(e draft) bool { return covers(e, d) && !covers(d, e) }) {
			continue
		}
		g := contract.Guard{Name: d.label, When: d.when.String(), Want: d.want.String(), Pos: m.t.im.at(d.pos)}
		g.PerLayer = d.when.perLayer() || d.want.perLayer()
		out = append(out, g)
	}
	return out
}

// resolve joins guards that say the same on both sides of a condition: there, the condition does not matter.
func resolve(drafts []draft) []draft {
	for n := 0; n < len(drafts); n++ {
		for k := 0; k < n; k++ {
			a, b := drafts[k], drafts[n]
			if a.want.String() != b.want.String() {
				continue
			}
			when, ok := bothSides(a.when, b.when)
			if !ok {
				continue
			}
			drafts[k].when = when
			drafts = slices.Delete(drafts, n, n+1)
			n = -1 // the weaker path may meet others
			break
		}
	}
	return drafts
}

// bothSides returns what is common to two paths that differ in one condition and its opposite only.
func bothSides(a, b formula) (formula, bool) {
	parts := func(f formula) []formula {
		switch f.op {
		case 't':
			return nil
		case '&':
			return f.args
		}
		return []formula{f}
	}
	less := func(x, y []formula) []formula {
		return slices.DeleteFunc(slices.Clone(x), func(f formula) bool {
			return slices.ContainsFunc(y, func(g formula) bool { return f.String() == g.String() })
		})
	}
	one, two := parts(a), parts(b)
	restOne, restTwo := less(one, two), less(two, one)
	if len(restOne) != 1 || len(restTwo) != 1 || restOne[0].String() != not(restTwo[0]).String() {
		return formula{}, false
	}
	return all(less(one, restOne)...), true
}

// draftsOf collects the drafts of a function and of the calls in it that were inlined.
func (m *marker) draftsOf(i *funcInst) []draft {
	drafts := slices.Clone(i.res.guards)
	for _, info := range i.res.calls {
		if info.inline != nil && m.insts[info.inline.inst] {
			drafts = append(drafts, m.draftsOf(info.inline.inst)...)
		}
	}
	return drafts
}

// fieldDrafts are the guards of fields that every or no struct has.
func (m *marker) fieldDrafts() []draft {
	var drafts []draft
	for _, o := range m.plan.outs {
		if !m.outs[o] {
			continue
		}
		for _, f := range o.info.fields {
			if !f.optional() || f.allOrNone() {
				continue
			}
			fate, live := m.fate(o, f), m.fields[fieldKey{o, f.obj}]
			if fate == someHave || live != (fate == allHave) {
				continue
			}
			for _, c := range o.classes {
				if p := m.existence(c); p.op != 'f' {
					drafts = append(drafts, m.fieldDraft(o, c, f, p, fate))
				}
			}
		}
	}
	return drafts
}

func (m *marker) fieldDraft(o *outType, c *class, f *fieldInfo, path formula, fate presence) draft {
	want := predicate(c.when(f))
	if fate == noneHave {
		want = not(want)
	}
	return draft{label: o.name + "." + f.name(), pos: f.ast.Pos(), when: path, want: want}
}

// existence is the condition under which structs of a class exist, as far as the evidence leaves it open.
func (p *plan) existence(c *class) formula {
	var fs []formula
	for ; c.parent != nil; c = c.parent {
		if !c.via.optional() {
			continue
		}
		switch p.fate(c.parent.out, c.via) {
		case noneHave:
			return never
		case someHave:
			if !c.via.allOrNone() {
				fs = append(fs, predicate(c.parent.when(c.via)))
			}
		}
	}
	return all(fs...)
}

// without drops the conjuncts of a path that unconditional guards ensure.
func (m *marker) without(when formula, certain []formula) formula {
	parts := []formula{when}
	if when.op == '&' {
		parts = when.args
	}
	return all(slices.DeleteFunc(slices.Clone(parts), func(f formula) bool {
		return slices.ContainsFunc(certain, func(c formula) bool { return implies(c, f) })
	})...)
}

// given drops the conjuncts of a predicate that its path ensures.
func given(when, want formula) formula {
	parts := []formula{want}
	if want.op == '&' {
		parts = want.args
	}
	return all(slices.DeleteFunc(slices.Clone(parts), func(f formula) bool { return implies(when, f) })...)
}

// covers reports whether guard a makes guard b superfluous.
func covers(a, b draft) bool {
	return implies(a.want, b.want) && (a.when.op == 't' || implies(b.when, a.when))
}

// implies reports whether f obviously implies g: by parts, and by a value that excludes another.
func implies(f, g formula) bool {
	switch {
	case f.String() == g.String():
		return true
	case g.op == '&':
		return !slices.ContainsFunc(g.args, func(x formula) bool { return !implies(f, x) })
	case f.op == '|':
		return !slices.ContainsFunc(f.args, func(x formula) bool { return !implies(x, g) })
	case f.op == '&' && slices.ContainsFunc(f.args, func(x formula) bool { return implies(x, g) }):
		return true
	case g.op == '|':
		return slices.ContainsFunc(g.args, func(x formula) bool { return implies(f, x) })
	case f.op != 'a' || g.op != 'a':
		return false
	}
	return excludes(f.expr, g.expr)
}

// excludes reports whether "x == a" says "x != b".
func excludes(a, b *contract.Expr) bool {
	if a.Op != contract.Binary || b.Op != contract.Binary || a.Text != "==" || b.Text != "!=" {
		return false
	}
	lit := a.Args[1].Op == contract.Literal && b.Args[1].Op == contract.Literal
	return lit && a.Args[0].String() == b.Args[0].String() && !a.Args[1].Val.Equal(b.Args[1].Val)
}

// checkGuards makes sure that the evidence satisfies the guards: a decision whose reason cannot be said as a guard is refused, not forgotten.
func (m *marker) checkGuards(guards []contract.Guard) {
	for _, c := range m.evidence {
		for _, d := range contract.CheckGuards(guards, c.Config) {
			found := m.r.addAt(d.Pos, "MG2192", "the evidence %s does not satisfy what was concluded from it: %s", c.Name, d.Message)
			found.Notes = d.Notes
		}
	}
}

// unseen lists pairs of open conditions on different facts that no checkpoint combines as the guards would allow: what such a checkpoint computes was
// never compared with anything.
func (m *marker) unseen() []string {
	var list []string
	for _, i := range m.order {
		for _, texts := range i.res.open {
			list = append(list, texts...)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	var out []string
	for n, a := range list {
		for _, b := range list[n+1:] {
			if !slices.ContainsFunc(namesOf(a), func(name string) bool { return slices.Contains(namesOf(b), name) }) {
				out = append(out, m.unseenPair(a, b)...)
			}
		}
	}
	return out
}

func (m *marker) unseenPair(a, b string) []string {
	perLayer := perRow(a) || perRow(b)
	seen := map[[2]bool]bool{}
	var one, two [2]bool
	for at := range m.places {
		if perLayer != (m.places[at].up >= 0) {
			continue
		}
		x, errX := m.holds(a, addr(at))
		y, errY := m.holds(b, addr(at))
		if errX == nil && errY == nil {
			seen[[2]bool{x, y}], one[btoi(x)], two[btoi(y)] = true, true, true
		}
	}
	var out []string
	for _, x := range sides(a) {
		for _, y := range sides(b) {
			if one[btoi(x)] && two[btoi(y)] && !seen[[2]bool{x, y}] {
				out = append(out, all(signed(a, x), signed(b, y)).String())
			}
		}
	}
	return out
}

// sides are the outcomes of a predicate that are told: of "x == value", one among several values of x, only that it holds.
func sides(text string) []bool {
	if operator(text) == "==" {
		return []bool{true}
	}
	return []bool{true, false}
}

func signed(text string, v bool) formula {
	if v {
		return predicate(text)
	}
	return not(predicate(text))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
