//go:build cgo

package mlx

import (
	"testing"
	"time"
)

// layers and its sizes are those of mlx/bench/host.py, which builds the same
// graph with MLX's own Python binding.
const (
	benchLayers = 28
	benchWidth  = 16
)

// benchLayer is about 20 operations, as a decoder's layer has.
func benchLayer(x, norm, w Array) (Array, int) {
	h := RMSNorm(x, norm, 1e-6)
	q := Linear(h, w, Array{}).Unflatten(-1, 2, -1)
	k := Linear(h, w, Array{}).Unflatten(-1, 2, -1)
	v := Linear(h, w, Array{}).Unflatten(-1, 2, -1)
	s := q.Mul(k).Sum(true, -1).MulScalar(0.25).Softmax(1, false)
	y := s.Mul(v).Flatten(1, 2)
	x = x.Add(Linear(y, w, Array{}))
	h = RMSNorm(x, norm, 1e-6)
	g := Linear(h, w, Array{}).SiLU()
	return x.Add(Linear(g.Mul(Linear(h, w, Array{})), w, Array{})), 22
}

// BenchmarkHost measures what a step costs on the host: building in Go and C++,
// evaluating tiny arrays, and freeing.
func BenchmarkHost(b *testing.B) {
	d := open(b, Options{})
	weights := d.NewScope()
	var x, norm, w Array
	if err := weights.Run(func() {
		x, norm, w = d.Full(1, Float32, 1, benchWidth), d.Full(1, Float32, benchWidth), d.Full(0.01, Float32, benchWidth, benchWidth)
	}); err != nil {
		b.Fatal(err)
	}
	if err := weights.Eval(x, norm, w); err != nil {
		b.Fatal(err)
	}
	s := d.NewScope()
	var build, eval, free time.Duration
	ops := 0
	b.ReportAllocs()
	for b.Loop() {
		t0 := time.Now()
		var t1, t2 time.Time
		ops = 0
		if err := s.Run(func() {
			y := x
			for range benchLayers {
				var n int
				y, n = benchLayer(y, norm, w)
				ops += n
			}
			t1 = time.Now()
			_ = s.Eval(y)
			t2 = time.Now()
		}); err != nil {
			b.Fatal(err)
		}
		s.Reset()
		build += t1.Sub(t0)
		eval += t2.Sub(t1)
		free += time.Since(t2)
	}
	n := float64(b.N)
	b.ReportMetric(float64(build.Nanoseconds())/n/float64(ops), "ns-build/op")
	b.ReportMetric(float64(eval.Nanoseconds())/n/float64(ops), "ns-eval/op")
	b.ReportMetric(float64(free.Nanoseconds())/n/float64(ops), "ns-free/op")
	b.ReportMetric(float64(ops), "ops")
}

// BenchmarkOp measures single operations, without evaluation.
func BenchmarkOp(b *testing.B) {
	d := open(b, Options{})
	weights := d.NewScope()
	var x, w Array
	if err := weights.Run(func() { x, w = d.Full(1, Float32, 4, 16), d.Full(1, Float32, 16, 16) }); err != nil {
		b.Fatal(err)
	}
	if err := weights.Eval(x, w); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"Add", func() { x.Add(x) }},
		{"AddScalar", func() { x.AddScalar(2) }},
		{"Reshape", func() { x.Reshape(2, -1, 16) }},
		{"Slice", func() { x.Slice(0, 1, 3) }},
		{"Linear", func() { Linear(x, w, Array{}) }},
		{"RMSNorm", func() { RMSNorm(x, Array{}, 1e-6) }},
		{"SDPA", func() { q := x.Reshape(1, 1, 4, 16); SDPA(q, q, q, 1, Array{}, true, Array{}) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := d.NewScope()
			b.ReportAllocs()
			for i := 0; i < b.N; i += 1000 {
				if err := s.Run(func() {
					for range 1000 {
						c.f()
					}
				}); err != nil {
					b.Fatal(err)
				}
				s.Reset()
			}
		})
	}
}

// BenchmarkTrace measures the same step on a tracer.
func BenchmarkTrace(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		d := NewTracer()
		s := d.NewScope()
		if err := s.Run(func() {
			y, norm, w := d.Leaf("x", Float32, 1, benchWidth), d.Leaf("norm", Float32, benchWidth), d.Leaf("w", Float32, benchWidth, benchWidth)
			for range benchLayers {
				y, _ = benchLayer(y, norm, w)
			}
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAttend measures decoding attention: 16 heads on 8, head dim 128.
func BenchmarkAttend(b *testing.B) {
	d := open(b, Options{})
	for _, c := range []struct {
		name  string
		n, t  int
		dt    DType
		stock bool
	}{{"decode512", 512, 1, BFloat16, false}, {"decode4096", 4096, 1, BFloat16, false}, {"decode4096f32", 4096, 1, Float32, false}, {"prefill128of512", 512, 128, BFloat16, false}, {"stock512", 512, 1, Float32, true}} {
		b.Run(c.name, func(b *testing.B) {
			p, err := d.NewPool(PoolSpec{Pages: c.n/64 + 1, PageSize: 64, Heads: 8, KeyDim: 128, ValueDim: 128, DType: c.dt, Functional: c.stock})
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			tables, rows, pos := make([]int32, c.n/64), make([]int32, c.t), make([]int32, c.t)
			for i := range tables {
				tables[i] = int32(i + 1)
			}
			for i := range pos {
				pos[i] = int32(c.n - c.t + i)
			}
			s := d.NewScope()
			for b.Loop() {
				if err := s.Run(func() {
					q := d.Full(0.1, Float32, c.t, 16, 128)
					_ = s.Eval(PagedAttend(p, q, d.FromInt32s(rows), d.FromInt32s(pos), d.FromInt32s(tables, 1, len(tables)), d.FromInt32s([]int32{0}), Array{}, AttendOptions{Scale: 0.1}))
				}); err != nil {
					b.Fatal(err)
				}
				s.Reset()
			}
		})
	}
}

// BenchmarkMatmul measures f32 products x·wᵀ.
func BenchmarkMatmul(b *testing.B) {
	d := open(b, Options{})
	for _, c := range []struct {
		name    string
		m, k, n int
	}{{"1x1024x4096", 1, 1024, 4096}, {"8x1024x4096", 8, 1024, 4096}, {"128x1024x4096", 128, 1024, 4096}, {"512x1024x1024", 512, 1024, 1024}} {
		b.Run(c.name, func(b *testing.B) {
			weights := d.NewScope()
			defer weights.Close()
			var x, w Array
			if err := weights.Run(func() {
				x, w = RandomNormal(d.Key(1), 0, 1, Float32, c.m, c.k), RandomNormal(d.Key(2), 0, 1, Float32, c.n, c.k)
			}); err != nil {
				b.Fatal(err)
			}
			if err := weights.Eval(x, w); err != nil {
				b.Fatal(err)
			}
			s := d.NewScope()
			for b.Loop() {
				if err := s.Run(func() { _ = s.Eval(Linear(x, w, Array{})) }); err != nil {
					b.Fatal(err)
				}
				s.Reset()
			}
			b.ReportMetric(2*float64(c.m*c.k*c.n)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}
