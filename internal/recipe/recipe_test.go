package recipe

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const recipes = "../../test/recipes"

func open(t *testing.T, dir string) *Recipe {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

// Every fill and dtype gives the bytes that the rule in Python gives.
func TestRuleMatchesPython(t *testing.T) {
	r := open(t, "testdata/kinds")
	var want map[string]string
	readJSON(t, "testdata/kinds/hashes.json", &want)
	if len(want) != len(r.Inventory.Tensors) {
		t.Fatalf("%d hashes for %d tensors", len(want), len(r.Inventory.Tensors))
	}
	filled := map[string]bool{}
	for _, tensor := range r.Inventory.Tensors {
		filled[tensor.Fill.Kind] = true
		data, err := r.Inventory.Data(tensor)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) != tensor.Bytes() {
			t.Errorf("%s: %d bytes instead of %d", tensor.Name, len(data), tensor.Bytes())
		}
		if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != want[tensor.Name] {
			t.Errorf("%s: the bytes differ", tensor.Name)
		}
	}
	for kind := range kinds {
		if !filled[kind] {
			t.Errorf("no test of fill %s", kind)
		}
	}
}

// Every recipe materialises to the file that the oracle ran, byte for byte, and its expectations hold of themselves.
func TestRecipes(t *testing.T) {
	folders, err := Folders(recipes)
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) < 40 {
		t.Fatalf("only %d recipes", len(folders))
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			r := open(t, folder)
			dir := t.TempDir()
			if err := r.Materialise(dir, 1); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
			if err != nil {
				t.Fatal(err)
			}
			var about struct {
				Digest      string `json:"model_sha256"`
				DecodeCheck bool   `json:"decode_check"`
			}
			readJSON(t, filepath.Join(folder, "case.json"), &about)
			if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != about.Digest {
				t.Error("model.safetensors differs from the oracle's")
			}
			checkExpected(t, r, about.DecodeCheck)
		})
	}
}

func checkExpected(t *testing.T, r *Recipe, decode bool) {
	t.Helper()
	e, err := r.Expected()
	if err != nil {
		t.Fatal(err)
	}
	if e.DecodeCheck != decode {
		t.Error("expected.json and case.json differ about decoding")
	}
	for _, seq := range e.Sequences {
		if worst, err := Compare(everyRow(seq), seq, e.Tolerance); worst != 0 || err != nil {
			t.Errorf("the reference against itself: %g, %v", worst, err)
		}
	}
}

// everyRow returns the reference's rows at their positions, and zeros elsewhere.
func everyRow(seq Sequence) [][]float32 {
	got := make([][]float32, len(seq.Tokens))
	for i := range got {
		got[i] = make([]float32, len(seq.Logits[0]))
	}
	for i, position := range seq.Rows {
		copy(got[position], seq.Logits[i])
	}
	return got
}

