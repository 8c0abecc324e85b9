package specialise

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// event and job mirror the harness in testdata/module/harness.
type event struct {
	Op, Field  string
	At         int
	Path, Kind string
	Text       string
	Num        float64
	Bool       bool
}

type job struct {
	Name   string
	Events []event
}

// batch is a module with templates and their specialisations, and what to run of them.
type batch struct {
	files fstest.MapFS
	roots []string // import paths below the module
	jobs  []job
	pairs []pair
	count int

	guards     map[string]string
	deadPanics bool
}

// pair is two jobs whose traces must agree.
type pair struct {
	name string
	a, b int
}

var (
	rounds = flag.Int("rounds", 2, "random evidences per scenario")
	seed   = flag.Uint64("seed", 7, "seed of random evidences")
)

const testModule = "github.com/mlxgen/mlxgen"

// add puts a scenario's templates below s<n>/templates and its packages beside them.
func (b *batch) add(source fs.FS) (prefix string) {
	prefix = fmt.Sprintf("s%03d", b.count)
	b.count++
	_ = fs.WalkDir(source, "templates", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, _ := fs.ReadFile(source, p)
		b.put(path.Join(prefix, p), prefix, data)
		return nil
	})
	return prefix
}

func (b *batch) put(name, prefix string, data []byte) {
	b.files[name] = &fstest.MapFile{Data: bytes.ReplaceAll(data, []byte(testModule+"/templates/"), []byte(testModule+"/"+prefix+"/templates/"))}
}

// compare adds a package made of a template and, for each config, a comparison of the two.
func (b *batch) compare(t testing.TB, ts *Templates, prefix, name string, res *Result, configs []Checkpoint) {
	template, diags := ts.Blueprint("t")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for file, src := range res.Files {
		b.put(path.Join(prefix, name, file), prefix, src)
	}
	if b.guards == nil {
		b.guards = map[string]string{}
	}
	b.guards[prefix+"/"+name+"."+template.Root] = printGuards(res.Guards)
	b.root(prefix + "/templates/t." + template.Root)
	b.root(prefix + "/" + name + "." + template.Root)
	for _, c := range configs {
		one, err := walkEvents(template, c.Config)
		if err != nil {
			t.Fatalf("%s %s: %v", prefix, c.Name, err)
		}
		two, err := walkEvents(res.Blueprint, c.Config)
		if err != nil {
			t.Fatalf("%s %s: %v", prefix, c.Name, err)
		}
		b.jobs = append(b.jobs, job{prefix + "/templates/t." + template.Root, one}, job{prefix + "/" + name + "." + template.Root, two})
		b.pairs = append(b.pairs, pair{prefix + " " + name + " on " + c.Name, len(b.jobs) - 2, len(b.jobs) - 1})
	}
}

func (b *batch) root(name string) {
	if !slices.Contains(b.roots, name) {
		b.roots = append(b.roots, name)
	}
}

// walkEvents records the walk of a blueprint.
func walkEvents(bp *contract.Blueprint, c *contract.Config) ([]event, error) {
	var list []event
	name := func(f *contract.FieldSpec) string {
		if f == nil {
			return ""
		}
		return f.Name
	}
	err := bp.Walk(c, contract.Visitor{
		Enter: func(f *contract.FieldSpec, _ *contract.TypeSpec, at int) error {
			list = append(list, event{Op: "enter", Field: name(f), At: at})
			return nil
		},
		Leave: func() { list = append(list, event{Op: "leave"}) },
		Param: func(f *contract.FieldSpec, p contract.Param, _ float64) error {
			list = append(list, event{Op: "param", Field: f.Name, Path: p.Path})
			return nil
		},
		State: func(f *contract.FieldSpec, s contract.StateSpec) error {
			list = append(list, event{Op: "param", Field: f.Name, Path: s.Path})
			return nil
		},
		Value: func(f *contract.FieldSpec, v contract.Value) error {
			n, _ := v.Number()
			list = append(list, event{Op: "value", Field: f.Name, Text: v.S, Num: n, Bool: v.B})
			return nil
		},
	})
	return list, err
}

