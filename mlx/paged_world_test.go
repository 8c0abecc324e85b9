//go:build cgo

package mlx

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// world is a pool with rows of random keys and values.
type world struct {
	d    *Device
	r    *rand.Rand
	spec PoolSpec
	pool *Pool
	rows []*row
	free []int // pages
}

// row is one sequence: its data and where it lies.
type row struct {
	k, v  []float32 // [n, H, D]
	n     int
	pages []int // from the first kept one
	first int
}

func newWorld(t testing.TB, d *Device, seed uint64, s PoolSpec) *world {
	t.Helper()
	p, err := d.NewPool(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	w := &world{d: d, r: rand.New(rand.NewPCG(3, seed)), spec: s, pool: p}
	for i := s.Pages - 1; i > 0; i-- {
		w.free = append(w.free, i)
	}
	w.r.Shuffle(len(w.free), func(i, j int) { w.free[i], w.free[j] = w.free[j], w.free[i] })
	return w
}

func (w *world) random(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(w.r.NormFloat64())
	}
	return v
}

// add makes a row of n tokens, all of them appended, and returns its number.
func (w *world) add(t testing.TB, n int) int {
	t.Helper()
	s := w.spec
	r := &row{n: n, k: w.random(n * s.Heads * s.KeyDim), v: w.random(n * s.Heads * s.ValueDim)}
	for range (n + s.PageSize - 1) / s.PageSize {
		r.pages = append(r.pages, w.free[len(w.free)-1])
		w.free = w.free[:len(w.free)-1]
	}
	w.rows = append(w.rows, r)
	w.put(t, r, 0, n)
	return len(w.rows) - 1
}

// put appends the tokens from to to of a row, with a token of padding.
func (w *world) put(t testing.TB, r *row, from, to int) {
	t.Helper()
	if err := step(w.d, func(s *Scope) {
		k, v, slots := w.input(r, from, to)
		if err := s.Eval(PagedAppend(w.pool, k, v, slots, Array{})); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) input(r *row, from, to int) (k, v, slots Array) {
	s := w.spec
	var at []int32
	for j := from; j < to; j++ {
		at = append(at, int32(r.pages[j/s.PageSize-r.first]*s.PageSize+j%s.PageSize))
	}
	at = append(at, 0)
	pad := func(x []float32, d int) Array {
		x = append(slices.Clone(x[from*s.Heads*d:to*s.Heads*d]), make([]float32, s.Heads*d)...)
		x[len(x)-1] = float32(math.NaN()) // what padding holds must not matter
		return w.d.FromFloat32s(x, to-from+1, s.Heads, d)
	}
	k, slots = pad(r.k, s.KeyDim), w.d.FromInt32s(at)
	if !s.Shared {
		v = pad(r.v, s.ValueDim)
	}
	return k, v, slots
}

// query is a token that attends.
type query struct {
	row, pos int
	q        []float32 // [Hq, D]
}

// attend runs the queries in one call; extra null rows show in the tables.
func (w *world) attend(t testing.TB, p *Pool, hq int, qs []query, o AttendOptions, qt DType) [][]float32 {
	t.Helper()
	var out [][]float32
	if err := step(w.d, func(s *Scope) {
		width := 1
		for _, r := range w.rows {
			width = max(width, len(r.pages)+1)
		}
		var q []float32
		var rows, pos, tables, first []int32
		for _, x := range qs {
			q = append(q, x.q...)
			rows, pos = append(rows, int32(x.row)), append(pos, int32(x.pos))
		}
		// a token of padding on the null row
		q = append(q, make([]float32, hq*w.spec.KeyDim)...)
		rows, pos = append(rows, int32(len(w.rows))), append(pos, 0)
		for _, r := range w.rows {
			line := make([]int32, width)
			for i, g := range r.pages {
				line[i] = int32(g)
			}
			tables, first = append(tables, line...), append(first, int32(r.first))
		}
		tables, first = append(tables, make([]int32, width)...), append(first, 0)
		y := PagedAttend(p, w.d.FromFloat32s(q, len(rows), hq, w.spec.KeyDim).AsType(qt), w.d.FromInt32s(rows), w.d.FromInt32s(pos),
			w.d.FromInt32s(tables, len(w.rows)+1, width), w.d.FromInt32s(first), Array{}, o)
		v := floats(t, y)
		n := hq * w.spec.ValueDim
		for i := range qs {
			out = append(out, v[i*n:(i+1)*n])
		}
		for _, x := range v[len(qs)*n:] {
			if x != 0 {
				t.Errorf("padding gives %v", x)
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// reference is attention of one query in float64.
func (w *world) reference(x query, hq int, o AttendOptions, sinks []float32, round func(float32) float32) []float32 {
	s, r := w.spec, w.rows[x.row]
	out := make([]float32, hq*s.ValueDim)
	for h := range hq {
		kh := h / (hq / s.Heads)
		var score []float64
		var at []int
		for j := 0; j <= x.pos; j++ {
			if o.Window > 0 && j <= x.pos-o.Window || o.Chunk > 0 && j/o.Chunk != x.pos/o.Chunk {
				continue
			}
			v := 0.0
			for i := range s.KeyDim {
				v += float64(x.q[h*s.KeyDim+i]) * float64(round(r.k[(j*s.Heads+kh)*s.KeyDim+i]))
			}
			v *= o.Scale
			if o.Softcap > 0 {
				v = math.Tanh(v/o.Softcap) * o.Softcap
			}
			score, at = append(score, v), append(at, j)
		}
		top, sum := math.Inf(-1), 0.0
		if sinks != nil {
			top = float64(sinks[h])
		}
		for _, v := range score {
			top = max(top, v)
		}
		if sinks != nil {
			sum = math.Exp(float64(sinks[h]) - top)
		}
		for _, v := range score {
			sum += math.Exp(v - top)
		}
		for n, v := range score {
			p := math.Exp(v-top) / sum
			for i := range s.ValueDim {
				val := r.v[(at[n]*s.Heads+kh)*s.ValueDim+min(i, s.ValueDim-1)]
				if s.Shared {
					val = r.k[(at[n]*s.Heads+kh)*s.KeyDim+i]
				}
				out[h*s.ValueDim+i] += float32(p * float64(round(val)))
			}
		}
	}
	return out
}

func bf16(x float32) float32 {
	b := math.Float32bits(x)
	return math.Float32frombits((b + 0x7fff + b>>16&1) &^ 0xffff)
}

func distance(a, b []float32) float64 {
	d := 0.0
	for i := range a {
		d = max(d, math.Abs(float64(a[i]-b[i])))
		if a[i] != a[i] || b[i] != b[i] {
			return math.Inf(1)
		}
	}
	return d
}
