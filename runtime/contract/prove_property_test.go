package contract

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// propertyFamily is a small decoder with what decoders have: biases, norms, a head that may be tied, a programme.
func propertyFamily(t testing.TB) (*Policy, *Blueprint) {
	drops := []Op{{Kind: Drop, Match: "model.layers.{i}.attn.inv_freq", Reason: "buffer"}, {Kind: Drop, Match: "head", When: "tied", Reason: "tied"}}
	p := &Policy{
		Name: "test", Template: "test", LayerCount: "layers", Layouts: []Layout{{Name: "hub", Program: drops}, {Name: "mlx", Program: drops}},
		Fields: []Field{
			{Name: "layers", Keys: []string{"layers"}, Kind: Int, Default: "3"},
			{Name: "size", Keys: []string{"size"}, Kind: Int, Default: "128"},
			{Name: "eps", Kind: Float, Default: "1e-6"},
			{Name: "tied", Keys: []string{"tied"}, Kind: Bool, Default: "false"},
			{Name: "bias", Keys: []string{"bias"}, Kind: Bool, Default: "false"},
			{Name: "norm", Keys: []string{"norm"}, Kind: Bool, Default: "true"},
		},
	}
	b := blueprint(t,
		[]string{"Model", `Embedding *nn.Embedding param:"model.embed" dims:"192, size"`, `Layers []*Layer param:"model.layers" each:"layers"`, `Norm *nn.RMSNorm param:"model.norm" dims:"size" eps:"eps"`, `Head *nn.Linear param:"head" dims:"192, size" when:"!tied"`},
		[]string{"Layer", `Q *nn.Linear param:"attn.q" dims:"size, size" bias:"bias"`, `QNorm *nn.RMSNorm param:"attn.q_norm" dims:"size / 2" eps:"eps" when:"norm"`, `Up *nn.Linear param:"mlp.up" dims:"size * 2, size"`, `Sinks mlx.Array param:"attn.sinks" dims:"4"`})
	return p, b
}

// propertyLines are the tensors of a checkpoint of the family: dense, MLX's affine, or FP8 blocks.
func propertyLines(params []Param, form string) []string {
	var lines []string
	add := func(name, dtype string, shape ...int) {
		lines = append(lines, name+" "+dtype+" "+strings.Trim(fmt.Sprint(shape), "[]"))
	}
	for _, p := range params {
		quantised := p.Type == "Linear" || p.Type == "Embedding" && form == "affine"
		switch {
		case p.Type == "Tensor":
			add(p.Path, "F32", p.Shape...)
		case quantised && form == "affine":
			add(p.Path+".weight", "U32", p.Shape[0], p.Shape[1]/8)
			add(p.Path+".scales", "F16", p.Shape[0], p.Shape[1]/64)
			add(p.Path+".biases", "F16", p.Shape[0], p.Shape[1]/64)
		case quantised && form == "fp8" && p.Path != "head":
			add(p.Path+".weight", "F8_E4M3", p.Shape...)
			add(p.Path+".weight_scale_inv", "F32", (p.Shape[0]+127)/128, (p.Shape[1]+127)/128)
		default:
			add(p.Path+".weight", "BF16", p.Shape...)
		}
		if p.Bias {
			add(p.Path+".bias", "BF16", p.Shape[0])
		}
	}
	return lines
}

var propertyConfigs = map[string]string{
	"dense": `"x":1`, "affine": `"quantization":{"group_size":64,"bits":4}`, "fp8": `"quantization_config":{"quant_method":"fp8","weight_block_size":[128,128]}`,
}

// mutate changes a checkpoint's tensors in one way that a damaged or foreign checkpoint may show.
func mutate(r *rand.Rand, lines []string) []string {
	lines = slices.Clone(lines)
	i := r.IntN(len(lines))
	parts := strings.Fields(lines[i])
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	switch r.IntN(8) {
	case 0:
		return slices.Delete(lines, i, i+1)
	case 1:
		parts[1] = pick("F32", "F16", "BF16", "U32", "I32", "F8_E4M3", "U8", "F64", "BOOL")
	case 2:
		parts[2+r.IntN(len(parts)-2)] = pick("1", "0", "2", "64", "128", "192", "256", "4096")
	case 3:
		parts = append(parts, pick("1", "2"))
	case 4:
		parts[0] = parts[0][:strings.LastIndex(parts[0], ".")+1] + pick("weight", "bias", "scales", "biases", "weight_scale_inv", "weight_scale", "qweight", "qzeros", "weight_packed", "g_idx", "x", "inv_freq")
	case 5:
		parts[0] = strings.Replace(parts[0], "layers.1", pick("layers.3", "layers.01", "layers", "layers.1.x", "mtp.0"), 1)
	case 6:
		parts[0] = "copy." + parts[0]
		return append(lines, strings.Join(parts, " "))
	case 7:
		return append(lines, pick("model.layers.0.attn.inv_freq F32 8", "head.weight BF16 192 128", "head.bias BF16 192", "extra F32 1", "model.layers.2.attn.q.bias BF16 128", "model.layers.7.attn.inv_freq F32 8"))
	}
	lines[i] = strings.Join(parts, " ")
	return lines
}

