package mlx

import "fmt"

// vector refuses operand i when it is given and is not [n].
func (c *call) vector(i int, n int32, what string) error {
	if !c.has(i) {
		return nil
	}
	if t := &c.in[i]; t.rank != 1 || t.dims[0] != n {
		return fmt.Errorf("%s must be [%d]", what, n)
	}
	return c.needFloat(i, what)
}

func (c *call) norm(what ...string) error {
	x := &c.in[0]
	if x.rank == 0 {
		return fmt.Errorf("of a scalar")
	}
	if err := c.needFloat(0, "x"); err != nil {
		return err
	}
	dt := x.dt
	for i, w := range what {
		if err := c.vector(i+1, x.last(), w); err != nil {
			return err
		}
		if c.has(i+1) && c.has(1) { // MLX does not promote to a bias without a weight
			dt = Promote(dt, c.in[i+1].dt)
		}
	}
	c.like(dt, x)
	return nil
}

func ruleRMSNorm(c *call) error   { return c.norm("the weight") }
func ruleLayerNorm(c *call) error { return c.norm("the weight", "the bias") }

func ruleRope(c *call) error {
	x, pos := &c.in[0], &c.in[1]
	if err := c.needFloat(0, "x"); err != nil {
		return err
	}
	if x.rank != 3 || pos.rank != 1 || pos.dims[0] != x.dims[0] {
		return fmt.Errorf("x must be [T, H, D] and positions [T]")
	}
	if err := c.needInt(1, "positions"); err != nil {
		return err
	}
	dims := c.ints[0]
	if dims < 2 || dims%2 != 0 || dims > int64(x.last()) {
		return fmt.Errorf("rotates %d of %d", dims, x.last())
	}
	if err := c.vector(2, int32(dims/2), "the frequencies"); err != nil {
		return err
	}
	return ruleSame(c)
}

func ruleSDPA(c *call) error {
	q, k, v := c.in[0], &c.in[1], &c.in[2]
	if q.rank != 4 || k.rank != 4 || v.rank != 4 {
		return fmt.Errorf("q, k and v must be [B, H, T, D]")
	}
	for i := range 3 {
		if err := c.needFloat(i, "q, k and v"); err != nil {
			return err
		}
	}
	if k.dims[0] != q.dims[0] || v.dims[0] != q.dims[0] || k.dims[1] != v.dims[1] || k.dims[2] != v.dims[2] || k.dims[3] != q.dims[3] {
		return fmt.Errorf("shapes of q, k and v do not match")
	}
	if k.dims[1] == 0 || q.dims[1]%k.dims[1] != 0 {
		return fmt.Errorf("%d heads of q for %d of k", q.dims[1], k.dims[1])
	}
	dt := Promote(Promote(q.dt, k.dt), v.dt)
	if c.has(3) {
		if c.ints[0] != 0 {
			return fmt.Errorf("causal and a mask")
		}
		m := info{dt: dt, rank: 4, dims: [maxRank]int32{q.dims[0], q.dims[1], q.dims[2], k.dims[2]}}
		w := m
		if err := w.broadcast(&c.in[3]); err != nil {
			return fmt.Errorf("mask: %w", err)
		}
		if w != m {
			return fmt.Errorf("the mask is larger than the scores")
		}
		if mt := c.in[3].dt; mt != Bool && Promote(mt, dt) != dt {
			return fmt.Errorf("a mask of %v for scores of %v", mt, dt)
		}
	}
	if c.has(4) {
		if s := &c.in[4]; s.rank != 1 || s.dims[0] != q.dims[1] || Promote(s.dt, dt) != dt {
			return fmt.Errorf("sinks must be %v[%d]", dt, q.dims[1])
		}
	}
	q.dims[3] = v.dims[3]
	c.like(dt, &q)
	return nil
}

