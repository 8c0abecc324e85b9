package specialise

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"mvdan.cc/gofumpt/format"
)

var templatesFlag = flag.Int("templates", 25, "random templates")

// TestRandomTemplates does what TestTraces does for templates that nobody would write: random statements under random conditions.
func TestRandomTemplates(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and runs a module")
	}
	b := &batch{files: fstest.MapFS{}, deadPanics: true}
	made := 0
	for n := range *templatesFlag {
		g := &author{random: rand.New(rand.NewPCG(*seed, uint64(n)))}
		src, err := format.Source([]byte(g.template()), formatOptions)
		if err != nil {
			t.Fatal(err)
		}
		source := standIn(t)
		source["templates/t/t.go"] = &fstest.MapFile{Data: src}
		ts, diags := Load(Options{Source: source})
		if diags.HasErrors() {
			t.Errorf("template %d: %v\n%s", n, diags, src)
			continue
		}
		made++
		b.fuzz(t, ts, b.add(source))
	}
	b.run(t)
	if t.Failed() {
		t.Logf("rerun with -seed %d", *seed)
	}
}

// author writes random templates.
type author struct {
	random *rand.Rand
	out    strings.Builder
	vars   []string // arrays in scope
	names  int
	calls  int      // helpers that may be called: those with a higher number
	inside []string // optional fields that are known to be there
	loops  int
	budget int
}

const (
	authorHelpers   = 4
	authorOptionals = 4
)

// template writes a whole file.
func (g *author) template() string {
	g.line("// Package t is random.\npackage t\n\nimport (\n\"github.com/mlxgen/mlxgen/mlx\"\n\"github.com/mlxgen/mlxgen/runtime/nn\"\n)\n")
	g.line("// Model is the root.\n//\n//mlxgen:root\ntype Model struct {\nLayers []*Layer `param:\"layers\" each:\"layers\"`\n}\n")
	g.line("// Body runs.\nfunc (m *Model) Body(s *nn.Step, x mlx.Array) mlx.Array {\nfor i, l := range m.Layers {\nx = l.Forward(s, x, i)\nx = l.rest(s, x)\n}\nreturn x\n}\n")
	g.line("// Layer is random.\ntype Layer struct {\nP *nn.Linear `param:\"p\" dims:\"n, n\"`\nKV *nn.KV `state:\"kv\" dims:\"n, n\"`")
	whens := []string{"q0", "layer.q1", "layer.kind == 'a'", "!b0 && layer.b1", "layer.num > 1", "b2 || layer.kind != 'b'"}
	g.fields(whens, "b0", "layer.kind")
	g.line("One *Part `param:\"one\" as:\"First\" with:\"flag=%s, kind=layer.kind\"`", g.pick("b0", "layer.b1", "true"))
	g.line("Two *Part `param:\"two\" as:\"%s\" with:\"flag=%s, kind='b'\" when:\"%s\"`\n}\n", g.pick("First", "Second"), g.pick("b2", "layer.b1", "false"), g.pick(whens...))
	g.methods("Layer")
	g.line("// Part is random.\ntype Part struct {\nP *nn.Linear `param:\"p\" dims:\"n, n\"`\nKV *nn.KV `state:\"kv\" dims:\"n, n\"`")
	g.fields([]string{"flag", "!flag && layer.b1", "kind == 'a'", "layer.num > 1"}, "flag", "kind")
	g.line("}\n")
	g.methods("Part")
	g.line("// decide decides.\n//\n//mlxgen:trait kind\nfunc decide(x mlx.Array, kind string) mlx.Array {\nswitch kind {\ncase \"a\":\nreturn nn.SiLU(x)\ncase \"b\", \"d\":\nreturn nn.GELU(x)\ncase \"c\":\nreturn x\ndefault:\npanic(\"unknown\")\n}\n}\n")
	for i := range authorHelpers + 1 {
		g.calls, g.budget = i, 14
		name, params := fmt.Sprintf("h%d", i), "x, y mlx.Array, n int"
		g.vars = []string{"x", "y"}
		if i == 0 {
			name, params = "Forward", "x mlx.Array, n int"
			g.vars = []string{"x"}
		}
		g.line("// %s is random.\nfunc (l *Layer) %s(s *nn.Step, %s) mlx.Array {", name, name, params)
		g.block(3)
		g.line("return %s\n}\n", g.array(2))
	}
	return g.out.String()
}

