package contract

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// small is a decoder of three layers: 64 wide, 4 query heads of 32 features, 2 key heads, biases and norms of queries and keys as facts say.
func small() *Config {
	c := &Config{Facts: Facts{}}
	for name, n := range map[string]int64{"vocab_size": 96, "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "num_hidden_layers": 3} {
		c.Facts[name] = Fact{IntValue(n), "config.json#/" + name}
	}
	for _, name := range []string{"attention_bias", "tie_word_embeddings"} {
		c.Facts[name] = Fact{BoolValue(false), "config.json#/" + name}
	}
	c.Facts["qk_norm"] = Fact{BoolValue(true), "default of policy: true"}
	c.Facts["eps"] = Fact{FloatValue(1e-6), "config.json#/eps"}
	for range 3 {
		c.Layers = append(c.Layers, Facts{"heads": {IntValue(4), "config.json#/num_attention_heads"}, "kv_heads": {IntValue(2), "config.json#/num_key_value_heads"}, "head_dim": {IntValue(32), "config.json#/head_dim"}})
	}
	return c
}

func smallBlueprint(t testing.TB) *Blueprint {
	return blueprint(t,
		[]string{"Model", `Embedding *nn.Embedding param:"model.embed_tokens" dims:"vocab_size, hidden_size"`, `Layers []*Layer param:"model.layers" each:"layers"`, `Norm *nn.RMSNorm param:"model.norm" dims:"hidden_size" eps:"eps"`, `LMHead *nn.Linear param:"lm_head" dims:"vocab_size, hidden_size" when:"!tie_word_embeddings"`},
		[]string{"Layer", `Attn *Attention param:"self_attn"`, `MLP *block.MLP param:"mlp" as:"MLP" with:"width=hidden_size, inner=intermediate_size"`},
		[]string{"Attention", `Q *nn.Linear param:"q_proj" dims:"layer.heads*layer.head_dim, hidden_size" bias:"attention_bias"`, `K *nn.Linear param:"k_proj" dims:"layer.kv_heads*layer.head_dim, hidden_size" bias:"attention_bias"`, `QNorm *nn.RMSNorm param:"q_norm" dims:"layer.head_dim" eps:"eps" when:"qk_norm"`},
		[]string{"block.MLP", `Up *nn.Linear param:"up_proj" dims:"inner, width"`},
	)
}

func smallPolicy() *Policy {
	drops := []Op{
		{Kind: Drop, Match: "model.layers.{i}.self_attn.rotary_emb.inv_freq", Reason: "a buffer"},
		{Kind: Drop, Match: "lm_head", When: "tie_word_embeddings", Reason: "the head is tied"},
	}
	return &Policy{Name: "small", Template: "test", Layouts: []Layout{{Name: "hub", Program: drops}, {Name: "mlx", Program: drops}}}
}

// smallTensors are the tensors of small, a line each.
func smallTensors() []string {
	lines := []string{"model.embed_tokens.weight BF16 96 64", "model.norm.weight BF16 64", "lm_head.weight BF16 96 64"}
	for i := range 3 {
		p := fmt.Sprintf("model.layers.%d.", i)
		lines = append(lines, p+"self_attn.q_proj.weight BF16 128 64", p+"self_attn.k_proj.weight BF16 64 64", p+"self_attn.q_norm.weight BF16 32", p+"mlp.up_proj.weight BF16 128 64")
	}
	return lines
}

// change replaces the lines of tensors whose names contain a text; with nothing to replace them by, it removes them.
func change(lines []string, text string, by ...string) []string {
	var out []string
	for _, line := range lines {
		name, _, _ := strings.Cut(line, " ")
		if !strings.Contains(name, text) {
			out = append(out, line)
			continue
		}
		for _, b := range by {
			out = append(out, strings.ReplaceAll(b, "$", strings.TrimSuffix(name, ".weight")))
		}
	}
	return out
}

// proving is one proof to try.
type proving struct {
	policy  *Policy
	config  *Config
	raw     string
	tensors []string
	loader  bool // parameters as the generated loader asks for them: without class and expressions
}

