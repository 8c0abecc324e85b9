package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// termText writes a term as an expression over tensor names.
func termText(t *Term) string {
	var args []string
	for _, a := range t.Args {
		args = append(args, termText(a))
	}
	list := strings.Join(args, ", ")
	switch t.Op {
	case LoadTerm:
		return t.Tensor.Name
	case StackTerms:
		return fmt.Sprintf("stack(%s)", list)
	case SliceTerm:
		return fmt.Sprintf("%s[%d:%d]", list, t.From, t.From+t.Shape[t.Axis])
	case TransposeTerm:
		return list + "ᵀ"
	}
	return fmt.Sprintf("reshape(%s)", list)
}

// runOps runs operations on tensors, and lists what comes out.
func runOps(t *testing.T, tensors []string, ops ...Op) ([]string, error) {
	t.Helper()
	stored, err := group([]*Header{header(t, "model.safetensors", tensors...)})
	if err != nil {
		t.Fatal(err)
	}
	p := &programme{config: &Config{
		Facts:  Facts{"n": {Value: IntValue(2)}, "yes": {Value: BoolValue(true)}, "no": {Value: BoolValue(false)}, "zero": {Value: IntValue(0)}, "huge": {Value: IntValue(1 << 31)}},
		Layers: []Facts{{"rows": {Value: IntValue(2)}, "moe": {Value: BoolValue(false)}}, {"rows": {Value: IntValue(3)}, "moe": {Value: BoolValue(true)}}},
	}, params: map[string]*logical{}}
	for _, l := range stored {
		p.params[l.path] = l
	}
	for i := range ops {
		if err := p.apply(&ops[i]); err != nil {
			return nil, err
		}
	}
	var out []string
	used := 0
	for _, path := range slices.Sorted(maps.Keys(p.params)) {
		if p.params[path].path != path {
			t.Errorf("%s stands under %s", p.params[path].path, path)
		}
		for _, part := range slices.Sorted(maps.Keys(p.params[path].parts)) {
			term := p.params[path].parts[part]
			used += len(term.Tensors())
			out = append(out, fmt.Sprintf("%s/%s = %s %s%v", path, part, termText(term), term.DType, term.Shape))
		}
	}
	for _, d := range p.dropped {
		used++
		out = append(out, fmt.Sprintf("dropped %s: %s", d.Tensor.Name, d.Reason))
	}
	if !slices.ContainsFunc(ops, func(op Op) bool { return op.Kind == Split }) && used != len(tensors) {
		t.Errorf("%d of %d tensors are accounted for", used, len(tensors))
	}
	return out, nil
}