// run builds and runs the module, and compares the traces of all pairs.
func (b *batch) run(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for name, f := range standIn(t) {
		b.files[name] = f
	}
	b.files["go.mod"] = &fstest.MapFile{Data: []byte("module " + testModule + "\n\ngo 1.26\n")}
	var src strings.Builder
	src.WriteString("package main\n\nimport (\n\t\"" + testModule + "/harness\"\n")
	for i, r := range b.roots {
		fmt.Fprintf(&src, "\tp%d %q\n", i, testModule+"/"+r[:strings.LastIndexByte(r, '.')])
	}
	src.WriteString(")\n\nfunc main() {\n\tharness.Main(map[string]any{\n")
	for i, r := range b.roots {
		fmt.Fprintf(&src, "\t\t%q: &p%d.%s{},\n", r, i, r[strings.LastIndexByte(r, '.')+1:])
	}
	src.WriteString("\t})\n}\n")
	b.files["main.go"] = &fstest.MapFile{Data: []byte(src.String())}
	for name, f := range b.files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	input, err := json.Marshal(b.jobs)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("go", "run", "-gcflags=-N -l", "-ldflags=-s -w", ".")
	command.Dir, command.Stdin = dir, bytes.NewReader(input)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off")
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		text := stderr.String()
		t.Fatalf("%v\n%.4000s", err, text)
	}
	var traces []string
	if err := json.Unmarshal(stdout.Bytes(), &traces); err != nil {
		t.Fatal(err)
	}
	for _, p := range b.pairs {
		if b.deadPanics && strings.Contains(traces[p.a], ": panic: ") && !strings.Contains(traces[p.b], ": panic: ") {
			continue // a panic in the computation of a value that nothing needs goes with the value
		}
		if diff := cmp.Diff(traces[p.a], traces[p.b]); diff != "" {
			if !t.Failed() {
				t.Logf("%s\n%s\n%s", b.sources(b.jobs[p.a].Name), b.sources(b.jobs[p.b].Name), b.guards[b.jobs[p.b].Name])
			}
			t.Errorf("%s: the specialised package does something else (-template +specialised):\n%s", p.name, diff)
		}
	}
	t.Logf("%d packages, %d comparisons", len(b.roots), len(b.pairs))
}

// sources prints the files of a package.
func (b *batch) sources(root string) string {
	text, dir := "", root[:strings.LastIndexByte(root, '.')]
	for name, f := range b.files {
		if path.Dir(name) == dir {
			text += "==> " + name + "\n" + string(f.Data)
		}
	}
	return text
}

// complete gives values to the names that tags read for other things than conditions.
func complete(ts *Templates, c *contract.Config) *contract.Config {
	out := &contract.Config{Facts: contract.Facts{}}
	for n, f := range c.Facts {
		out.Facts[n] = f
	}
	for _, row := range c.Layers {
		r := contract.Facts{}
		for n, f := range row {
			r[n] = f
		}
		out.Layers = append(out.Layers, r)
	}
	put := func(src string, v contract.Value) {
		for _, n := range namesOf(src) {
			if col, ok := strings.CutPrefix(n, "layer."); ok {
				for i, r := range out.Layers {
					if _, ok := r[col]; !ok {
						w := v
						if v.Kind == contract.Int {
							w.I += int64(i)
						}
						r[col] = contract.Fact{Value: w}
					}
				}
			} else if _, ok := out.Facts[n]; !ok && n != "i" {
				out.Facts[n] = contract.Fact{Value: v}
			}
		}
	}
	for _, s := range ts.structsBelow(ts.templates["t"]) {
		for _, f := range s.fields {
			for _, src := range append([]string{f.spec.Window, f.spec.Eps}, f.spec.Dims...) {
				if src != "" {
					put(src, contract.IntValue(8))
				}
			}
			switch {
			case f.spec.Rope != "":
				put(f.spec.Rope, contract.Value{Kind: contract.RopePlan, Rope: &contract.Rope{Kind: "default"}})
			case f.spec.GoType == "bool":
				put(f.spec.From, contract.BoolValue(true))
			case f.spec.GoType == "string":
				put(f.spec.From, contract.StringValue("text"))
			default:
				put(f.spec.From, contract.IntValue(5))
			}
			switch f.spec.GoType {
			case "bool":
				put(f.spec.Trait, contract.BoolValue(false))
			case "string":
				put(f.spec.Trait, contract.StringValue(""))
			default:
				put(f.spec.Trait, contract.IntValue(0))
			}
			if f.optional() {
				put(f.spec.When, contract.BoolValue(false))
			}
			if f.spec.Bias != "" {
				put(f.spec.Bias, contract.BoolValue(true))
			}
			for _, src := range f.spec.With {
				put(src, contract.IntValue(6))
			}
		}
	}
	return out
}

