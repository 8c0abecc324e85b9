package modeltest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/gen/facts"
	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/model"
	"github.com/mlxgen/mlxgen/runtime/weights"
	"github.com/mlxgen/mlxgen/templates/unlocked"
)

// Proof proves every locked checkpoint of a family on its recorded facts, by the code that the loader runs.
func Proof(t *testing.T, entry *model.Entry, checkpoints []string) {
	for _, id := range checkpoints {
		t.Run(id, func(t *testing.T) {
			config, f := load(t, entry, id)
			if diags := contract.CheckGuards(entry.Guards, config); diags.HasErrors() {
				t.Fatal(diags)
			}
			params, err := weights.Describe(func(b *weights.Builder) error { return build(entry, b, config) })
			if err != nil {
				t.Fatal(err)
			}
			proof, diags := contract.Prove(&entry.Policy, params, config, f.Raw, f.Headers)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if len(proof.Bindings) != len(params) {
				t.Errorf("%d of %d parameters are bound", len(proof.Bindings), len(params))
			}
		})
	}
}

func build(entry *model.Entry, b *weights.Builder, config *contract.Config) error {
	_, err := entry.New(b, config)
	return err
}

// Detection checks that exactly this family takes its checkpoints, and that it refuses them under a foreign architecture.
func Detection(t *testing.T, entry *model.Entry, checkpoints []string) {
	var policies []*contract.Policy
	entries := unlocked.Entries()
	for i := range entries {
		policies = append(policies, &entries[i].Policy)
	}
	for _, id := range checkpoints {
		_, f := load(t, entry, id)
		index, diags := contract.Detect(f.Raw, policies)
		if diags.HasErrors() || policies[index].Name != entry.Policy.Name {
			t.Errorf("%s: detected as %v, %v", id, index, diags)
		}
		foreign := strings.Replace(string(f.Files["config.json"]), entry.Policy.Architectures[0], "SomethingForSequenceClassification", 1)
		raw, err := contract.ParseRaw("config.json", []byte(foreign))
		if err != nil {
			t.Fatal(err)
		}
		if _, diags := contract.Detect(raw, policies); !diags.HasErrors() && raw.At("architectures") != nil {
			t.Errorf("%s: a classifier is taken for a language model", id)
		}
	}
}

// Guards mutates the facts that each guard reads until it is violated, and checks that the refusal names it.
func Guards(t *testing.T, entry *model.Entry, checkpoints []string) {
	if len(entry.Guards) == 0 {
		t.Log("the specialised code relies on nothing")
	}
	for _, guard := range entry.Guards {
		t.Run(guard.Name, func(t *testing.T) {
			for _, id := range checkpoints {
				config, _ := load(t, entry, id)
				if violate(&guard, config) {
					diags := contract.CheckGuards(entry.Guards, config)
					if !diags.HasErrors() || !strings.Contains(diags.Error(), guard.Name) {
						t.Fatalf("a violated guard is not refused by name: %v", diags)
					}
					return
				}
			}
			t.Errorf("no mutation of a locked config violates %s: %s", guard.Want, guard.When)
		})
	}
}

// violate changes facts of the config until the guard does not hold; false where no change does it.
func violate(guard *contract.Guard, config *contract.Config) bool {
	want, err := contract.ParseExpr(guard.Want)
	if err != nil {
		return false
	}
	only := []contract.Guard{*guard}
	for _, name := range want.Names() {
		facts, key := config.Facts, name
		if column, ok := strings.CutPrefix(name, "layer."); ok {
			facts, key = config.Layers[0], column
		}
		original := facts[key]
		for _, v := range others(original.Value) {
			facts[key] = contract.Fact{Value: v, From: "test"}
			if contract.CheckGuards(only, config).HasErrors() {
				return true
			}
		}
		facts[key] = original
	}
	return false
}

// others are values that differ from v.
func others(v contract.Value) []contract.Value {
	switch v.Kind {
	case contract.Bool:
		return []contract.Value{contract.BoolValue(!v.B)}
	case contract.String:
		return []contract.Value{contract.StringValue(v.S + "-other")}
	case contract.Int:
		return []contract.Value{contract.IntValue(v.I + 1), contract.IntValue(0), contract.IntValue(-1)}
	case contract.Float:
		return []contract.Value{contract.FloatValue(v.F + 1), contract.FloatValue(0), contract.FloatValue(-1)}
	}
	return []contract.Value{contract.IntValue(1), contract.StringValue("other"), {}}
}

// Graphs checks that the entry builds the same graphs as its template, for every locked checkpoint.
func Graphs(t *testing.T, entry *model.Entry, checkpoints []string) {
	template := unlocked.Entry(entry.Policy)
	for _, id := range checkpoints {
		t.Run(id, func(t *testing.T) {
			config, _ := load(t, entry, id)
			SameGraphs(t, &template, entry, config)
		})
	}
}

// StepClass checks that the entry's forward pass does not depend on the number of tokens.
func StepClass(t *testing.T, entry *model.Entry, checkpoints []string) {
	for _, id := range checkpoints {
		config, _ := load(t, entry, id)
		SameStepClass(t, entry, config)
	}
}

// load normalises a locked checkpoint.
func load(t *testing.T, entry *model.Entry, id string) (*contract.Config, *facts.Facts) {
	t.Helper()
	root := Root(t)
	text, err := os.ReadFile(filepath.Join(root, lockfile.Name))
	if err != nil {
		t.Fatal(err)
	}
	lock, err := lockfile.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	locked := lock.Find(id)
	if locked == nil {
		t.Fatalf("%s is not locked", id)
	}
	f, err := facts.ReadDir(filepath.Join(root, "checkpoints", filepath.FromSlash(id)))
	if err != nil {
		t.Fatal(err)
	}
	var inert []contract.Inert
	for _, i := range locked.Inert {
		inert = append(inert, contract.Inert(i))
	}
	config, diags := contract.Normalise(&entry.Policy, f.Raw, inert)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return config, f
}

// Root is the project's root, found upwards from the test's folder.
func Root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("there is no go.mod above the test")
		}
		dir = parent
	}
}
