package emit

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlxgen/mlxgen/gen/specialise"
	"github.com/mlxgen/mlxgen/runtime/contract"
)

// sample is a package of two struct levels with everything that a constructor can hold.
func sample() *Package {
	return &Package{
		Policy: &contract.Policy{
			Name: "sample", ModelTypes: []string{"sample"}, Architectures: []string{"SampleForCausalLM"}, Template: "decoder",
			Fields: []contract.Field{
				{Name: "hidden_size", Keys: []string{"hidden_size", "n_embd"}, Kind: contract.Int, Min: 1, Max: 1 << 24, Doc: "width"},
				{Name: "vocab_size", Keys: []string{"vocab_size"}, Kind: contract.Int, Doc: "rows"},
				{Name: "rms_norm_eps", Keys: []string{"eps"}, Kind: contract.Float, Doc: "eps"},
				{Name: "bias", Keys: []string{"bias"}, Kind: contract.Bool, Doc: "biases"},
				{Name: "never", Kind: contract.Bool, Default: "false"},
				{Name: "two", Kind: contract.Int, Default: "2"},
				{Name: "six", Kind: contract.Int, Default: "two * 3"},
				{Name: "unused", Keys: []string{"unused"}, Kind: contract.String, Default: `'a"b'`},
				{Name: "rope", Keys: []string{"rope"}, Kind: contract.RopePlan, Doc: "rotary"},
			},
			Layers: []contract.Column{
				{Name: "heads", Expr: "hidden_size / 4", Kind: contract.Int, Doc: "heads"},
				{Name: "window", Expr: "six", Kind: contract.Int, Doc: "window"},
				{Name: "wide", Expr: "i % 2 == 0", Kind: contract.Bool, Doc: "wide"},
				{Name: "unused", Expr: "1", Kind: contract.Int},
			},
			Inert: []contract.Inert{{Key: "note", Reason: "known"}},
		},
		Checkpoints: []string{"a/one", "b/two"},
		Inert:       []contract.Inert{{Key: "zeta", Reason: "z"}, {Key: "note", Reason: "again"}, {Key: "alpha", Reason: `"quoted"`}},
		Result: &specialise.Result{
			Files:  map[string][]byte{"model.go": []byte("package sample\n")},
			Guards: []contract.Guard{{Name: "Layer.Norm", Want: "bias", PerLayer: true, Pos: "templates/decoder/layer.go"}},
			Blueprint: &contract.Blueprint{Template: "decoder", Root: "Model", Types: map[string]*contract.TypeSpec{
				"Model": {Name: "Model", Fields: []contract.FieldSpec{
					{Name: "Embedding", GoType: "*nn.Embedding", Param: "embed", Dims: []string{"vocab_size", "hidden_size"}},
					{Name: "Layers", GoType: "[]*Layer", Param: "layers", Each: "layers"},
					{Name: "Head", GoType: "*nn.Linear", Param: "head", Dims: []string{"vocab_size", "hidden_size"}, When: "!never && !bias"},
				}},
				"Layer": {Name: "Layer", Fields: []contract.FieldSpec{
					{Name: "Norm", GoType: "*nn.RMSNorm", Param: "norm", Dims: []string{"hidden_size"}, Eps: "rms_norm_eps"},
					{Name: "KV", GoType: "*nn.KV", State: "kv", Dims: []string{"layer.heads", "2 * (two + hidden_size)"}, Window: "layer.window"},
					{Name: "Rope", GoType: "*nn.Rope", Rope: "rope"},
					{Name: "Up", GoType: "*MLP", Param: "up", With: map[string]string{"width": "layer.heads - (hidden_size - 1)", "bias": "six"}, When: "layer.wide"},
					{Name: "Wide", GoType: "bool", From: "layer.wide"},
				}},
				"MLP": {Name: "MLP", Fields: []contract.FieldSpec{
					// bias is a dim here, not the field of that name.
					{Name: "Proj", GoType: "*nn.Linear", Param: "proj", Dims: []string{"width", "bias"}, Bias: "never || two == 2"},
				}},
			}},
		},
	}
}

const wantLoad = `// newModel builds a Model from the parameters that b holds.
func newModel(b *weights.Builder, c *Config) *Model {
	m := &Model{
		Embedding: b.Embedding("embed", c.VocabSize, c.HiddenSize),
	}
	for i, l := range c.Layers {
		m.Layers = append(m.Layers, newLayer(b.At("layers", i), c, l))
	}
	if !c.Bias {
		m.Head = b.Linear("head", c.VocabSize, c.HiddenSize, false)
	}
	return m
}

// newLayer builds a Layer from the parameters that b holds.
func newLayer(b *weights.Builder, c *Config, l LayerConfig) *Layer {
	m := &Layer{
		Norm: b.RMSNorm("norm", c.HiddenSize, c.RMSNormEps),
		KV:   b.KV("kv", l.Heads, 2*(2+c.HiddenSize), 2*(2+c.HiddenSize), 6),
		Rope: nn.NewRope(c.Rope),
		Wide: l.Wide,
	}
	if l.Wide {
		m.Up = newMLP(b.Sub("up"), 6, l.Heads-(c.HiddenSize-1))
	}
	return m
}

// newMLP builds an MLP from the parameters that b holds.
func newMLP(b *weights.Builder, bias, width int) *MLP {
	return &MLP{
		Proj: b.Linear("proj", width, bias, true),
	}
}
`

