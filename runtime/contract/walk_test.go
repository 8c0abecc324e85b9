package contract

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// blueprint makes a blueprint from structs of "Field GoType tag" lines; the first is the root.
func blueprint(t testing.TB, structs ...[]string) *Blueprint {
	t.Helper()
	b := &Blueprint{Template: "test", Root: structs[0][0], Types: map[string]*TypeSpec{}}
	for _, s := range structs {
		spec := &TypeSpec{Name: s[0]}
		for _, line := range s[1:] {
			parts := strings.SplitN(line, " ", 3)
			f, ok, err := ParseTag(parts[0], parts[1], parts[2])
			if err != nil || !ok {
				t.Fatalf("%s: %t, %v", line, ok, err)
			}
			spec.Fields = append(spec.Fields, f)
		}
		b.Types[s[0]] = spec
	}
	return b
}

func walkConfig() *Config {
	rope := Value{Kind: RopePlan, Rope: &Rope{Kind: "default", Theta: 10000}}
	return &Config{
		Facts: Facts{"vocab": {Value: IntValue(100)}, "size": {Value: IntValue(16)}, "inner": {Value: IntValue(24)}, "eps": {Value: FloatValue(1e-5)}, "bias": {Value: BoolValue(true)}, "tied": {Value: BoolValue(false)}, "act": {Value: StringValue("silu")}, "none": {}},
		Layers: []Facts{
			{"heads": {Value: IntValue(2)}, "window": {Value: IntValue(0)}, "norm": {Value: BoolValue(true)}, "moe": {Value: BoolValue(false)}, "rope": {Value: rope}},
			{"heads": {Value: IntValue(4)}, "window": {Value: IntValue(8)}, "norm": {Value: BoolValue(false)}, "moe": {Value: BoolValue(true)}, "rope": {Value: rope}},
		},
	}
}

func walkBlueprint(t testing.TB) *Blueprint {
	return blueprint(t,
		[]string{"Model", `Embedding *nn.Embedding param:"model.embed" dims:"vocab, size"`, `Layers []*Layer param:"model.layers" each:"layers" with:"width=size*2"`, `Head *nn.Linear param:"head" dims:"vocab, size" when:"!tied"`, `Extra *nn.Linear param:"extra" dims:"missing, missing" when:"tied"`},
		[]string{"Layer", `Norm *nn.RMSNorm param:"norm" dims:"size" eps:"eps"`, `Attn *Attention param:"attn"`, `MLP *block.MLP param:"mlp" as:"MLP" with:"width=size, inner=inner*layer.heads" when:"!layer.moe"`, `Big *block.MLP param:"big" as:"Big" with:"inner=width" when:"layer.moe"`},
		[]string{"Attention", `Q *nn.Linear param:"q" dims:"layer.heads*8, size" bias:"bias && layer.norm"`, `QNorm *nn.LayerNorm param:"" dims:"8" eps:"eps * 2" when:"layer.norm"`, `KV *nn.KV state:"kv" dims:"layer.heads, 8" window:"layer.window"`, `Rope *nn.Rope rope:"layer.rope"`, `Heads int from:"layer.heads"`, `Sinks mlx.Array param:"sinks" dims:"layer.heads"`},
		[]string{"block.MLP", `Up *nn.Linear param:"up" dims:"inner, width"`, `Act string trait:"act"`},
	)
}

