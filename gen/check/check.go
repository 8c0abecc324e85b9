// Package check type-checks generated packages in memory, before anything is written. Imports of the module come from its source with cgo switched off
// (the same API), those of the standard library from its source.
package check

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Checker checks packages of one module.
type Checker struct {
	root    string // the module's folder
	module  string
	context build.Context
	fset    *token.FileSet
	std     types.Importer
	memory  map[string]map[string][]byte // import path -> files that are not on disk yet
	done    map[string]*types.Package
	open    map[string]bool
	broken  map[string]error // packages on disk that do not compile
}

func init() {
	diag.Register(map[string]string{
		"MG2204": "A package that generated code imports does not compile.",
	})
}

// New makes a checker for the module in root. memory holds the files of packages, by import path; they shadow what is on disk.
func New(root, module string, memory map[string]map[string][]byte) *Checker {
	context := build.Default
	context.CgoEnabled = false
	fset := token.NewFileSet()
	return &Checker{
		root: root, module: module, context: context, fset: fset, std: importer.ForCompiler(fset, "source", nil),
		memory: memory, done: map[string]*types.Package{}, open: map[string]bool{}, broken: map[string]error{},
	}
}

// All checks every package in memory, bodies included. Where the fault lies in a package on disk that they import, that package is reported and not they.
func (c *Checker) All() diag.List {
	var diags diag.List
	for _, importPath := range slices.Sorted(maps.Keys(c.memory)) {
		if _, err := c.Import(importPath); err != nil {
			diags = append(diags, diag.Errorf("MG2202", c.relative(importPath), "the generated package does not compile: %v", err).
				WithHint("this is a defect of the generator, or of a template that the linter should have refused"))
		}
	}
	if len(c.broken) == 0 {
		return diags
	}
	diags = nil
	for _, importPath := range slices.Sorted(maps.Keys(c.broken)) {
		diags = append(diags, diag.Errorf("MG2204", c.relative(importPath), "generated code imports this package, which does not compile: %v", c.broken[importPath]).
			WithHint("repair it first: go vet ./%s", c.relative(importPath)))
	}
	return diags
}

func (c *Checker) relative(importPath string) string {
	return strings.TrimPrefix(importPath, c.module+"/")
}

// Import is types.Importer.
func (c *Checker) Import(importPath string) (*types.Package, error) {
	if !strings.HasPrefix(importPath, c.module+"/") {
		return c.std.Import(importPath)
	}
	if p := c.done[importPath]; p != nil {
		return p, nil
	}
	if err := c.broken[importPath]; err != nil {
		return nil, err
	}
	if c.open[importPath] {
		return nil, fmt.Errorf("import cycle through %s", c.relative(importPath))
	}
	c.open[importPath] = true
	defer delete(c.open, importPath)

	files, inMemory, err := c.parse(importPath)
	if err != nil {
		return nil, c.fail(importPath, inMemory, err)
	}
	var errs []error
	config := types.Config{
		Importer: c, IgnoreFuncBodies: !inMemory, FakeImportC: true,
		Error: func(err error) {
			if len(errs) < 10 {
				errs = append(errs, err)
			}
		},
	}
	p, _ := config.Check(importPath, c.fset, files, nil)
	if len(errs) > 0 {
		return nil, c.fail(importPath, inMemory, errors.Join(errs...))
	}
	c.done[importPath] = p
	return p, nil
}

// fail notes where the fault lies: of several packages on disk, in the one that fails without another having failed before.
func (c *Checker) fail(importPath string, inMemory bool, err error) error {
	if !inMemory && len(c.broken) == 0 {
		c.broken[importPath] = err
	}
	return err
}

// parse reads the non-test files of a package.
func (c *Checker) parse(importPath string) (files []*ast.File, inMemory bool, err error) {
	relative := c.relative(importPath)
	if memory, ok := c.memory[importPath]; ok {
		for _, name := range slices.Sorted(maps.Keys(memory)) {
			if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(c.fset, path.Join(relative, name), memory[name], parser.SkipObjectResolution)
			if err != nil {
				return nil, true, err
			}
			files = append(files, f)
		}
		return files, true, nil
	}
	dir := filepath.Join(c.root, filepath.FromSlash(relative))
	p, err := c.context.ImportDir(dir, 0)
	if err != nil {
		return nil, false, errors.New(strings.ReplaceAll(err.Error(), dir, relative))
	}
	for _, name := range p.GoFiles {
		source, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, false, err
		}
		f, err := parser.ParseFile(c.fset, path.Join(relative, name), source, parser.SkipObjectResolution)
		if err != nil {
			return nil, false, err
		}
		files = append(files, f)
	}
	return files, false, nil
}
