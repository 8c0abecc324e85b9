package specialise

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// clean returns the scenarios that the linter lets pass.
func clean(t *testing.T) map[*scenario]*Templates {
	t.Helper()
	list := map[*scenario]*Templates{}
	for _, s := range scenarios(t) {
		if ts, diags := s.load(); !s.lax && !diags.HasErrors() {
			list[s] = ts
		}
	}
	return list
}

// impliedByPaths are scenarios whose templates ask what an earlier check on the path has answered, write what nothing reads, or have parameters that
// no predicate decides: there, something goes whatever the evidence.
var impliedByPaths = []string{"loops", "helper_structs", "dead_store_jump", "paths", "zero_options", "all_or_none"}

// TestOpenEvidence checks that evidence that decides nothing gives back the template's functions to the letter, but for the qualifiers of blocks.
func TestOpenEvidence(t *testing.T) {
	open := 0
	for s, ts := range clean(t) {
		res, _ := ts.Specialise(Request{Template: "t", Package: "open", Evidence: ts.invented("t")})
		if res == nil || len(res.Guards) > 0 || renames(ts) || slices.Contains(impliedByPaths, s.name) {
			continue
		}
		open++
		want, got := map[string]string{}, map[string]string{}
		for _, p := range ts.packages {
			for _, f := range p.files {
				bodies(t, f.name, f.src, want)
			}
		}
		for name, src := range res.Files {
			bodies(t, name, src, got)
		}
		for name := range got {
			if diff := cmp.Diff(strings.ReplaceAll(want[name], "block.", ""), got[name]); diff != "" {
				t.Errorf("%s: %s changed although nothing is decided (-template +specialised):\n%s", s.name, name, diff)
			}
		}
	}
	if open < 8 {
		t.Errorf("only %d scenarios have evidence that leaves everything open", open)
	}
}

// renames reports whether declarations get other names.
func renames(ts *Templates) bool {
	for _, fn := range ts.funcs {
		if fn.as != fn.obj.Name() {
			return true
		}
	}
	for _, f := range ts.fields {
		if f.spec.As != "" {
			return true
		}
	}
	return false
}

// bodies collects the source of functions by receiver and name.
func bodies(t *testing.T, name string, src []byte, into map[string]string) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		if d, ok := d.(*ast.FuncDecl); ok {
			key := d.Name.Name
			if d.Recv != nil {
				key = fmt.Sprint(string(src[d.Recv.Pos()-f.FileStart:d.Recv.End()-f.FileStart]), key)
			}
			into[key] = string(src[d.Body.Pos()-f.FileStart : d.Body.End()-f.FileStart])
		}
	}
}

// TestOrder checks that the order and names of checkpoints do not matter, nor who else is specialising.
func TestOrder(t *testing.T) {
	for s, ts := range clean(t) {
		for name, evidence := range s.evidence {
			want, wantDiags := ts.Specialise(Request{Template: "t", Package: name, Evidence: evidence})
			var wait sync.WaitGroup
			for n := range 4 {
				wait.Go(func() {
					random := rand.New(rand.NewPCG(uint64(n), 3))
					mixed := append([]Checkpoint{}, evidence...)
					mixed = append(mixed, evidence...)
					for i := range mixed {
						mixed[i].Name = fmt.Sprint(random.IntN(1000), mixed[i].Name)
						config := *mixed[i].Config
						config.Layers = append([]contract.Facts{}, config.Layers...)
						random.Shuffle(len(config.Layers), func(a, b int) { config.Layers[a], config.Layers[b] = config.Layers[b], config.Layers[a] })
						mixed[i].Config = &config
					}
					random.Shuffle(len(mixed), func(a, b int) { mixed[a], mixed[b] = mixed[b], mixed[a] })
					got, diags := ts.Specialise(Request{Template: "t", Package: name, Evidence: mixed})
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s/%s: another order gives another result:\n%s", s.name, name, diff)
					}
					if len(diags) != len(wantDiags) {
						t.Errorf("%s/%s: another order gives other findings: %v, not %v", s.name, name, diags, wantDiags)
					}
				})
			}
			wait.Wait()
		}
	}
}