func TestWalk(t *testing.T) {
	var got []string
	depth := 0
	say := func(format string, args ...any) {
		got = append(got, strings.Repeat("  ", depth)+fmt.Sprintf(format, args...))
	}
	err := walkBlueprint(t).Walk(walkConfig(), Visitor{
		Enter: func(f *FieldSpec, s *TypeSpec, at int) error {
			name := "root"
			if f != nil {
				name = f.Name
			}
			say("%s %s %d", name, s.Name, at)
			depth++
			return nil
		},
		Leave: func() { depth-- },
		Param: func(f *FieldSpec, p Param, eps float64) error {
			say("%s: %s %s %s %v bias %t layer %d eps %v", f.Name, p.Path, p.Class, p.Type, p.Shape, p.Bias, p.Layer, eps)
			return nil
		},
		State:  func(f *FieldSpec, s StateSpec) error { say("%s: %+v", f.Name, s); return nil },
		Value:  func(f *FieldSpec, v Value) error { say("%s: %s", f.Name, v); return nil },
		Absent: func(f *FieldSpec) { say("no %s", f.Name) },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `root Model -1
  Embedding: model.embed model.embed Embedding [100 16] bias false layer -1 eps 0
  Layers Layer 0
    Norm: model.layers.0.norm model.layers.norm RMSNorm [16] bias false layer 0 eps 1e-05
    Attn Attention -1
      Q: model.layers.0.attn.q model.layers.attn.q Linear [16 16] bias true layer 0 eps 0
      QNorm: model.layers.0.attn model.layers.attn LayerNorm [8] bias false layer 0 eps 2e-05
      KV: {Path:model.layers.0.attn.kv Kind:kv Dims:[2 8] Window:0 Layer:0}
      Rope: default rope, theta 10000
      Heads: 2
      Sinks: model.layers.0.attn.sinks model.layers.attn.sinks Tensor [2] bias false layer 0 eps 0
    MLP block.MLP -1
      Up: model.layers.0.mlp.up model.layers.mlp.up Linear [48 16] bias false layer 0 eps 0
      Act: "silu"
    no Big
  Layers Layer 1
    Norm: model.layers.1.norm model.layers.norm RMSNorm [16] bias false layer 1 eps 1e-05
    Attn Attention -1
      Q: model.layers.1.attn.q model.layers.attn.q Linear [32 16] bias false layer 1 eps 0
      no QNorm
      KV: {Path:model.layers.1.attn.kv Kind:kv Dims:[4 8] Window:8 Layer:1}
      Rope: default rope, theta 10000
      Heads: 4
      Sinks: model.layers.1.attn.sinks model.layers.attn.sinks Tensor [4] bias false layer 1 eps 0
    no MLP
    Big block.MLP -1
      Up: model.layers.1.big.up model.layers.big.up Linear [32 32] bias false layer 1 eps 0
      Act: "silu"
  Head: head head Linear [100 16] bias false layer -1 eps 0
  no Extra`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("walked\n%s\nwant\n%s", text, want)
	}
	// Without functions the walk only checks.
	if err := walkBlueprint(t).Walk(walkConfig(), Visitor{}); err != nil {
		t.Error(err)
	}
}

func TestExpand(t *testing.T) {
	params, states, diags := walkBlueprint(t).Expand(walkConfig())
	if diags != nil || len(params) != 11 || len(states) != 2 {
		t.Fatalf("%d parameters, %d states, %v", len(params), len(states), diags)
	}
	if p := params[8]; p.Path != "model.layers.1.attn.sinks" || p.Type != "Tensor" || p.Layer != 1 || !slices.Equal(p.Shape, []int{4}) {
		t.Errorf("%+v", p)
	}
	// A table without a name of its own.
	b := blueprint(t, []string{"Model", `Layers []*Layer param:"" each:"layers"`}, []string{"Layer", `W *nn.Linear param:"w" dims:"i + 1, size"`})
	params, _, diags = b.Expand(walkConfig())
	if diags != nil || len(params) != 2 || params[1].Path != "1.w" || params[1].Shape[0] != 2 {
		t.Errorf("%+v, %v", params, diags)
	}
}

func TestExpandErrors(t *testing.T) {
	one := func(field string) [][]string { return [][]string{{"Model", field}} }
	layer := func(field string) [][]string {
		return [][]string{{"Model", `Layers []*Layer param:"h" each:"layers"`}, {"Layer", field}}
	}
	for _, c := range []struct {
		structs [][]string
		want    string
	}{
		{one(`W *nn.Linear param:"w" dims:"missing, size"`), `Model.W: there is no value "missing"`},
		{one(`W *nn.Linear param:"w" dims:"layer.heads, size"`), `"layer.heads"`},
		{layer(`W *nn.Linear param:"w" dims:"layer.missing, size"`), `Model.Layers: Layer.W: there is no value "layer.missing"`},
		{one(`W *nn.Linear param:"w" dims:"0, size"`), "the dimension 0 is 0"},
		{one(`W *nn.Linear param:"w" dims:"-size, size"`), "the dimension -size is -16"},
		{one(`W *nn.Linear param:"w" dims:"size * 1.0, size"`), "the dimension size * 1.0 is 16"},
		{one(`W *nn.Linear param:"w" dims:"act, size"`), `is "silu"`},
		{one(`W *nn.Linear param:"w" dims:"size / 3, size"`), "not divisible"},
		{one(`W *nn.Linear param:"w" dims:"2147483648, size"`), "the dimension"},
		{one(`W *nn.Linear param:"w" dims:"none, size"`), "is null"},
		{one(`W *nn.Linear param:"w" dims:"size, size" bias:"size"`), "want a truth value"},
		{one(`W *nn.Linear param:"w" dims:"size, size" bias:"missing"`), `"missing"`},
		{one(`W *nn.Linear param:"w" dims:"size, size" when:"size"`), "size is 16; want a truth value"},
		{one(`W *nn.Linear param:"w" dims:"size, size" when:"missing"`), `"missing"`},
		{one(`W *nn.Linear param:"w" dims:"size, size" when:"none"`), "is null"},
		{one(`N *nn.RMSNorm param:"n" dims:"size" eps:"act"`), `an eps of "silu"`},
		{one(`N *nn.RMSNorm param:"n" dims:"size" eps:"none"`), "an eps of null"},
		{one(`N *nn.RMSNorm param:"n" dims:"size" eps:"missing"`), `"missing"`},
		{one(`KV *nn.KV state:"kv" dims:"size, size" window:"-1"`), "a window of -1"},
		{one(`KV *nn.KV state:"kv" dims:"size, size" window:"1.5"`), "a window of 1.5"},
		{one(`KV *nn.KV state:"kv" dims:"size, size" window:"none"`), "a window of null"},
		{one(`KV *nn.KV state:"kv" dims:"size, 0"`), "the dimension 0"},
		{one(`KV *nn.KV state:"kv" dims:"size, size" window:"missing"`), `"missing"`},
		{one(`A int from:"missing"`), `"missing"`},
		{one(`A string trait:"missing"`), `"missing"`},
		{one(`R *nn.Rope rope:"layer.rope"`), `"layer.rope"`},
		{one(`S *Nowhere param:"x"`), "there is no struct Nowhere"},
		{one(`S *block.MLP with:"a=missing"`), "there is no struct block.MLP"},
		{[][]string{{"Model", `S *X with:"a=missing"`}, {"X"}}, `"missing"`},
		{[][]string{{"Model", `S *Model param:"x"`}}, "nest too deeply"},
		{[][]string{{"Model", `L []*Layer param:"h" each:"layers"`}, {"Layer", `M []*Layer param:"g" each:"layers"`}}, "tables do not nest"},
		{[][]string{{"Model", `S *X with:"width=3"`}, {"X", `T *Y param:"y"`, `W *nn.Linear param:"w" dims:"width, height"`}, {"Y"}}, `"height"`},
		{one(`W *nn.Linear param:"w" dims:"size, size" when:"all-or-none"`), "headers"},
		{[][]string{{"Model", `A *nn.Linear param:"w" dims:"size, size"`, `B *nn.Linear param:"w" dims:"size, size"`}}, "the parameter w is there already"},
	} {
		params, states, diags := blueprint(t, c.structs...).Expand(walkConfig())
		if params != nil || states != nil || len(diags) != 1 || diags[0].Code != "MG1201" || diags[0].Pos != "template test" || !strings.Contains(diags[0].Message, c.want) {
			t.Errorf("%s: %v, %v; want %q", c.structs, params, diags, c.want)
		}
	}
	_, _, diags := (&Blueprint{Template: "test", Root: "Model"}).Expand(walkConfig())
	wantCodes(t, diags, "MG1201", `template test has no root struct "Model"`)
}

// What a visitor says against it ends the walk, with the field's place.
func TestWalkStops(t *testing.T) {
	stop := errors.New("stop")
	for name, v := range map[string]Visitor{
		"Model.Layers: Layer.Attn: stop":                 {Enter: func(f *FieldSpec, s *TypeSpec, _ int) error { return map[bool]error{true: stop}[s.Name == "Attention"] }},
		"Model.Embedding: stop":                          {Param: func(*FieldSpec, Param, float64) error { return stop }},
		"Model.Layers: Layer.Attn: Attention.KV: stop":   {State: func(*FieldSpec, StateSpec) error { return stop }},
		"Model.Layers: Layer.Attn: Attention.Rope: stop": {Value: func(*FieldSpec, Value) error { return stop }},
	} {
		if err := walkBlueprint(t).Walk(walkConfig(), v); !errors.Is(err, stop) || err.Error() != name {
			t.Errorf("%v, want %s", err, name)
		}
	}
}

// What with binds reaches the structs within, a table's rows too, and no further.
func TestWalkWith(t *testing.T) {
	b := blueprint(t,
		[]string{"Model", `A *Outer param:"a" with:"width=3, size=5"`, `B *nn.Linear param:"b" dims:"size, 1"`},
		[]string{"Outer", `In *Inner param:"in" with:"width=width+1"`, `Layers []*Inner param:"h" each:"layers"`, `W *nn.Linear param:"w" dims:"width, size"`},
		[]string{"Inner", `W *nn.Linear param:"w" dims:"width, size"`})
	params, _, diags := b.Expand(walkConfig())
	var got []string
	for _, p := range params {
		got = append(got, fmt.Sprint(p.Path, p.Shape))
	}
	if want := []string{"a.in.w[4 5]", "a.h.0.w[3 5]", "a.h.1.w[3 5]", "a.w[3 5]", "b[16 1]"}; diags != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, diags, want)
	}
}