// Whatever a checkpoint holds, the proof does not break, says the same twice, and what it proves uses every tensor once.
func TestProofAccountsForEveryTensor(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	p, b := propertyFamily(t)
	proven := map[string]int{}
	for n := range 3000 {
		form := []string{"dense", "affine", "fp8"}[n%3]
		config := raw(t, fmt.Sprintf(`{%s,"tied":%t,"bias":%t,"norm":%t}`, propertyConfigs[form], r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0))
		c, diags := Normalise(p, config, []Inert{{"x", "r"}})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		params, _, diags := b.Expand(c)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		lines := propertyLines(params, form)
		mutations := r.IntN(3)
		for range mutations {
			lines = mutate(r, lines)
		}
		slices.Sort(lines)
		lines = slices.CompactFunc(lines, func(a, b string) bool { return strings.Fields(a)[0] == strings.Fields(b)[0] })
		if len(lines) < 4 {
			continue
		}
		cut := r.IntN(len(lines)-2) + 1
		headers := []*Header{header(t, "model-00001-of-00002.safetensors", lines[:cut]...), header(t, "model-00002-of-00002.safetensors", lines[cut:]...)}
		proof, diags := Prove(p, params, c, config, headers)
		_, again := Prove(p, params, c, config, headers)
		if diags.Error() != again.Error() {
			t.Fatalf("%s: the proof says two things:\n%v\n%v", form, diags, again)
		}
		if (proof == nil) != diags.HasErrors() {
			t.Fatalf("proof %v with %v", proof, diags)
		}
		if proof == nil {
			if mutations == 0 {
				t.Fatalf("%s without a fault is refused:\n%v", form, diags)
			}
			continue
		}
		proven[fmt.Sprint(form, mutations)]++
		checkProof(t, proof, params, headers)
	}
	for _, key := range []string{"dense0", "affine0", "fp80"} {
		if proven[key] < 100 {
			t.Errorf("%d proofs of %s", proven[key], key)
		}
	}
}

// checkProof checks that each tensor is used once or dropped, and that each parameter has its shape.
func checkProof(t *testing.T, proof *Proof, params []Param, headers []*Header) {
	t.Helper()
	used := map[string]int{}
	count := func(term *Term) {
		if term != nil {
			for _, tensor := range term.Tensors() {
				used[tensor.Name]++
			}
		}
	}
	if len(proof.Bindings) != len(params) {
		t.Fatalf("%d of %d parameters are bound", len(proof.Bindings), len(params))
	}
	for i, binding := range proof.Bindings {
		if binding.Param.Path != params[i].Path || binding.Weight == nil || (binding.Bias != nil) != params[i].Bias {
			t.Fatalf("%s is bound to %+v", params[i].Path, binding)
		}
		count(binding.Weight)
		count(binding.Bias)
		if binding.Quant != nil {
			count(binding.Quant.Scales)
			count(binding.Quant.Biases)
		} else if !slices.Equal(binding.Weight.Shape, params[i].Shape) {
			t.Fatalf("%s %v is bound to %v", params[i].Path, params[i].Shape, binding.Weight.Shape)
		}
	}
	for _, d := range proof.Dropped {
		if d.Reason == "" {
			t.Fatalf("%s is dropped without a reason", d.Tensor.Name)
		}
		used[d.Tensor.Name]++
	}
	for _, h := range headers {
		for _, tensor := range h.Tensors {
			if used[tensor.Name] != 1 {
				t.Fatalf("%s is used %d times", tensor.Name, used[tensor.Name])
			}
		}
	}
}

// FuzzProofAccounts: tensors and a config of anyone's making do not break the proof.
func FuzzProofAccounts(f *testing.F) {
	p, b := propertyFamily(f)
	for form, quantisation := range propertyConfigs {
		config := raw(f, "{"+quantisation+"}")
		c, _ := Normalise(p, config, []Inert{{"x", "r"}})
		params, _, _ := b.Expand(c)
		f.Add("{"+quantisation+"}", strings.Join(propertyLines(params, form), "\n"))
	}
	f.Add(`{"quantization":{"group_size":0,"bits":4}}`, "head.weight BF16 192 128")
	f.Add(`{"quantization":{"mode":"mxfp4","head":{"bits":8},"model.embed":false}}`, "head.weight U32 192 32\nhead.scales U8 192 4")
	f.Fuzz(func(t *testing.T, text, tensors string) {
		config, err := ParseRaw("config.json", []byte(text))
		if err != nil {
			return
		}
		var extra []Inert
		for _, key := range config.Root.Keys {
			extra = append(extra, Inert{key, "anything"})
		}
		c, diags := Normalise(p, config, extra)
		if diags.HasErrors() || c.Int("layers") > 8 {
			return
		}
		params, _, diags := b.Expand(c)
		if diags.HasErrors() {
			return
		}
		h := &Header{File: "model.safetensors"}
		for _, line := range strings.Split(tensors, "\n") {
			parts := strings.Fields(line)
			if len(parts) < 2 || len(parts) > 10 || DType(parts[1]).Bits() == 0 {
				continue
			}
			tensor := Tensor{Name: parts[0], DType: DType(parts[1]), File: h.File}
			for _, d := range parts[2:] {
				tensor.Shape = append(tensor.Shape, max(plainNumber(d), 0))
			}
			h.Tensors = append(h.Tensors, tensor)
		}
		proof, diags := Prove(p, params, c, config, []*Header{h})
		if (proof == nil) != diags.HasErrors() {
			t.Fatalf("proof %v with %v", proof, diags)
		}
		if proof != nil {
			checkProof(t, proof, params, []*Header{h})
		}
	})
}
