package mlx

import (
	"errors"
	"strings"
	"testing"
)

// traceOf records f on a tracer whose token count is T and returns the graph.
func traceOf(t *testing.T, tokens int, f func(d *Device) []Array) *Graph {
	t.Helper()
	d := NewTracer(TracerOptions{Symbols: []Symbol{{"T", tokens}}})
	s := d.NewScope()
	defer s.Close()
	var g *Graph
	if err := s.Run(func() {
		outs := f(d)
		if s.Err() != nil {
			return
		}
		var err error
		if g, err = d.Graph(outs...); err != nil {
			t.Fatal(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	return g
}

// block is a small attention block over paged state.
func block(d *Device, tokens int) []Array {
	pool, _ := d.NewPool(PoolSpec{Name: "layers.0.kv", Pages: 9, PageSize: 4, Heads: 2, KeyDim: 8, ValueDim: 8, DType: BFloat16})
	x := d.Leaf("x", BFloat16, tokens, 32)
	w := d.Leaf("q_proj.weight", BFloat16, 32, 32)
	idx := func(n string, dims ...int) Array { return d.Leaf(n, Int32, dims...) }
	q := Linear(RMSNorm(x, d.Leaf("norm.weight", BFloat16, 32), 1e-6), w, Array{}).Unflatten(-1, -1, 8)
	k := q.Slice(1, 0, 2)
	token := PagedAppend(pool, k, k.MulScalar(2), idx("slots", tokens), Array{})
	y := PagedAttend(pool, q, idx("rows", tokens), idx("positions", tokens), idx("tables", 3, 5), idx("first", 3), token, AttendOptions{Scale: 0.5})
	return []Array{x.Add(y.Flatten(1, 2))}
}

func TestTraceIsomorphicUpToTokens(t *testing.T) {
	run := func(n int) *Graph { return traceOf(t, n, func(d *Device) []Array { return block(d, n) }) }
	a, b := run(7919), run(10007)
	if err := Isomorphic(a, b); err != nil {
		t.Fatal(err)
	}
	if a.Digest() != b.Digest() {
		t.Fatal("digests differ")
	}
	want := `%0 = leaf() "x" : bf16[T,32]`
	if s := a.String(); !strings.HasPrefix(s, `%0`) || !strings.Contains(s, want[5:]) || !strings.Contains(s, `paged_append(`) || !strings.Contains(s, `"layers.0.kv" : i32[] !1`) {
		t.Fatal(s)
	}
}

func TestTraceDiff(t *testing.T) {
	one := traceOf(t, 7919, func(d *Device) []Array { x := d.Leaf("x", Float32, 3); return []Array{x.Exp().AddScalar(1).Neg()} })
	two := traceOf(t, 7919, func(d *Device) []Array { x := d.Leaf("x", Float32, 3); return []Array{x.Exp().AddScalar(2).Neg()} })
	diff := Diff(one, two)
	if !strings.Contains(diff, "line 3") || !strings.Contains(diff, "a %2 = scalar.add(%1) [0] 1.0 : f32[3]") || !strings.Contains(diff, "neg(%2)") {
		t.Fatal(diff)
	}
	if Diff(one, one) != "" {
		t.Fatal("differs from itself")
	}
}

func TestTraceHashConsing(t *testing.T) {
	g := traceOf(t, 7919, func(d *Device) []Array {
		x := d.Leaf("x", Float32, 4, 4)
		a, b := x.Exp(), d.Leaf("x", Float32, 4, 4).Exp()
		c := d.FromInt32s([]int32{1, 2})
		e := d.FromInt32s([]int32{1, 2})
		return []Array{a.Add(b), x.Take(c, 0), x.Take(e, 0), x.Take(d.FromInt32s([]int32{2, 1}), 0)}
	})
	if len(g.Nodes) != 7 {
		t.Fatalf("%d nodes:\n%s", len(g.Nodes), g)
	}
	// the order of building does not matter, what is not needed is not there
	h := traceOf(t, 7919, func(d *Device) []Array {
		x := d.Leaf("x", Float32, 4, 4)
		z := x.Take(d.FromInt32s([]int32{2, 1}), 0)
		y := x.Take(d.FromInt32s([]int32{1, 2}), 0)
		x.Sin()
		return []Array{x.Exp().Add(x.Exp()), y, y, z}
	})
	if d := Diff(g, h); d != "" {
		t.Fatal(d)
	}
}

func TestTraceEffectsStay(t *testing.T) {
	g := traceOf(t, 7919, func(d *Device) []Array {
		p, err := d.NewPool(PoolSpec{Name: "kv", Pages: 2, PageSize: 4, Heads: 1, KeyDim: 4, ValueDim: 4, DType: Float32})
		if err != nil {
			t.Fatal(err)
		}
		k, slots := d.Leaf("k", Float32, 2, 1, 4), d.Leaf("slots", Int32, 2)
		tok := PagedAppend(p, k, k, slots, Array{})
		PagedAppend(p, k, k, slots, tok)
		return nil
	})
	if n := len(g.Nodes); n != 4 || g.Nodes[n-1].Effect != 2 {
		t.Fatal(g)
	}
}

func TestTraceErrors(t *testing.T) {
	d := NewTracer()
	s := d.NewScope()
	var x Array
	err := s.Run(func() {
		x = d.Leaf("x", Float32, 4, 4)
		w := d.Leaf("model.w", BFloat16, 5, 6)
		y := x.Matmul(w).Exp()
		if y.Valid() || y.Dim(0) != 1 || y.Shape() != nil {
			t.Error("not poisoned")
		}
	})
	var oe *OpError
	if !errors.As(err, &oe) || oe.Op != OpMatmul || !strings.Contains(err.Error(), "mlx: matmul(x f32[4 4], model.w bf16[5 6]): inner sizes 4 and 5 (trace_test.go:") {
		t.Fatal(err)
	}
	s.Reset()
	if err := s.Run(func() { x.Exp() }); !errors.Is(err, ErrFreed) {
		t.Fatal(err)
	}
	if x.Exp().Valid() || !errors.Is(x.Exp().Err(), ErrNoScope) {
		t.Fatal("an operation outside of a scope")
	}
	s.Reset()
	if err := s.Run(func() { d.Scalar(1, Float32).Add(Array{}) }); !errors.Is(err, ErrNoArray) {
		t.Fatal(err)
	}
	if _, err := x.Float32s(); !errors.Is(err, ErrFreed) {
		t.Fatal(err)
	}
	if (Array{}).Exp().Valid() {
		t.Fatal("an operation on nothing")
	}
}
