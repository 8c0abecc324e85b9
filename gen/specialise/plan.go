package specialise

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// Checkpoint is the evidence of one locked checkpoint.
type Checkpoint struct {
	Name   string
	Config *contract.Config
	// Presence says which all-or-none parameters the headers hold, by path without indices (model.layers.self_attn.q_norm).
	Presence map[string]bool
}

// class is an instance class: a path of fields from the root, without indices. All structs of one class are told apart by their addresses only.
type class struct {
	id     int
	path   string // Model.Layers.MLP
	params string // model.layers.mlp
	info   *structInfo
	parent *class
	via    *fieldInfo
	out    *outType
	with   map[string]string // named dims, as expressions over the normalised config
	depth  int               // how many tables are on the path
	kids   map[*fieldInfo]*class
	addrs  []addr // where a struct of the class exists
}

// outType is a struct of the generated package: a parameter struct under one name, for all classes that use it under that name.
type outType struct {
	name    string
	info    *structInfo
	classes []*class
}

// addr is the index of an address: a checkpoint, or a row of a table below an address.
type addr int32

type address struct {
	checkpoint int
	up         addr // -1: a checkpoint
	row        int
	depth      int
}

// plan is the struct tree below the root on the evidence.
type plan struct {
	t        *Templates
	r        *report
	evidence []Checkpoint
	classes  []*class
	root     *class
	outs     []*outType
	byInfo   map[*structInfo][]*outType
	places   []address
	failed   map[string]bool
	memo     map[question]contract.Value
}

// newPlan builds the classes of a template and finds out where each exists.
func newPlan(t *Templates, r *report, root *structInfo, evidence []Checkpoint) *plan {
	p := &plan{t: t, r: r, evidence: evidence, byInfo: map[*structInfo][]*outType{}, failed: map[string]bool{}, memo: map[question]contract.Value{}}
	for i := range evidence {
		p.places = append(p.places, address{checkpoint: i, up: -1})
	}
	p.root = p.grow(root, nil, nil, nil)
	for _, o := range p.outs {
		p.byInfo[o.info] = append(p.byInfo[o.info], o)
	}
	if !r.failed() {
		p.settle(p.root)
	}
	return p
}

// grow adds the class of a struct and those below it.
func (p *plan) grow(info *structInfo, parent *class, via *fieldInfo, with map[string]string) *class {
	c := &class{id: len(p.classes), path: info.name(), info: info, parent: parent, via: via, with: with, kids: map[*fieldInfo]*class{}}
	name := info.name()
	if parent != nil {
		c.path, c.params, c.depth = parent.path+"."+via.name(), joinPath(parent.params, via.spec.Param), parent.depth
		if via.each() {
			c.depth++
		}
		if via.spec.As != "" {
			name = via.spec.As
		}
	}
	for a := parent; a != nil; a = a.parent {
		if a.info == info {
			p.r.add(via.ast.Pos(), "MG2032", "%s contains itself", info.name())
			return c
		}
	}
	p.classes = append(p.classes, c)
	i := slices.IndexFunc(p.outs, func(o *outType) bool { return o.name == name && o.info == info })
	if i < 0 {
		i = len(p.outs)
		p.outs = append(p.outs, &outType{name: name, info: info})
	}
	c.out = p.outs[i]
	c.out.classes = append(c.out.classes, c)
	for _, f := range info.fields {
		if f.kid == nil {
			continue
		}
		with := inherit(c.with, f.spec.With)
		if f.each() {
			with = nil // a row sees the config and its own columns
		}
		c.kids[f] = p.grow(f.kid, c, f, with)
	}
	return c
}

// joinPath joins two dotted paths, either of which may be empty.
func joinPath(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "." + b
}

// settle computes the addresses of a class and of those below it. Rows that no trait can tell apart are one point: only the first is kept.
func (p *plan) settle(c *class) {
	if c.parent == nil {
		for i := range p.evidence {
			c.addrs = append(c.addrs, addr(i))
		}
	}
	for _, f := range c.info.fields {
		kid := c.kids[f]
		if kid == nil {
			continue
		}
		switch {
		case f.each():
			for _, a := range c.addrs {
				kid.addrs = append(kid.addrs, p.rows(kid, a)...)
			}
		case f.optional():
			for _, a := range c.addrs {
				if ok, err := p.present(c, f, a); err != nil {
					p.fail(f, "MG2109", "%s.%s: %v in %s", c.out.name, f.name(), err, p.where(a))
				} else if ok {
					kid.addrs = append(kid.addrs, a)
				}
			}
		default:
			kid.addrs = c.addrs
		}
		p.settle(kid)
	}
}