// fields writes the optional fields and traits that both structs have.
func (g *author) fields(whens []string, flag, kind string) {
	for i := range authorOptionals {
		g.line("Q%d *nn.Linear `param:\"q%d\" dims:\"n, n\" when:\"%s\"`", i, i, g.pick(whens...))
	}
	g.line("B0 bool `trait:\"%s\"`\nB1 bool `trait:\"layer.b1\"`\nB2 bool `trait:\"b2\"`\nKind string `trait:\"%s\"`\nNum int `trait:\"layer.num\"`\nN int `from:\"n\"`", flag, kind)
}

// methods writes what reads all parameters of a struct, a predicate and, for the part, its forward pass.
func (g *author) methods(name string) {
	g.line("func (l *%s) rest(s *nn.Step, x mlx.Array) mlx.Array {", name)
	for i := range authorOptionals {
		g.line("if l.Q%d != nil {\nx = l.Q%d.Forward(s, x)\n}", i, i)
	}
	if name == "Layer" {
		g.line("x = l.One.Forward(s, x, 1)\nif l.Two != nil {\npart := l.One\nx = part.Forward(s, l.Two.Forward(s, x, 2), 0)\n}")
	}
	g.line("return l.P.Forward(s, x)\n}\n")
	g.vars = nil
	g.line("func (l *%s) odd() bool { return %s }\n", name, g.condition(2))
	if name == "Part" {
		g.calls, g.budget, g.vars = authorHelpers, 10, []string{"x"}
		g.line("// Forward is random.\nfunc (l *Part) Forward(s *nn.Step, x mlx.Array, n int) mlx.Array {")
		g.block(2)
		g.line("return l.rest(s, %s)\n}\n", g.array(2))
		g.vars = nil
	}
}

func (g *author) line(format string, args ...any) { fmt.Fprintf(&g.out, format+"\n", args...) }

func (g *author) pick(list ...string) string { return list[g.random.IntN(len(list))] }

func (g *author) fresh() string {
	g.names++
	return fmt.Sprintf("v%d", g.names)
}

// block writes statements; what it declares is used at its end.
func (g *author) block(depth int) {
	outer, known := len(g.vars), len(g.inside)
	for range 1 + g.random.IntN(4) {
		if g.budget--; g.budget < 0 {
			break
		}
		g.statement(depth)
	}
	for _, v := range g.vars[outer:] {
		target := g.vars[g.random.IntN(outer)]
		g.line("%s = %s.%s(%s)", target, target, g.pick("Add", "Mul"), v)
	}
	g.vars, g.inside = g.vars[:outer], g.inside[:known]
}

func (g *author) statement(depth int) {
	switch k := g.random.IntN(14); {
	case k < 2:
		v, e := g.fresh(), g.array(2)
		g.line("%s := %s", v, e)
		g.vars = append(g.vars, v)
	case k < 4:
		g.line("%s = %s", g.pick(g.vars...), g.array(2))
	case k == 4:
		g.line("s.Note(%q, %s)", g.fresh(), g.array(1))
	case k == 5:
		v, e := g.fresh(), g.pick(g.vars...)
		g.line("%s := s.Attend(l.KV, %s, %s, %s, nn.AttendOptions{Window: l.Num, Causal: l.B%d})\ns.Note(%q, %s)", v, e, e, g.pick(g.vars...), g.random.IntN(3), v, v)
		g.vars = append(g.vars, v)
	case k == 6:
		a, b := g.fresh(), g.fresh()
		e := g.array(1)
		g.line("%s, %s := mlx.Two(%s)", a, b, e)
		g.vars = append(g.vars, a, b)
	case k == 7 && len(g.vars) > 1:
		a, b := g.pick(g.vars...), g.pick(g.vars...)
		if a != b {
			g.line("%s, %s = %s, %s", a, b, g.array(1), g.array(1))
		}
	case depth == 0:
		g.line("%s = %s", g.pick(g.vars...), g.array(1))
	case k < 10:
		g.chain(depth)
	case k == 10:
		g.switches(depth)
	case k == 11 && g.loops == 0:
		g.loop(depth)
	case k == 12:
		v := g.fresh()
		g.line("var %s mlx.Array", v)
		g.chainSetting(depth, v)
		g.vars = append(g.vars, v)
	default:
		g.line("if %s {\nreturn %s\n}", g.condition(2), g.array(2))
	}
}

