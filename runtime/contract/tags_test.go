package contract

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseTag(t *testing.T) {
	for _, c := range []struct {
		goType, tag string
		want        FieldSpec
		module      string
		structure   string
	}{
		{"*nn.Linear", `param:"q_proj" dims:"layer.heads*layer.head_dim, hidden_size" bias:"attention_bias"`, FieldSpec{Param: "q_proj", Dims: []string{"layer.heads*layer.head_dim", "hidden_size"}, Bias: "attention_bias"}, "Linear", ""},
		{"*nn.Linear", `param:"" dims:"min(a, b), c[i]" when:"has(x)"`, FieldSpec{Dims: []string{"min(a, b)", "c[i]"}, When: "has(x)"}, "Linear", ""},
		{"*nn.RMSNorm", `param:"q_norm" dims:"layer.head_dim" eps:"rms_norm_eps" when:"all-or-none"`, FieldSpec{Param: "q_norm", Dims: []string{"layer.head_dim"}, Eps: "rms_norm_eps", When: AllOrNone}, "RMSNorm", ""},
		{"*nn.LayerNorm", `param:"n" dims:"a" eps:"1e-5"`, FieldSpec{Param: "n", Dims: []string{"a"}, Eps: "1e-5"}, "LayerNorm", ""},
		{"*nn.Embedding", `param:"model.embed_tokens" dims:"vocab_size, hidden_size"`, FieldSpec{Param: "model.embed_tokens", Dims: []string{"vocab_size", "hidden_size"}}, "Embedding", ""},
		{"mlx.Array", `param:"a_log" dims:"heads"`, FieldSpec{Param: "a_log", Dims: []string{"heads"}}, "Tensor", ""},
		{"mlx.Array", `param:"scale"`, FieldSpec{Param: "scale"}, "Tensor", ""},
		{"*nn.KV", `state:"kv" dims:"layer.kv_heads, layer.head_dim" window:"layer.window"`, FieldSpec{State: "kv", Dims: []string{"layer.kv_heads", "layer.head_dim"}, Window: "layer.window"}, "", ""},
		{"*nn.KV", `state:"kv" dims:"a, b, c"`, FieldSpec{State: "kv", Dims: []string{"a", "b", "c"}}, "", ""},
		{"*nn.Rope", `rope:"layer.rope"`, FieldSpec{Rope: "layer.rope"}, "", ""},
		{"int", `from:"layer.heads"`, FieldSpec{From: "layer.heads"}, "", ""},
		{"string", `trait:"hidden_act"`, FieldSpec{Trait: "hidden_act"}, "", ""},
		{"[]*Layer", `param:"model.layers" each:"layers"`, FieldSpec{Param: "model.layers", Each: "layers"}, "", "Layer"},
		{"*block.GatedMLP", `param:"mlp" as:"MLP" with:"width=hidden_size, inner=if(a == b, min(c, 1), d)"`, FieldSpec{Param: "mlp", As: "MLP", With: map[string]string{"width": "hidden_size", "inner": "if(a == b, min(c, 1), d)"}}, "", "block.GatedMLP"},
		{"*Attention", `param:"self_attn" when:"!linear"`, FieldSpec{Param: "self_attn", When: "!linear"}, "", "Attention"},
		{"Attention", `param:"x"`, FieldSpec{Param: "x"}, "", "Attention"},
	} {
		c.want.Name, c.want.GoType = "Field", c.goType
		f, ok, err := ParseTag("Field", c.goType, c.tag)
		if err != nil || !ok || !reflect.DeepEqual(f, c.want) {
			t.Errorf("%s %s:\n got %+v, %t, %v\nwant %+v", c.goType, c.tag, f, ok, err, c.want)
		}
		if f.Module() != c.module || f.Struct() != c.structure {
			t.Errorf("%s: module %q, struct %q", c.goType, f.Module(), f.Struct())
		}
	}
	for _, tag := range []string{"", " ", `json:"x"`, `json:"param:x" yaml:"y"`} {
		if _, ok, err := ParseTag("F", "int", tag); ok || err != nil {
			t.Errorf("%q is ours: %t, %v", tag, ok, err)
		}
	}
}

