//go:build cgo

package mlx

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestPagedAgrees compares the in-place kernel, the stock operations and float64.
func TestPagedAgrees(t *testing.T) {
	d := open(t, Options{})
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		heads, group := r.IntN(3)+1, r.IntN(4)+1
		dt := []DType{Float32, Float32, BFloat16, Float16}[r.IntN(4)]
		spec := PoolSpec{Pages: 80, PageSize: []int{4, 64, 16, 5}[r.IntN(4)], Heads: heads, KeyDim: []int{8, 24, 64}[r.IntN(3)], ValueDim: []int{8, 16}[r.IntN(2)], DType: dt}
		if r.IntN(5) == 0 {
			spec.Shared, spec.ValueDim = true, 8
		}
		stock := spec
		stock.Functional = true
		o := AttendOptions{Scale: 1 / math.Sqrt(float64(spec.KeyDim)), Window: []int{0, 0, 1, 7, 33}[r.IntN(5)], Softcap: []float64{0, 0, 5}[r.IntN(3)], Chunk: []int{0, 0, 16, 10}[r.IntN(4)]}
		name := fmt.Sprintf("%d: %+v %+v group %d", i, spec, o, group)
		a, b := newWorld(t, d, uint64(i), spec), newWorld(t, d, uint64(i), stock)
		for range r.IntN(4) + 1 {
			n := r.IntN(70) + 1
			a.add(t, n)
			b.add(t, n)
		}
		var qs []query
		for range r.IntN(12) + 1 {
			row := r.IntN(len(a.rows))
			qs = append(qs, query{row, r.IntN(a.rows[row].n), a.random(heads * group * spec.KeyDim)})
		}
		var sinks []float32
		with := func(w *world, dt DType) [][]float32 {
			o := o
			keep := d.NewScope()
			defer keep.Close()
			if sinks != nil {
				if err := keep.Run(func() { o.Sinks = d.FromFloat32s(sinks) }); err != nil {
					t.Fatal(err)
				}
			}
			return w.attend(t, w.pool, heads*group, qs, o, dt)
		}
		if r.IntN(3) == 0 {
			sinks = a.random(heads * group)
		}
		round := func(x float32) float32 { return x }
		tol := 1e-5
		switch dt {
		case BFloat16:
			round = bf16
		case Float16:
			tol = 1e-2 // the reference does not round to f16
		}
		x, y := with(a, Float32), with(b, Float32)
		for j, q := range qs {
			if e := distance(x[j], y[j]); e > 1e-5 {
				t.Fatalf("%s: query %d: in place and stock differ by %g", name, j, e)
			}
			if e := distance(x[j], a.reference(q, heads*group, o, sinks, round)); e > tol {
				t.Fatalf("%s: query %d: float64 differs by %g", name, j, e)
			}
		}
		// narrow queries give the same, rounded
		z := with(a, BFloat16)
		for j := range qs {
			if e := distance(x[j], z[j]); e > 0.05 {
				t.Fatalf("%s: query %d: bf16 differs by %g", name, j, e)
			}
		}
		a.pool.Close()
		b.pool.Close()
	}
}

