//go:build cgo

package mlx

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMatmulAgrees compares f32 products of all layouts with float64.
func TestMatmulAgrees(t *testing.T) {
	d := open(t, Options{Debug: true})
	r := rand.New(rand.NewPCG(1, 9))
	for range 80 {
		m, k, n := r.IntN(40)+1, []int{1, 3, 16, 17, 64, 100, 257}[r.IntN(7)], r.IntN(40)+1
		x, y := make([]float32, m*k), make([]float32, k*n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		for i := range y {
			y[i] = float32(r.NormFloat64())
		}
		want := make([]float64, m*n)
		for i := range m {
			for j := range n {
				for l := range k {
					want[i*n+j] += float64(x[i*k+l]) * float64(y[l*n+j])
				}
			}
		}
		for layout := range 4 {
			got := value(t, d, func() Array {
				a, b := d.FromFloat32s(x, m, k), d.FromFloat32s(y, k, n)
				if layout&1 == 1 {
					a = a.Transpose().Contiguous().Transpose()
				}
				if layout&2 == 2 {
					b = b.Transpose().Contiguous().Transpose()
				}
				return a.Matmul(b)
			})
			if !near(got, want, 1e-5*math.Sqrt(float64(k))) {
				t.Fatalf("%d×%d×%d, layout %d", m, k, n, layout)
			}
		}
	}
}

// TestLinearBitEqual: a row of x gives the same bits alone as among others.
func TestLinearBitEqual(t *testing.T) {
	d := open(t, Options{})
	r := rand.New(rand.NewPCG(1, 10))
	for _, s := range [][3]int{{37, 64, 50}, {64, 1000, 9}, {13, 129, 300}, {200, 256, 64}} {
		m, k, n := s[0], s[1], s[2]
		x, w := make([]float32, m*k), make([]float32, n*k)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		for i := range w {
			w[i] = float32(r.NormFloat64())
		}
		rows := func(from, to int) []float64 {
			return value(t, d, func() Array {
				return Linear(d.FromFloat32s(x[from*k:to*k], to-from, k), d.FromFloat32s(w, n, k), Array{})
			})
		}
		all := rows(0, m)
		for from := 0; from < m; {
			to := min(m, from+1+r.IntN(14))
			if !slices.Equal(rows(from, to), all[from*n:to*n]) {
				t.Fatalf("%v: rows %d to %d", s, from, to)
			}
			from = to
		}
	}
}
