package specialise

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// isParamStruct reports whether a type is a parameter struct, which is named by its output types.
func (m *marker) isParamStruct(o types.Object) bool {
	t, ok := o.(*types.TypeName)
	return ok && m.t.structs[t] != nil
}

// plainGlobal is the name of a type, const or var of ours in the output.
func (m *marker) plainGlobal(o types.Object) string {
	if t, ok := o.(*types.TypeName); ok {
		return m.t.plainName(t)
	}
	return o.Name()
}

// verify type-checks the output and compares, identifier by identifier, what each refers to with what the template's did. The first catches whatever
// was cut too much; the second what compiles and means something else. Both are defects of this package, not of a template.
func (r *renderer) verify(req *Request, files map[string][]byte) {
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: readOnly{r.t.im}, Sizes: types.SizesFor("gc", "amd64"), Error: func(err error) {
		place, msg := r.t.im.position(err)
		if te, ok := err.(types.Error); ok {
			place = te.Fset.Position(te.Pos).String()
		}
		r.r.addAt(place, "MG2190", "the output does not compile: %s", msg)
	}}
	fset := token.NewFileSet()
	byName := map[string]*ast.File{}
	var asts []*ast.File
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := parser.ParseFile(fset, name, files[name], parser.SkipObjectResolution)
		if err != nil {
			r.r.addAt(name, "MG2190", "the output does not parse: %v", err)
			return
		}
		byName[name] = f
		asts = append(asts, f)
	}
	path := req.ImportPath
	if path == "" {
		path = req.Package
	}
	conf.Check(path, fset, asts, info)
	if r.r.failed() {
		return
	}
	b := &binder{info: info, there: map[any]types.Object{}, back: map[types.Object]any{}}
	for _, o := range r.parts {
		if msg := b.file(byName[o.name], o); msg != "" {
			r.r.addAt(o.name, "MG2191", "the output does not mean what the template means: %s", msg)
		}
	}
}

// readOnly imports packages that are loaded already; nothing is added, so that many goroutines may check at once.
type readOnly struct{ im *sourceImporter }

func (r readOnly) Import(p string) (*types.Package, error) {
	if l := r.im.pkgs[p]; l != nil && l.types != nil {
		return l.types, nil
	}
	return nil, fmt.Errorf("no template imports %s", p)
}

// binder matches identifiers of the output with what they stand for.
type binder struct {
	info  *types.Info
	there map[any]types.Object
	back  map[types.Object]any
}

// file compares the identifiers of a file's declarations in order.
func (b *binder) file(f *ast.File, o *output) string {
	var ids []*ast.Ident
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			continue
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				ids = append(ids, id)
			}
			return true
		})
	}
	slices.SortFunc(ids, func(x, y *ast.Ident) int { return int(x.Pos() - y.Pos()) })
	var wants []want
	for _, d := range o.decls {
		wants = append(wants, d.ids...)
	}
	if len(ids) != len(wants) {
		return fmt.Sprintf("%d identifiers instead of %d", len(ids), len(wants))
	}
	for n, w := range wants {
		if msg := b.match(ids[n], w); msg != "" {
			return msg
		}
	}
	return ""
}

// match checks one identifier.
func (b *binder) match(id *ast.Ident, w want) string {
	if id.Name != w.name {
		return fmt.Sprintf("%s instead of %s", id.Name, w.name)
	}
	obj := b.info.ObjectOf(id)
	wrong := fmt.Sprintf("%s refers to another %s", id.Name, describe(obj))
	switch k := w.key.(type) {
	case nil:
		return ""
	case importKey:
		if p, ok := obj.(*types.PkgName); !ok || p.Imported().Path() != k.path {
			return wrong
		}
		return ""
	case memberKey:
		v, isVar := obj.(*types.Var)
		fn, isFunc := obj.(*types.Func)
		_, wantFunc := k.o.(*types.Func)
		if wantFunc && (!isFunc || fn.Signature().Recv() == nil) || !wantFunc && (!isVar || !v.IsField()) {
			return wrong
		}
		return ""
	case types.Object:
		if k != obj {
			return wrong
		}
		return ""
	}
	if obj == nil {
		return wrong
	}
	if have, ok := b.there[w.key]; ok && have != obj {
		return wrong
	}
	if have, ok := b.back[obj]; ok && have != w.key {
		return wrong
	}
	b.there[w.key], b.back[obj] = obj, w.key
	return ""
}

func describe(o types.Object) string {
	if o == nil {
		return "object"
	}
	kind, _, _ := strings.Cut(o.String(), " ")
	return kind
}
