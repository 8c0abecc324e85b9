package contract

import (
	"fmt"
	"strings"
	"testing"
)

// packedLines are the tensors of a small matrix of 128 inputs in one of MLX's forms.
func packedLines(name string, rows, in, bits, group int, scales string) []string {
	lines := []string{fmt.Sprintf("%s.weight U32 %d %d", name, rows, in*bits/32), fmt.Sprintf("%s.scales %s %d %d", name, scales, rows, in/group)}
	if scales != "U8" {
		lines = append(lines, fmt.Sprintf("%s.biases %s %d %d", name, scales, rows, in/group))
	}
	return lines
}

// one is a model of one linear of 128 inputs and 8 outputs in two layers, so that every group size and block fits.
func oneLinear(t testing.TB) ([]Param, *Policy, *Config) {
	b := blueprint(t,
		[]string{"Model", `Layers []*Layer param:"layers" each:"layers"`, `Norm *nn.RMSNorm param:"norm" dims:"128" eps:"1e-6"`},
		[]string{"Layer", `Up *nn.Linear param:"up" dims:"8, 128"`})
	config := &Config{Facts: Facts{}, Layers: []Facts{{}, {}}}
	params, _, diags := b.Expand(config)
	if diags != nil {
		t.Fatal(diags)
	}
	return params, &Policy{Name: "one", Template: "test", Layouts: []Layout{{Name: "hub"}, {Name: "mlx", Program: []Op{{Kind: Drop, Match: "never", Reason: "r"}}}}}, config
}

// lines gives both layers the same tensors, and adds the norm.
func lines(each ...string) []string {
	out := []string{"norm.weight BF16 128"}
	for i := range 2 {
		for _, line := range each {
			out = append(out, fmt.Sprintf("layers.%d.%s", i, line))
		}
	}
	return out
}

func TestQuantForms(t *testing.T) {
	params, policy, config := oneLinear(t)
	type form struct {
		config  string
		tensors []string
		want    Quant
	}
	var forms []form
	for _, group := range []int{32, 64, 128} {
		for _, bits := range []int{2, 3, 4, 5, 6, 8} {
			for _, key := range []string{"quantization", "quantization_config"} {
				forms = append(forms, form{fmt.Sprintf(`{%q:{"group_size":%d,"bits":%d}}`, key, group, bits), lines(packedLines("up", 8, 128, bits, group, "BF16")...), Quant{Format: Affine, Group: group, Bits: bits}})
			}
		}
	}
	forms = append(forms, []form{
		{`{"quantization":{"mode":"mxfp4","group_size":32,"bits":4}}`, lines(packedLines("up", 8, 128, 4, 32, "U8")...), Quant{Format: MXFP4, Group: 32, Bits: 4}},
		{`{"quantization":{"mode":"mxfp4"}}`, lines(packedLines("up", 8, 128, 4, 32, "U8")...), Quant{Format: MXFP4, Group: 32, Bits: 4}},
		{`{"quantization":{"mode":"mxfp8"}}`, lines(packedLines("up", 8, 128, 8, 32, "U8")...), Quant{Format: MXFP8, Group: 32, Bits: 8}},
		{`{"quantization":{"mode":"nvfp4"}}`, lines(packedLines("up", 8, 128, 4, 16, "U8")...), Quant{Format: NVFP4, Group: 16, Bits: 4}},
		{`{"quantization":{}}`, lines(packedLines("up", 8, 128, 4, 64, "F16")...), Quant{Format: Affine, Group: 64, Bits: 4}},
		{`{"quantization":{"bits":8,"group_size":null}}`, lines(packedLines("up", 8, 128, 8, 64, "F32")...), Quant{Format: Affine, Group: 64, Bits: 8}},
		{`{"quantization":{"bits":4,"group_size":64},"quantization_config":{"group_size":64,"bits":4}}`, lines(packedLines("up", 8, 128, 4, 64, "BF16")...), Quant{Format: Affine, Group: 64, Bits: 4}},
		{`{"quantization":{"bits":4,"group_size":64},"quantization_config":{"quant_method":"awq"}}`, lines(packedLines("up", 8, 128, 4, 64, "BF16")...), Quant{Format: Affine, Group: 64, Bits: 4}},
		{`{"quantization_config":{"quant_method":"fp8","weight_block_size":[4,32],"fmt":"e4m3","activation_scheme":"dynamic","modules_to_not_convert":null}}`, lines("up.weight F8_E4M3 8 128", "up.weight_scale_inv F32 2 4"), Quant{Format: FP8Block, Block: [2]int{4, 32}}},
		{`{"quantization_config":{"quant_method":"fp8","_x":1}}`, lines("up.weight F8_E4M3 8 128", "up.weight_scale_inv BF16 1 1"), Quant{Format: FP8Block, Block: [2]int{128, 128}}},
		{`{"quantization_config":{"quant_method":"fp8","weight_block_size":[3,50],"fmt":"float8_e4m3fn"}}`, lines("up.weight F8_E4M3 8 128", "up.weight_scale_inv F32 3 3"), Quant{Format: FP8Block, Block: [2]int{3, 50}}},
	}...)
	for _, f := range forms {
		h := header(t, "model.safetensors", f.tensors...)
		proof, diags := Prove(policy, params, config, raw(t, f.config), []*Header{h})
		if diags.HasErrors() {
			t.Errorf("%s: %v", f.config, diags)
			continue
		}
		accounted(t, proof, params, []*Header{h})
		for _, b := range proof.Bindings[:2] {
			q := b.Quant
			if q == nil || q.Format != f.want.Format || q.Group != f.want.Group || q.Bits != f.want.Bits || q.Block != f.want.Block || q.Scales == nil || (q.Biases != nil) != (q.Format == Affine) {
				t.Errorf("%s: %+v, want %+v", f.config, q, f.want)
			}
		}
		if layout := map[bool]string{true: "mlx", false: "hub"}[f.want.Format.mlx()]; proof.Layout != layout {
			t.Errorf("%s: layout %s", f.config, proof.Layout)
		}
	}
}