// TestPagedBitEqual: a row alone is what it is among others, in any order, in
// other pages, of another page size, and whichever way its tokens were cut.
func TestPagedBitEqual(t *testing.T) {
	d := open(t, Options{})
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(5, seed))
		dt := []DType{Float32, BFloat16}[r.IntN(2)]
		hq := 4
		spec := PoolSpec{Pages: 100, PageSize: []int{4, 64}[r.IntN(2)], Heads: 2, KeyDim: 32, ValueDim: 32, DType: dt}
		o := AttendOptions{Scale: 0.2, Window: []int{0, 21}[r.IntN(2)], Softcap: []float64{0, 30}[r.IntN(2)]}
		w := newWorld(t, d, seed, spec)
		w.add(t, 61)
		n := w.rows[0].n
		var qs []query
		for p := range n {
			qs = append(qs, query{0, p, w.random(hq * 32)})
		}
		all := w.attend(t, w.pool, hq, qs, o, Float32)
		same := func(what string, got [][]float32, from int) {
			t.Helper()
			for i := range got {
				if !slices.Equal(got[i], all[from+i]) {
					t.Fatalf("seed %d, %v: %s: position %d is not bit-equal", seed, spec, what, from+i)
				}
			}
		}
		for p := range n {
			same("alone", w.attend(t, w.pool, hq, qs[p:p+1], o, Float32), p)
		}
		for from := 0; from < n; {
			to := min(n, from+1+r.IntN(20))
			same("chunked", w.attend(t, w.pool, hq, qs[from:to], o, Float32), from)
			from = to
		}
		// among others
		w.add(t, 33)
		w.add(t, 3)
		var mixed []query
		var mine []int
		for p := range n {
			if r.IntN(3) == 0 {
				row := 1 + r.IntN(2)
				mixed = append(mixed, query{row, r.IntN(w.rows[row].n), w.random(hq * 32)})
			}
			mine = append(mine, len(mixed))
			mixed = append(mixed, qs[p])
		}
		got := w.attend(t, w.pool, hq, mixed, o, Float32)
		for p, i := range mine {
			same("among others", got[i:i+1], p)
		}
		// another page size, appended piece by piece
		other := spec
		other.PageSize = 68 - spec.PageSize
		w2 := newWorld(t, d, seed, other)
		w2.add(t, 5)
		r2 := &row{n: n, k: w.rows[0].k, v: w.rows[0].v}
		for range (n + other.PageSize - 1) / other.PageSize {
			r2.pages, w2.free = append(r2.pages, w2.free[0]), w2.free[1:]
		}
		w2.rows = append(w2.rows, r2)
		for from := 0; from < n; {
			to := min(n, from+1+r.IntN(9))
			w2.put(t, r2, from, to)
			from = to
		}
		for i := range qs {
			qs[i].row = 1
		}
		same("in other pages", w2.attend(t, w2.pool, hq, qs, o, Float32), 0)
		// a window lets pages go
		if o.Window > 0 {
			drop := (n - 1 - o.Window + 1) / other.PageSize
			r2.first, r2.pages = drop, r2.pages[drop:]
			same("without old pages", w2.attend(t, w2.pool, hq, qs[n-1:], o, Float32), n-1)
		}
	}
}

// TestPagedNaN: what is in a neighbour's page, behind a row's end, before its
// window or in the null page does not reach a row.
func TestPagedNaN(t *testing.T) {
	d := open(t, Options{})
	for _, functional := range []bool{false, true} {
		spec := PoolSpec{Pages: 20, PageSize: 4, Heads: 1, KeyDim: 8, ValueDim: 8, DType: Float32, Functional: functional}
		w := newWorld(t, d, 1, spec)
		a, b := w.add(t, 9), w.add(t, 7)
		o := AttendOptions{Scale: 0.3, Window: 5}
		qs := []query{{a, 8, w.random(8)}, {a, 4, w.random(8)}}
		want := w.attend(t, w.pool, 1, qs, o, Float32)
		nan := make([]byte, w.pool.PageBytes())
		for i := range nan {
			nan[i] = 0xff
		}
		for _, g := range append([]int{0}, w.rows[b].pages...) {
			if err := w.pool.WritePage(g, nan); err != nil {
				t.Fatal(err)
			}
		}
		// behind row a's end
		page := make([]byte, w.pool.PageBytes())
		if err := w.pool.ReadPage(w.rows[a].pages[2], page); err != nil {
			t.Fatal(err)
		}
		half := len(page) / 2
		copy(page[32:half], nan)
		copy(page[half+32:], nan)
		if err := w.pool.WritePage(w.rows[a].pages[2], page); err != nil {
			t.Fatal(err)
		}
		got := w.attend(t, w.pool, 1, append(qs, query{b, 3, w.random(8)}), o, Float32)
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Fatalf("functional %v: %v, not %v", functional, got[i], want[i])
			}
		}
		if got[2][0] == got[2][0] {
			t.Fatal("the row with NaN has none")
		}
	}
}