func (p proving) run(t testing.TB) (*Proof, diag.List) {
	t.Helper()
	if p.policy == nil {
		p.policy = smallPolicy()
	}
	if p.config == nil {
		p.config = small()
	}
	if p.raw == "" {
		p.raw = "{}"
	}
	params, _, diags := smallBlueprint(t).Expand(p.config)
	if diags != nil {
		t.Fatal(diags)
	}
	if p.loader {
		for i := range params {
			params[i].Class, params[i].Dims, params[i].Layer = "", nil, 0
		}
	}
	h := header(t, "model.safetensors", p.tensors...)
	proof, diags := Prove(p.policy, params, p.config, raw(t, p.raw), []*Header{h})
	if proof != nil {
		accounted(t, proof, params, []*Header{h})
	}
	if (proof == nil) != diags.HasErrors() {
		t.Fatalf("proof %v with %v", proof, diags)
	}
	return proof, diags
}

// accounted checks that every parameter is bound, and every tensor used once or dropped for a reason.
func accounted(t testing.TB, proof *Proof, params []Param, headers []*Header) {
	t.Helper()
	uses := map[string]int{}
	count := func(terms ...*Term) {
		for _, term := range terms {
			if term != nil {
				for _, tensor := range term.Tensors() {
					uses[tensor.Name]++
				}
			}
		}
	}
	for i, b := range proof.Bindings {
		if b.Param.Path != params[i].Path || b.Weight == nil || (b.Bias != nil) != b.Param.Bias {
			t.Fatalf("binding %d is %+v, want %s", i, b, params[i].Path)
		}
		count(b.Weight, b.Bias)
		if b.Quant != nil {
			count(b.Quant.Scales, b.Quant.Biases)
		}
	}
	for _, d := range proof.Dropped {
		if d.Reason == "" {
			t.Fatalf("%s is dropped for no reason", d.Tensor.Name)
		}
		uses[d.Tensor.Name]++
	}
	total := 0
	for _, h := range headers {
		for _, tensor := range h.Tensors {
			total++
			if uses[tensor.Name] != 1 {
				t.Fatalf("%s is used %d times", tensor.Name, uses[tensor.Name])
			}
		}
	}
	if len(proof.Bindings) != len(params) || len(uses) != total {
		t.Fatalf("%d of %d parameters, %d of %d tensors", len(proof.Bindings), len(params), len(uses), total)
	}
}

func biased(c *Config) *Config {
	c.Facts["attention_bias"] = Fact{BoolValue(true), "config.json#/attention_bias"}
	return c
}

func tied(c *Config) *Config {
	c.Facts["tie_word_embeddings"] = Fact{BoolValue(true), "config.json#/tie_word_embeddings"}
	return c
}

func unnormed(c *Config) *Config {
	c.Facts["qk_norm"] = Fact{BoolValue(false), "default of policy: false"}
	return c
}

func TestProve(t *testing.T) {
	rotary := append(smallTensors(), "model.layers.0.self_attn.rotary_emb.inv_freq F32 16", "model.layers.2.self_attn.rotary_emb.inv_freq F32 16")
	biases := change(change(smallTensors(), "q_proj", "$.weight BF16 128 64", "$.bias F32 128"), "k_proj", "$.weight F16 64 64", "$.bias F16 64")
	for name, c := range map[string]struct {
		proving
		dropped int
	}{
		"dense":          {proving{tensors: smallTensors()}, 0},
		"no head":        {proving{config: tied(small()), tensors: change(smallTensors(), "lm_head")}, 0},
		"tied head":      {proving{config: tied(small()), tensors: smallTensors()}, 1},
		"rotary buffers": {proving{tensors: rotary}, 2},
		"no norms":       {proving{config: unnormed(small()), tensors: change(smallTensors(), "q_norm")}, 0},
		"biases":         {proving{config: biased(small()), tensors: biases}, 0},
		"float32":        {proving{tensors: change(smallTensors(), "up_proj", "$.weight F32 128 64")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c.loader = range []bool{false, true} {
				proof, diags := c.run(t)
				if diags.HasErrors() {
					t.Fatal(diags)
				}
				if len(proof.Dropped) != c.dropped || proof.Layout != "hub" || proof.Config == nil {
					t.Errorf("%d dropped, layout %s", len(proof.Dropped), proof.Layout)
				}
			}
		})
	}
}