func ruleConv1D(c *call) error {
	x, w := c.in[0], &c.in[1]
	stride, pad, dil, groups := c.ints[0], c.ints[1], c.ints[2], c.ints[3]
	if x.rank != 3 || w.rank != 3 {
		return fmt.Errorf("x must be [N, L, C] and w [O, K, C/groups]")
	}
	if stride < 1 || pad < 0 || dil < 1 || groups < 1 {
		return fmt.Errorf("stride %d, padding %d, dilation %d, groups %d", stride, pad, dil, groups)
	}
	if int64(x.dims[2]) != int64(w.dims[2])*groups || int64(w.dims[0])%groups != 0 {
		return fmt.Errorf("%d channels, %d of w in %d groups", x.dims[2], w.dims[2], groups)
	}
	dt := Promote(x.dt, w.dt)
	if !x.dt.IsFloat() || !w.dt.IsFloat() || dt == Float64 {
		return fmt.Errorf("of %v and %v: f32, f16 and bf16 only", x.dt, w.dt)
	}
	span := dil*(int64(w.dims[1])-1) + 1
	n := int64(x.dims[1]) + 2*pad - span
	if n < 0 {
		return fmt.Errorf("a kernel that spans %d over %d", span, int64(x.dims[1])+2*pad)
	}
	c.add(dt, x.dims[0], int32(n/stride+1), w.dims[0])
	return nil
}

func (c *call) rows(i int, t int32, what string) error {
	if in := &c.in[i]; in.dt != Int32 || in.rank != 1 || in.dims[0] != t {
		return fmt.Errorf("%s must be i32[%d]", what, t)
	}
	return nil
}

func (c *call) token(i int) error {
	if c.has(i) && (c.in[i].dt != Int32 || c.in[i].rank != 0) {
		return fmt.Errorf("the token must come from PagedAppend")
	}
	return nil
}

func rulePagedAppend(c *call) error {
	if c.pool.closed.Load() {
		return fmt.Errorf("the pool is closed")
	}
	s, k := &c.pool.spec, &c.in[0]
	if k.rank != 3 || int(k.dims[1]) != s.Heads || int(k.dims[2]) != s.KeyDim {
		return fmt.Errorf("k must be [T, %d, %d]", s.Heads, s.KeyDim)
	}
	if err := c.needFloat(0, "k"); err != nil {
		return err
	}
	if s.Shared == c.has(1) {
		return fmt.Errorf("values are given exactly when the pool does not share them with the keys")
	}
	if c.has(1) {
		if v := &c.in[1]; v.rank != 3 || v.dims[0] != k.dims[0] || int(v.dims[1]) != s.Heads || int(v.dims[2]) != s.ValueDim {
			return fmt.Errorf("v must be [%d, %d, %d]", k.dims[0], s.Heads, s.ValueDim)
		}
		if err := c.needFloat(1, "v"); err != nil {
			return err
		}
	}
	if err := c.rows(2, k.dims[0], "slots"); err != nil {
		return err
	}
	if err := c.token(3); err != nil {
		return err
	}
	c.add(Int32)
	return nil
}

func rulePagedAttend(c *call) error {
	if c.pool.closed.Load() {
		return fmt.Errorf("the pool is closed")
	}
	s, q := &c.pool.spec, c.in[0]
	if q.rank != 3 || int(q.dims[2]) != s.KeyDim {
		return fmt.Errorf("q must be [T, H, %d]", s.KeyDim)
	}
	if q.dims[1] == 0 || int(q.dims[1])%s.Heads != 0 {
		return fmt.Errorf("%d heads of q for %d of the pool", q.dims[1], s.Heads)
	}
	if q.dt != Float32 && q.dt != Float16 && q.dt != BFloat16 {
		return fmt.Errorf("q of %v", q.dt)
	}
	for i, what := range [...]string{"rows", "positions"} {
		if err := c.rows(i+1, q.dims[0], what); err != nil {
			return err
		}
	}
	tables := &c.in[3]
	if tables.dt != Int32 || tables.rank != 2 || tables.dims[0] == 0 || tables.dims[1] == 0 {
		return fmt.Errorf("tables must be i32[R, P]")
	}
	if err := c.rows(4, tables.dims[0], "first"); err != nil {
		return err
	}
	if err := c.token(5); err != nil {
		return err
	}
	if err := c.vector(6, q.dims[1], "sinks"); err != nil {
		return err
	}
	if c.ints[1] < 0 || c.ints[2] < 0 || c.floats[1] < 0 {
		return fmt.Errorf("window %d, chunk %d, softcap %v", c.ints[1], c.ints[2], c.floats[1])
	}
	q.dims[2] = int32(s.ValueDim)
	c.out = append(c.out, q)
	return nil
}