// TestFixpoint checks that output, with its tags kept, is a template that specialises to itself.
func TestFixpoint(t *testing.T) {
	for s, ts := range clean(t) {
		for name, evidence := range s.evidence {
			first, diags := ts.specialise(Request{Template: "t", Package: "t", Evidence: evidence}, mode{tags: true})
			if first == nil {
				continue
			}
			source := fstest.MapFS{}
			for file, f := range standIn(t) {
				source[file] = f
			}
			for file, src := range first.Files {
				source[path.Join("templates/t", file)] = &fstest.MapFile{Data: src}
			}
			// Checks that the path made superfluous are gone, so the linter cannot see them any more.
			again, diags := Load(Options{Source: source, lax: true})
			if diags.HasErrors() {
				if strings.Contains(diags.Error(), "each needs a slice of pointers to parameter structs") {
					continue // a struct that nothing is left of has no tags
				}
				t.Errorf("%s/%s: the output is no template: %v", s.name, name, diags)
				continue
			}
			second, diags := again.specialise(Request{Template: "t", Package: "t", Evidence: evidence}, mode{tags: true})
			if second == nil {
				t.Errorf("%s/%s: the output cannot be specialised: %v", s.name, name, diags)
				continue
			}
			one, two := texts(first), texts(second)
			if diff := cmp.Diff(one, two); diff != "" {
				t.Errorf("%s/%s: specialising again changes something:\n%s", s.name, name, diff)
			}
			if diff := cmp.Diff(first.Blueprint.Types, second.Blueprint.Types); diff != "" {
				t.Errorf("%s/%s: specialising again changes the blueprint:\n%s", s.name, name, diff)
			}
		}
	}
}

func texts(r *Result) map[string]string {
	out := map[string]string{}
	for name, src := range r.Files {
		out[name] = string(src)
	}
	return out
}

// TestTemplates keeps the project's own templates within the subset.
func TestTemplates(t *testing.T) {
	ts, diags := Load(Options{Source: os.DirFS("../..")})
	for _, d := range diags {
		t.Errorf("%s %s: %s\n%s", d.Code, d.Pos, d.Message, d.Hint)
	}
	for _, name := range ts.Names() {
		if _, diags := ts.Blueprint(name); diags.HasErrors() {
			t.Error(diags)
		}
		res, diags := ts.Specialise(Request{Template: name, Package: "open", Evidence: ts.invented(name)})
		if res == nil {
			for _, d := range diags {
				if d.Code != "MG2105" {
					t.Errorf("%s: %s %s: %s %v", name, d.Code, d.Pos, d.Message, d.Notes)
				}
			}
		}
	}
}

// TestSource checks what Load says of broken sources.
func TestSource(t *testing.T) {
	if _, diags := Load(Options{Source: fstest.MapFS{}}); !diags.HasErrors() {
		t.Error("a module without templates is loaded")
	}
	source := standIn(t)
	source["templates/t/t.go"] = &fstest.MapFile{Data: []byte("package t\n\n//mlxgen:root\ntype Model struct{ X undefined }\n")}
	if _, diags := Load(Options{Source: source}); len(diags) != 1 || diags[0].Code != "MG2000" || diags[0].Pos != "templates/t/t.go:4:22" {
		t.Error(diags)
	}
	ts, _ := Load(Options{Source: fs.FS(standIn(t))})
	if _, diags := ts.Specialise(Request{Template: "none"}); len(diags) != 1 || diags[0].Code != "MG2113" {
		t.Error(diags)
	}
}

// TestCodes checks that every code that is raised is documented, and the reverse.
func TestCodes(t *testing.T) {
	used := map[string]bool{}
	files, _ := os.ReadDir(".")
	for _, f := range files {
		if f.Name() == "codes.go" || !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		src, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for code := range rules {
			if strings.Contains(string(src), `"`+code+`"`) {
				used[code] = true
			}
		}
	}
	shown := ""
	for _, s := range scenarios(t) {
		for name, text := range s.want {
			if name == "lint" || strings.HasSuffix(name, "/diagnostics") {
				shown += text
			}
		}
	}
	for code := range rules {
		if !used[code] {
			t.Errorf("%s is documented and never raised", code)
		}
		if !strings.Contains(shown, code) && code != "MG2000" && code != "MG2113" { // TestSource has those
			t.Errorf("no scenario shows %s", code)
		}
	}
}
