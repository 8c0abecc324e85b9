package specialise

import (
	"bytes"
	"go/ast"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Options says where templates are.
type Options struct {
	// Source is the root of the module: templates/…, mlx and runtime/nn are read from it.
	Source fs.FS
	// Module is its path; empty means mlxgen's.
	Module string

	// lax skips the linter. Only the tests of what happens beyond the subset set it.
	lax bool
}

// Templates are the loaded templates and blocks. They are read-only; Specialise may be called from many goroutines.
type Templates struct {
	im        *sourceImporter
	info      *types.Info
	packages  []*pkg // templates and blocks, sorted by path
	templates map[string]*structInfo
	structs   map[*types.TypeName]*structInfo
	fields    map[*types.Var]*fieldInfo
	funcs     map[*types.Func]*funcInfo
	marks     map[types.Object][]string // directives of functions and interface methods, here and in dependencies
	decls     map[types.Object]*declInfo
	effectful map[*types.Func]bool // functions of ours that may change state, whatever the evidence
	files     map[*token.File]*file
	lax       bool
}

// declInfo is a package-level declaration that is no function: the type, const or var specs of one GenDecl.
type declInfo struct {
	file *file
	decl *ast.GenDecl
	spec ast.Spec
	pkg  *pkg
}

// Load reads, type-checks and lints all templates below Source. Findings of severity error mean that nothing may be specialised.
func Load(opt Options) (*Templates, diag.List) {
	if opt.Module == "" {
		opt.Module = "github.com/mlxgen/mlxgen"
	}
	im := newImporter(opt.Source, opt.Module)
	t := &Templates{
		im: im, info: im.info, templates: map[string]*structInfo{}, structs: map[*types.TypeName]*structInfo{}, lax: opt.lax,
		fields: map[*types.Var]*fieldInfo{}, funcs: map[*types.Func]*funcInfo{}, marks: map[types.Object][]string{},
		decls: map[types.Object]*declInfo{}, files: map[*token.File]*file{},
	}
	var r report
	r.im = im
	dirs, err := templateDirs(opt.Source)
	if err != nil {
		r.addAt("", "MG2000", "cannot read templates: %v", err)
		return t, r.sorted()
	}
	for _, dir := range dirs {
		p := im.load(opt.Module + "/" + dir)
		if p.err != nil {
			r.addAt(dir, "MG2000", "%v", p.err)
		}
	}
	for _, p := range im.order {
		if p.own {
			t.packages = append(t.packages, p)
			for _, err := range p.errs {
				at, msg := im.position(err)
				r.addAt(at, "MG2000", "%s", msg)
			}
		}
		t.readMarks(p)
	}
	if r.failed() {
		return t, r.sorted()
	}
	slices.SortFunc(t.packages, func(a, b *pkg) int { return strings.Compare(a.path, b.path) })
	t.collect(&r)
	if !r.failed() && !opt.lax {
		t.lint(&r)
	}
	return t, r.sorted()
}

// rootMark is the directive that makes a package a template.
const rootMark = directivePrefix + "root"

// templateDirs lists the folders below templates/ that hold a marked root. Blocks are found by their imports.
func templateDirs(root fs.FS) ([]string, error) {
	var dirs []string
	err := fs.WalkDir(root, "templates", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		src, err := fs.ReadFile(root, p)
		if dir := path.Dir(p); err == nil && bytes.Contains(src, []byte("\n"+rootMark)) && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		return err
	})
	slices.Sort(dirs)
	return dirs, err
}

// readMarks notes the directives of a package's functions and interface methods.
func (t *Templates) readMarks(p *pkg) {
	for _, f := range p.files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				t.mark(n.Name, n.Doc)
				return false
			case *ast.InterfaceType:
				for _, m := range n.Methods.List {
					for _, name := range m.Names {
						t.mark(name, m.Doc)
					}
				}
			}
			return true
		})
	}
}

func (t *Templates) mark(name *ast.Ident, doc *ast.CommentGroup) {
	if ds := directives(doc); len(ds) > 0 {
		if obj := t.info.Defs[name]; obj != nil {
			t.marks[obj] = ds
		}
	}
}

const directivePrefix = "//mlxgen:"

// directives returns the //mlxgen: lines of a doc comment, without the prefix.
func directives(doc *ast.CommentGroup) []string {
	if doc == nil {
		return nil
	}
	var ds []string
	for _, c := range doc.List {
		if d, ok := strings.CutPrefix(c.Text, directivePrefix); ok {
			ds = append(ds, strings.TrimSpace(d))
		}
	}
	return ds
}

