package mlxgen_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/mlxgen/mlxgen/"

// A layer says what the packages under a folder may import of this module, and why.
type layer struct {
	folder string
	allow  []string
	why    string
}

// layers goes from special to general: the first entry that matches a package's folder counts.
var layers = []layer{
	{"mlx", []string{"mlx"}, "the binding knows nothing of models"},
	{"runtime/diag", nil, "everything reports with it"},
	{"runtime/contract", []string{"runtime/diag"}, "generator and loader share it; it must stay pure"},
	{"runtime/snapshot", []string{"runtime/contract", "runtime/diag"}, "generator and loader open folders with it"},
	{"runtime/sample", nil, "a function of logits"},
	{"runtime/internal/native", nil, "the link to the Rust archive"},
	{"runtime/tokenizer", []string{"runtime/internal/native"}, "text and tokens only"},
	{"runtime/chat", []string{"runtime/internal/native"}, "templates and messages only"},
	{"runtime/generation", []string{"runtime/contract", "runtime/sample"}, "wishes of a checkpoint, without its weights"},
	{"runtime/nn", []string{"mlx", "runtime/contract"}, "the vocabulary of models"},
	{"runtime/state", []string{"mlx", "runtime/nn"}, "memory of sequences, under the models"},
	{"runtime/weights", []string{"mlx", "runtime/nn", "runtime/contract", "runtime/diag"}, "arrays for modules"},
	{"runtime/engine", []string{"mlx", "runtime/nn", "runtime/state", "runtime/sample", "runtime/weights", "runtime/contract"}, "gets models by interface"},
	{"runtime", []string{"mlx", "runtime"}, "the runtime never looks up to templates, generated code or commands"},
	{"templates/policy", []string{"runtime/contract"}, "policies are data; the generator reads them without MLX"},
	{"templates/unlocked", []string{"runtime/nn", "runtime/contract", "runtime/weights", "runtime/model", "templates"}, "the reflective loader"},
	{"templates", []string{"mlx", "runtime/nn", "templates/block"}, "templates are written against nn, and nothing else"},
	{"generated/registry", []string{"generated", "runtime/model"}, "a list"},
	{"generated", []string{"mlx", "runtime/nn", "runtime/contract", "runtime/weights", "runtime/model"}, "each package is usable alone"},
	{"gen", []string{"gen", "runtime/contract", "runtime/diag", "runtime/snapshot", "templates/policy"}, "the generator works with CGO off and with a broken generated tree"},
	{"internal/modeltest", []string{"mlx", "runtime", "gen/facts", "gen/lockfile", "templates"}, "what tests of families share"},
	{"internal", []string{"internal"}, "test tools"},
	{"cmd/mlxgen-gen", []string{"gen"}, "pure Go, and never links generated code"},
}

// standard says which standard packages only some folders may import.
var standard = map[string][]string{
	"net/http": {"gen/hub", "runtime/server", "internal/fakehub"},
}

// third says which third-party packages only some folders may import.
var third = map[string][]string{
	"github.com/daulet/tokenizers":      {"runtime/tokenizer"},
	"github.com/dave/jennifer/jen":      {"gen/emit"},
	"github.com/spf13/cobra":            {"gen/command", "cmd"},
	"github.com/nlpodyssey/safetensors": nil, // tests only
}

func TestLayering(t *testing.T) {
	imports := readImports(t)
	if len(imports) < 20 {
		t.Fatalf("only %d packages were found", len(imports))
	}
	for folder, paths := range imports {
		for _, path := range paths {
			checkImport(t, folder, path)
		}
	}
}

func checkImport(t *testing.T, folder, path string) {
	t.Helper()
	for _, limits := range []map[string][]string{standard, third} {
		if allowed, limited := limits[path]; limited && !underAny(folder, allowed) {
			t.Errorf("%s imports %s, which only %v may", folder, path, allowed)
		}
	}
	target, ours := strings.CutPrefix(path, module)
	if !ours {
		return
	}
	for _, l := range layers {
		if !under(folder, l.folder) {
			continue
		}
		if !underAny(target, l.allow) && !under(target, folder) {
			t.Errorf("%s imports %s: %s (%s may import %v)", folder, target, l.why, l.folder, l.allow)
		}
		return
	}
}

// readImports maps each folder with Go files to the imports of its non-test files.
func readImports(t *testing.T) map[string][]string {
	imports := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "build" || name == "target") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != "." {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder := filepath.ToSlash(filepath.Dir(path))
		for _, spec := range file.Imports {
			if p, err := strconv.Unquote(spec.Path.Value); err == nil && !slices.Contains(imports[folder], p) {
				imports[folder] = append(imports[folder], p)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}

func under(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

func underAny(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return under(path, f) })
}
