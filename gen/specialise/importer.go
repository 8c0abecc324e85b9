package specialise

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"
)

// pkg is a loaded package: a template, a block, or something that they import.
type pkg struct {
	path  string
	types *types.Package
	files []*file
	own   bool // below templates/: bodies are checked, errors are reported
	errs  []error
	err   error // reading failed
}

// file is a source file with its text.
type file struct {
	pkg  *pkg
	name string // slash-separated, relative to the module's root
	src  []byte
	ast  *ast.File
	tok  *token.File
	ids  []*ast.Ident // all identifiers in source order
}

// offset returns the byte offset of p in f.
func (f *file) offset(p token.Pos) int { return f.tok.Offset(p) }

// line returns the line of p.
func (f *file) line(p token.Pos) int { return f.tok.Line(p) }

// text returns the source between two positions.
func (f *file) text(from, to token.Pos) string { return string(f.src[f.offset(from):f.offset(to)]) }

// sourceImporter type-checks packages from the module's source, as it looks to linux/amd64 without cgo so that output does not depend on the machine.
// Dependencies are checked without their function bodies and leniently: what they import beyond the module stays unresolved.
type sourceImporter struct {
	fset   *token.FileSet
	root   fs.FS
	module string
	info   *types.Info
	ctx    build.Context
	pkgs   map[string]*pkg
	order  []*pkg
}

func newImporter(root fs.FS, module string) *sourceImporter {
	ctx := build.Default
	ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled, ctx.BuildTags, ctx.InstallSuffix = "linux", "amd64", false, nil, ""
	ctx.JoinPath = path.Join
	ctx.OpenFile = func(name string) (io.ReadCloser, error) { return root.Open(name) }
	return &sourceImporter{
		fset: token.NewFileSet(), root: root, module: module, ctx: ctx, pkgs: map[string]*pkg{},
		info: &types.Info{
			Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
			Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{},
			Implicits: map[ast.Node]types.Object{}, Instances: map[*ast.Ident]types.Instance{},
		},
	}
}

// Import implements types.Importer.
func (im *sourceImporter) Import(p string) (*types.Package, error) {
	if p == "unsafe" {
		return types.Unsafe, nil
	}
	l := im.load(p)
	if l.err != nil {
		return nil, l.err
	}
	if l.types == nil {
		return nil, fmt.Errorf("import cycle through %s", p)
	}
	return l.types, nil
}

// load returns the package of an import path, loading it on first use.
func (im *sourceImporter) load(p string) *pkg {
	if l, ok := im.pkgs[p]; ok {
		return l
	}
	l := &pkg{path: p, own: strings.HasPrefix(p, im.module+"/templates/")}
	im.pkgs[p] = l
	if src, ok := stdStubs[p]; ok {
		f, err := parser.ParseFile(im.fset, "std/"+p, src, parser.SkipObjectResolution)
		if err != nil {
			panic("specialise: stub of " + p + ": " + err.Error())
		}
		im.check(l, []*ast.File{f})
		return l
	}
	dir, ok := strings.CutPrefix(p, im.module+"/")
	if !ok {
		l.err = fmt.Errorf("package %s is outside of what templates may use", p)
		return l
	}
	l.err = im.parse(l, dir)
	if l.err != nil {
		return l
	}
	asts := make([]*ast.File, len(l.files))
	for i, f := range l.files {
		asts[i] = f.ast
	}
	im.check(l, asts)
	return l
}

// parse reads the Go files of a folder that belong to the build.
func (im *sourceImporter) parse(l *pkg, dir string) error {
	entries, err := fs.ReadDir(im.root, dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if match, err := im.ctx.MatchFile(dir, name); err != nil || !match {
			continue
		}
		f := &file{pkg: l, name: path.Join(dir, name)}
		if f.src, err = fs.ReadFile(im.root, f.name); err != nil {
			return err
		}
		f.ast, err = parser.ParseFile(im.fset, f.name, f.src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			l.errs = append(l.errs, err)
		}
		if f.ast == nil {
			continue
		}
		f.tok = im.fset.File(f.ast.FileStart)
		l.files = append(l.files, f)
	}
	if len(l.files) == 0 {
		return fmt.Errorf("no Go files in %s", dir)
	}
	return nil
}

// check type-checks a parsed package.
func (im *sourceImporter) check(l *pkg, files []*ast.File) {
	conf := types.Config{Importer: im, IgnoreFuncBodies: !l.own, Sizes: types.SizesFor("gc", "amd64"), Error: func(err error) {
		l.errs = append(l.errs, err)
	}}
	info := im.info
	if !l.own {
		// Only definitions are needed of dependencies: their effect marks are found through them.
		info = &types.Info{Defs: im.info.Defs}
	}
	l.types, _ = conf.Check(l.path, im.fset, files, info)
	for _, f := range l.files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && l.own {
				f.ids = append(f.ids, id)
			}
			return true
		})
		sort.Slice(f.ids, func(i, j int) bool { return f.ids[i].Pos() < f.ids[j].Pos() })
	}
	im.order = append(im.order, l)
}

// position splits an error of the parser or the type-checker into place and message.
func (im *sourceImporter) position(err error) (string, string) {
	var te types.Error
	if errors.As(err, &te) {
		return im.at(te.Pos), te.Msg
	}
	if place, msg, ok := strings.Cut(err.Error(), ": "); ok {
		return place, msg
	}
	return "", err.Error()
}

// at formats a position as file:line:column, the file relative to the module.
func (im *sourceImporter) at(p token.Pos) string {
	if !p.IsValid() {
		return ""
	}
	at := im.fset.Position(p)
	return fmt.Sprintf("%s:%d:%d", at.Filename, at.Line, at.Column)
}