func TestParseTagErrors(t *testing.T) {
	for _, c := range []struct{ goType, tag, want string }{
		{"*nn.Linear", `param:"q" dims:"a, b +"`, "ends too early"},
		{"*nn.Linear", `param:"q" dims:"a,, b"`, "wants 2 dims, not 3"},
		{"*nn.Linear", `param:"q" dims:"a, b" bias:"x ="`, `unexpected "="`},
		{"*nn.Linear", `param:"q" dims:"a, b" when:"("`, "ends too early"},
		{"*nn.RMSNorm", `param:"q" dims:"a" eps:"'"`, "has no end"},
		{"*nn.KV", `state:"kv" dims:"a, b" window:"f(x)"`, "no function"},
		{"int", `from:"1 2"`, "unexpected"},
		{"*X", `with:"a=b +"`, "ends too early"},
		{"*nn.Linear", `param:"q" dims:"a, b" biass:"x"`, `unknown tag key "biass"`},
		{"*nn.Linear", `param:"q" dims:"a, b" json:"x"`, `unknown tag key "json"`},
		{"*X", `with:"width"`, "is not name=expression"},
		{"*X", `with:"=a"`, "is not name=expression"},
		{"*X", `with:"a=1, a=2"`, "is not name=expression"},
		{"*nn.Linear", `param:"q" dims:"a"`, "*nn.Linear wants 2 dims, not 1"},
		{"*nn.Linear", `param:"q"`, "wants 2 dims, not 0"},
		{"*nn.Embedding", `param:"q" dims:"a, b, c"`, "wants 2 dims, not 3"},
		{"*nn.RMSNorm", `param:"q" dims:"a, b" eps:"e"`, "wants 1 dims"},
		{"*nn.RMSNorm", `param:"q" dims:"a" eps:"e" bias:"b"`, "only a *nn.Linear has a bias"},
		{"*nn.Embedding", `param:"q" dims:"a, b" bias:"c"`, "only a *nn.Linear"},
		{"*X", `param:"q" bias:"c"`, "only a *nn.Linear"},
		{"*nn.RMSNorm", `param:"q" dims:"a"`, "norms, and only they, have eps"},
		{"*nn.Linear", `param:"q" dims:"a, b" eps:"e"`, "norms, and only they"},
		{"int", `from:"a" trait:"a"`, "exclude each other"},
		{"*nn.Rope", `rope:"a" from:"a"`, "exclude each other"},
		{"*nn.KV", `state:"kv" dims:"a, b" rope:"r"`, "exclude each other"},
		{"float32", `from:"a"`, "from and trait fields are"},
		{"[]int", `trait:"a"`, "from and trait fields are"},
		{"*X", `from:"a"`, "from and trait fields are"},
		{"*nn.Linear", `param:"q" dims:"a, b" rope:"r"`, "*nn.Rope, not *nn.Linear"},
		{"*nn.KV", `state:"kv" dims:"a"`, "a state field is"},
		{"*nn.KV", `state:"kv" dims:"a, b, c, d"`, "a state field is"},
		{"*nn.KV", `state:"conv" dims:"a, b"`, "a state field is"},
		{"*nn.Linear", `state:"kv" dims:"a, b"`, "a state field is"},
		{"*nn.KV", `state:"kv"`, "a state field is"},
		{"int", `rope:"layer.rope"`, "a rope field is *nn.Rope"},
		{"[]Layer", `each:"layers"`, "slice of pointers"},
		{"*Layer", `each:"layers"`, "slice of pointers"},
		{"[]*Layer", `param:"layers"`, `wants each:"layers"`},
		{"[]*Layer", `each:"experts"`, `no table "experts"`},
		{"int", `from:"a" window:"w"`, "only a state has a window"},
		{"*nn.Linear", `param:"q" dims:"a, b" as:"X"`, "with and as belong to a struct"},
		{"*nn.Linear", `param:"q" dims:"a, b" with:"x=1"`, "with and as belong"},
		{"*X", `param:"q" dims:"a"`, "only parameters and states have dims"},
		// what reflect passes over in silence
		{"*nn.Linear", `param:q_proj`, "malformed at param:q_proj"},
		{"*nn.Linear", `param:"q" dims:"a, b" bias:attention_bias`, "malformed at bias"},
		{"*nn.Linear", `param:"q" dims:"a, b" bias`, "malformed at bias"},
		{"*nn.Linear", `param:"q`, "malformed"},
		{"*nn.Linear", `param: "q"`, "malformed"},
		{"*nn.Linear", "param:`q`", "malformed"},
		{"int", "from:'a'", "malformed"},
		{"*nn.Linear", `param:"q" dims:"a, b" bias:"x" bias:"y"`, `"bias" stands there twice`},
		{"*nn.Linear", `param:"q",dims:"a, b"`, "unknown tag key"},
		{"int", `:"x"`, "malformed"},
	} {
		_, _, err := ParseTag("F", c.goType, c.tag)
		if err == nil {
			t.Errorf("%s %s is accepted", c.goType, c.tag)
			continue
		}
		wantErr(t, err, c.want)
	}
}

// FuzzParseTag: never panics, and reads what reflect reads.
func FuzzParseTag(f *testing.F) {
	f.Add("*nn.Linear", `param:"q_proj" dims:"a, b" bias:"c"`)
	f.Add("*X", `with:"a=f(b, c), d=e[0]" as:"Y"`)
	f.Add("int", `from:"a`)
	f.Fuzz(func(t *testing.T, goType, tag string) {
		spec, ok, err := ParseTag("F", goType, tag)
		if !ok || err != nil {
			return
		}
		if spec.Param != reflect.StructTag(tag).Get("param") || spec.When != reflect.StructTag(tag).Get("when") {
			t.Fatalf("%q is read as %+v", tag, spec)
		}
		spec.Module()
		spec.Struct()
		if strings.Join(spec.Dims, "") != "" && spec.Module() == "" && spec.State == "" {
			t.Fatalf("%q: dims of nothing", tag)
		}
	})
}