func TestQuantRefuses(t *testing.T) {
	params, policy, config := oneLinear(t)
	q4 := packedLines("up", 8, 128, 4, 64, "BF16")
	plain := []string{"up.weight BF16 8 128"}
	fp8 := []string{"up.weight F8_E4M3 8 128", "up.weight_scale_inv F32 1 1"}
	for name, c := range map[string]struct {
		config  string
		tensors []string
		code    string
		want    []string
	}{
		// methods
		"gptq":            {`{"quantization_config":{"quant_method":"gptq","bits":4,"group_size":128,"desc_act":true}}`, lines("up.qweight I32 16 8", "up.qzeros I32 1 1", "up.scales F16 1 8", "up.g_idx I32 128"), "MG1213", []string{"quantised by GPTQ, which cannot be run yet", "config.json#/quantization_config/quant_method", "bits = 4", "desc_act = true", "take a checkpoint in bf16"}},
		"awq":             {`{"quantization_config":{"quant_method":"awq","bits":4}}`, lines("up.qweight I32 128 1"), "MG1213", []string{"quantised by AWQ"}},
		"bitsandbytes":    {`{"quantization_config":{"quant_method":"bitsandbytes","load_in_4bit":true}}`, lines(plain...), "MG1213", []string{"bitsandbytes", "load_in_4bit = true"}},
		"compressed":      {`{"quantization_config":{"quant_method":"compressed-tensors","format":"pack-quantized"}}`, lines("up.weight_packed I32 8 16"), "MG1213", []string{"compressed-tensors", `format = "pack-quantized"`}},
		"modelopt":        {`{"quantization_config":{"quant_algo":"FP8","producer":{"name":"modelopt"},"ignore":["lm_head"]}}`, lines("up.weight F8_E4M3 8 128", "up.weight_scale F32"), "MG1213", []string{"ModelOpt", `quant_algo = "FP8"`}},
		"fbgemm":          {`{"quantization_config":{"quant_method":"fbgemm_fp8"}}`, lines(plain...), "MG1213", []string{"FBGEMM FP8"}},
		"unknown method":  {`{"quantization_config":{"quant_method":"brand-new"}}`, lines(plain...), "MG1213", []string{`quantised by "brand-new", which is not known`}},
		"no method":       {`{"quantization_config":{"something":1}}`, lines(plain...), "MG1213", []string{`""`}},
		"method a number": {`{"quantization_config":{"quant_method":4}}`, lines(plain...), "MG1213", nil},
		"a string":        {`{"quantization":"awq"}`, lines(plain...), "MG1212", []string{`quantization is "awq"; want an object`}},
		"a list":          {`{"quantization_config":[1]}`, lines(plain...), "MG1212", nil},
		"two opinions":    {`{"quantization":{"bits":4,"group_size":64},"quantization_config":{"bits":8,"group_size":64}}`, lines(q4...), "MG1212", []string{"say different things"}},
		// formats by parts, without a word in the config
		"gptq parts":       {`{}`, lines("up.qweight I32 16 8", "up.qzeros I32 1 1", "up.scales F16 1 8"), "MG1213", []string{"2 weights are stored as gptq", "layers.{0..1}.up", "qweight", "I32 [16 8]"}},
		"compressed parts": {`{}`, lines("up.weight_packed I32 8 16", "up.weight_scale F16 8 1", "up.weight_shape I64 2"), "MG1213", []string{"stored as compressed-tensors"}},
		"scaled tensors":   {`{}`, lines("up.weight F8_E4M3 8 128", "up.weight_scale F32", "up.input_scale F32"), "MG1213", []string{"stored as fp8-tensor", "input_scale"}},
		"one scale":        {`{"quantization_config":{"quant_method":"fp8"}}`, lines("up.weight F8_E4M3 8 128", "up.weight_scale_inv F32"), "MG1213", []string{"stored as fp8-tensor"}},
		// MLX
		"silent config":     {`{}`, lines(q4...), "MG1211", []string{"layers.{0..1}.up.weight are quantised, but the config does not say how"}},
		"silent mx":         {`{}`, lines(packedLines("up", 8, 128, 4, 32, "U8")...), "MG1211", nil},
		"nothing quantised": {`{"quantization":{"bits":4,"group_size":64}}`, lines(plain...), "MG1212", []string{"the config says that weights are quantised, but none is"}},
		"other bits":        {`{"quantization":{"bits":8,"group_size":64}}`, lines(q4...), "MG1212", []string{"are stored with 4 bits in groups of 64, but the config says affine with 8 bits in groups of 64"}},
		"other group":       {`{"quantization":{"bits":4,"group_size":32}}`, lines(q4...), "MG1212", []string{"in groups of 64, but the config says affine with 4 bits in groups of 32"}},
		"other mode":        {`{"quantization":{"mode":"mxfp4"}}`, lines(q4...), "MG1212", []string{"are stored as affine, but the config says mxfp4"}},
		"unknown mode":      {`{"quantization":{"mode":"int3"}}`, lines(q4...), "MG1213", []string{`the mode "int3" is not known`, "known modes: affine"}},
		"mode a number":     {`{"quantization":{"mode":3}}`, lines(q4...), "MG1213", nil},
		"group 0":           {`{"quantization":{"bits":4,"group_size":0}}`, lines(q4...), "MG1212", []string{"group_size is 0; want a whole number above 0", "config.json#/quantization/group_size"}},
		"group below 0":     {`{"quantization":{"bits":4,"group_size":-1}}`, lines(q4...), "MG1212", nil},
		"group a float":     {`{"quantization":{"bits":4,"group_size":64.5}}`, lines(q4...), "MG1212", nil},
		"bits a string":     {`{"quantization":{"bits":"4","group_size":64}}`, lines(q4...), "MG1212", nil},
		"huge bits":         {`{"quantization":{"bits":9223372036854775807,"group_size":64}}`, lines(q4...), "MG1212", nil},
		"group 48":          {`{"quantization":{"bits":4,"group_size":48}}`, lines(q4...), "MG1212", []string{"affine has groups of [32 64 128] and [2 3 4 5 6 8] bits"}},
		"7 bits":            {`{"quantization":{"bits":7,"group_size":64}}`, lines(q4...), "MG1212", nil},
		"mxfp4 of 64":       {`{"quantization":{"mode":"mxfp4","group_size":64}}`, lines(packedLines("up", 8, 128, 4, 32, "U8")...), "MG1212", []string{"mxfp4 has groups of [32] and [4] bits"}},
		"unread key":        {`{"quantization":{"bits":4,"group_size":64,"linear_class":"x"}}`, lines(q4...), "MG1104", []string{`nothing reads "linear_class" of the quantisation`}},
		"unread override":   {`{"quantization":{"bits":4,"group_size":64,"layers.0.up":{"bits":4,"group_size":64,"sym":true}}}`, lines(q4...), "MG1104", []string{`nothing reads "layers.0.up/sym"`, "config.json#/quantization/layers.0.up/sym"}},
		// shapes and types
		"narrow words":       {`{"quantization":{"bits":4,"group_size":64}}`, lines("up.weight U32 8 15", q4[1], q4[2]), "MG1205", []string{"are U32 [8 15]; want U32 [8 16]: 128 inputs of 4 bits"}},
		"few rows":           {`{"quantization":{"bits":4,"group_size":64}}`, lines("up.weight U32 7 16", q4[1], q4[2]), "MG1205", nil},
		"signed words":       {`{"quantization":{"bits":4,"group_size":64}}`, lines("up.weight I32 8 16", q4[1], q4[2]), "MG1205", []string{"I32"}},
		"scales' shape":      {`{"quantization":{"bits":4,"group_size":64}}`, lines(q4[0], "up.scales BF16 7 2", q4[2]), "MG1205", []string{"scales are BF16 [7 2]; want [8 2]"}},
		"biases' shape":      {`{"quantization":{"bits":4,"group_size":64}}`, lines(q4[0], q4[1], "up.biases BF16 8 1"), "MG1205", []string{"biases are BF16 [8 1]; want BF16 [8 2], as the scales"}},
		"biases' type":       {`{"quantization":{"bits":4,"group_size":64}}`, lines(q4[0], q4[1], "up.biases F32 8 2"), "MG1205", nil},
		"integer scales":     {`{"quantization":{"bits":4,"group_size":64}}`, lines(q4[0], "up.scales U8 8 2", "up.biases U8 8 2"), "MG1206", []string{"scales are U8"}},
		"float scales of mx": {`{"quantization":{"mode":"mxfp4"}}`, lines("up.weight U32 8 16", "up.scales BF16 8 4"), "MG1206", []string{"want U8"}},
		"no biases":          {`{"quantization":{"bits":4,"group_size":64}}`, lines(q4[0], q4[1]), "MG1204", []string{"lacks layers.{0..1}.up.biases"}},
		"a quantised norm":   {`{"quantization":{"bits":4,"group_size":64}}`, append(lines(q4...)[1:], packedLines("norm", 1, 128, 4, 64, "BF16")...), "MG1212", []string{"norm.weight is stored as affine, but a RMSNorm cannot be quantised"}},
		// overrides
		"override false":     {`{"quantization":{"bits":4,"group_size":64,"layers.0.up":false}}`, lines(q4...), "MG1212", []string{"layers.0.up.weight is stored as affine, but the config says that it is not quantised"}},
		"override of dense":  {`{"quantization":{"bits":4,"group_size":64,"layers.0.up":{"bits":4,"group_size":64}}}`, append(lines(q4...)[:1], append([]string{"layers.0.up.weight BF16 8 128"}, lines(q4...)[4:]...)...), "MG1212", []string{"layers.0.up.weight is dense, but the config says affine with 4 bits in groups of 64"}},
		"override of others": {`{"quantization":{"bits":4,"group_size":64,"layers.0.up":{"bits":8}}}`, lines(q4...), "MG1212", []string{"layers.0.up.weight is stored with 4 bits"}},
		// mixtures
		"half quantised": {`{"quantization":{"bits":4,"group_size":64}}`, append(lines(q4...)[:4], "layers.1.up.weight BF16 8 128"), "MG1210", []string{"some layers are quantised and others are not", "quantised:  layers.0.up", "dense:      layers.1.up"}},
		"two layouts":    {`{"quantization":{"bits":4,"group_size":64}}`, append(lines(q4...)[:4], "layers.1.up.weight F8_E4M3 8 128", "layers.1.up.weight_scale_inv F32 1 1"), "MG1210", []string{"mixes two layouts", "in the mlx layout:  layers.0.up", "in the hub layout:  layers.1.up"}},
		"half fp8":       {`{"quantization_config":{"quant_method":"fp8"}}`, append(lines(fp8...)[:3], "layers.1.up.weight BF16 8 128"), "MG1210", []string{"some layers are quantised"}},
		// FP8
		"fp8 without a word":  {`{}`, lines(fp8...), "MG1211", []string{"the config names no quant_method fp8"}},
		"fp8 null block":      {`{"quantization_config":{"quant_method":"fp8","weight_block_size":null}}`, lines(fp8...), "MG1213", []string{"one scale a tensor"}},
		"fp8 odd block":       {`{"quantization_config":{"quant_method":"fp8","weight_block_size":[128]}}`, lines(fp8...), "MG1212", nil},
		"fp8 block 0":         {`{"quantization_config":{"quant_method":"fp8","weight_block_size":[0,128]}}`, lines(fp8...), "MG1212", []string{"want two whole numbers above 0"}},
		"fp8 huge block":      {`{"quantization_config":{"quant_method":"fp8","weight_block_size":[9223372036854775807,128]}}`, lines(fp8...), "MG1212", nil},
		"fp8 nested block":    {`{"quantization_config":{"quant_method":"fp8","weight_block_size":[{},128]}}`, lines(fp8...), "MG1212", nil},
		"fp8 e5m2":            {`{"quantization_config":{"quant_method":"fp8","fmt":"e5m2"}}`, lines(fp8...), "MG1213", []string{`FP8 weights of format "e5m2"`}},
		"fp8 unread":          {`{"quantization_config":{"quant_method":"fp8","smooth":true}}`, lines(fp8...), "MG1104", []string{"smooth"}},
		"fp8 scales' shape":   {`{"quantization_config":{"quant_method":"fp8","weight_block_size":[4,128]}}`, lines(fp8...), "MG1205", []string{"weight_scale_inv are [1 1]; want [2 1]: blocks of [4 128]"}},
		"fp8 weight's shape":  {`{"quantization_config":{"quant_method":"fp8"}}`, lines("up.weight F8_E4M3 8 127", fp8[1]), "MG1205", []string{"F8_E4M3 [8 127]; want F8_E4M3 [8 128]"}},
		"fp8 weight's type":   {`{"quantization_config":{"quant_method":"fp8"}}`, lines("up.weight BF16 8 128", fp8[1]), "MG1205", nil},
		"fp8 E8M0 scales":     {`{"quantization_config":{"quant_method":"fp8"}}`, lines(fp8[0], "up.weight_scale_inv F8_E8M0 1 1"), "MG1213", []string{"hold E8M0 scales"}},
		"fp8 integer scales":  {`{"quantization_config":{"quant_method":"fp8"}}`, lines(fp8[0], "up.weight_scale_inv I32 1 1"), "MG1206", nil},
		"fp8 without scale":   {`{"quantization_config":{"quant_method":"fp8"}}`, lines(fp8...)[:4], "MG1206 MG1210", []string{"layers.1.up.weight is F8_E4M3"}},
		"fp8 of nothing":      {`{"quantization_config":{"quant_method":"fp8"}}`, lines(plain...), "MG1212", []string{"but none is"}},
		"fp8 activation kept": {`{"quantization_config":{"quant_method":"fp8"}}`, lines(append(fp8, "up.input_scale F32")...), "MG1203", []string{"up.input_scale have no use in this form"}},
	} {
		t.Run(name, func(t *testing.T) {
			proof, diags := Prove(policy, params, config, raw(t, c.config), []*Header{header(t, "model.safetensors", c.tensors...)})
			if proof != nil {
				t.Fatal("it is proven")
			}
			wantCodes(t, diags, c.code, c.want...)
		})
	}
}