func TestPagedPages(t *testing.T) {
	d := open(t, Options{})
	for _, functional := range []bool{false, true} {
		w := newWorld(t, d, 1, PoolSpec{Name: "kv", Pages: 9, PageSize: 4, Heads: 2, KeyDim: 8, ValueDim: 4, DType: BFloat16, Functional: functional})
		a := w.add(t, 8)
		p, q := w.rows[a].pages[0], w.rows[a].pages[1]
		if n := w.pool.PageBytes(); n != 2*4*12*2 {
			t.Fatal(n)
		}
		read := func(g int) []byte {
			b := make([]byte, w.pool.PageBytes())
			if err := w.pool.ReadPage(g, b); err != nil {
				t.Fatal(err)
			}
			return b
		}
		one, two := read(p), read(q)
		if bytes.Equal(one, two) {
			t.Fatal("equal pages")
		}
		// keys come first, [heads, page, dim]
		if got := math.Float32frombits(uint32(one[16*4])<<16 | uint32(one[16*4+1])<<24); got != bf16(w.rows[a].k[8]) {
			t.Fatal(got, w.rows[a].k[8])
		}
		if err := w.pool.CopyPage(q, p); err != nil || !bytes.Equal(read(p), two) {
			t.Fatal(err)
		}
		if err := w.pool.WritePage(q, one); err != nil || !bytes.Equal(read(q), one) {
			t.Fatal(err)
		}
		if err := w.pool.ZeroPages(p, q); err != nil || !bytes.Equal(read(p), make([]byte, len(one))) {
			t.Fatal(err)
		}
		if err := w.pool.ZeroPages(9); err == nil || !strings.Contains(err.Error(), "pool kv: page 9 of 9") {
			t.Fatal(err)
		}
		w.pool.Close()
		if err := w.pool.ZeroPages(1); err == nil {
			t.Fatal("a closed pool")
		}
		if err := step(d, func(s *Scope) { k, v, at := w.input(w.rows[a], 0, 1); PagedAppend(w.pool, k, v, at, Array{}) }); err == nil {
			t.Fatal("a closed pool")
		}
	}
	if _, err := d.NewPool(PoolSpec{Pages: 1}); err == nil {
		t.Fatal("a pool of one page")
	}
}

// TestPagedOrder: within a step, an append is seen by the attend that takes its
// token, and a later one is not seen by an earlier attend.
func TestPagedOrder(t *testing.T) {
	d := open(t, Options{})
	for _, functional := range []bool{false, true} {
		p, err := d.NewPool(PoolSpec{Pages: 2, PageSize: 4, Heads: 1, KeyDim: 1, ValueDim: 1, DType: Float32, Functional: functional})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if err := step(d, func(s *Scope) {
				one := d.Full(1, Float32, 1, 1, 1)
				idx := func(v int32) Array { return d.FromInt32s([]int32{v}) }
				tables := d.FromInt32s([]int32{1}, 1, 1)
				tok, ys := Array{}, []Array{}
				for i := range 5 {
					tok = PagedAppend(p, one, one.MulScalar(float64(i)), idx(4), tok)
					y := PagedAttend(p, one, idx(0), idx(0), tables, idx(0), tok, AttendOptions{Scale: 1})
					tok = tok.Add(y.Sum(false).MulScalar(0).AsType(Int32)) // the next append comes after
					ys = append(ys, y.Reshape(1))
				}
				for i, v := range floats(t, Concat(0, ys...)) {
					if v != float32(i) {
						t.Errorf("functional %v: attend %d sees %v", functional, i, v)
					}
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestPagedRefuses(t *testing.T) {
	d := open(t, Options{})
	p, err := d.NewPool(PoolSpec{Pages: 3, PageSize: 4, Heads: 1, KeyDim: 4, ValueDim: 4, DType: Float32})
	if err != nil {
		t.Fatal(err)
	}
	run := func(row, pos, page, first int32) error {
		return step(d, func(s *Scope) {
			i := func(v int32) Array { return d.FromInt32s([]int32{v}) }
			_ = s.Eval(PagedAttend(p, d.Full(1, Float32, 1, 1, 4), i(row), i(pos), d.FromInt32s([]int32{page}, 1, 1), i(first), Array{}, AttendOptions{Scale: 1}))
		})
	}
	for _, c := range []struct {
		row, pos, page, first int32
		want                  string
	}{{0, 3, 1, 0, ""}, {1, 0, 1, 0, "there are 1 rows"}, {0, 4, 1, 0, "needs pages 0 to 1 of 1"}, {0, 4, 1, 1, "needs pages -1"}, {0, 0, 3, 0, "page 3 of 3"}, {0, -1, 1, 0, "negative"}, {0, 3, 2, 0, ""}} {
		err := run(c.row, c.pos, c.page, c.first)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
