//go:build cgo

package mlx

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// value runs f in a step and returns its result's elements.
func value(t *testing.T, d *Device, f func() Array) []float64 {
	t.Helper()
	var v []float64
	if err := step(d, func(s *Scope) {
		a := f()
		if s.Err() != nil {
			return
		}
		var err error
		if v, err = a.Float64s(); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Error(err)
	}
	return v
}

// TestValues pins what the operations compute where a name leaves it open.
func TestValues(t *testing.T) {
	d := open(t, Options{Debug: true})
	m := func() Array { return d.FromFloat32s([]float32{1, 2, 3, 4, 5, 6}, 2, 3) }
	idx := func(v ...int32) Array { return d.FromInt32s(v) }
	nan := math.NaN()
	for _, c := range []struct {
		name string
		f    func() Array
		want []float64
	}{
		{"rsub", func() Array { return m().RSubScalar(1) }, []float64{0, -1, -2, -3, -4, -5}},
		{"rdiv", func() Array { return idx(2, 4).RDivScalar(1) }, []float64{0.5, 0.25}},
		{"int scalar", func() Array { return idx(2, 4).MulScalar(2).FloorDivScalar(3) }, []float64{1, 2}},
		{"mod", func() Array { return idx(-1, 4).ModScalar(3) }, []float64{2, 1}},
		{"shift", func() Array { return idx(1, 4).ShiftLeftScalar(2).BitAndScalar(20) }, []float64{4, 16}},
		{"weak f32", func() Array { return idx(1, 2).AddScalar(0.5) }, []float64{1.5, 2.5}},
		{"weak bf16", func() Array { return m().AsType(BFloat16).AddScalar(1.0/512).Slice(1, 0, 1) }, []float64{1, 4}},
		{"compare", func() Array { return m().GreaterEqualScalar(3).And(m().LessScalar(6)) }, []float64{0, 0, 1, 1, 1, 0}},
		{"clip", func() Array { return m().Clip(2, 4.5) }, []float64{2, 2, 3, 4, 4.5, 4.5}},
		{"mask fill", func() Array { return m().MaskFill(m().EqualScalar(2), -1) }, []float64{1, -1, 3, 4, 5, 6}},
		{"where", func() Array { return Where(d.FromBools([]bool{true, false, true}), m(), d.Scalar(0, Float32)) }, []float64{1, 0, 3, 4, 0, 6}},
		{"slice", func() Array { return m().Slice(1, -2, End) }, []float64{2, 3, 5, 6}},
		{"slices", func() Array { return m().SliceN(Range{0, 1, 2, 0}, Range{1, 0, End, 2}) }, []float64{4, 6}},
		{"update", func() Array { return m().SliceUpdate(d.Zeros(Float32, 1, 2), 1, 1) }, []float64{1, 2, 3, 4, 0, 0}},
		{"split", func() Array { return m().Split(3, 1)[1] }, []float64{2, 5}},
		{"split at", func() Array { return m().SplitAt(1, 1)[1] }, []float64{2, 3, 5, 6}},
		{"swap", func() Array { return m().SwapAxes(0, -1) }, []float64{1, 4, 2, 5, 3, 6}},
		{"unflatten", func() Array { return m().Unflatten(1, 3, -1).Transpose(1, 0, 2) }, []float64{1, 4, 2, 5, 3, 6}},
		{"broadcast", func() Array { return m().Slice(1, 0, 1).BroadcastTo(-1, 2) }, []float64{1, 1, 4, 4}},
		{"repeat", func() Array { return m().Slice(0, 0, 1).Repeat(2, 1) }, []float64{1, 1, 2, 2, 3, 3}},
		{"pad", func() Array { return m().Slice(0, 0, 1).PadAxis(-1, 1, 2, 9) }, []float64{9, 1, 2, 3, 9, 9}},
		{"stack", func() Array { return Stack(1, idx(1, 2), idx(3, 4)) }, []float64{1, 3, 2, 4}},
		{"concat", func() Array { return Concat(-1, m(), m().Slice(1, 0, 1)) }, []float64{1, 2, 3, 1, 4, 5, 6, 4}},
		{"take", func() Array { return m().Take(idx(2, -3), 1) }, []float64{3, 1, 6, 4}},
		{"take along", func() Array { return m().TakeAlong(d.FromInt32s([]int32{2, 0}, 2, 1), 1) }, []float64{3, 4}},
		{"put along", func() Array { return m().PutAlong(d.FromInt32s([]int32{2, 0}, 2, 1), d.Scalar(0, Float32), 1) }, []float64{1, 2, 0, 0, 5, 6}},
		{"scatter add", func() Array {
			return m().ScatterAddAlong(d.FromInt32s([]int32{1, 1}, 1, 2), d.FromFloat32s([]float32{10, 20}, 1, 2), 1)
		}, []float64{1, 32, 3, 4, 35, 6}},
		{"gather", func() Array { return m().Gather([]int{0, 1}, []int{1, 1}, idx(0, 1), idx(2, 0)) }, []float64{3, 4}},
		{"sum", func() Array { return m().Sum(false, 0) }, []float64{5, 7, 9}},
		{"var", func() Array { return m().Var(true) }, []float64{2.9166667461395264}},
		{"any", func() Array { return m().GreaterScalar(5).Any(false, 1) }, []float64{0, 1}},
		{"argmax", func() Array { return m().Neg().ArgMax(-1, false) }, []float64{0, 0}},
		{"argsort", func() Array { return idx(3, 1, 2).ArgSort(0) }, []float64{1, 2, 0}},
		{"partition", func() Array { return idx(3, 1, 2).Partition(1, 0).Slice(0, 1, 2) }, []float64{2}},
		{"cumsum", func() Array { return idx(3, 1, 2).Cumsum(0, false, true) }, []float64{0, 3, 4}},
		{"reverse cumsum", func() Array { return idx(3, 1, 2).Cumsum(0, true, false) }, []float64{6, 3, 2}},
		{"cummax", func() Array { return idx(1, 3, 2).Cummax(0, false) }, []float64{1, 3, 3}},
		{"arange", func() Array { return d.Arange(1, 2, 0.25, Float32) }, []float64{1, 1.25, 1.5, 1.75}},
		{"fp8", func() Array { return d.FromUint8s([]uint8{0x38, 0xc0, 0x7e, 0x01}).FromFP8(Float32) }, []float64{1, -2, 448, 1. / 512}},
		{"to fp8", func() Array { return d.FromFloat32s([]float32{1, -2}).ToFP8() }, []float64{0x38, 0xc0}},
		{"view", func() Array { return d.FromFloat32s([]float32{1}).ViewAs(Uint8) }, []float64{0, 0, 0x80, 0x3f}},
		{"max of NaN", func() Array { return d.FromFloat32s([]float32{1, float32(nan)}).IsNaN() }, []float64{0, 1}},
		{"copy", func() Array { return m().Transpose().Copy() }, []float64{1, 4, 2, 5, 3, 6}},
		{"linear", func() Array { return Linear(m(), m(), d.FromFloat32s([]float32{0, 1})) }, []float64{14, 33, 32, 78}},
		{"gather_mm", func() Array {
			w := d.Arange(0, 12, 1, Float32).Reshape(2, 3, 2)
			return GatherMM(m().ExpandDims(1), w, Array{}, idx(1, 0), false)
		}, []float64{52, 58, 34, 49}},
		{"bf16 gather_mm", func() Array {
			w := d.Arange(0, 12, 1, BFloat16).Reshape(2, 3, 2)
			return GatherMM(m().AsType(BFloat16).ExpandDims(1), w, Array{}, idx(1, 0), false)
		}, []float64{52, 58, 34, 49}},
		{"conv", func() Array {
			x := d.Arange(1, 9, 1, Float32).Reshape(1, 4, 2)
			return Conv1D(x, d.FromFloat32s([]float32{1, 10, 0, 1}, 2, 2, 1), ConvOptions{Groups: 2})
		}, []float64{31, 4, 53, 6, 75, 8}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := value(t, d, c.f); !slices.Equal(got, c.want) {
				t.Errorf("%v, not %v", got, c.want)
			}
		})
	}
}

