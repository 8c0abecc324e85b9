package facts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/gen/lockfile"
)

// folder is a checkpoint of one tensor.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	header := `{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`
	for name, text := range map[string]string{
		"config.json":       `{"model_type":"llama"}`,
		"model.safetensors": string(rune(len(header))) + "\x00\x00\x00\x00\x00\x00\x00" + header + "12345678",
		"README.md":         "not a fact",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func change(t *testing.T, path string, f func(data []byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, f(data), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestVerify(t *testing.T) {
	flip := func(at int) func([]byte) []byte {
		return func(data []byte) []byte { data[(at+len(data))%len(data)] ^= 1; return data }
	}
	for name, c := range map[string]struct {
		file   string
		change func([]byte) []byte
		header bool // seen with header digests too
	}{
		"data":         {"model.safetensors", flip(-1), false},
		"header":       {"model.safetensors", flip(20), true},
		"cut":          {"model.safetensors", func(d []byte) []byte { return d[:len(d)-1] }, true},
		"stub":         {"model.safetensors", func(d []byte) []byte { return d[:3] }, true},
		"empty":        {"model.safetensors", func(d []byte) []byte { return nil }, true},
		"longer":       {"model.safetensors", func(d []byte) []byte { return append(d, 0) }, true},
		"config":       {"config.json", flip(5), true},
		"not recorded": {"README.md", flip(0), false},
	} {
		for _, whole := range []bool{false, true} {
			dir := folder(t)
			_, files, err := FromFolder(dir, whole)
			if err != nil {
				t.Fatal(err)
			}
			if diags, err := Verify(dir, files); err != nil || len(diags) > 0 {
				t.Fatalf("unchanged: %v, %v", diags, err)
			}
			change(t, filepath.Join(dir, c.file), c.change)
			diags, err := Verify(dir, files)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if want := c.header || whole && c.file == "model.safetensors"; want != (len(diags) == 1) {
				t.Errorf("%s, whole %v: %v", name, whole, diags)
			}
			if len(diags) > 0 && (diags[0].Code != "MG3005" || !strings.Contains(diags[0].Pos, c.file)) {
				t.Errorf("%s: %v", name, diags)
			}
		}
	}
}

// What was read from a folder and written as text is read again, and matches the lock.
func TestMatch(t *testing.T) {
	dir := folder(t)
	f, files, err := FromFolder(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	record := func() string {
		to := t.TempDir()
		for name, data := range f.Tree() {
			if err := os.WriteFile(filepath.Join(to, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return to
	}
	for name, c := range map[string]struct {
		change func(dir string, files []lockfile.File) []lockfile.File
		pos    string
	}{
		"nothing": {func(_ string, f []lockfile.File) []lockfile.File { return f }, ""},
		"another config": {func(dir string, f []lockfile.File) []lockfile.File {
			change(t, filepath.Join(dir, "config.json"), func(d []byte) []byte { return append(d, ' ') })
			return f
		}, "config.json"},
		"a file too many": {func(dir string, f []lockfile.File) []lockfile.File {
			change(t, filepath.Join(dir, "config.json"), func(d []byte) []byte { return d })
			if err := os.WriteFile(filepath.Join(dir, "added_tokens.json"), []byte("{}"), 0o644); err != nil {
				t.Fatal(err)
			}
			return f
		}, "added_tokens.json"},
		"a file too few": {func(_ string, f []lockfile.File) []lockfile.File {
			return append(slices.Clone(f), lockfile.File{Name: "chat_template.jinja", Size: 1, Digest: "sha256:0"})
		}, "chat_template.jinja"},
		"larger tensors": {func(dir string, f []lockfile.File) []lockfile.File {
			change(t, filepath.Join(dir, TensorsFile), func(d []byte) []byte { return []byte(strings.Replace(string(d), "[2]", "[2000]", 1)) })
			return f
		}, TensorsFile},
		"a shard too many": {func(dir string, f []lockfile.File) []lockfile.File {
			change(t, filepath.Join(dir, TensorsFile), func(d []byte) []byte { return append(d, "shard model-2.safetensors\n"...) })
			return f
		}, TensorsFile},
	} {
		t.Run(name, func(t *testing.T) {
			to := record()
			want := c.change(to, files)
			read, err := ReadDir(to)
			if err != nil {
				t.Fatal(err)
			}
			diags := read.Match(want)
			if c.pos == "" && len(diags) > 0 || c.pos != "" && (len(diags) != 1 || diags[0].Pos != c.pos || diags[0].Code != "MG3003") {
				t.Errorf("got %v, want one at %q", diags, c.pos)
			}
		})
	}
}
