package specialise

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"

	"mvdan.cc/gofumpt/format"
)

// output is one file of the package: its declarations in order.
type output struct {
	name    string
	decls   []*frag
	lead    []string // comments that stand alone before each declaration
	imports map[string]bool
	doc     string
}

// files prints the package: one file per source file, those of blocks joined to files of the same name.
func (r *renderer) files(req *Request) map[string][]byte {
	var outs []*output
	byName := map[string]*output{}
	root := r.root.info
	for _, p := range r.sources(root.pkg) {
		for _, f := range p.files {
			name := path.Base(f.name)
			if f == root.file {
				name = strings.ToLower(root.name()) + ".go"
			}
			o := byName[name]
			if o == nil {
				o = &output{name: name, imports: map[string]bool{}}
			}
			n := len(o.decls)
			w := *r
			w.file, w.imports = f, o.imports
			w.fileDecls(f, o)
			if len(o.decls) > n && byName[name] == nil {
				byName[name] = o
				outs = append(outs, o)
			}
			if f == root.file {
				o.doc = r.packageDoc(req, root)
			}
		}
	}
	files := map[string][]byte{}
	for _, o := range outs {
		src := o.source(req)
		fine, err := format.Source(src, format.Options{LangVersion: "go1.26", ModulePath: r.t.im.module})
		if err != nil {
			r.r.addAt(o.name, "MG2190", "the output does not parse: %v", err).Notes = []string{string(src)}
			continue
		}
		files[o.name] = fine
		r.parts = append(r.parts, o)
	}
	return files
}

// sources returns the packages that declarations come from: the template first.
func (r *renderer) sources(first *pkg) []*pkg {
	list := []*pkg{first}
	for _, p := range r.t.packages {
		if p != first {
			list = append(list, p)
		}
	}
	return list
}

// fileDecls prints the live declarations of a source file.
func (r *renderer) fileDecls(f *file, o *output) {
	prev := f.ast.Name.End()
	for n := 0; n < len(f.ast.Decls); n++ {
		d := f.ast.Decls[n]
		start := d.Pos()
		if doc := declDoc(d); doc != nil {
			start = doc.Pos()
		}
		lead := r.commentBefore(prev, start)
		prev = d.End()
		add := func(x *frag) {
			if x != nil {
				o.decls = append(o.decls, x)
				o.lead = append(o.lead, lead)
				lead = ""
			}
		}
		s := r.structBehind(d)
		if s == nil {
			switch d := d.(type) {
			case *ast.FuncDecl:
				for _, i := range r.liveInsts(d, nil) {
					add(r.funcText(i))
				}
			case *ast.GenDecl:
				if d.Tok != token.IMPORT {
					add(r.genText(d, f))
				}
			}
			continue
		}
		// A struct and the methods behind it are printed once for each output type.
		end := n + 1
		for end < len(f.ast.Decls) && r.structBehind(f.ast.Decls[end]) == s {
			end++
		}
		for k, out := range r.liveOuts(s) {
			for _, d := range f.ast.Decls[n:end] {
				if k == 0 && d != f.ast.Decls[n] {
					start := d.Pos()
					if doc := declDoc(d); doc != nil {
						start = doc.Pos()
					}
					lead = r.commentBefore(prev, start)
					prev = d.End()
				}
				switch d := d.(type) {
				case *ast.FuncDecl:
					for _, i := range r.liveInsts(d, out) {
						add(r.funcText(i))
					}
				case *ast.GenDecl:
					add(r.structText(out))
				}
			}
		}
		n = end - 1
		prev = f.ast.Decls[n].End()
	}
}

func declDoc(d ast.Decl) *ast.CommentGroup {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Doc
	case *ast.GenDecl:
		return d.Doc
	}
	return nil
}

// structBehind returns the parameter struct that a declaration declares or is a method of. A type declaration that holds one struct among others is
// printed for itself.
func (r *renderer) structBehind(d ast.Decl) *structInfo {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if fn := r.t.funcs[asFunc(r.t.info.Defs[d.Name])]; fn != nil {
			return fn.recv
		}
	case *ast.GenDecl:
		if d.Tok == token.TYPE && len(d.Specs) == 1 {
			obj, _ := r.t.info.Defs[d.Specs[0].(*ast.TypeSpec).Name].(*types.TypeName)
			return r.t.structs[obj]
		}
	}
	return nil
}

// liveInsts returns the instances of a function that are printed.
func (r *renderer) liveInsts(d *ast.FuncDecl, out *outType) []*funcInst {
	var list []*funcInst
	for _, i := range r.order {
		if i.fn.decl == d && i.out == out {
			list = append(list, i)
		}
	}
	return list
}

// source assembles a file.
func (o *output) source(req *Request) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "// %s\n\n", req.header())
	b.WriteString(o.doc)
	fmt.Fprintf(&b, "package %s\n\n", req.Package)
	var std, module []string
	for _, p := range slices.Sorted(maps.Keys(o.imports)) {
		if strings.Contains(p, ".") {
			module = append(module, p)
		} else {
			std = append(std, p)
		}
	}
	switch {
	case len(std)+len(module) == 1:
		fmt.Fprintf(&b, "import %q\n\n", append(std, module...)[0])
	case len(std)+len(module) > 1:
		b.WriteString("import (\n")
		for _, p := range std {
			fmt.Fprintf(&b, "\t%q\n", p)
		}
		if len(std) > 0 && len(module) > 0 {
			b.WriteString("\n")
		}
		for _, p := range module {
			fmt.Fprintf(&b, "\t%q\n", p)
		}
		b.WriteString(")\n\n")
	}
	for n, d := range o.decls {
		if n > 0 {
			b.WriteString("\n")
		}
		b.WriteString(o.lead[n])
		b.WriteString(d.String() + "\n")
	}
	return b.Bytes()
}
