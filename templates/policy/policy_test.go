package policy

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

func TestPoliciesAreWellFormed(t *testing.T) {
	names, types := map[string]bool{}, map[string]string{}
	for _, p := range All() {
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if names[p.Name] {
			t.Errorf("two policies are called %s", p.Name)
		}
		names[p.Name] = true
		for _, m := range p.ModelTypes {
			if other, twice := types[m]; twice && p.Match == "" {
				t.Errorf("%s and %s take the model type %s, and nothing tells them apart", other, p.Name, m)
			}
			types[m] = p.Name
		}
		if len(p.References) == 0 || slices.ContainsFunc(p.References, func(r contract.Reference) bool { return r.Repository == "" || r.Question == "" }) {
			t.Errorf("%s: references %v", p.Name, p.References)
		}
		for _, f := range p.Fields {
			if f.Doc == "" || f.Default != "" && f.Whose == "" {
				t.Errorf("%s: the field %s has no doc, or a default of nobody", p.Name, f.Name)
			}
		}
		for _, c := range p.Layers {
			if c.Doc == "" {
				t.Errorf("%s: the column %s has no doc", p.Name, c.Name)
			}
		}
	}
}

// A family is one file of at most 60 lines, which is named as its policy.
func TestPolicyFilesAreSmall(t *testing.T) {
	for _, p := range All() {
		text, err := os.ReadFile(p.Name + ".go")
		if err != nil {
			t.Errorf("the policy %s has no file of its own: %v", p.Name, err)
		}
		if lines := bytes.Count(text, []byte("\n")); lines > 60 {
			t.Errorf("%s.go has %d lines; a policy has at most 60", p.Name, lines)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".go")
		if strings.HasSuffix(file, "_test.go") || name == "common" {
			continue
		}
		if !slices.ContainsFunc(All(), func(p contract.Policy) bool { return p.Name == name }) {
			t.Errorf("%s belongs to no policy of All", file)
		}
	}
}

// Policies are data: asking twice gives equal ones, and changing one changes no other.
func TestPoliciesAreIndependent(t *testing.T) {
	first := All()
	for i := range first {
		for j := range first[i].Fields {
			first[i].Fields[j].Name = "changed"
		}
		first[i].Layouts[0].Program = nil
	}
	for _, p := range All() {
		if err := p.Validate(); err != nil || len(p.Layouts[0].Program) == 0 {
			t.Errorf("%s was changed: %v", p.Name, err)
		}
	}
}

// byName is a policy.
func byName(t testing.TB, name string) *contract.Policy {
	t.Helper()
	for _, p := range All() {
		if p.Name == name {
			return &p
		}
	}
	t.Fatalf("there is no policy %s", name)
	return nil
}
