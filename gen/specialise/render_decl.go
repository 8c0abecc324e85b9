package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// funcText prints a function for one instance.
func (r *renderer) funcText(i *funcInst) *frag {
	r = r.in(i)
	d := i.fn.decl
	name, key := d.Name.Name, any(memberKey{i.fn.obj})
	if d.Recv == nil {
		name, key = i.fn.as, globalKey{i.fn.obj, nil}
	}
	f := (&frag{}).str(r.docText(d.Doc, d.Name.Name, name)).str("func ")
	if d.Recv != nil {
		recv := d.Recv.List[0]
		f.str("(")
		for _, n := range recv.Names {
			f.add(r.ident(n)).str(" ")
		}
		f.add(r.node(recv.Type)).str(") ")
	}
	f.id(name, key).add(r.params(d.Type.Params))
	if res := d.Type.Results; res != nil {
		f.str(" ").add(r.node(res))
	}
	items := r.items(d.Body.List, d.Body.Lbrace, d.Body.Rbrace)
	if r.file.line(d.Body.Lbrace) == r.file.line(d.Body.Rbrace) && len(items) == 1 && items[0].size() == 1 {
		return f.str(" { ").add(items[0].body).str(" }")
	}
	if len(items) == 0 {
		return f.str(" {}")
	}
	return f.str(" ").add(r.braced(d.Body.Lbrace, items))
}

// structText prints a parameter struct under an output type's name.
func (r *renderer) structText(o *outType) *frag {
	s := o.info
	r = r.in(nil)
	r.file = s.file
	f := (&frag{}).str(r.docText(docOf(s.decl, s.spec), s.name(), o.name)).str("type ").id(o.name, globalKey{s.obj, o})
	var items []*item
	cut := false
	last := 0
	for _, field := range s.lit.Fields.List {
		info := s.byVar[r.t.info.Defs[field.Names[0]].(*types.Var)]
		first := r.file.line(field.Pos())
		if field.Doc != nil {
			first = r.file.line(field.Doc.Pos())
		}
		blank := last > 0 && first > last+1
		last = r.file.line(field.End())
		if !r.fields[fieldKey{o, info.obj}] {
			if len(items) > 0 && blank {
				cut = true
			}
			cut = true
			continue
		}
		it := &item{body: r.fieldText(o, info), trail: r.fieldComment(o, info), blank: blank, cut: cut}
		if field.Doc != nil && !(info.optional() && r.fate(o, info) != someHave) {
			it.lead = r.lines(field.Doc)
		}
		cut = false
		items = append(items, it)
	}
	if len(items) == 0 {
		return f.str(" struct{}")
	}
	return f.str(" struct {\n").add(layout(items)).str("}")
}

// fieldText prints a field: its name and type, under the names of the output.
func (r *renderer) fieldText(o *outType, info *fieldInfo) *frag {
	f := (&frag{}).id(info.name(), memberKey{info.obj}).str(" ")
	if info.kid == nil {
		f.add(r.node(info.ast.Type))
	} else {
		if info.each() {
			f.str("[]")
		}
		kid := o.classes[0].kids[info].out
		f.str("*").id(kid.name, globalKey{kid.info.obj, kid})
	}
	if r.keep {
		f.str(" " + r.liveTag(o, info))
	}
	return f
}

// genText prints what is left of a const, var or type declaration.
func (r *renderer) genText(d *ast.GenDecl, f *file) *frag {
	r = r.in(nil)
	r.file = f
	if d.Tok == token.TYPE {
		return r.typesText(d)
	}
	var specs []*ast.ValueSpec
	for _, s := range d.Specs {
		s := s.(*ast.ValueSpec)
		if slices.ContainsFunc(s.Names, func(n *ast.Ident) bool { return r.decls[r.t.info.Defs[n]] }) {
			specs = append(specs, s)
		}
	}
	if len(specs) == 0 {
		return nil
	}
	out := (&frag{}).str(r.docText(d.Doc, "", ""))
	if len(specs) == len(d.Specs) {
		body := r.node(&ast.GenDecl{TokPos: d.TokPos, Tok: d.Tok, Lparen: d.Lparen, Specs: d.Specs, Rparen: d.Rparen})
		return out.add(body)
	}
	out.str(d.Tok.String() + " ")
	if len(specs) == 1 {
		return out.str(r.docText(specs[0].Doc, "", "")).add(r.node(bare(specs[0]))).str(r.trailing(specs[0].Comment))
	}
	out.str("(\n")
	last := 0
	for _, s := range specs {
		if line := r.file.line(s.Pos()); last > 0 && line > last+1 && s.Doc == nil {
			out.str("\n")
		}
		last = r.file.line(s.End())
		out.str(r.docText(s.Doc, "", "")).add(r.node(bare(s))).str(r.trailing(s.Comment) + "\n")
	}
	return out.str(")")
}

// bare is a value spec without its comments, which are printed for themselves.
func bare(s *ast.ValueSpec) *ast.ValueSpec {
	n := *s
	n.Doc, n.Comment = nil, nil
	return &n
}

func (r *renderer) trailing(c *ast.CommentGroup) string {
	if c == nil {
		return ""
	}
	return " " + r.raw(c.Pos(), c.End())
}

// typesText prints the live plain types of a declaration. Parameter structs are printed by themselves.
func (r *renderer) typesText(d *ast.GenDecl) *frag {
	out := &frag{}
	for _, s := range d.Specs {
		s := s.(*ast.TypeSpec)
		obj := r.t.info.Defs[s.Name].(*types.TypeName)
		if r.t.structs[obj] != nil || !r.decls[obj] {
			continue
		}
		if len(out.text.String()) > 0 {
			out.str("\n\n")
		}
		out.str(r.docText(docOf(d, s), s.Name.Name, r.t.plainName(obj))).str("type ").add(r.ident(s.Name))
		if lit, ok := s.Type.(*ast.StructType); ok {
			out.str(" ").add(r.plainStructText(lit))
			continue
		}
		out.str(r.raw(s.Name.End(), s.Type.Pos())).add(r.node(s.Type))
		if s.Comment != nil {
			out.str(r.trailing(s.Comment))
		}
	}
	if out.text.Len() == 0 {
		return nil
	}
	return out
}

// plainStructText prints a struct without the fields that nothing reads any more.
func (r *renderer) plainStructText(lit *ast.StructType) *frag {
	whole := true
	for _, f := range lit.Fields.List {
		for _, n := range f.Names {
			if v := r.t.varOf(n); v != nil && !r.fields[fieldKey{nil, v}] {
				whole = false
			}
		}
	}
	if whole {
		return r.node(lit)
	}
	out := (&frag{}).str("struct {\n")
	for _, f := range lit.Fields.List {
		var names []*frag
		for _, n := range f.Names {
			if v := r.t.varOf(n); v == nil || r.fields[fieldKey{nil, v}] {
				names = append(names, r.ident(n))
			}
		}
		if len(names) == 0 && len(f.Names) > 0 {
			continue
		}
		if f.Doc != nil {
			for _, l := range r.lines(f.Doc) {
				out.str(l + "\n")
			}
		}
		out.add(commas(names)).str(" ").add(r.node(f.Type)).str(r.trailing(f.Comment) + "\n")
	}
	return out.str("}")
}