// directive returns the argument of the directive key, and whether it is there.
func directive(ds []string, key string) (string, bool) {
	for _, d := range ds {
		name, arg, _ := strings.Cut(d, " ")
		if name == key {
			return strings.TrimSpace(arg), true
		}
	}
	return "", false
}

// isEffect reports whether a function or method is marked as changing state.
func (t *Templates) isEffect(obj types.Object) bool {
	_, ok := directive(t.marks[obj], "effect")
	return ok
}

// collect indexes the declarations of templates and blocks.
func (t *Templates) collect(r *report) {
	for _, p := range t.packages {
		for _, f := range p.files {
			t.files[f.tok] = f
			for _, d := range f.ast.Decls {
				if g, ok := d.(*ast.GenDecl); ok {
					t.collectGen(r, p, f, g)
				}
			}
		}
	}
	for _, p := range t.packages {
		for _, s := range t.structsOf(p) {
			t.linkFields(r, s)
		}
		for _, f := range p.files {
			for _, d := range f.ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					t.collectFunc(r, f, fn)
				}
			}
		}
	}
	t.findEffects()
	for _, p := range t.packages {
		var roots []*structInfo
		for _, s := range t.structsOf(p) {
			if s.root {
				roots = append(roots, s)
			}
		}
		switch len(roots) {
		case 0:
		case 1:
			t.templates[t.short(p)] = roots[0]
		default:
			r.add(roots[1].spec.Pos(), "MG2027", "%s and %s are both marked as root of %s", roots[0].name(), roots[1].name(), p.types.Name())
		}
	}
}

// short is the name of a template: its path below templates/.
func (t *Templates) short(p *pkg) string {
	return strings.TrimPrefix(p.path, t.im.module+"/templates/")
}

// structsOf returns the parameter structs of a package in source order.
func (t *Templates) structsOf(p *pkg) []*structInfo {
	var list []*structInfo
	for _, s := range t.structs {
		if s.pkg == p {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *structInfo) int { return int(a.spec.Pos() - b.spec.Pos()) })
	return list
}

// collectGen indexes the specs of a declaration; a struct with tagged fields becomes a structInfo.
func (t *Templates) collectGen(r *report, p *pkg, f *file, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		d := &declInfo{file: f, decl: g, spec: spec, pkg: p}
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if obj := t.info.Defs[name]; obj != nil {
					t.decls[obj] = d
				}
			}
		case *ast.TypeSpec:
			obj, ok := t.info.Defs[spec.Name].(*types.TypeName)
			if !ok {
				continue
			}
			t.decls[obj] = d
			lit, ok := spec.Type.(*ast.StructType)
			if !ok || !slices.ContainsFunc(lit.Fields.List, isTagged) {
				continue
			}
			s := &structInfo{pkg: p, file: f, obj: obj, decl: g, spec: spec, lit: lit, byVar: map[*types.Var]*fieldInfo{}}
			_, s.root = directive(directives(docOf(g, spec)), "root")
			for _, fd := range lit.Fields.List {
				t.collectField(r, s, fd)
			}
			t.structs[obj] = s
		}
	}
}

// docOf returns the doc comment of a type spec, which stands on the declaration when that has no parentheses.
func docOf(g *ast.GenDecl, spec *ast.TypeSpec) *ast.CommentGroup {
	if !g.Lparen.IsValid() {
		return g.Doc
	}
	return spec.Doc
}

// collectField reads one field of a parameter struct.
func (t *Templates) collectField(r *report, s *structInfo, f *ast.Field) {
	switch {
	case len(f.Names) != 1:
		r.add(f.Pos(), "MG2015", "%s: a field of a parameter struct stands alone and has a name", s.name())
		return
	case !isTagged(f):
		r.add(f.Pos(), "MG2015", "%s.%s has no tag: a parameter struct holds only what the loader fills", s.name(), f.Names[0].Name)
		return
	case !f.Names[0].IsExported():
		r.add(f.Pos(), "MG2015", "%s.%s is tagged but not exported", s.name(), f.Names[0].Name)
		return
	}
	obj, ok := t.info.Defs[f.Names[0]].(*types.Var)
	if !ok {
		return
	}
	info, err := readField(s, f, f.Names[0], obj)
	if err != nil {
		r.add(f.Tag.Pos(), "MG2015", "%s.%s: %v", s.name(), f.Names[0].Name, err)
		return
	}
	s.fields = append(s.fields, info)
	s.byVar[obj] = info
	t.fields[obj] = info
}