// fail reports a finding about a field once.
func (p *plan) fail(f *fieldInfo, code, format string, args ...any) {
	if key := code + f.owner.name() + f.name(); !p.failed[key] {
		p.failed[key] = true
		p.r.add(f.ast.Pos(), code, format, args...)
	}
}

// rows adds addresses for the rows of the layer table below a, one for each combination of values that a trait below kid asks for.
func (p *plan) rows(kid *class, a addr) []addr {
	names := p.asked(kid)
	seen := map[string]bool{}
	var list []addr
	for i, row := range p.evidence[p.places[a].checkpoint].Config.Layers {
		var key strings.Builder
		for _, n := range names {
			if n == "i" {
				fmt.Fprint(&key, i, "\x00")
				continue
			}
			fmt.Fprint(&key, row[strings.TrimPrefix(n, "layer.")].Value, "\x00")
		}
		if seen[key.String()] {
			continue
		}
		seen[key.String()] = true
		list = append(list, addr(len(p.places)))
		p.places = append(p.places, address{p.places[a].checkpoint, a, i, p.places[a].depth + 1})
	}
	return list
}

// asked returns the names that presence and traits at and below a class read of a row, sorted.
func (p *plan) asked(c *class) []string {
	var names []string
	var visit func(c *class)
	visit = func(c *class) {
		for _, f := range c.info.fields {
			for _, src := range []string{c.when(f), c.trait(f)} {
				for _, n := range namesOf(src) {
					if n == "i" || strings.HasPrefix(n, "layer.") {
						names = append(names, n)
					}
				}
			}
			if kid := c.kids[f]; kid != nil {
				visit(kid)
			}
		}
	}
	visit(c)
	slices.Sort(names)
	return slices.Compact(names)
}

// when and trait are the expressions of a field in a class, over the normalised config.
func (c *class) when(f *fieldInfo) string {
	if f.allOrNone() {
		return ""
	}
	return substitute(f.spec.When, c.with)
}

func (c *class) trait(f *fieldInfo) string { return substitute(f.spec.Trait, c.with) }

// eval evaluates an expression over the normalised config at an address.
func (p *plan) eval(src string, a addr) (contract.Value, error) {
	k := question{src, a}
	if v, ok := p.memo[k]; ok {
		return v, nil
	}
	e, err := contract.ParseExpr(src)
	if err != nil {
		return contract.Value{}, err
	}
	v, err := e.Eval(p.scope(a))
	if err == nil {
		p.memo[k] = v
	}
	return v, err
}

// holds evaluates a predicate at an address.
func (p *plan) holds(src string, a addr) (bool, error) {
	v, err := p.eval(src, a)
	if err == nil && v.Kind != contract.Bool {
		err = fmt.Errorf("%s is %s, no truth value", src, v)
	}
	return v.B, err
}

// holdsFormula evaluates a formula at an address.
func (p *plan) holdsFormula(f formula, a addr) (bool, error) {
	switch f.op {
	case 't', 'f':
		return f.op == 't', nil
	case 'a':
		return p.holds(f.text, a)
	}
	for _, x := range f.args {
		if ok, err := p.holdsFormula(x, a); err != nil || ok == (f.op == '|') {
			return ok, err
		}
	}
	return f.op == '&', nil
}

// question is an expression at an address.
type question struct {
	src string
	at  addr
}

// scope is the environment of an address: the facts of the checkpoint, and the columns of its row.
func (p *plan) scope(a addr) contract.Env {
	at := p.places[a]
	config := p.evidence[at.checkpoint].Config
	if at.up < 0 {
		return config
	}
	return config.Row(at.row)
}

// present reports whether an optional field of class c is there at an address.
func (p *plan) present(c *class, f *fieldInfo, a addr) (bool, error) {
	if f.allOrNone() {
		path := joinPath(c.params, f.spec.Param)
		v, ok := p.evidence[p.places[a].checkpoint].Presence[path]
		if !ok {
			return false, fmt.Errorf("nothing says whether %s is there", path)
		}
		return v, nil
	}
	return p.holds(c.when(f), a)
}

// project returns the address at depth d on the way up from a.
func (p *plan) project(a addr, d int) addr {
	for p.places[a].depth > d {
		a = p.places[a].up
	}
	return a
}

// where names an address in diagnostics.
func (p *plan) where(a addr) string {
	at := p.places[a]
	if at.up < 0 {
		return p.evidence[at.checkpoint].Name
	}
	return fmt.Sprintf("%s, layer %d", p.evidence[at.checkpoint].Name, at.row)
}

// wheres names up to four addresses, in an order that does not depend on that of the evidence.
func (p *plan) wheres(list []addr) []string {
	var names []string
	for _, a := range list {
		names = append(names, p.where(a))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 4 {
		names = append(names[:4:4], fmt.Sprintf("and %d more", len(names)-4))
	}
	return names
}