func TestProveRefuses(t *testing.T) {
	biases := change(change(smallTensors(), "q_proj", "$.weight BF16 128 64", "$.bias BF16 128"), "k_proj", "$.weight BF16 64 64", "$.bias BF16 64")
	for name, c := range map[string]struct {
		proving
		code string
		want []string
	}{
		"a norm of one layer": {proving{tensors: change(smallTensors(), "layers.1.self_attn.q_norm")}, "MG1208", []string{"lacks model.layers.1.self_attn.q_norm.weight, [32]", "2 of 3 layers have it"}},
		"a norm of two":       {proving{tensors: change(change(smallTensors(), "layers.1.self_attn.q_norm"), "layers.0.self_attn.q_norm")}, "MG1208", []string{"lacks model.layers.{0..1}.self_attn.q_norm.weight", "1 of 3 layers"}},
		"all norms":           {proving{tensors: change(smallTensors(), "q_norm")}, "MG1204", []string{"lacks model.layers.{0..2}.self_attn.q_norm.weight, [32]", "policy small wants it by its rule"}},
		"the head":            {proving{tensors: change(smallTensors(), "lm_head")}, "MG1204", []string{"lacks lm_head.weight, [96 64]"}},
		"a whole layer":       {proving{tensors: change(smallTensors(), "layers.2.")}, "MG1208 MG1208 MG1208 MG1208", []string{"model.layers.2.mlp.up_proj.weight"}},
		"nothing there":       {proving{}, "MG1204 MG1204 MG1204 MG1204 MG1204 MG1204 MG1204", nil},
		"unwanted norms":      {proving{config: unnormed(small()), tensors: smallTensors()}, "MG1203", []string{"no parameter takes 3 tensors", "model.layers.{0..2}.self_attn.q_norm.weight", "policy small, template test, takes there: q_proj k_proj"}},
		"an unknown tensor":   {proving{tensors: append(smallTensors(), "model.mystery F32 2")}, "MG1203", []string{"no parameter takes a tensor", "model.mystery", "F32 [2]", "takes there: embed_tokens norm"}},
		"a layer too many":    {proving{tensors: append(smallTensors(), "model.layers.3.mlp.up_proj.weight BF16 128 64")}, "MG1203", []string{"model.layers.3.mlp.up_proj.weight"}},
		"unwanted biases":     {proving{tensors: biases}, "MG1203 MG1203", []string{"model.layers.{0..2}.self_attn.q_proj.bias are stored as BF16 [128], but by the config there is no bias"}},
		"all biases":          {proving{config: biased(small()), tensors: smallTensors()}, "MG1209 MG1209", []string{"lacks model.layers.{0..2}.self_attn.k_proj.bias, [64]"}},
		"one bias":            {proving{config: biased(small()), tensors: change(biases, "layers.1.self_attn.k_proj.bias")}, "MG1209", []string{"lacks model.layers.1.self_attn.k_proj.bias, [64]", "2 of 3 layers have it"}},
		"a wide bias":         {proving{config: biased(small()), tensors: change(biases, "q_proj.bias", "$ BF16 129")}, "MG1205", []string{"q_proj.bias are BF16 [129]; want [128]"}},
		"an integer bias":     {proving{config: biased(small()), tensors: change(biases, "q_proj.bias", "$ I32 128")}, "MG1206", []string{"are I32"}},
		"an integer weight":   {proving{tensors: change(smallTensors(), "model.norm", "$.weight I32 64")}, "MG1206", []string{"model.norm.weight is I32; want F32, F16 or BF16"}},
		"a wide type":         {proving{tensors: change(smallTensors(), "up_proj", "$.weight F64 128 64")}, "MG1206", []string{"model.layers.{0..2}.mlp.up_proj.weight are F64"}},
		"bytes":               {proving{tensors: change(smallTensors(), "up_proj", "$.weight F8_E4M3 128 64")}, "MG1206", []string{"are F8_E4M3"}},
		"a wrong rank":        {proving{tensors: change(smallTensors(), "model.norm", "$.weight BF16 64 1")}, "MG1205", []string{"BF16 [64 1]; want [64]"}},
		"two wrong shapes":    {proving{tensors: change(change(smallTensors(), "layers.0.self_attn.q_proj", "$.weight BF16 64 64"), "layers.1.self_attn.q_proj", "$.weight BF16 32 64")}, "MG1205 MG1205", nil},
		"a bias alone":        {proving{config: biased(small()), tensors: change(biases, "layers.0.self_attn.q_proj.weight")}, "MG1208", []string{"layers.0.self_attn.q_proj.weight"}},
		"a norm with bias":    {proving{tensors: append(smallTensors(), "model.norm.bias BF16 64")}, "MG1203", []string{"model.norm.bias is stored as BF16 [64], but by the config there is no bias"}},
		"a stray scale":       {proving{tensors: append(smallTensors(), "lm_head.input_scale F32 1")}, "MG1203", []string{"lm_head.input_scale has no use in this form"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c.loader = range []bool{false, true} {
				proof, diags := c.run(t)
				if proof != nil {
					t.Fatal("it is proven")
				}
				wantCodes(t, diags, c.code, c.want...)
			}
		})
	}
}