// Dense weights beside quantised ones are fine where the whole class is dense, or where the config says so.
func TestQuantDenseBeside(t *testing.T) {
	q4 := `{"quantization":{"bits":4,"group_size":64%s}}`
	packed := func(name string, rows int) []string { return packedLines(name, rows, 64, 4, 64, "BF16") }
	model := smallTensors()
	for i := range 3 {
		p := fmt.Sprintf("layers.%d.mlp.up_proj", i)
		model = change(model, p, packed("model."+p, 128)...)
	}
	if _, diags := (proving{tensors: model, raw: fmt.Sprintf(q4, "")}).run(t); diags != nil {
		t.Errorf("one class quantised: %v", diags)
	}
	mixed := change(model, "layers.1.mlp.up_proj.scales")
	mixed = change(mixed, "layers.1.mlp.up_proj.biases")
	mixed = change(mixed, "layers.1.mlp.up_proj.weight", "$.weight BF16 128 64")
	_, diags := proving{tensors: mixed, raw: fmt.Sprintf(q4, "")}.run(t)
	wantCodes(t, diags, "MG1210", "model.layers.{0,2}.mlp.up_proj", "model.layers.1.mlp.up_proj")
	if _, diags := (proving{tensors: mixed, raw: fmt.Sprintf(q4, `,"model.layers.1.mlp.up_proj":false`)}).run(t); diags != nil {
		t.Errorf("the config says so: %v", diags)
	}
	fp8 := change(smallTensors(), "up_proj", "$.weight F8_E4M3 128 64", "$.weight_scale_inv F32 1 1")
	fp8 = change(fp8, "layers.1.mlp.up_proj.weight_scale_inv")
	fp8 = change(fp8, "layers.1.mlp.up_proj.weight", "$.weight BF16 128 64")
	for list, code := range map[string]string{"": "MG1210", `"model.layers.1.mlp.up_proj"`: "", `"layers.1"`: "", `"lm_head","model.layers.1.mlp"`: "", `"layers.10"`: "MG1210", `"up"`: "MG1210", `""`: "MG1210", "1": "MG1210"} {
		_, diags := proving{tensors: fp8, raw: fmt.Sprintf(`{"quantization_config":{"quant_method":"fp8","modules_to_not_convert":[%s]}}`, list)}.run(t)
		if strings.Join(diags.Codes(), " ") != code {
			t.Errorf("modules_to_not_convert [%s]: %v, want %q", list, diags, code)
		}
	}
}

