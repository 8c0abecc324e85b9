package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"mvdan.cc/gofumpt/format"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Lint checks that templates keep to the subset of Go that specialising is sound for. Load does the same.
func Lint(opt Options) diag.List {
	_, diags := Load(opt)
	return diags
}

// lint checks all packages. Each rule is one function and has one code.
func (t *Templates) lint(r *report) {
	for _, p := range t.packages {
		for _, f := range p.files {
			t.lintFormat(r, f)
			t.lintImports(r, f)
			t.lintDecls(r, f)
		}
	}
	for _, fn := range t.sortedFuncs() {
		l := &linter{t: t, r: r, fn: fn}
		l.syntax()
		l.names()
		l.traits()
		l.switches()
		l.effects()
		l.shapes()
		l.structs()
		l.comments()
	}
	for _, p := range t.packages {
		for _, s := range t.structsOf(p) {
			t.lintTypeComments(r, s)
		}
	}
	for _, name := range t.Names() {
		t.lintRoot(r, name)
		if !r.failed() {
			t.lintPresence(r, name)
		}
	}
}

// sortedFuncs returns all functions by position.
func (t *Templates) sortedFuncs() []*funcInfo {
	var list []*funcInfo
	for _, p := range t.packages {
		for _, f := range p.files {
			for _, d := range f.ast.Decls {
				if d, ok := d.(*ast.FuncDecl); ok {
					if fn := t.funcs[asFunc(t.info.Defs[d.Name])]; fn != nil {
						list = append(list, fn)
					}
				}
			}
		}
	}
	return list
}

// linter checks one function.
type linter struct {
	t  *Templates
	r  *report
	fn *funcInfo
}

// eachNode calls f with every node of the body and the nodes around it, the innermost last.
func (l *linter) eachNode(f func(n ast.Node, around []ast.Node)) {
	var stack []ast.Node
	ast.Inspect(l.fn.decl.Body, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		f(n, stack)
		stack = append(stack, n)
		return true
	})
}

// lintFormat wants files as gofumpt leaves them: cuts go by lines.
func (t *Templates) lintFormat(r *report, f *file) {
	fine, err := format.Source(f.src, format.Options{LangVersion: "go1.26", ModulePath: t.im.module})
	if err != nil || string(fine) == string(f.src) {
		return
	}
	line := 1
	for n := 0; n < len(fine) && n < len(f.src) && fine[n] == f.src[n]; n++ {
		if fine[n] == '\n' {
			line++
		}
	}
	r.addAt(f.name+":"+strconv.Itoa(line)+":1", "MG2001", "the file is not formatted by gofumpt")
}

// lintImports allows the vocabulary of templates only.
func (t *Templates) lintImports(r *report, f *file) {
	for _, s := range f.ast.Imports {
		path, _ := strconv.Unquote(s.Path.Value)
		in, isModule := strings.CutPrefix(path, t.im.module+"/")
		switch {
		case !isModule && stdStubs[path] == "", isModule && in != "mlx" && in != "runtime/nn" && !strings.HasPrefix(in, "templates/"):
			r.add(s.Pos(), "MG2002", "%s is imported", path)
		case strings.HasPrefix(in, "templates/") && t.templates[strings.TrimPrefix(in, "templates/")] != nil:
			r.add(s.Pos(), "MG2002", "%s is a template of its own; share parts through a block", path)
		}
		if s.Name != nil {
			r.add(s.Pos(), "MG2003", "%s is imported as %s", path, s.Name.Name)
		}
	}
}

// lintDecls checks declarations outside of functions.
func (t *Templates) lintDecls(r *report, f *file) {
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			t.lintSignature(r, d)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					t.lintType(r, d, s)
				case *ast.ValueSpec:
					if d.Tok == token.VAR {
						t.lintTable(r, s)
					}
				}
			}
		}
	}
}

func (t *Templates) lintSignature(r *report, d *ast.FuncDecl) {
	if d.Recv == nil && d.Name.Name == "init" {
		r.add(d.Pos(), "MG2007", "init is declared")
	}
	if d.Body == nil {
		r.add(d.Pos(), "MG2006", "%s has no body", d.Name.Name)
	}
	if d.Type.TypeParams != nil {
		r.add(d.Type.TypeParams.Pos(), "MG2004", "%s has type parameters", d.Name.Name)
	}
	if d.Type.Results != nil {
		for _, f := range d.Type.Results.List {
			if len(f.Names) > 0 {
				r.add(f.Pos(), "MG2010", "%s names its results", d.Name.Name)
				break
			}
		}
	}
	if d.Recv != nil && len(d.Recv.List) == 1 {
		typ := t.info.TypeOf(d.Recv.List[0].Type)
		if t.structOf(typ) != nil {
			r.add(d.Recv.Pos(), "MG2020", "%s copies its receiver", d.Name.Name)
		}
	}
}

func (t *Templates) lintType(r *report, d *ast.GenDecl, s *ast.TypeSpec) {
	if s.TypeParams != nil {
		r.add(s.TypeParams.Pos(), "MG2004", "%s has type parameters", s.Name.Name)
	}
	for _, dir := range directives(docOf(d, s)) {
		if key, _, _ := strings.Cut(dir, " "); key != "root" && key != "as" {
			r.add(s.Pos(), "MG2033", "unknown directive %q of a type", key)
		}
	}
	ast.Inspect(s.Type, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StructType:
			for _, f := range n.Fields.List {
				if len(f.Names) == 0 {
					r.add(f.Pos(), "MG2005", "%s embeds a type", s.Name.Name)
				}
			}
		case *ast.InterfaceType:
			for _, f := range n.Methods.List {
				if len(f.Names) == 0 {
					r.add(f.Pos(), "MG2005", "%s embeds a type", s.Name.Name)
				}
			}
		}
		return true
	})
}

// lintTable wants package variables to be tables of constants.
func (t *Templates) lintTable(r *report, s *ast.ValueSpec) {
	if len(s.Values) == 0 {
		r.add(s.Pos(), "MG2008", "%s has no value", s.Names[0].Name)
	}
	for _, e := range s.Values {
		ast.Inspect(e, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if fn := t.callee(n); fn != nil && fn.FullName() == "errors.New" {
					return false
				}
				if !t.info.Types[n.Fun].IsType() {
					r.add(n.Pos(), "MG2008", "the value of %s is computed", s.Names[0].Name)
				}
			case *ast.FuncLit:
				r.add(n.Pos(), "MG2009", "%s holds a function", s.Names[0].Name)
				return false
			case *ast.Ident:
				if _, ok := t.info.Uses[n].(*types.Func); ok {
					r.add(n.Pos(), "MG2009", "%s holds a function", s.Names[0].Name)
				}
			}
			return true
		})
	}
}

// lintRoot wants a root with exported methods.
func (t *Templates) lintRoot(r *report, name string) {
	root := t.templates[name]
	for _, fn := range t.methodsOf(root) {
		if fn.obj.Exported() {
			return
		}
	}
	r.add(root.spec.Pos(), "MG2027", "the root %s has no exported method", root.name())
}