func TestShards(t *testing.T) {
	r := open(t, filepath.Join(recipes, "llama__gqa"))
	dir := t.TempDir()
	if err := r.Materialise(dir, 3); err != nil {
		t.Fatal(err)
	}
	var index struct {
		Metadata struct {
			TotalSize int `json:"total_size"`
		}
		WeightMap map[string]string `json:"weight_map"`
	}
	readJSON(t, filepath.Join(dir, "model.safetensors.index.json"), &index)
	if len(index.WeightMap) != len(r.Inventory.Tensors) {
		t.Errorf("%d tensors in the index", len(index.WeightMap))
	}
	total := 0
	for i, tensor := range r.Inventory.Tensors {
		total += tensor.Bytes()
		if want := []string{"model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors"}[i%3]; index.WeightMap[tensor.Name] != want {
			t.Errorf("%s in %q", tensor.Name, index.WeightMap[tensor.Name])
		}
	}
	if index.Metadata.TotalSize != total {
		t.Errorf("total_size %d instead of %d", index.Metadata.TotalSize, total)
	}
	for i := range 3 {
		if _, err := os.Stat(filepath.Join(dir, index.WeightMap[r.Inventory.Tensors[i].Name])); err != nil {
			t.Error(err)
		}
	}
	config, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil || !bytes.Equal(config, r.Config) {
		t.Errorf("config.json differs: %v", err)
	}
	for _, shards := range []int{0, -1, len(r.Inventory.Tensors) + 1} {
		if err := r.Materialise(t.TempDir(), shards); err == nil {
			t.Errorf("%d shards are accepted", shards)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("an empty folder: %v", err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.json"), "{}")
	write(t, filepath.Join(dir, "inventory.json"), `{"seed": 1, "tensors": []}`)
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "inventory.json: tensors") {
		t.Errorf("no tensors: %v", err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestInventoryErrors(t *testing.T) {
	tensor := func(s string) string { return `{"seed": 1, "tensors": [` + s + `]}` }
	good := `{"name": "a", "dtype": "F32", "shape": [2], "fill": {"kind": "uniform", "base": 0, "scale": 1}}`
	for _, test := range []struct{ input, want string }{
		{`{`, "unexpected"},
		{tensor(good) + "x", "after"},
		{`{"seed": 1, "tensors": [], "more": 1}`, "more"},
		{`{"seed": -1, "tensors": []}`, "seed"},
		{tensor(good + "," + good), `a second tensor "a"`},
		{tensor(strings.Replace(good, `"a"`, `""`, 1)), "name"},
		{tensor(strings.Replace(good, `"a"`, `"__metadata__"`, 1)), "name"},
		{tensor(strings.Replace(good, "F32", "F99", 1)), "dtype"},
		{tensor(strings.Replace(good, "[2]", "[-2]", 1)), "shape[0]"},
		{tensor(strings.Replace(good, "[2]", "null", 1)), "shape"},
		{tensor(strings.Replace(good, "[2]", "[1,1,1,1,1,1,1,1,1]", 1)), "shape"},
		{tensor(strings.Replace(good, "[2]", "[500000000, 500000000, 500000000]", 1)), "shape"},
		{tensor(strings.Replace(good, "uniform", "normal", 1)), "fill.kind"},
		{tensor(strings.Replace(good, "uniform", "u32", 1)), "cannot fill F32"},
		{tensor(strings.Replace(good, `"base": 0`, `"base": 1e300`, 1)), "base"},
		{tensor(`{"name": "a", "dtype": "U8", "shape": [2], "fill": {"kind": "u8", "lo": 250, "n": 9}}`), "lo 250"},
		{tensor(`{"name": "a", "dtype": "I64", "shape": [2], "fill": {"kind": "i64", "lo": 0, "n": 0}}`), "n 0"},
		{tensor(`{"name": "a", "dtype": "F32", "shape": [], "fill": {"kind": "log_iota", "scale": 0.1}}`), "last dimension"},
	} {
		if _, err := ParseInventory([]byte(test.input)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.input, err)
		}
	}
	if _, err := ParseInventory([]byte(tensor(good))); err != nil {
		t.Error(err)
	}
}

func FuzzInventory(f *testing.F) {
	for _, path := range []string{"testdata/kinds/inventory.json", filepath.Join(recipes, "qwen3__fp8", "inventory.json")} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"seed": 1, "tensors": [{"name": "a", "dtype": "F32", "shape": [], "fill": {"kind": "uniform"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := ParseInventory(data)
		if err != nil {
			return
		}
		if _, err := header(v.Tensors); err != nil {
			t.Fatal(err)
		}
		for _, tensor := range v.Tensors {
			if tensor.Bytes() > 1<<12 {
				continue
			}
			out, err := v.Data(tensor)
			if err != nil || len(out) != tensor.Bytes() {
				t.Fatalf("%q: %d bytes instead of %d: %v", tensor.Name, len(out), tensor.Bytes(), err)
			}
		}
	})
}

func TestFloat16(t *testing.T) {
	for bits := range uint32(0x7C00) { // every finite half of positive sign, and its neighbours halfway
		exponent, fraction := int(bits>>10), float64(bits&0x3FF)
		value := math.Ldexp(fraction, -24)
		if exponent > 0 {
			value = math.Ldexp(1024+fraction, exponent-25)
		}
		if got := float16(float32(value)); got != uint16(bits) {
			t.Fatalf("%g: %#x instead of %#x", value, got, bits)
		}
		if got := float16(-float32(value)); bits > 0 && got != uint16(bits)|0x8000 {
			t.Fatalf("%g: %#x", -value, got)
		}
		next := value + math.Ldexp(1, max(exponent, 1)-26) // halfway to the next: to the even one
		if got, want := float16(float32(next)), uint16(bits+bits&1); got != want {
			t.Fatalf("%g: %#x instead of %#x", next, got, want)
		}
	}
}
