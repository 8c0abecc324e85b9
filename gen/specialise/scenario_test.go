package specialise

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"mvdan.cc/gofumpt/format"

	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

var update = flag.Bool("update", false, "rewrite what scenarios want")

// scenario is one file of testdata/scenarios. Sections:
//
//	templates/…            the template t, and blocks, over the stand-in module of testdata/module
//	options                words: lax skips the linter, raw keeps -update from formatting templates
//	evidence/NAME.json     {checkpoint: {"facts": {…}, "layers": [{…}], "presence": {…}}}; makes package NAME
//	others/NAME.json       checkpoints that are not evidence; those that the guards of NAME let pass must run alike
//	lint                   wanted findings of Load
//	NAME/FILE.go, NAME/guards, NAME/diagnostics, NAME/unseen, NAME/refused     wanted output
type scenario struct {
	name     string
	file     string
	archive  *txtar.Archive
	source   fs.FS
	lax      bool
	raw      bool // the templates are not formatted
	evidence map[string][]Checkpoint
	others   map[string][]Checkpoint
	want     map[string]string
}

var formatOptions = format.Options{LangVersion: "go1.26", ModulePath: "github.com/mlxgen/mlxgen"}

// isInput reports the sections that -update keeps.
func isInput(name string) bool {
	return strings.HasPrefix(name, "templates/") || strings.HasPrefix(name, "evidence/") || strings.HasPrefix(name, "others/") || name == "options"
}

// standIn is the module that scenarios are laid over.
func standIn(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	root := os.DirFS("testdata/module")
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, p)
		files[p] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func readScenario(t testing.TB, file string) *scenario {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &scenario{
		name: strings.TrimSuffix(filepath.Base(file), ".txtar"), file: file, archive: archive,
		evidence: map[string][]Checkpoint{}, others: map[string][]Checkpoint{}, want: map[string]string{},
	}
	source := standIn(t)
	for _, f := range archive.Files {
		switch {
		case strings.HasPrefix(f.Name, "templates/"):
			source[f.Name] = &fstest.MapFile{Data: f.Data}
		case strings.HasPrefix(f.Name, "evidence/"):
			s.evidence[strings.TrimSuffix(path.Base(f.Name), ".json")] = readEvidence(t, f.Data)
		case strings.HasPrefix(f.Name, "others/"):
			s.others[strings.TrimSuffix(path.Base(f.Name), ".json")] = readEvidence(t, f.Data)
		case f.Name == "options":
			s.lax, s.raw = strings.Contains(string(f.Data), "lax"), strings.Contains(string(f.Data), "raw")
		default:
			s.want[f.Name] = string(f.Data)
		}
	}
	s.source = source
	return s
}

// readEvidence reads checkpoints, sorted by name.
func readEvidence(t testing.TB, data []byte) []Checkpoint {
	t.Helper()
	var raw map[string]struct {
		Facts    map[string]any
		Layers   []map[string]any
		Presence map[string]bool
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&raw); err != nil {
		t.Fatal(err)
	}
	var list []Checkpoint
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		c := &contract.Config{Facts: asFacts(raw[name].Facts)}
		for _, l := range raw[name].Layers {
			c.Layers = append(c.Layers, asFacts(l))
		}
		list = append(list, Checkpoint{Name: name, Config: c, Presence: raw[name].Presence})
	}
	return list
}

func asFacts(raw map[string]any) contract.Facts {
	facts := contract.Facts{}
	for name, v := range raw {
		facts[name] = contract.Fact{Value: asValue(v), From: "test"}
	}
	return facts
}

func asValue(v any) contract.Value {
	switch v := v.(type) {
	case bool:
		return contract.BoolValue(v)
	case string:
		return contract.StringValue(v)
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return contract.IntValue(i)
		}
		f, _ := v.Float64()
		return contract.FloatValue(f)
	}
	return contract.Value{}
}

// scenarios reads all scenarios.
func scenarios(t testing.TB) []*scenario {
	t.Helper()
	files, err := filepath.Glob("testdata/scenarios/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	var list []*scenario
	for _, f := range files {
		list = append(list, readScenario(t, f))
	}
	return list
}

func (s *scenario) load() (*Templates, diag.List) { return Load(Options{Source: s.source, lax: s.lax}) }

// run returns all outputs of a scenario by section.
func (s *scenario) run() map[string]string {
	got := map[string]string{}
	ts, diags := s.load()
	if len(diags) > 0 {
		got["lint"] = printDiags(diags)
	}
	if diags.HasErrors() {
		return got
	}
	for name, evidence := range s.evidence {
		res, diags := ts.Specialise(Request{Template: "t", Package: name, Evidence: evidence})
		if len(diags) > 0 {
			got[name+"/diagnostics"] = printDiags(diags)
		}
		if res == nil {
			continue
		}
		for file, src := range res.Files {
			got[name+"/"+file] = string(src)
		}
		if len(res.Guards) > 0 {
			got[name+"/guards"] = printGuards(res.Guards)
		}
		for _, c := range s.others[name] {
			if contract.CheckGuards(res.Guards, c.Config).HasErrors() {
				got[name+"/refused"] += c.Name + "\n"
			}
		}
		if len(res.Unseen) > 0 {
			got[name+"/unseen"] = strings.Join(res.Unseen, "\n") + "\n"
		}
	}
	return got
}

func printDiags(list diag.List) string {
	text := ""
	for _, d := range list {
		text += fmt.Sprintf("%s %s: %s\n", d.Code, d.Pos, d.Message)
		for _, n := range d.Notes {
			text += "  " + n + "\n"
		}
	}
	return text
}

func printGuards(list []contract.Guard) string {
	text := ""
	for _, g := range list {
		text += g.Name + ": "
		if g.PerLayer {
			text += "per layer: "
		}
		if g.When != "" {
			text += g.When + " => "
		}
		text += g.Want + "\n"
	}
	return text
}

func TestScenarios(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			got := s.run()
			if *update {
				s.rewrite(t, got)
				return
			}
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Errorf("-want +got (go test -run %s -update rewrites it):\n%s", t.Name(), diff)
			}
		})
	}
}

func (s *scenario) rewrite(t *testing.T, got map[string]string) {
	var files []txtar.File
	for _, f := range s.archive.Files {
		if isInput(f.Name) {
			if fine, err := format.Source(f.Data, formatOptions); err == nil && strings.HasSuffix(f.Name, ".go") && !s.raw {
				f.Data = fine
			}
			files = append(files, f)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		files = append(files, txtar.File{Name: name, Data: []byte(got[name])})
	}
	out := txtar.Format(&txtar.Archive{Comment: s.archive.Comment, Files: files})
	if err := os.WriteFile(s.file, out, 0o644); err != nil {
		t.Fatal(err)
	}
}