// An override inherits nothing from the global numbers: gaps are the defaults of its mode. It names the path that the tensors were stored under.
func TestQuantOverrides(t *testing.T) {
	params, policy, config := oneLinear(t)
	for _, c := range []struct{ config, first, second string }{
		{`{"quantization":{"mode":"mxfp4","group_size":32,"bits":4,"layers.1.up":{"group_size":64,"bits":8}}}`, "mxfp4 4 32", "affine 8 64"},
		{`{"quantization":{"group_size":32,"bits":3,"layers.1.up":{"bits":6}}}`, "affine 3 32", "affine 6 64"},
		{`{"quantization":{"group_size":32,"bits":3,"layers.1.up":{"mode":"nvfp4"}}}`, "affine 3 32", "nvfp4 4 16"},
		{`{"quantization":{"group_size":32,"bits":3,"layers.1.up":true}}`, "affine 3 32", "affine 3 32"},
		{`{"quantization":{"group_size":32,"bits":3,"layers.9.up":false,"elsewhere":{"bits":2}}}`, "affine 3 32", "affine 3 32"},
	} {
		tensors := []string{"norm.weight BF16 128"}
		for i, form := range []string{c.first, c.second} {
			var mode string
			var bits, group int
			fmt.Sscan(form, &mode, &bits, &group)
			scales := "U8"
			if mode == "affine" {
				scales = "F16"
			}
			tensors = append(tensors, packedLines(fmt.Sprintf("layers.%d.up", i), 8, 128, bits, group, scales)...)
		}
		proof, diags := Prove(policy, params, config, raw(t, c.config), []*Header{header(t, "model.safetensors", tensors...)})
		if diags.HasErrors() {
			t.Errorf("%s: %v", c.config, diags)
			continue
		}
		for i, want := range []string{c.first, c.second} {
			if q := proof.Bindings[i].Quant; fmt.Sprintf("%s %d %d", q.Format, q.Bits, q.Group) != want {
				t.Errorf("%s: layer %d is %+v, want %s", c.config, i, q, want)
			}
		}
	}
	renamed := *policy
	renamed.Layouts = []Layout{{Name: "mlx", Program: []Op{{Kind: Rename, Match: "blocks.{i}.w1", To: "layers.{i}.up"}}}}
	tensors := append([]string{"norm.weight BF16 128"}, append(packedLines("blocks.0.w1", 8, 128, 4, 64, "F16"), packedLines("blocks.1.w1", 8, 128, 8, 64, "F16")...)...)
	proof, diags := Prove(&renamed, params, config, raw(t, `{"quantization":{"bits":4,"group_size":64,"blocks.1.w1":{"bits":8}}}`), []*Header{header(t, "model.safetensors", tensors...)})
	if diags.HasErrors() || proof.Bindings[1].Quant.Bits != 8 {
		t.Errorf("an override by the stored path: %v", diags)
	}
}