func TestProgramme(t *testing.T) {
	quantised := []string{"w.weight U32 4 2", "w.scales F16 4 1", "w.biases F16 4 1", "w.bias F16 4"}
	for _, c := range []struct {
		name    string
		tensors []string
		ops     []Op
		want    []string
	}{
		{"nothing", []string{"a.weight F32 2"}, nil, []string{"a/weight = a.weight F32[2]"}},
		{"drop", []string{"a.weight F32 2", "a.bias F32 2", "h.0.inv F32 2", "h.10.inv F32 2", "h.x.inv F32 2"}, []Op{{Kind: Drop, Match: "a", Reason: "copy"}, {Kind: Drop, Match: "h.{i}.inv", Reason: "buffer"}}, []string{"h.x.inv/ = h.x.inv F32[2]", "dropped a.weight: copy", "dropped a.bias: copy", "dropped h.0.inv: buffer", "dropped h.10.inv: buffer"}},
		{"drop when", []string{"a.weight F32 2", "b.weight F32 2"}, []Op{{Kind: Drop, Match: "a", When: "yes", Reason: "r"}, {Kind: Drop, Match: "b", When: "no", Reason: "r"}}, []string{"b/weight = b.weight F32[2]", "dropped a.weight: r"}},
		{"drop by layer", []string{"h.0.x F32 1", "h.1.x F32 1", "h.2.y F32 1", "h.0.y F32 1"}, []Op{{Kind: Drop, Match: "h.{i}.x", When: "layer.moe", Reason: "r"}, {Kind: Drop, Match: "h.{i}.**", When: "i >= n", Reason: "beyond"}}, []string{"h.0.x/ = h.0.x F32[1]", "h.0.y/ = h.0.y F32[1]", "dropped h.1.x: r", "dropped h.2.y: beyond"}},
		{"drop everything", []string{"v.a.weight F32 1", "v.b.c.d F32 1", "v F32 1"}, []Op{{Kind: Drop, Match: "v.**", Reason: "vision"}}, []string{"v/ = v F32[1]", "dropped v.a.weight: vision", "dropped v.b.c.d: vision"}},
		{"rename moves all parts", quantised, []Op{{Kind: Rename, Match: "w", To: "model.x"}}, []string{"model.x/bias = w.bias F16[4]", "model.x/biases = w.biases F16[4 1]", "model.x/scales = w.scales F16[4 1]", "model.x/weight = w.weight U32[4 2]"}},
		{"rename rest", []string{"transformer.h.0.weight F32 1", "transformer.h.1.q.weight F32 1"}, []Op{{Kind: Rename, Match: "transformer.**", To: "model.**"}}, []string{"model.h.0/weight = transformer.h.0.weight F32[1]", "model.h.1.q/weight = transformer.h.1.q.weight F32[1]"}},
		{"rename stars and numbers", []string{"a.x.3.y.weight F32 1"}, []Op{{Kind: Rename, Match: "a.*.{i}.*", To: "b.{i}.*.*"}}, []string{"b.3.x.y/weight = a.x.3.y.weight F32[1]"}},
		{"rename onto an old name", []string{"a.weight F32 1", "a.a.weight F32 2", "a.a.a.weight F32 3"}, []Op{{Kind: Rename, Match: "a.**", To: "a.a.**"}}, []string{"a/weight = a.weight F32[1]", "a.a.a/weight = a.a.weight F32[2]", "a.a.a.a/weight = a.a.a.weight F32[3]"}},
		{"one number twice", []string{"h.1.g.1.w F32 1", "h.1.g.2.w F32 1"}, []Op{{Kind: Rename, Match: "h.{i}.g.{i}.w", To: "x.{i}"}}, []string{"h.1.g.2.w/ = h.1.g.2.w F32[1]", "x.1/ = h.1.g.1.w F32[1]"}},
		{"numbers are canonical", []string{"h.01.w F32 1", "h.-1.w F32 1"}, []Op{{Kind: Drop, Match: "h.{i}.w", Reason: "r"}}, []string{"h.-1.w/ = h.-1.w F32[1]", "h.01.w/ = h.01.w F32[1]"}},
		{"stack", []string{"e.1.w.weight F32 2 3", "e.0.w.weight F32 2 3", "e.10.w.weight F32 2 3", "e.2.w.weight F32 2 3", "e.3.w.weight F32 2 3", "e.4.w.weight F32 2 3", "e.5.w.weight F32 2 3", "e.6.w.weight F32 2 3", "e.7.w.weight F32 2 3", "e.8.w.weight F32 2 3", "e.9.w.weight F32 2 3"}, []Op{{Kind: Stack, Match: "e.{e}.w", To: "experts.w"}}, []string{"experts.w/weight = stack(e.0.w.weight, e.1.w.weight, e.2.w.weight, e.3.w.weight, e.4.w.weight, e.5.w.weight, e.6.w.weight, e.7.w.weight, e.8.w.weight, e.9.w.weight, e.10.w.weight) F32[11 2 3]"}},
		{"stack quantised by layer", []string{"h.0.e.0.weight U32 4 2", "h.0.e.0.scales F16 4 1", "h.0.e.1.weight U32 4 2", "h.0.e.1.scales F16 4 1", "h.1.e.0.weight F32 2"}, []Op{{Kind: Stack, Match: "h.{i}.e.{e}", To: "h.{i}.experts"}}, []string{"h.0.experts/scales = stack(h.0.e.0.scales, h.0.e.1.scales) F16[2 4 1]", "h.0.experts/weight = stack(h.0.e.0.weight, h.0.e.1.weight) U32[2 4 2]", "h.1.experts/weight = stack(h.1.e.0.weight) F32[1 2]"}},
		{"split", []string{"qkv.weight F32 6 3", "qkv.bias F32 6"}, []Op{{Kind: Split, Match: "qkv", Parts: []Part{{"q", "n * 2"}, {"k", "1"}, {"v", "1"}}}}, []string{"k/bias = qkv.bias[4:5] F32[1]", "k/weight = qkv.weight[4:5] F32[1 3]", "q/bias = qkv.bias[0:4] F32[4]", "q/weight = qkv.weight[0:4] F32[4 3]", "v/bias = qkv.bias[5:6] F32[1]", "v/weight = qkv.weight[5:6] F32[1 3]"}},
		{"split quantised", quantised[:3], []Op{{Kind: Split, Match: "w", Parts: []Part{{"a", "1"}, {"b", "3"}}}}, []string{"a/biases = w.biases[0:1] F16[1 1]", "a/scales = w.scales[0:1] F16[1 1]", "a/weight = w.weight[0:1] U32[1 2]", "b/biases = w.biases[1:4] F16[3 1]", "b/scales = w.scales[1:4] F16[3 1]", "b/weight = w.weight[1:4] U32[3 2]"}},
		{"split by layer", []string{"h.0.w F32 4", "h.1.w F32 4"}, []Op{{Kind: Split, Match: "h.{i}.w", Parts: []Part{{"h.{i}.a", "layer.rows"}, {"h.{i}.b", "4 - layer.rows"}}}}, []string{"h.0.a/ = h.0.w[0:2] F32[2]", "h.0.b/ = h.0.w[2:4] F32[2]", "h.1.a/ = h.1.w[0:3] F32[3]", "h.1.b/ = h.1.w[3:4] F32[1]"}},
		{"transpose", []string{"c.weight F32 2 3", "c.bias F32 3"}, []Op{{Kind: Transpose, Match: "c"}}, []string{"c/bias = c.bias F32[3]", "c/weight = c.weightᵀ F32[3 2]"}},
		{"transpose of three", []string{"c F32 4 2 3"}, []Op{{Kind: Transpose, Match: "c", To: "d"}}, []string{"d/ = cᵀ F32[4 3 2]"}},
		{"reshape", []string{"conv.weight F32 4 1 2"}, []Op{{Kind: Reshape, Match: "conv", Dims: []string{"4", "n"}}}, []string{"conv/weight = reshape(conv.weight) F32[4 2]"}},
		{"one after the other", []string{"h.0.c_attn.weight F32 3 6"}, []Op{{Kind: Rename, Match: "h.**", To: "model.**"}, {Kind: Transpose, Match: "model.{i}.c_attn"}, {Kind: Split, Match: "model.{i}.c_attn", Parts: []Part{{"model.{i}.q", "2"}, {"model.{i}.k", "2"}, {"model.{i}.v", "2"}}}}, []string{"model.0.k/weight = h.0.c_attn.weightᵀ[2:4] F32[2 3]", "model.0.q/weight = h.0.c_attn.weightᵀ[0:2] F32[2 3]", "model.0.v/weight = h.0.c_attn.weightᵀ[4:6] F32[2 3]"}},
	} {
		got, err := runOps(t, c.tensors, c.ops...)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, err, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
	}
}

