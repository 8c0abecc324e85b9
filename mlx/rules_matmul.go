package mlx

import "fmt"

func ruleMatmul(c *call) error {
	a, b := c.in[0], c.in[1]
	if a.rank == 0 || b.rank == 0 {
		return fmt.Errorf("of a scalar")
	}
	dt := Promote(a.dt, b.dt)
	if !dt.IsFloat() && dt != Complex64 {
		return fmt.Errorf("of %v and %v: float types only", a.dt, b.dt)
	}
	row, col := a.rank == 1, b.rank == 1
	if row {
		a = info{dt: a.dt, rank: 2, dims: [maxRank]int32{1, a.dims[0]}}
	}
	if col {
		b = info{dt: b.dt, rank: 2, dims: [maxRank]int32{b.dims[0], 1}}
	}
	t, err := matmulDims(&a, &b)
	if err != nil {
		return err
	}
	t.dt = dt
	drop := 0
	if row {
		drop |= 1 << (t.rank - 2)
	}
	if col {
		drop |= 1 << (t.rank - 1)
	}
	c.out = append(c.out, t.without(drop, false))
	return nil
}

// matmulDims is the shape of a [..., M, K] times b [..., K, N].
func matmulDims(a, b *info) (info, error) {
	if k, l := a.last(), b.dims[b.rank-2]; k != l {
		return info{}, fmt.Errorf("inner sizes %d and %d", k, l)
	}
	t := *a
	if err := t.broadcastSkip(b, 2); err != nil {
		return info{}, err
	}
	t.dims[t.rank-2], t.dims[t.rank-1] = a.dims[a.rank-2], b.last()
	return t, nil
}

func ruleLinear(c *call) error {
	x, w := c.in[0], &c.in[1]
	if x.rank == 0 || w.rank != 2 {
		return fmt.Errorf("x must have a dimension and w two")
	}
	if x.last() != w.dims[1] {
		return fmt.Errorf("x has %d features, w takes %d", x.last(), w.dims[1])
	}
	dt := Promote(x.dt, w.dt)
	if !dt.IsFloat() {
		return fmt.Errorf("of %v and %v: float types only", x.dt, w.dt)
	}
	x.dims[x.rank-1] = w.dims[0]
	if c.has(2) {
		b := &c.in[2]
		if b.rank != 1 || b.dims[0] != w.dims[0] {
			return fmt.Errorf("the bias must be [%d]", w.dims[0])
		}
		dt = Promote(dt, b.dt)
	}
	x.dt = dt
	c.out = append(c.out, x)
	return nil
}

// QuantMode is a way to quantise weights.
type QuantMode uint8

// The modes, as MLX has them.
const (
	Affine QuantMode = iota // w = scale·q + bias, groups of 32, 64, 128; 2 to 8 bits
	MXFP4                   // groups of 32, E8M0 scales
	MXFP8                   // groups of 32, E8M0 scales
	NVFP4                   // groups of 16, E4M3 scales
	numModes
)