func TestRunnable(t *testing.T) {
	for f, want := range map[Format]bool{Dense: true, Affine: true, MXFP4: true, MXFP8: true, NVFP4: true, FP8Block: true, FP8Tensor: false, GPTQ: false, AWQ: false, Compressed: false, "other": false} {
		if f.Runnable() != want {
			t.Errorf("%s runs: %t", f, f.Runnable())
		}
	}
}

// FuzzQuantConfig reads any quantisation: nothing breaks, whatever the config says.
func FuzzQuantConfig(f *testing.F) {
	for _, c := range []string{`{"group_size":64,"bits":4}`, `{"quant_method":"fp8","weight_block_size":[128,128]}`, `{"quant_method":"gptq","bits":[]}`, `{"mode":"mxfp4","layers.0.up":{"bits":1e9}}`, `{"quant_algo":{}}`, `[]`, `null`, `{"bits":NaN}`} {
		f.Add(c, true)
		f.Add(c, false)
	}
	params, policy, config := oneLinear(f)
	q4 := header(f, "model.safetensors", lines(packedLines("up", 8, 128, 4, 64, "BF16")...)...)
	mx := header(f, "model.safetensors", lines(packedLines("up", 8, 128, 4, 32, "U8")...)...)
	fp8 := header(f, "model.safetensors", lines("up.weight F8_E4M3 8 128", "up.weight_scale_inv F32 1 1")...)
	f.Fuzz(func(t *testing.T, c string, native bool) {
		key := map[bool]string{true: "quantization", false: "quantization_config"}[native]
		r, err := ParseRaw("config.json", []byte(`{"`+key+`":`+c+`}`))
		if err != nil {
			return
		}
		for _, h := range []*Header{q4, mx, fp8} {
			proof, diags := Prove(policy, params, config, r, []*Header{h})
			if (proof == nil) != diags.HasErrors() {
				t.Fatalf("%s: %v, %v", c, proof, diags)
			}
			if proof != nil {
				accounted(t, proof, params, []*Header{h})
			}
		}
	})
}