// The whole text of a refusal: what is wrong, where, and where the numbers come from.
func TestProveExplainsShapes(t *testing.T) {
	_, diags := proving{tensors: change(change(smallTensors(), "k_proj", "$.weight BF16 128 64"), "up_proj", "$.weight BF16 128 63")}.run(t)
	want := `error MG1205: model.layers.{0..2}.mlp.up_proj.weight are BF16 [128 63]; want [128 64]
  at model.safetensors:model.layers.0.mlp.up_proj.weight
  intermediate_size  = 128  config.json#/intermediate_size
  hidden_size        = 64   config.json#/hidden_size
  hint: either the config or the tensor belongs to another checkpoint
error MG1205: model.layers.{0..2}.self_attn.k_proj.weight are BF16 [128 64]; want [64 64]
  at model.safetensors:model.layers.0.self_attn.k_proj.weight
  layer.kv_heads * layer.head_dim  = 64
  layer.kv_heads                   = 2   config.json#/num_key_value_heads
  layer.head_dim                   = 32  config.json#/head_dim
  hidden_size                      = 64  config.json#/hidden_size
  hint: either the config or the tensor belongs to another checkpoint`
	if got := diags.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestProveShards(t *testing.T) {
	params, _, _ := smallBlueprint(t).Expand(small())
	lines := smallTensors()
	first, second := header(t, "model-00001-of-00002.safetensors", lines[:7]...), header(t, "model-00002-of-00002.safetensors", lines[7:]...)
	proof, diags := Prove(smallPolicy(), params, small(), raw(t, "{}"), []*Header{first, second})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	accounted(t, proof, params, []*Header{first, second})
	twice := header(t, "model-00002-of-00002.safetensors", lines[6:]...)
	_, diags = Prove(smallPolicy(), params, small(), raw(t, "{}"), []*Header{first, twice})
	wantCodes(t, diags, "MG1202", "model.layers.0.mlp.up_proj.weight stands in model-00001-of-00002.safetensors and in model-00002-of-00002.safetensors")
	_, diags = Prove(smallPolicy(), params, small(), raw(t, "{}"), []*Header{first})
	if !slices.Contains(diags.Codes(), "MG1208") {
		t.Errorf("a missing shard is %v", diags)
	}
	if _, diags = Prove(smallPolicy(), params, small(), raw(t, "{}"), nil); !slices.Contains(diags.Codes(), "MG1204") {
		t.Errorf("no shards are %v", diags)
	}
}

func TestProveLayouts(t *testing.T) {
	program := func(ops ...Op) []Op { return append(slices.Clone(smallPolicy().Layouts[0].Program), ops...) }
	renamed := change(smallTensors(), "up_proj", "$.weight BF16 128 64")
	for i, line := range renamed {
		renamed[i] = strings.Replace(line, "mlp.up_proj", "ffn.w1", 1)
	}
	rename := Op{Kind: Rename, Match: "model.layers.{i}.ffn.w1", To: "model.layers.{i}.mlp.up_proj"}
	for name, c := range map[string]struct {
		layouts []Layout
		tensors []string
		layout  string
		code    string
		want    string
	}{
		"the second fits": {[]Layout{{Name: "hub", Program: program()}, {Name: "old", Program: program(rename)}}, renamed, "old", "", ""},
		"both fit alike":  {[]Layout{{Name: "hub", Program: program()}, {Name: "old", Program: program(rename)}}, smallTensors(), "hub", "", ""},
		"none fits":       {[]Layout{{Name: "hub", Program: program()}, {Name: "old", Program: program(rename)}}, change(smallTensors(), "model.norm"), "", "MG1204", "model.norm"},
		"nearest is told": {[]Layout{{Name: "hub", Program: program()}, {Name: "old", Program: program(rename)}}, change(renamed, "model.norm"), "", "MG1204", "model.norm"},
		"both fit unlike": {[]Layout{{Name: "hub", Program: program()}, {Name: "old", Program: program(Op{Kind: Transpose, Match: "model.layers.{i}.self_attn.k_proj"})}}, smallTensors(), "", "MG1210", "hub and old both take"},
		"a failing one":   {[]Layout{{Name: "hub", Program: program(Op{Kind: Rename, Match: "lm_head", To: "model.norm"})}}, smallTensors(), "", "MG1207", "model.norm is there already"},
		"only mlx":        {[]Layout{{Name: "mlx", Program: program()}}, smallTensors(), "mlx", "", ""},
		"no layout":       {nil, smallTensors(), "", "MG1210", "in the layout hub, which policy small does not have"},
	} {
		t.Run(name, func(t *testing.T) {
			policy := smallPolicy()
			policy.Layouts = c.layouts
			proof, diags := proving{policy: policy, tensors: c.tensors}.run(t)
			wantCodes(t, diags, c.code, c.want)
			if proof != nil && proof.Layout != c.layout {
				t.Errorf("layout %s, want %s", proof.Layout, c.layout)
			}
		})
	}
}

// FuzzProve mutates the tensors of a checkpoint: nothing breaks, and what is proven is accounted for.
func FuzzProve(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint8(0), "lm_head.weight")
	f.Add(uint8(3), uint8(2), uint8(7), "model.layers.1.mlp.up_proj.scales")
	f.Add(uint8(9), uint8(4), uint8(1), "model.norm.qweight")
	f.Fuzz(func(t *testing.T, which, kind, size uint8, name string) {
		lines := smallTensors()
		i := int(which) % len(lines)
		dtypes := []string{"BF16", "U32", "F8_E4M3", "U8", "I32", "F32"}
		shape := fmt.Sprintf("%s %d %d", dtypes[int(kind)%len(dtypes)], size%130, size%17+1)
		switch kind % 3 {
		case 0:
			lines = slices.Delete(lines, i, i+1)
		case 1:
			lines[i] = strings.Fields(lines[i])[0] + " " + shape
		}
		if name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '{' || r == '}' }) && name != "__metadata__" && !slices.ContainsFunc(lines, func(l string) bool { return strings.Fields(l)[0] == name }) {
			lines = append(lines, name+" "+shape)
		}
		for _, config := range []string{"{}", `{"quantization":{"group_size":64,"bits":4}}`, `{"quantization_config":{"quant_method":"fp8","weight_block_size":[32,32]}}`} {
			proving{tensors: lines, raw: config}.run(t)
		}
	})
}