// String returns MLX's name of the mode.
func (m QuantMode) String() string {
	if m < numModes {
		return [...]string{"affine", "mxfp4", "mxfp8", "nvfp4"}[m]
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

// checkQuant refuses what a mode does not have.
func checkQuant(group, bits, mode int64) error {
	ok := false
	switch QuantMode(mode) {
	case Affine:
		ok = (group == 32 || group == 64 || group == 128) && bits >= 2 && bits <= 8 && bits != 7
	case MXFP4:
		ok = group == 32 && bits == 4
	case MXFP8:
		ok = group == 32 && bits == 8
	case NVFP4:
		ok = group == 16 && bits == 4
	}
	if !ok {
		return fmt.Errorf("%v has no groups of %d with %d bits", QuantMode(mode), group, bits)
	}
	return nil
}

// packed checks the operands w, scales, biases at i and returns the number of
// values that a row of w stands for.
func (c *call) packed(i int, group, bits, mode int64) (int32, error) {
	if err := checkQuant(group, bits, mode); err != nil {
		return 0, err
	}
	w, s, b := &c.in[i], &c.in[i+1], &c.in[i+2]
	if w.dt != Uint32 {
		return 0, fmt.Errorf("packed weights must be u32, not %v", w.dt)
	}
	if w.rank < 2 || s.rank != w.rank {
		return 0, fmt.Errorf("weights of rank %d with scales of rank %d", w.rank, s.rank)
	}
	for j := 0; j < int(w.rank)-1; j++ {
		if w.dims[j] != s.dims[j] {
			return 0, fmt.Errorf("size %d of the weights, %d of the scales at axis %d", w.dims[j], s.dims[j], j)
		}
	}
	n := int64(w.last()) * 32 / bits
	if int64(w.last())*32 != n*bits || n != int64(s.last())*group {
		return 0, fmt.Errorf("%d words of %d bits, %d scales of groups of %d", w.last(), bits, s.last(), group)
	}
	if QuantMode(mode) == Affine {
		if !c.has(i+2) || b.rank != s.rank || b.dims != s.dims {
			return 0, fmt.Errorf("affine needs biases of the scales' shape")
		}
		if !s.dt.IsFloat() || !b.dt.IsFloat() {
			return 0, fmt.Errorf("scales %v and biases %v must be floats", s.dt, b.dt)
		}
		return int32(n), nil
	}
	if c.has(i + 2) {
		return 0, fmt.Errorf("%v has no biases", QuantMode(mode))
	}
	if s.dt != Uint8 {
		return 0, fmt.Errorf("scales must be u8, not %v", s.dt)
	}
	return int32(n), nil
}

// quantOut is the dtype of a product with quantised weights.
func (c *call) quantOut(mode int64) (DType, error) {
	if err := c.needFloat(0, "x"); err != nil {
		return NoDType, err
	}
	dt := c.in[0].dt
	if QuantMode(mode) == Affine {
		dt = Promote(dt, Promote(c.in[2].dt, c.in[3].dt))
	}
	if dt == Float64 {
		return dt, fmt.Errorf("of f64")
	}
	return dt, nil
}

// unpacked gives the weights' dense shape as the right-hand side [.., K, N].
func (c *call) unpacked(n int32, transpose bool) info {
	w := c.in[1]
	r := w.rank
	rows := w.dims[r-2]
	if transpose {
		w.dims[r-2], w.dims[r-1] = n, rows
	} else {
		w.dims[r-2], w.dims[r-1] = rows, n
	}
	return w
}

func ruleQuantizedMatmul(c *call) error {
	transpose, group, bits, mode := c.ints[0] != 0, c.ints[1], c.ints[2], c.ints[3]
	n, err := c.packed(1, group, bits, mode)
	if err != nil {
		return err
	}
	dt, err := c.quantOut(mode)
	if err != nil {
		return err
	}
	x, w := c.in[0], c.unpacked(n, transpose)
	if x.rank == 0 {
		return fmt.Errorf("x is a scalar")
	}
	k, cols := w.dims[w.rank-2], w.last()
	if x.last() != k {
		return fmt.Errorf("x has %d features, w takes %d", x.last(), k)
	}
	if w.rank > 2 {
		if x.rank < 3 {
			return fmt.Errorf("x needs three dimensions beside batched weights")
		}
		m := x.dims[x.rank-2]
		if err := x.broadcastSkip(&w, 2); err != nil {
			return err
		}
		x.dims[x.rank-2] = m
	}
	x.dims[x.rank-1] = cols
	c.like(dt, &x)
	return nil
}

// batchOf is the batch part of an operand, or that of an index array given for it.
func (c *call) batchOf(operand, index int) (info, error) {
	if c.has(index) {
		if err := c.needInt(index, "indices"); err != nil {
			return info{}, err
		}
		return c.in[index], nil
	}
	t := c.in[operand]
	t.rank -= 2
	t.dims[t.rank], t.dims[t.rank+1] = 0, 0
	return t, nil
}

// gathered merges the batches of operands 0 and 1 with m and n behind.
func (c *call) gathered(lhs, rhs int, m, n int32, dt DType) error {
	if c.in[0].size() == 0 || c.in[1].size() == 0 {
		return fmt.Errorf("of an empty array")
	}
	t, err := c.batchOf(0, lhs)
	if err != nil {
		return err
	}
	u, err := c.batchOf(1, rhs)
	if err != nil {
		return err
	}
	if err := t.broadcast(&u); err != nil {
		return err
	}
	if t.rank > maxRank-2 {
		return fmt.Errorf("more than %d dimensions", maxRank)
	}
	t.dims[t.rank], t.dims[t.rank+1] = m, n
	t.rank += 2
	c.like(dt, &t)
	return nil
}

func ruleGatherMM(c *call) error {
	a, b := &c.in[0], &c.in[1]
	if a.rank < 2 || b.rank < 2 {
		return fmt.Errorf("operands of rank %d and %d", a.rank, b.rank)
	}
	dt := Promote(a.dt, b.dt)
	if !dt.IsFloat() {
		return fmt.Errorf("of %v and %v: float types only", a.dt, b.dt)
	}
	if a.last() != b.dims[b.rank-2] {
		return fmt.Errorf("inner sizes %d and %d", a.last(), b.dims[b.rank-2])
	}
	return c.gathered(2, 3, a.dims[a.rank-2], b.last(), dt)
}

func ruleGatherQMM(c *call) error {
	transpose, group, bits, mode := c.ints[0] != 0, c.ints[1], c.ints[2], c.ints[3]
	n, err := c.packed(1, group, bits, mode)
	if err != nil {
		return err
	}
	dt, err := c.quantOut(mode)
	if err != nil {
		return err
	}
	if !c.has(4) && !c.has(5) {
		return fmt.Errorf("without indices; use QuantizedMatmul")
	}
	x, w := &c.in[0], c.unpacked(n, transpose)
	if x.rank < 2 {
		return fmt.Errorf("x of rank %d", x.rank)
	}
	if x.last() != w.dims[w.rank-2] {
		return fmt.Errorf("x has %d features, w takes %d", x.last(), w.dims[w.rank-2])
	}
	return c.gathered(4, 5, x.dims[x.rank-2], w.last(), dt)
}

func ruleQuantize(c *call) error {
	group, bits, mode := c.ints[0], c.ints[1], c.ints[2]
	if err := checkQuant(group, bits, mode); err != nil {
		return err
	}
	w := c.in[0]
	if err := c.needFloat(0, "weights"); err != nil {
		return err
	}
	if w.dt == Float64 {
		return fmt.Errorf("of f64")
	}
	if w.rank < 2 || int64(w.last())%group != 0 || w.size() == 0 {
		return fmt.Errorf("weights must have two dimensions, the last a multiple of %d", group)
	}
	q, s := w, w
	q.dt, q.dims[q.rank-1] = Uint32, int32(int64(w.last())*bits/32)
	s.dims[s.rank-1] = int32(int64(w.last()) / group)
	if QuantMode(mode) != Affine {
		s.dt = Uint8
		c.out = append(c.out, q, s)
		return nil
	}
	c.out = append(c.out, q, s, s)
	return nil
}

func ruleDequantize(c *call) error {
	group, bits, mode := c.ints[0], c.ints[1], c.ints[2]
	n, err := c.packed(0, group, bits, mode)
	if err != nil {
		return err
	}
	dt, err := dtypeArg(c.ints[3])
	if err != nil {
		return err
	}
	if dt != Float32 && dt != Float16 && dt != BFloat16 {
		return fmt.Errorf("to %v: f32, f16 and bf16 only", dt)
	}
	w := c.in[0]
	if w.size() == 0 {
		return fmt.Errorf("of an empty array")
	}
	w.dims[w.rank-1] = n
	c.like(dt, &w)
	return nil
}

func ruleFromFP8(c *call) error {
	dt, err := dtypeArg(c.ints[0])
	if err != nil {
		return err
	}
	if c.in[0].dt != Uint8 {
		return fmt.Errorf("of %v: the bits are u8", c.in[0].dt)
	}
	if dt != Float32 && dt != Float16 && dt != BFloat16 {
		return fmt.Errorf("to %v: f32, f16 and bf16 only", dt)
	}
	c.like(dt, &c.in[0])
	return nil
}

func ruleToFP8(c *call) error {
	if err := c.needFloat(0, "x"); err != nil {
		return err
	}
	c.like(Uint8, &c.in[0])
	return nil
}