// linkFields finds the structs that fields hold and checks that tags and types agree.
func (t *Templates) linkFields(r *report, s *structInfo) {
	for _, f := range s.fields {
		typ := f.obj.Type()
		slice, isSlice := typ.Underlying().(*types.Slice)
		if isSlice {
			typ = slice.Elem()
		}
		ptr, isPtr := typ.(*types.Pointer)
		if isPtr {
			f.kid = t.structOf(ptr.Elem())
		}
		fail := func(format string, args ...any) {
			r.add(f.ast.Pos(), "MG2015", s.name()+"."+f.name()+": "+format, args...)
		}
		switch {
		case f.each() != isSlice && (f.each() || f.kid != nil):
			fail("each and a slice of pointers to parameter structs belong together")
		case f.each() && f.kid == nil:
			fail("each needs a slice of pointers to parameter structs")
		case f.each() && f.optional():
			fail("a table has no when; its rows may be none")
		case f.optional() && !isPtr && !t.isArray(typ):
			fail("an optional parameter is a pointer or an mlx.Array")
		case f.optional() && f.isTrait():
			fail("a trait has no when")
		case f.spec.As != "" && f.kid == nil:
			fail("as names the struct of a field")
		case f.spec.As != "" && !token.IsIdentifier(f.spec.As):
			fail("as %q is no identifier", f.spec.As)
		case len(f.spec.With) > 0 && f.kid == nil:
			fail("with binds the named dims of a struct")
		case f.isTrait() && !isTraitType(f.obj.Type()):
			fail("a trait is a bool, a string or a number")
		case f.kid == nil && !f.isParam() && f.spec.State == "" && f.spec.Rope == "" && f.spec.From == "" && !f.isTrait():
			fail("the tag does not say where the value comes from")
		}
	}
}

// structOf returns the parameter struct behind a named type, or nil.
func (t *Templates) structOf(typ types.Type) *structInfo {
	if named, ok := types.Unalias(typ).(*types.Named); ok {
		return t.structs[named.Obj()]
	}
	return nil
}

// isArray reports whether typ is mlx.Array.
func (t *Templates) isArray(typ types.Type) bool { return t.isNamed(typ, "/mlx", "Array") }

// isStep reports whether typ is *nn.Step.
func (t *Templates) isStep(typ types.Type) bool {
	p, ok := typ.(*types.Pointer)
	return ok && t.isNamed(p.Elem(), "/runtime/nn", "Step")
}

func (t *Templates) isNamed(typ types.Type, pkg, name string) bool {
	named, ok := types.Unalias(typ).(*types.Named)
	return ok && named.Obj().Name() == name && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == t.im.module+pkg
}

// isTraitType reports whether typ is a bool, string or number type.
func isTraitType(typ types.Type) bool {
	b, ok := typ.Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsBoolean|types.IsString|types.IsInteger|types.IsFloat) != 0
}

// Names returns the names of the templates, sorted.
func (t *Templates) Names() []string {
	var names []string
	for name := range t.templates {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Blueprint returns what a template's tags declare: the structs that are reachable from its root, under their template names (those of blocks with
// their package's name).
func (t *Templates) Blueprint(template string) (*contract.Blueprint, diag.List) {
	r := report{im: t.im}
	root := t.templates[template]
	if root == nil {
		r.addAt("", "MG2113", "no template %q", template)
		return nil, r.sorted()
	}
	b := &contract.Blueprint{Template: template, Root: root.name(), Types: map[string]*contract.TypeSpec{}}
	var add func(s *structInfo)
	add = func(s *structInfo) {
		name := s.name()
		if s.pkg != root.pkg {
			name = s.pkg.types.Name() + "." + name
		}
		if b.Types[name] != nil {
			return
		}
		spec := &contract.TypeSpec{Name: name}
		b.Types[name] = spec
		for _, f := range s.fields {
			field := f.spec
			if f.kid != nil && s.pkg != root.pkg && f.kid.pkg == s.pkg {
				field.GoType = strings.Replace(field.GoType, f.kid.name(), s.pkg.types.Name()+"."+f.kid.name(), 1)
			}
			spec.Fields = append(spec.Fields, field)
			if f.kid != nil {
				add(f.kid)
			}
		}
	}
	add(root)
	return b, nil
}
