//go:build cgo

package mlx

import "math/rand/v2"

// gen makes random operands and attributes.
type gen struct {
	*rand.Rand
	d *Device
}

func (g *gen) flip() bool { return g.IntN(2) == 0 }

// rare is true once in twelve times: where a generator breaks a rule.
func (g *gen) rare() bool { return g.IntN(12) == 0 }

func (g *gen) pick(v ...int) int { return v[g.IntN(len(v))] }

// has says whether the device has a type: GPUs have no f64.
func (g *gen) has(dt DType) bool { return dt != Float64 || g.d.Kind() != GPU }

func (g *gen) any() DType { return g.among(Complex64) }

func (g *gen) real() DType { return g.among(BFloat16) }

func (g *gen) among(last DType) DType {
	for {
		if dt := DType(1 + g.IntN(int(last))); g.has(dt) {
			return dt
		}
	}
}

func (g *gen) float() DType {
	if g.rare() {
		return g.real()
	}
	if dt := []DType{Float32, Float16, BFloat16, Float32, BFloat16, Float64}[g.IntN(6)]; g.has(dt) {
		return dt
	}
	return Float32
}

// half is a type that quantisation takes.
func (g *gen) half() DType {
	if g.rare() {
		return g.real()
	}
	return []DType{Float32, Float16, BFloat16}[g.IntN(3)]
}

func (g *gen) int() DType {
	if g.rare() {
		return g.real()
	}
	return DType(int(Uint8) + g.IntN(8))
}

func (g *gen) dims(lo, hi int) []int {
	v := make([]int, lo+g.IntN(hi-lo+1))
	for i := range v {
		v[i] = g.IntN(4) + 1
		if g.IntN(40) == 0 {
			v[i] = 0
		}
	}
	return v
}

// near is v with now and then a size of 1, another size, or leading axes cut off.
func (g *gen) near(v []int) []int {
	w := append([]int(nil), v...)
	for i := range w {
		if g.IntN(5) == 0 {
			w[i] = 1
		}
		if g.IntN(25) == 0 {
			w[i] = g.IntN(5)
		}
	}
	if g.IntN(4) == 0 {
		w = w[g.IntN(len(w)+1):]
	}
	return w
}

func (g *gen) array(dt DType, dims ...int) Array { return g.d.Full(1, dt, dims...) }

func (g *gen) zeros(dt DType, dims ...int) Array { return g.d.Full(0, dt, dims...) }

// axis is one of rank axes, counted from either end, rarely none.
func (g *gen) axis(rank int) int {
	if g.rare() || rank == 0 {
		return g.IntN(2*rank+3) - rank - 1
	}
	return g.IntN(2*rank) - rank
}

func (g *gen) axes(rank int) []int {
	var v []int
	for range g.IntN(3) {
		v = append(v, g.axis(rank))
	}
	return v
}

func at(dims []int, axis int) int {
	if axis < 0 {
		axis += len(dims)
	}
	if axis < 0 || axis >= len(dims) {
		return 1
	}
	return dims[axis]
}

// set replaces the size of an axis.
func set(dims []int, axis, n int) []int {
	w := append([]int(nil), dims...)
	if axis < 0 {
		axis += len(dims)
	}
	if axis >= 0 && axis < len(w) {
		w[axis] = n
	}
	return w
}

// factors splits n into dims, sometimes with -1, rarely wrong.
func (g *gen) factors(n int) []int {
	var v []int
	for f := 2; f <= 4; f++ {
		for n > 0 && n%f == 0 && g.flip() {
			v, n = append(v, f), n/f
		}
	}
	v = append(v, n)
	g.Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
	if g.flip() {
		v[g.IntN(len(v))] = -1
	}
	if g.rare() {
		v[g.IntN(len(v))]++
	}
	return v
}

func (g *gen) quant() []int {
	if g.rare() {
		return []int{g.pick(16, 32, 64), g.pick(3, 4, 7, 8), g.IntN(4)}
	}
	switch m := g.IntN(4); m {
	case 1:
		return []int{32, 4, 1}
	case 2:
		return []int{32, 8, 2}
	case 3:
		return []int{16, 4, 3}
	}
	return []int{g.pick(32, 64, 128), g.pick(2, 3, 4, 5, 6, 8), 0}
}

// packed makes weights, scales and biases for rows of k values.
func (g *gen) packed(q []int, k int, batch ...int) (w, s, b Array) {
	dims := func(n int) []int { return append(append([]int(nil), batch...), n) }
	w = g.zeros(Uint32, dims(k*q[1]/32)...)
	if g.rare() {
		k += q[0]
	}
	if q[2] == 0 {
		dt := g.half()
		s = g.array(dt, dims(k/q[0])...)
		if g.rare() {
			return w, s, Array{}
		}
		return w, s, g.array(dt, dims(k/q[0])...)
	}
	return w, g.array(Uint8, dims(k/q[0])...), Array{}
}

func key(d *Device) Array { return d.Key(7) }
