package parity

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/generated/registry"
	"github.com/mlxgen/mlxgen/internal/recipe"
	"github.com/mlxgen/mlxgen/runtime/engine"
	"github.com/mlxgen/mlxgen/runtime/model"
	"github.com/mlxgen/mlxgen/templates/unlocked"
)

const recipes = "../recipes"

// TestParity runs every recipe on the template and on the generated code. Both must equal the references, in one prefill and split; and each other, in
// every bit.
func TestParity(t *testing.T) {
	folders, err := recipe.Folders(recipes)
	if err != nil {
		t.Fatal(err)
	}
	dev := open(t)
	for cases, folder := range folders {
		name := filepath.Base(folder)
		t.Run(name, func(t *testing.T) {
			r, err := recipe.Open(folder)
			if err != nil {
				t.Fatal(err)
			}
			expected, err := r.Expected()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := r.Materialise(dir, 1+cases%3); err != nil { // one, two or three shards
				t.Fatal(err)
			}
			template := newEngine(t, dev, load(t, dev, dir, unlocked.Entries()), engine.Options{PageSize: 4})
			generated := newEngine(t, dev, load(t, dev, dir, registry.Entries()), engine.Options{PageSize: 4})
			worst := 0.0
			compare := func(s recipe.Sequence, got [][]float32) {
				difference, err := recipe.Compare(got, s, expected.Tolerance)
				if err != nil {
					t.Error(err)
				}
				worst = max(worst, difference)
			}
			for _, s := range expected.Sequences {
				tokens := narrow(s.Tokens)
				want := logits(t, template, tokens)
				sameBits(t, "generated code", logits(t, generated, tokens), want)
				compare(s, want)
				if expected.DecodeCheck {
					split := append([]int{s.Prefill}, repeat(len(tokens), 1)...)
					compare(s, logits(t, generated, tokens, split...))
				}
			}
			family, variant, _ := strings.Cut(name, "__")
			t.Logf("%-6s %-26s worst difference %.1e of the largest logit (allowed %.0e)", family, variant, worst, expected.Tolerance.Rel)
		})
	}
	if len(folders) < 20 {
		t.Fatalf("only %d recipes were found", len(folders))
	}
}

func narrow(tokens []int) []int32 {
	out := make([]int32, len(tokens))
	for i, token := range tokens {
		out[i] = int32(token)
	}
	return out
}

// TestEquivalences checks one recipe of each kind under every cut and mix of steps.
func TestEquivalences(t *testing.T) {
	dev := open(t)
	for _, name := range []string{"llama__gqa", "llama__bias", "llama__q4_g64", "llama__yarn", "llama__longrope", "mistral__window", "qwen2__window", "qwen3__window", "qwen3__bf16", "qwen3__fp8"} {
		t.Run(name, func(t *testing.T) {
			r, err := recipe.Open(filepath.Join(recipes, name))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := r.Materialise(dir, 1); err != nil {
				t.Fatal(err)
			}
			equivalences(t, dev, load(t, dev, dir, entriesOf(t)), 1, 6, 23, 41)
		})
	}
}

func entriesOf(t *testing.T) []model.Entry {
	t.Helper()
	entries := registry.Entries()
	if len(entries) < 2 {
		t.Fatalf("only %d families are registered", len(entries))
	}
	return entries
}
