package model_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/generated/registry"
	"github.com/mlxgen/mlxgen/internal/recipe"
	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/model"
	"github.com/mlxgen/mlxgen/runtime/snapshot"
	"github.com/mlxgen/mlxgen/templates/unlocked"
)

// checkpoint materialises a recipe.
func checkpoint(t *testing.T, name string, shards int) string {
	t.Helper()
	r, err := recipe.Open(filepath.Join("../../test/recipes", name))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := r.Materialise(dir, shards); err != nil {
		t.Fatal(err)
	}
	return dir
}

// edit changes a file of a checkpoint.
func edit(t *testing.T, dir, name string, change func(text string) string) {
	t.Helper()
	path := filepath.Join(dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(change(string(data))), 0o644); err != nil {
		t.Fatal(err)
	}
}

// prove opens and proves a checkpoint.
func prove(dir string, entries []model.Entry) (*model.Proven, error) {
	s, err := snapshot.Open(dir)
	if err != nil {
		return nil, err
	}
	return model.Prove(s, entries)
}

func TestProveRefusesByCode(t *testing.T) {
	for name, c := range map[string]struct {
		recipe string
		file   string
		change func(string) string
		want   []string
	}{
		"violated guard": {
			"llama__gqa", "config.json", replace(`"silu"`, `"gelu"`),
			[]string{"MG1301", "MLP.Act", "hidden_act == 'silu'", "mlxgen add", "--unlocked"},
		},
		"unknown model type": {"llama__gqa", "config.json", replace(`"llama"`, `"lama"`), []string{"MG1303", "llama"}},
		"unread key":         {"llama__gqa", "config.json", replace(`{`, `{"use_new_trick": true,`), []string{"MG1104", "use_new_trick"}},
		"wrong shape":        {"llama__gqa", "config.json", replace(`"hidden_size": 64`, `"hidden_size": 128`), []string{"MG1205"}},
		"missing layer":      {"llama__gqa", "config.json", replace(`"num_hidden_layers": 2`, `"num_hidden_layers": 3`), []string{"MG1208", "model.layers.2"}},
		"extra layer":        {"llama__gqa", "config.json", replace(`"num_hidden_layers": 2`, `"num_hidden_layers": 1`), []string{"MG1203", "model.layers.1"}},
		"truncated weights":  {"qwen3__base", "model.safetensors", func(s string) string { return s[:len(s)-100] }, []string{"MG1001", "100 bytes are missing"}},
		"truncated header":   {"qwen3__base", "model.safetensors", func(s string) string { return s[:60] }, []string{"MG1001"}},
		"damaged header":     {"qwen3__base", "model.safetensors", replace("F32", "F99"), []string{"MG1003", "F99"}},
		"damaged config":     {"qwen3__base", "config.json", func(s string) string { return s[:len(s)/2] }, []string{"MG1101"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := checkpoint(t, c.recipe, 1)
			if _, err := prove(dir, registry.Entries()); err != nil {
				t.Fatalf("before the change: %v", err)
			}
			edit(t, dir, c.file, c.change)
			_, err := prove(dir, registry.Entries())
			if err == nil {
				t.Fatal("want a refusal")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("want %q in\n%v", want, err)
				}
			}
		})
	}
}

func replace(from, to string) func(string) string {
	return func(text string) string { return strings.Replace(text, from, to, 1) }
}

// What a guard refuses, the template itself runs, after the same proof.
func TestUnlockedRunsWhatAGuardRefuses(t *testing.T) {
	dir := checkpoint(t, "llama__gqa", 1)
	edit(t, dir, "config.json", replace(`"silu"`, `"gelu"`))
	if _, err := prove(dir, unlocked.Entries()); err != nil {
		t.Error(err)
	}
}

func TestLoadStopsWhenCancelledAndLeavesNothing(t *testing.T) {
	proven, err := prove(checkpoint(t, "llama__gqa", 3), registry.Entries())
	if err != nil {
		t.Fatal(err)
	}
	dev, err := mlx.Open(mlx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := model.Load(ctx, dev, proven); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := dev.LiveHandles(); n != 0 {
		t.Errorf("%d handles are left", n)
	}
}

// A shard that vanishes or shrinks between proof and loading is an error that names it.
func TestLoadReportsAShardThatChanged(t *testing.T) {
	dir := checkpoint(t, "llama__gqa", 2)
	proven, err := prove(dir, registry.Entries())
	if err != nil {
		t.Fatal(err)
	}
	dev, err := mlx.Open(mlx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	shard := proven.Snapshot.Headers[1].File
	edit(t, dir, shard, func(text string) string { return text[:len(text)/2] })
	if _, err := model.Load(t.Context(), dev, proven); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want an error that names the folder", err)
	}
}