const wantConfig = `// Config is the numbers of a checkpoint that the model reads, with their keys in config.json.
type Config struct {
	HiddenSize int            // width (hidden_size, n_embd)
	VocabSize  int            // rows (vocab_size)
	RMSNormEps float64        // eps (eps)
	Bias       bool           // biases (bias)
	Rope       *contract.Rope // rotary (rope)

	Layers []LayerConfig
}

// LayerConfig is the numbers of one layer.
type LayerConfig struct {
	Heads int  // heads (hidden_size / 4)
	Wide  bool // wide (i % 2 == 0)
}
`

func TestFiles(t *testing.T) {
	files, err := Files(sample())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"load.go": wantLoad, "config.go": wantConfig} {
		got := string(files[name])
		if !strings.Contains(strings.ReplaceAll(got, "\n\n", "\n"), strings.ReplaceAll(want, "\n\n", "\n")) {
			t.Errorf("%s:\n%s", name, cmp.Diff(want, got))
		}
	}
	for name, want := range map[string]string{
		"policy.go":      `Inert: []contract.Inert{` + "\n\t\t" + `{Key: "note", Reason: "known"},` + "\n\t\t" + `{Key: "alpha", Reason: "\"quoted\""},` + "\n\t\t" + `{Key: "zeta", Reason: "z"},`,
		"guards.go":      `{Name: "Layer.Norm", PerLayer: true, Want: "bias", Pos: "templates/decoder/layer.go"},`,
		"entry.go":       "return newModel(b, newConfig(c)), nil",
		"sample_test.go": "\t\"a/one\",\n\t\"b/two\",\n",
	} {
		if !strings.Contains(string(files[name]), want) {
			t.Errorf("%s: want %s in\n%s", name, want, files[name])
		}
	}
	if strings.Contains(string(files["policy.go"]), "e+07") {
		t.Error("a whole number is written with an exponent")
	}
	for name, text := range files {
		if _, err := parser.ParseFile(token.NewFileSet(), name, text, 0); err != nil {
			t.Error(err)
		}
		if name != "model.go" && !strings.HasPrefix(string(text), "// Code generated by mlxgen ") {
			t.Errorf("%s is not marked as generated", name)
		}
	}
}

func TestFilesRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		break_ func(p *Package)
		want   string
	}{
		"taken name": {func(p *Package) { p.Result.Files["load.go"] = nil }, "load.go"},
		"reserved dim": {func(p *Package) {
			p.Result.Blueprint.Types["Layer"].Fields[3].With = map[string]string{"c": "1", "width": "2", "bias": "3"}
		}, "the dim c"},
		"keyword as dim": {func(p *Package) {
			p.Result.Blueprint.Types["Layer"].Fields[3].With["range"] = "1"
		}, "the dim range"},
		"no struct":  {func(p *Package) { delete(p.Result.Blueprint.Types, "MLP") }, "no struct MLP"},
		"no field":   {func(p *Package) { p.Result.Blueprint.Types["Model"].Fields[0].Dims[0] = "n_vocab" }, "no field n_vocab"},
		"no column":  {func(p *Package) { p.Result.Blueprint.Types["Layer"].Fields[1].Dims[0] = "layer.kv" }, "no column kv"},
		"function":   {func(p *Package) { p.Result.Blueprint.Types["Model"].Fields[0].Dims[0] = "max(vocab_size, 3)" }, "no form in Go"},
		"headers":    {func(p *Package) { p.Result.Blueprint.Types["Model"].Fields[2].When = contract.AllOrNone }, "Head"},
		"list field": {func(p *Package) { p.Policy.Fields[1].Kind = contract.List }, "vocab_size"},
	} {
		t.Run(name, func(t *testing.T) {
			p := sample()
			c.break_(p)
			if _, err := Files(p); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestRegistry(t *testing.T) {
	text, err := Registry([]string{"llama", "qwen3"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\t\"github.com/mlxgen/mlxgen/generated/llama\"\n", "\t\tllama.Entry,\n\t\tqwen3.Entry,\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	if _, err := Registry(nil); err != nil {
		t.Errorf("no packages: %v", err)
	}
}

func TestFold(t *testing.T) {
	known := fixed{"yes": contract.BoolValue(true), "no": contract.BoolValue(false), "two": contract.IntValue(2), "layer.act": contract.StringValue("silu")}
	for src, want := range map[string]string{
		"yes":                     "true",
		"!yes":                    "false",
		"yes && x":                "x",
		"x && yes":                "x",
		"no && x":                 "false",
		"x || yes":                "true",
		"no || x":                 "x",
		"two * 3 + n":             "6 + n",
		"layer.act == 'silu'":     "true",
		"local * two":             "local * 2",
		"(x || no) && !(no || y)": "x && !y",
		"two / 3":                 "2 / 3", // an error of its own, when the config is read
	} {
		e, err := contract.ParseExpr(src)
		if err != nil {
			t.Fatal(err)
		}
		if got := known.fold(e, []string{"local"}).String(); got != want {
			t.Errorf("%s: %s, want %s", src, got, want)
		}
	}
	e, err := contract.ParseExpr("two")
	if err != nil {
		t.Fatal(err)
	}
	if got := known.fold(e, []string{"two"}); got.Op != contract.Name {
		t.Errorf("a dim of the name of a constant became %s", got)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{"rms_norm_eps": "RMSNormEps", "kv_heads": "KVHeads", "head_dim": "HeadDim", "q__k": "QK", "num_2": "Num2"} {
		if got := identifier(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"MLP": "an MLP", "Layer": "a Layer", "Attention": "an Attention", "KV": "a KV", "Model": "a Model", "SSM": "an SSM"} {
		if got := article(name); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