// near says whether the elements agree within tol.
func near(got, want []float64, tol float64) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tol) {
			return false
		}
	}
	return true
}

// TestFunctions compares the functions of real numbers with Go's.
func TestFunctions(t *testing.T) {
	d := open(t, Options{Debug: true})
	in := []float32{-2, -0.5, 0, 0.3, 1, 3}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for name, c := range map[string]struct {
		op func(Array) Array
		f  func(float64) float64
	}{
		"exp": {Array.Exp, math.Exp}, "expm1": {Array.Expm1, math.Expm1}, "tanh": {Array.Tanh, math.Tanh}, "erf": {Array.Erf, math.Erf},
		"sin": {Array.Sin, math.Sin}, "cos": {Array.Cos, math.Cos}, "sigmoid": {Array.Sigmoid, sigmoid}, "floor": {Array.Floor, math.Floor},
		"round": {Array.Round, math.RoundToEven}, "abs": {Array.Abs, math.Abs}, "square": {Array.Square, func(x float64) float64 { return x * x }},
		"silu": {Array.SiLU, func(x float64) float64 { return x * sigmoid(x) }},
		"gelu": {Array.GELU, func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }},
		"gelu_tanh": {Array.GELUTanh, func(x float64) float64 {
			return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}},
		"softplus": {Array.Softplus, func(x float64) float64 { return math.Log1p(math.Exp(x)) }},
		"relu":     {Array.ReLU, func(x float64) float64 { return max(x, 0) }},
		"softcap":  {func(a Array) Array { return a.SoftCap(2) }, func(x float64) float64 { return 2 * math.Tanh(x/2) }},
		"rsqrt":    {func(a Array) Array { return a.Abs().AddScalar(1).Rsqrt() }, func(x float64) float64 { return 1 / math.Sqrt(math.Abs(x)+1) }},
	} {
		want := make([]float64, len(in))
		for i, x := range in {
			want[i] = c.f(float64(x))
		}
		if got := value(t, d, func() Array { return c.op(d.FromFloat32s(in)) }); !near(got, want, 1e-6*20) {
			t.Errorf("%s: %v, not %v", name, got, want)
		}
	}
}