// Parameters remember the paths that they were stored under, whatever an operation makes of them.
func TestProgrammeKeepsOrigins(t *testing.T) {
	stored, err := group([]*Header{header(t, "f", "h.0.e.0.weight F32 4 2", "h.0.e.1.weight F32 4 2", "qkv.weight F32 4 2", "n.weight F32 2")})
	if err != nil {
		t.Fatal(err)
	}
	p := &programme{config: &Config{}, params: map[string]*logical{}}
	for _, l := range stored {
		p.params[l.path] = l
	}
	for _, op := range []Op{
		{Kind: Rename, Match: "h.**", To: "model.**"},
		{Kind: Stack, Match: "model.{i}.e.{e}", To: "model.{i}.experts"},
		{Kind: Transpose, Match: "model.{i}.experts"},
		{Kind: Split, Match: "qkv", Parts: []Part{{"q", "1"}, {"kv", "3"}}},
		{Kind: Rename, Match: "q", To: "model.q"},
	} {
		if err := p.apply(&op); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{"model.0.experts": "h.0.e.0 h.0.e.1", "model.q": "qkv", "kv": "qkv", "n": "n"} {
		if l := p.params[path]; l == nil || strings.Join(l.stored(), " ") != want {
			t.Errorf("%s was stored as %v, want %s", path, l, want)
		}
	}
	if stored[0].path != "h.0.e.0" || stored[0].origin != nil {
		t.Error("what is stored was changed: another layout would start from that")
	}
}

func TestProgrammeErrors(t *testing.T) {
	a := []string{"a.weight F32 2 2"}
	for _, c := range []struct {
		tensors []string
		op      Op
		want    string
	}{
		{a, Op{Kind: Drop, Match: "a", When: "missing"}, `drop a: a: there is no value "missing"`},
		{a, Op{Kind: Drop, Match: "a", When: "n"}, "want a truth value"},
		{a, Op{Kind: "melt", Match: "a"}, "melt a: a: unknown operation"},
		{[]string{"h.5.x F32 1"}, Op{Kind: Drop, Match: "h.{i}.x", When: "layer.moe"}, `h.5.x: there is no value "layer.moe"`},
		{a, Op{Kind: Drop, Match: "a", When: "layer.moe"}, "layer.moe"},
		{[]string{"a.weight F32 1", "b.weight F32 1"}, Op{Kind: Rename, Match: "a", To: "b"}, "rename a: a: b is there already"},
		{[]string{"h.0.a F32 1", "h.1.a F32 1"}, Op{Kind: Rename, Match: "h.{i}.a", To: "x"}, "h.1.a: x is there already"},
		{[]string{"e.0.weight F32 1", "e.2.weight F32 1"}, Op{Kind: Stack, Match: "e.{e}", To: "x"}, "part 1 of x is missing"},
		{[]string{"e.1.weight F32 1"}, Op{Kind: Stack, Match: "e.{e}", To: "x"}, "part 0 of x is missing"},
		{[]string{"e.0.weight F32 1"}, Op{Kind: Stack, Match: "e.{i}", To: "x"}, "no number for {e}"},
		{[]string{"e.0.weight F32 1", "e.1.weight F32 2"}, Op{Kind: Stack, Match: "e.{e}", To: "x"}, "e.1.weight is F32[2], others are F32[1]"},
		{[]string{"e.0.weight F32 1", "e.1.weight BF16 1"}, Op{Kind: Stack, Match: "e.{e}", To: "x"}, "BF16[1], others are F32[1]"},
		{[]string{"e.0.weight F32 1", "e.0.bias F32 1", "e.1.weight F32 1"}, Op{Kind: Stack, Match: "e.{e}", To: "x"}, "e.1 has other parts than e.0"},
		{[]string{"e.0.weight F32 1", "e.0.bias F32 1", "e.1.weight F32 1", "e.1.scales F32 1"}, Op{Kind: Stack, Match: "e.{e}", To: "x"}, "e.1 has other parts than e.0"},
		{[]string{"e.0.weight F32 1", "x.weight F32 1"}, Op{Kind: Stack, Match: "e.{e}", To: "x"}, "x is there already"},
		{[]string{"a.e.0 F32 1", "b.e.0 F32 1"}, Op{Kind: Stack, Match: "*.e.{e}", To: "x"}, "missing"},
		{a, Op{Kind: Split, Match: "a", Axis: 1, Parts: []Part{{"x", "2"}}}, "only axis 0"},
		{a, Op{Kind: Split, Match: "a", Parts: []Part{{"x", "1"}}}, "the parts take 1 rows of weight, which is [2 2]"},
		{a, Op{Kind: Split, Match: "a", Parts: []Part{{"x", "1"}, {"y", "2"}}}, "part y ends at 3 of [2 2]"},
		{a, Op{Kind: Split, Match: "a"}, "the parts take 0 rows"},
		{[]string{"s F32"}, Op{Kind: Split, Match: "s"}, "the parts take 0 rows"},
		{a, Op{Kind: Split, Match: "a", Parts: []Part{{"x", "zero"}, {"y", "2"}}}, "the dimension zero is 0"},
		{a, Op{Kind: Split, Match: "a", Parts: []Part{{"x", "missing"}}}, "missing"},
		{a, Op{Kind: Split, Match: "a", Parts: []Part{{"x", "1"}, {"x", "1"}}}, "x is there already"},
		{a, Op{Kind: Split, Match: "a", Parts: []Part{{"x", "3 / n"}}}, "not divisible"},
		{[]string{"a.weight F32 4 2", "a.bias F32 3"}, Op{Kind: Split, Match: "a", Parts: []Part{{"x", "2"}, {"y", "2"}}}, "part y ends at 4 of [3]"},
		{[]string{"a.weight F32 4 2", "a.bias F32 5"}, Op{Kind: Split, Match: "a", Parts: []Part{{"x", "2"}, {"y", "2"}}}, "the parts take 4 rows of bias, which is [5]"},
		{[]string{"s F32"}, Op{Kind: Split, Match: "s", Parts: []Part{{"x", "1"}}}, "part x ends at 1 of []"},
		{[]string{"a.weight F8_E4M3 256 128", "a.weight_scale_inv F32 2 1"}, Op{Kind: Split, Match: "a", Parts: []Part{{"x", "128"}, {"y", "128"}}}, "FP8 blocks cannot be split"},
		{[]string{"a.weight F32 2"}, Op{Kind: Transpose, Match: "a"}, "[2] has no two axes"},
		{[]string{"a.weight U32 4 2", "a.scales F16 4 1"}, Op{Kind: Transpose, Match: "a"}, "only a dense weight"},
		{[]string{"a.weight U32 4 2", "a.scales F16 4 1", "a.biases F16 4 1"}, Op{Kind: Reshape, Match: "a", Dims: []string{"8"}}, "only a dense weight"},
		{[]string{"a.bias F32 2"}, Op{Kind: Transpose, Match: "a"}, "only a dense weight"},
		{a, Op{Kind: Reshape, Match: "a", Dims: []string{"3"}}, "[2 2] cannot become [3]"},
		{a, Op{Kind: Reshape, Match: "a", Dims: []string{"zero"}}, "the dimension zero is 0"},
		{a, Op{Kind: Reshape, Match: "a", Dims: []string{"missing"}}, "missing"},
		{a, Op{Kind: Reshape, Match: "a"}, "cannot become []"},
		{a, Op{Kind: Reshape, Match: "a", Dims: []string{"1073741824", "1073741824", "1073741824", "4"}}, "cannot become"},
		{a, Op{Kind: Reshape, Match: "a", Dims: []string{"huge"}}, "the dimension huge"},
		{[]string{"a F32 4", "b F32 4"}, Op{Kind: Reshape, Match: "a", To: "b", Dims: []string{"2", "2"}}, "b is there already"},
	} {
		got, err := runOps(t, c.tensors, c.op)
		if err == nil {
			t.Errorf("%s %s gives %q", c.op.Kind, c.op.Match, got)
			continue
		}
		wantErr(t, err, c.want, string(c.op.Kind)+" "+c.op.Match)
	}
}

func TestMatchPath(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          string // what To of the same placeholders becomes; "-" where it does not match
	}{
		{"a", "a", "a"},
		{"a", "b", "-"},
		{"a", "a.b", "-"},
		{"a.b", "a", "-"},
		{"a.{i}.b", "a.3.b", "a.3.b"},
		{"a.{i}", "a.x", "-"},
		{"a.{i}", "a.03", "-"},
		{"a.{i}", "a", "-"},
		{"*", "x", "x"},
		{"*", "x.y", "-"},
		{"*.*", "x.y", "x.y"},
		{"**", "a.b.c", "a.b.c"},
		{"a.**", "a.b.c", "a.b.c"},
		{"a.**", "a", "-"},
		{"a.**", "ab.c", "-"},
		{"{i}.{j}", "1.2", "1.2"},
		{"{i}.{i}", "1.2", "-"},
		{"{i}.{i}", "2.2", "2.2"},
		{"a.*.**", "a.b", "-"},
		{"a.*.**", "a.b.c.d", "a.b.c.d"},
		{"", "", ""},
		{"", "a", "-"},
		{"a..b", "a..b", "a..b"},
	} {
		bound, ok := matchPath(c.pattern, c.path)
		got := "-"
		if ok {
			got = fillPath(c.pattern, bound)
		}
		if got != c.want {
			t.Errorf("%s on %s: %s, want %s", c.pattern, c.path, got, c.want)
		}
	}
}

// FuzzMatchPath: a pattern that matches fills to the path that it matched.
func FuzzMatchPath(f *testing.F) {
	f.Add("a.{i}.*.**", "a.1.b.c.d")
	f.Add("*.{i}.{i}", "x.1.1")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		if strings.Contains(pattern, "**.") {
			return
		}
		bound, ok := matchPath(pattern, path)
		if ok && fillPath(pattern, bound) != path {
			t.Fatalf("%q matches %q, but fills to %q", pattern, path, fillPath(pattern, bound))
		}
	})
}