func completeAll(ts *Templates, list []Checkpoint) []Checkpoint {
	out := slices.Clone(list)
	for i := range out {
		out[i].Config = complete(ts, out[i].Config)
	}
	return out
}

// TestTraces compiles every scenario's templates and packages, runs both on all evidence, and compares what they compute and change. Then it does the
// same for random evidence, and for random other configs that the guards let pass: guards must be sufficient.
func TestTraces(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and runs a module")
	}
	b := &batch{files: fstest.MapFS{}}
	for _, s := range scenarios(t) {
		ts, diags := s.load()
		if diags.HasErrors() {
			continue
		}
		prefix := b.add(s.source)
		t.Logf("%s is %s", prefix, s.name)
		for name, evidence := range s.evidence {
			if res, _ := ts.Specialise(Request{Template: "t", Package: name, Evidence: evidence}); res != nil && !s.headersDecide() {
				passing := slices.Clone(evidence)
				for _, c := range s.others[name] {
					if !contract.CheckGuards(res.Guards, c.Config).HasErrors() {
						passing = append(passing, c)
					}
				}
				b.compare(t, ts, prefix, name, res, completeAll(ts, passing))
			}
		}
		if !s.lax && !s.headersDecide() {
			b.fuzz(t, ts, prefix)
		}
	}
	b.run(t)
}

// headersDecide reports whether a scenario has all-or-none parameters, which a walk over the config alone cannot place.
func (s *scenario) headersDecide() bool {
	return slices.ContainsFunc(s.archive.Files, func(f txtar.File) bool {
		return bytes.Contains(f.Data, []byte(contract.AllOrNone))
	})
}

// fuzz specialises on random parts of the invented evidence, and compares on all configs of the rest that satisfy the guards.
func (b *batch) fuzz(t *testing.T, ts *Templates, prefix string) {
	random := rand.New(rand.NewPCG(uint64(b.count), *seed))
	pool := completeAll(ts, ts.invented("t"))
	for i := range pool {
		rows := pool[i].Config.Layers
		random.Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
		pool[i].Config.Layers = rows[:min(len(rows), 1+random.IntN(3))]
	}
	for n := range *rounds {
		var evidence []Checkpoint
		var res *Result
		name := fmt.Sprintf("fuzz%d", n)
		for range 6 {
			evidence = nil
			for range 1 + random.IntN(3) {
				evidence = append(evidence, pool[random.IntN(len(pool))])
			}
			var diags diag.List
			if res, diags = ts.Specialise(Request{Template: "t", Package: name, Evidence: evidence}); res != nil {
				break
			}
			for _, d := range diags {
				if d.Code >= "MG2190" || d.Code == "MG2101" || d.Code == "MG2102" || d.Code == "MG2107" {
					t.Errorf("%s: %s %s: %s %v", prefix, d.Code, d.Pos, d.Message, d.Notes)
				}
			}
		}
		if res == nil {
			continue
		}
		others := slices.Clone(evidence)
		for range 60 {
			c := mutate(random, evidence[random.IntN(len(evidence))], pool)
			if len(others) < 16 && !contract.CheckGuards(res.Guards, c.Config).HasErrors() {
				others = append(others, c)
			}
		}
		b.compare(t, ts, prefix, name, res, others)
	}
}

// mutate changes a few facts of a checkpoint to those of others: what guards let pass is mostly near to what was seen.
func mutate(random *rand.Rand, c Checkpoint, pool []Checkpoint) Checkpoint {
	config := &contract.Config{Facts: maps.Clone(c.Config.Facts)}
	for _, row := range c.Config.Layers {
		config.Layers = append(config.Layers, maps.Clone(row))
	}
	for range 1 + random.IntN(3) {
		from := pool[random.IntN(len(pool))].Config
		if random.IntN(2) == 0 || len(config.Layers) == 0 || len(from.Layers) == 0 {
			one(random, config.Facts, from.Facts)
			continue
		}
		one(random, config.Layers[random.IntN(len(config.Layers))], from.Layers[random.IntN(len(from.Layers))])
	}
	return Checkpoint{Name: c.Name + " changed", Config: config}
}

// one copies one fact.
func one(random *rand.Rand, to, from contract.Facts) {
	if names := slices.Sorted(maps.Keys(from)); len(names) > 0 {
		n := names[random.IntN(len(names))]
		to[n] = from[n]
	}
}