// TestQuantizedAgrees: products with packed weights are those with the weights
// that Dequantize gives, in every mode.
func TestQuantizedAgrees(t *testing.T) {
	d := open(t, Options{Debug: true})
	for _, q := range []Quant{{Affine, 64, 4}, {Affine, 32, 8}, {Affine, 128, 3}, {MXFP4, 32, 4}, {MXFP8, 32, 8}, {NVFP4, 16, 4}} {
		var got, want, gathered, dense []float64
		if err := step(d, func(s *Scope) {
			w := RandomNormal(d.Key(1), 0, 1, Float32, 3, 8, 128)
			x := RandomNormal(d.Key(2), 0, 1, Float32, 2, 128)
			p, sc, b := Quantize(w, q)
			if b.Valid() != (q.Mode == Affine) {
				t.Error(q, b)
			}
			f := Dequantize(p, sc, b, q, Float32)
			one := func(a Array) Array {
				if !a.Valid() {
					return a
				}
				return a.Slice(0, 1, 2).Squeeze(0)
			}
			get := func(a Array) []float64 { v, err := a.Float64s(); fatal(t, err); return v }
			got = get(QuantizedMatmul(x, one(p), one(sc), one(b), true, q))
			want = get(Linear(x, one(f), Array{}))
			rhs := d.FromUint32s([]uint32{2, 0})
			gathered = get(GatherQMM(x.ExpandDims(1), p, sc, b, Array{}, rhs, true, q, false))
			dense = get(GatherMM(x.ExpandDims(1), f.SwapAxes(1, 2), Array{}, rhs, false))
		}); err != nil {
			t.Fatal(err)
		}
		if !near(got, want, 1e-4) || !near(gathered, dense, 1e-4) {
			t.Errorf("%v: %v, not %v; %v, not %v", q, got, want, gathered, dense)
		}
	}
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRope compares with the formula, every token at its own position.
func TestRope(t *testing.T) {
	d := open(t, Options{Debug: true})
	r := rand.New(rand.NewPCG(1, 1))
	const heads, dim, rot = 3, 10, 8
	pos := []int32{0, 5, 5, 1000, 3}
	x := make([]float32, len(pos)*heads*dim)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	freqs := make([]float32, rot/2)
	for i := range freqs {
		freqs[i] = float32(math.Pow(500, float64(2*i)/rot))
	}
	for _, traditional := range []bool{false, true} {
		for _, own := range []bool{false, true} {
			base := 10000.0
			if own {
				base = 500
			}
			want := make([]float64, len(x))
			for i := range x {
				t, j := i/(heads*dim), i%dim
				want[i] = float64(x[i])
				if j >= rot {
					continue
				}
				k, other, sign := j%(rot/2), i+rot/2, -1.0
				if j >= rot/2 {
					other, sign = i-rot/2, 1
				}
				if traditional {
					k, other, sign = j/2, i+1, -1
					if j%2 == 1 {
						other, sign = i-1, 1
					}
				}
				a := float64(pos[t]) * math.Pow(base, -2*float64(k)/rot)
				want[i] = float64(x[i])*math.Cos(a) + sign*float64(x[other])*math.Sin(a)
			}
			got := value(t, d, func() Array {
				o := RopeOptions{Dims: rot, Traditional: traditional, Base: 10000}
				if own {
					o.Freqs = d.FromFloat32s(freqs)
				}
				return Rope(d.FromFloat32s(x, len(pos), heads, dim), d.FromInt32s(pos), o)
			})
			if !near(got, want, 2e-3) {
				t.Errorf("traditional %v, own %v: %v, not %v", traditional, own, got, want)
			}
		}
	}
}

// TestNorms compares with the formulas, and SDPA with the softmax.
func TestNorms(t *testing.T) {
	d := open(t, Options{Debug: true})
	if err := step(d, func(s *Scope) {
		x := RandomNormal(d.Key(3), 1, 2, Float32, 4, 16)
		w, b := RandomNormal(d.Key(4), 0, 1, Float32, 16), RandomNormal(d.Key(5), 0, 1, Float32, 16)
		get := func(a Array) []float64 { v, err := a.Float64s(); fatal(t, err); return v }
		rms := x.Mul(x.Square().Mean(true, -1).AddScalar(1e-5).Rsqrt())
		if !near(get(RMSNorm(x, w, 1e-5)), get(rms.Mul(w)), 1e-5) || !near(get(RMSNorm(x, Array{}, 1e-5)), get(rms), 1e-5) {
			t.Error("RMSNorm")
		}
		c := x.Sub(x.Mean(true, -1))
		ln := c.Mul(x.Var(true, -1).AddScalar(1e-5).Rsqrt()).Mul(w).Add(b)
		if !near(get(LayerNorm(x, w, b, 1e-5)), get(ln), 1e-5) {
			t.Error("LayerNorm")
		}
		q, k, v := RandomNormal(d.Key(6), 0, 1, Float32, 1, 4, 3, 8), RandomNormal(d.Key(7), 0, 1, Float32, 1, 2, 5, 8), RandomNormal(d.Key(8), 0, 1, Float32, 1, 2, 5, 8)
		k4, v4 := k.Repeat(2, 1), v.Repeat(2, 1)
		sc := q.Matmul(k4.SwapAxes(2, 3)).MulScalar(0.3)
		hide := d.Arange(0, 5, 1, Int32).Greater(d.Arange(2, 5, 1, Int32).ExpandDims(1))
		want := get(sc.MaskFill(hide, math.Inf(-1)).Softmax(-1, true).Matmul(v4))
		if !near(get(SDPA(q, k, v, 0.3, Array{}, true, Array{})), want, 1e-5) || !near(get(SDPA(q, k, v, 0.3, hide.Not(), false, Array{})), want, 1e-5) {
			t.Error("SDPA")
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// TestRandom: a key decides, and different keys differ.
func TestRandom(t *testing.T) {
	d := open(t, Options{Debug: true})
	draw := func(seed uint64) []float64 {
		return value(t, d, func() Array { return RandomUniform(d.Key(seed), -1, 2, Float32, 1000) })
	}
	a, b, c := draw(1<<40+7), draw(1<<40+7), draw(7)
	if !slices.Equal(a, b) || slices.Equal(a, c) || slices.Min(a) < -1 || slices.Max(a) >= 2 || slices.Max(a) < 1.9 {
		t.Fatal(a[:5], c[:5], slices.Min(a), slices.Max(a))
	}
	g := value(t, d, func() Array { return RandomGumbel(d.Key(1), Float32, 5000).Mean(false) })
	if math.Abs(g[0]-0.5772) > 0.05 {
		t.Fatal(g)
	}
	keys := value(t, d, func() Array { return RandomSplit(d.Key(1), 3) })
	if len(keys) != 6 || keys[0] == keys[2] {
		t.Fatal(keys)
	}
}
