package facts

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

func tensor(name string, dtype contract.DType, shape ...int) contract.Tensor {
	return contract.Tensor{Name: name, DType: dtype, Shape: shape}
}

func TestTensorsFoldWithoutLoss(t *testing.T) {
	h := &contract.Header{File: "model.safetensors", Metadata: map[string]string{"format": "pt", "a b": "c\n\"d"}}
	for _, layer := range []string{"0", "1", "2", "10"} {
		h.Tensors = append(h.Tensors, tensor("model.layers."+layer+".norm.weight", "BF16", 8))
		for _, expert := range []string{"0", "1"} {
			h.Tensors = append(h.Tensors, tensor("model.layers."+layer+".experts."+expert+".w.weight", "F8_E4M3", 4, 8))
		}
	}
	h.Tensors = append(h.Tensors,
		tensor("model.layers.3.norm.weight", "BF16", 9), // another shape: must not be folded with the others
		tensor("model.layers.007.norm.weight", "BF16", 8),
		tensor("scalar", "F32"), tensor(".0", "F32"), tensor("0.", "F32"), tensor("..1", "F32"),
		tensor("0.1.2", "F32", 1), tensor("0.2.2", "F32", 1), tensor("0.1.3", "F32", 1), // no cross product
	)
	other := &contract.Header{File: "model-2.safetensors", Tensors: []contract.Tensor{tensor("x", "U32", 2, 3)}}
	text := FormatTensors([]*contract.Header{h, other})
	want := "  model.layers.{0..2,10}.experts.{0..1}.w.weight F8_E4M3 [4 8]\n"
	if !strings.Contains(string(text), want) {
		t.Errorf("want the line %q in\n%s", want, text)
	}
	got, err := ParseTensors(text)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(listing(got), listing([]*contract.Header{h, other})) {
		t.Errorf("not lossless:\n%s", text)
	}
	if got[0].Metadata["a b"] != "c\n\"d" {
		t.Errorf("metadata %v", got[0].Metadata)
	}
}

// listing is the sorted tensors of headers, as text.
func listing(headers []*contract.Header) []string {
	var all []string
	for _, h := range headers {
		for _, t := range h.Tensors {
			all = append(all, strings.Join([]string{h.File, t.Name, string(t.DType)}, " ")+strings.Join(strings.Fields(bracket(t.Shape)), " "))
		}
	}
	slices.Sort(all)
	return all
}

func bracket(shape []int) string {
	text := ""
	for _, d := range shape {
		text += " " + string(rune('0'+d%10))
	}
	return text
}

func TestParseTensorsRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":        {"", "no shard"},
		"no shard":     {"  a F32 [1]\n", "cannot read"},
		"path":         {"shard ../a\n", "file name"},
		"type":         {"shard a\n  b F99 [1]\n", "F99"},
		"shape":        {"shard a\n  b F32 [x]\n", "dimension"},
		"negative":     {"shard a\n  b F32 [-1]\n", "dimension"},
		"no shape":     {"shard a\n  b F32\n", "want: NAME"},
		"twice":        {"shard a\n  b.1 F32 [1]\n  b.{0..3} F32 [1]\n", "twice"},
		"huge":         {"shard a\n  b.{0..99999999}.{0..99999999} F32 [1]\n", "more than"},
		"bad run":      {"shard a\n  b.{3..1} F32 [1]\n", "ascending"},
		"open brace":   {"shard a\n  b.{1 F32 [1]\n", "brace"},
		"bad metadata": {"shard a\n  metadata format pt\n", "metadata"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseTensors([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func FuzzParseTensors(f *testing.F) {
	f.Add([]byte("shard a\n  metadata \"format\" \"pt\"\n  b.{0..3}.c BF16 [1 2]\n  d F32 []\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		headers, err := ParseTensors(text)
		if err != nil {
			return
		}
		printed := FormatTensors(headers)
		again, err := ParseTensors(printed)
		if err != nil {
			t.Fatalf("what was printed does not parse: %v\n%s", err, printed)
		}
		if !slices.Equal(listing(again), listing(headers)) || !bytes.Equal(FormatTensors(again), printed) {
			t.Fatalf("not lossless:\n%s", printed)
		}
	})
}