// chain writes an if with elses; a branch under a field's check knows that the field is there.
func (g *author) chain(depth int) {
	known := len(g.inside)
	if g.random.IntN(2) == 0 {
		q := fmt.Sprintf("Q%d", g.random.IntN(authorOptionals))
		g.line("if l.%s != nil%s {", q, g.pick("", "", " && "+g.condition(1)))
		g.inside = append(g.inside, q)
	} else {
		g.line("if %s {", g.condition(2))
	}
	g.block(depth - 1)
	g.inside = g.inside[:known]
	for range g.random.IntN(2) {
		g.line("} else if %s {", g.condition(2))
		g.block(depth - 1)
	}
	if g.random.IntN(2) == 0 {
		g.line("} else {")
		g.block(depth - 1)
	}
	g.line("}")
}

// chainSetting writes an if whose branches all set a variable.
func (g *author) chainSetting(depth int, v string) {
	g.line("if %s {\n%s = %s\n} else {\n%s = %s\n}", g.condition(2), v, g.array(2), v, g.array(2))
	if g.random.IntN(2) == 0 {
		g.line("if %s {\n%s = %s\n}", g.condition(1), v, g.array(1))
	}
}

func (g *author) switches(depth int) {
	if g.random.IntN(2) == 0 {
		g.line("switch l.Kind {\ncase \"a\":")
		g.block(depth - 1)
		g.line("case \"b\", \"c\":")
		g.block(depth - 1)
		g.line("case \"d\", \"other\":")
		g.block(depth - 1)
		g.line("default:\npanic(\"unknown kind\")\n}")
		return
	}
	g.line("switch {\ncase %s:", g.condition(2))
	g.block(depth - 1)
	g.line("case %s, %s:", g.condition(1), g.condition(1))
	g.block(depth - 1)
	if g.random.IntN(2) == 0 {
		g.line("default:")
		g.block(depth - 1)
	}
	g.line("}")
}

func (g *author) loop(depth int) {
	i := "i" + g.fresh()
	g.loops++
	g.line("for %s := range 3 {", i)
	if g.random.IntN(2) == 0 {
		g.line("if %s > 0 && %s {\n%s\n}", i, g.condition(1), g.pick("break", "continue"))
	}
	g.line("%s = x.Scale(float64(%s))", g.pick(g.vars...), i)
	g.block(depth - 1)
	if g.random.IntN(3) == 0 {
		g.line("if %s {\n%s\n}", g.condition(1), g.pick("break", "continue"))
	}
	g.line("}")
	g.loops--
}

// condition writes a condition over traits, presence, run-time values and predicates.
func (g *author) condition(depth int) string {
	if depth > 0 {
		switch g.random.IntN(5) {
		case 0:
			return "(" + g.condition(depth-1) + " && " + g.condition(depth-1) + ")"
		case 1:
			return "(" + g.condition(depth-1) + " || " + g.condition(depth-1) + ")"
		case 2:
			return "!(" + g.condition(depth-1) + ")"
		}
	}
	list := []string{
		"l.B0", "l.B1", "l.B2", "!l.B0", "l.Kind == \"a\"", "l.Kind != \"b\"", "l.Num > 1", "l.Num == 0", "1 <= l.Num", "l.N > 3",
		fmt.Sprintf("l.Q%d != nil", g.random.IntN(authorOptionals)), fmt.Sprintf("l.Q%d == nil", g.random.IntN(authorOptionals)),
	}
	if len(g.vars) > 0 {
		list = append(list, "l.odd()", "n > 0", "!l.odd()")
	}
	return g.pick(list...)
}

// array writes an expression.
func (g *author) array(depth int) string {
	v := g.pick(g.vars...)
	if depth == 0 {
		return v
	}
	switch g.random.IntN(9) {
	case 0, 1:
		return fmt.Sprintf("%s.Add(%s)", v, g.array(depth-1))
	case 2:
		return fmt.Sprintf("%s.Mul(%s)", g.array(depth-1), g.array(depth-1))
	case 3:
		return fmt.Sprintf("l.P.Forward(s, %s)", g.array(depth-1))
	case 4:
		return fmt.Sprintf("nn.Softcap(%s, float64(l.Num))", g.array(depth-1))
	case 5:
		return fmt.Sprintf("decide(%s, %s)", g.array(depth-1), g.pick("l.Kind", "\"a\"", "\"b\""))
	case 6, 7:
		if g.calls < authorHelpers && g.loops == 0 {
			return fmt.Sprintf("l.h%d(s, %s, %s, n)", g.calls+1, g.array(depth-1), g.array(depth-1))
		}
	}
	if len(g.inside) > 0 {
		return fmt.Sprintf("l.%s.Forward(s, %s)", g.pick(g.inside...), v)
	}
	return v
}
