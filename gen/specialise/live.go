package specialise

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// presence says how many of the structs of an output type have an optional field.
type presence byte

const (
	allHave presence = iota
	noneHave
	someHave
)

// fate returns the presence of an optional field on the evidence.
func (p *plan) fate(o *outType, f *fieldInfo) presence {
	have, lack := 0, 0
	for _, c := range o.classes {
		for _, a := range c.addrs {
			if ok, err := p.present(c, f, a); err == nil && ok {
				have++
			} else {
				lack++
			}
		}
	}
	switch {
	case lack == 0:
		return allHave
	case have == 0:
		return noneHave
	}
	return someHave
}

// liveSpec is the spec of a field as the loader of the output sees it.
func (m *marker) liveSpec(o *outType, f *fieldInfo) contract.FieldSpec {
	spec := f.spec
	spec.As = ""
	if f.optional() && m.fate(o, f) == allHave {
		spec.When = ""
	}
	if f.kid == nil {
		return spec
	}
	kid := o.classes[0].kids[f].out
	spec.GoType = "*" + kid.name
	if f.each() {
		spec.GoType = "[]" + spec.GoType
	}
	spec.With = nil
	for name, src := range f.spec.With {
		if slices.Contains(m.namesRead(kid), name) {
			if spec.With == nil {
				spec.With = map[string]string{}
			}
			spec.With[name] = src
		}
	}
	return spec
}

// namesRead returns the names that the tags of an output type's live fields mention.
func (m *marker) namesRead(o *outType) []string {
	var names []string
	for _, f := range o.info.fields {
		if !m.fields[fieldKey{o, f.obj}] {
			continue
		}
		s := f.spec
		list := append([]string{s.Bias, s.When, s.Eps, s.Window, s.Rope, s.From, s.Trait}, s.Dims...)
		for _, src := range s.With {
			list = append(list, src)
		}
		if f.optional() && (f.allOrNone() || m.fate(o, f) == allHave) {
			list[1] = ""
		}
		for _, src := range list {
			if src != "" {
				names = append(names, namesOf(src)...)
			}
		}
		if f.kid != nil {
			// What the struct below reads and this field does not bind comes from around.
			for _, n := range m.namesRead(o.classes[0].kids[f].out) {
				if _, bound := s.With[n]; !bound {
					names = append(names, n)
				}
			}
		}
	}
	return names
}

// blueprint is what the loader of the output must construct: the live structs under their names, with the fields that are left.
func (m *marker) blueprint(template string) *contract.Blueprint {
	b := &contract.Blueprint{Template: template, Root: m.root.out.name, Types: map[string]*contract.TypeSpec{}}
	for _, o := range m.plan.outs {
		if !m.outs[o] {
			continue
		}
		t := &contract.TypeSpec{Name: o.name}
		for _, f := range o.info.fields {
			if m.fields[fieldKey{o, f.obj}] {
				t.Fields = append(t.Fields, m.liveSpec(o, f))
			}
		}
		b.Types[o.name] = t
	}
	return b
}

// unread reports parameters that checkpoints have and nothing reads: they would be loaded for nothing, or a branch of the template forgets them.
func (m *marker) unread() {
	for _, o := range m.plan.outs {
		for _, f := range o.info.fields {
			if !f.isParam() || m.fields[fieldKey{o, f.obj}] || !m.outs[o] {
				continue
			}
			var have []addr
			for _, c := range o.classes {
				for _, a := range c.addrs {
					if ok := !f.optional(); ok {
						have = append(have, a)
					} else if ok, err := m.present(c, f, a); err == nil && ok {
						have = append(have, a)
					}
				}
			}
			if len(have) > 0 {
				m.r.add(f.ast.Pos(), "MG2108", "%s.%s is loaded, and nothing reads it", o.name, f.name()).Notes = m.wheres(have)
			}
		}
	}
}

// liveTag prints the tag of a field in the internal mode that keeps them.
func (r *renderer) liveTag(o *outType, f *fieldInfo) string {
	s := r.liveSpec(o, f)
	var parts []string
	add := func(key, value string) {
		if value != "" || key == "param" && hasTag(f.ast, "param") {
			parts = append(parts, key+":"+strconv.Quote(value))
		}
	}
	var with []string
	for name, src := range s.With {
		with = append(with, name+"="+src)
	}
	slices.Sort(with)
	add("param", s.Param)
	add("dims", strings.Join(s.Dims, ", "))
	add("bias", s.Bias)
	add("when", s.When)
	add("eps", s.Eps)
	add("each", s.Each)
	add("with", strings.Join(with, ", "))
	add("state", s.State)
	add("window", s.Window)
	add("rope", s.Rope)
	add("from", s.From)
	add("trait", s.Trait)
	return "`" + strings.Join(parts, " ") + "`"
}

// lostEffects reports effects in what is about to be dropped: the result of a state change is used only in a branch that is gone.
func (m *marker) lostEffects() {
	for _, i := range m.order {
		report := func(e ast.Expr) {
			if e != nil && m.hasEffect(i, e) {
				i.res.diags.im = m.t.im
				i.res.diags.add(e.Pos(), "MG2106", "%s changes state, and its result is never used", i.fn.file.text(e.Pos(), e.End()))
			}
		}
		for _, s := range i.statements() {
			m.lostIn(i, s, report)
		}
		for call, info := range i.res.calls {
			if info.inline != nil {
				continue
			}
			for n, arg := range call.Args {
				params := info.target.fn.params
				if !m.vars[varKey{info.target, params[min(n, len(params)-1)]}] && m.insts[info.target] {
					report(arg)
				}
			}
		}
	}
}

// lostIn looks at what a statement sets.
func (m *marker) lostIn(i *funcInst, s ast.Stmt, report func(ast.Expr)) {
	live := m.stmts[stmtKey{i, s}]
	switch s := s.(type) {
	case *ast.AssignStmt:
		used := false
		for n, lhs := range s.Lhs {
			needed := live && m.targetLive(i, lhs)
			used = used || needed
			if !needed && len(s.Lhs) == len(s.Rhs) && !i.tidy.dead[s] {
				report(s.Rhs[n])
			}
		}
		if !used && len(s.Lhs) != len(s.Rhs) {
			report(s.Rhs[0])
		}
	case *ast.DeclStmt:
		if !live {
			for _, spec := range s.Decl.(*ast.GenDecl).Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for _, e := range v.Values {
						report(e)
					}
				}
			}
		}
	}
}
