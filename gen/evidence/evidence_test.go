package evidence

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlxgen/mlxgen/gen/resolve"
	"github.com/mlxgen/mlxgen/runtime/contract"
)

// sample is a checkpoint of three layers, of which one has a window and one is stored in another way.
func sample() *resolve.Resolved {
	key := func(v contract.Value, name string) contract.Fact {
		return contract.Fact{Value: v, From: "config.json#/" + name}
	}
	rope := contract.Value{Kind: contract.RopePlan, Rope: &contract.Rope{Kind: "linear", Theta: 1e6, Dims: 8, Factor: 2.5}}
	row := func(window int64) contract.Facts {
		return contract.Facts{"window": {Value: contract.IntValue(window), From: "i == 1"}, "heads": key(contract.IntValue(2), "num_heads")}
	}
	dense := &contract.Term{DType: "BF16"}
	linear := func(path string, bias bool, q *contract.Quant) contract.Binding {
		return contract.Binding{Param: contract.Param{Path: path, Type: "Linear", Shape: []int{4, 8}, Bias: bias}, Weight: dense, Quant: q}
	}
	affine := &contract.Quant{Format: "affine", Bits: 4, Group: 64}
	return &resolve.Resolved{
		ID: "org/name", Policy: &contract.Policy{Name: "sample"},
		Config: &contract.Config{
			Facts:  contract.Facts{"hidden_size": key(contract.IntValue(8), "hidden_size"), "rope": key(rope, "rope_scaling"), "act": {Value: contract.StringValue("é"), From: "default of policy"}},
			Layers: []contract.Facts{row(0), row(16), row(0)},
		},
		Params: make([]contract.Param, 4),
		States: []contract.StateSpec{{Path: "l.0.kv", Kind: "kv", Dims: []int{2, 4}}, {Path: "l.1.kv", Kind: "kv", Dims: []int{2, 4}, Window: 16}, {Path: "l.2.kv", Kind: "kv", Dims: []int{2, 4}}},
		Proof: &contract.Proof{
			Layout: "mlx",
			Bindings: []contract.Binding{
				linear("l.0.up", true, affine), linear("l.1.up", true, &contract.Quant{Format: "fp8-block", Block: [2]int{128, 128}}), linear("l.2.up", true, affine),
				linear("head", false, nil),
			},
			Dropped: []contract.Dropped{{Tensor: &contract.Tensor{Name: "l.0.inv_freq"}, Reason: "computed"}, {Tensor: &contract.Tensor{Name: "l.1.inv_freq"}, Reason: "computed"}},
		},
	}
}

const want = `org/name is sample, in layout mlx.

facts
  act          "é"                                           default of policy
  hidden_size  8                                             config.json#/hidden_size
  rope         Kind linear, Theta 1e+06, Dims 8, Factor 2.5  config.json#/rope_scaling

layers (3)
  heads   0..2  2   config.json#/num_heads
  window  0,2   0   i == 1
  window  1     16  i == 1

parameters (4)
  l.{0,2}.up  Linear  [4 8] with bias  affine, 4 bits, groups of 64
  l.1.up      Linear  [4 8] with bias  fp8-block, blocks of 128 by 128
  head        Linear  [4 8]            BF16

state
  l.{0,2}.kv  kv  [2 4]  all positions
  l.1.kv      kv  [2 4]  window of 16

dropped tensors
  l.{0..1}.inv_freq  computed
`

func TestText(t *testing.T) {
	for range 10 { // maps have no order
		if got := string(Text(sample())); got != want {
			t.Fatal(cmp.Diff(want, got))
		}
	}
}

// Parts that are empty have no title.
func TestEmptyParts(t *testing.T) {
	r := sample()
	r.Config = &contract.Config{Facts: contract.Facts{"size": {Value: contract.IntValue(1), From: "x"}}}
	r.Params, r.States, r.Proof = nil, nil, &contract.Proof{Layout: "hub"}
	const want = "org/name is sample, in layout hub.\n\nfacts\n  size  1  x\n"
	if got := string(Text(r)); got != want {
		t.Error(cmp.Diff(want, got))
	}
}
