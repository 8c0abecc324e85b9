package mlx

import "fmt"

// The rules compute the outputs' shapes and dtypes and refuse what MLX would
// refuse. They are the only place where these are known.

// add appends an output.
func (c *call) add(dt DType, dims ...int32) {
	t := info{dt: dt, rank: uint8(len(dims))}
	copy(t.dims[:], dims)
	c.out = append(c.out, t)
}

// like appends an output of t's shape.
func (c *call) like(dt DType, t *info) {
	o := *t
	o.dt = dt
	c.out = append(c.out, o)
}

// axis resolves an axis of t, counting from the end when negative.
func axis(v int64, t *info) (int, error) {
	a := v
	if a < 0 {
		a += int64(t.rank)
	}
	if a < 0 || a >= int64(t.rank) {
		return 0, fmt.Errorf("axis %d of a rank-%d array", v, t.rank)
	}
	return int(a), nil
}

// broadcast merges b into t by the usual rule.
func (t *info) broadcast(b *info) error {
	return t.broadcastSkip(b, 0)
}

// broadcastSkip is broadcast over all but the last skip dimensions, which must
// be in place in t already.
func (t *info) broadcastSkip(b *info, skip int) error {
	tr, br := int(t.rank)-skip, int(b.rank)-skip
	if br > tr {
		var d [maxRank]int32
		for i := range d[:br-tr] {
			d[i] = 1
		}
		copy(d[br-tr:], t.dims[:t.rank])
		t.dims, t.rank = d, uint8(br+skip)
		tr = br
	}
	for i := 1; i <= br; i++ {
		x, y := &t.dims[tr-i], b.dims[br-i]
		switch {
		case *x == y || y == 1:
		case *x == 1:
			*x = y
		default:
			return fmt.Errorf("sizes %d and %d do not broadcast", *x, y)
		}
	}
	return nil
}

func checkDim(n int64) error {
	if n < 0 || n > 1<<31-1 {
		return fmt.Errorf("a dimension of %d", n)
	}
	return nil
}

// dtypeArg reads an attribute that is a dtype.
func dtypeArg(v int64) (DType, error) {
	if v <= 0 || v >= int64(numDTypes) {
		return NoDType, fmt.Errorf("dtype %d does not exist", v)
	}
	return DType(v), nil
}

// needInt refuses an operand that is not of an integer type.
func (c *call) needInt(i int, what string) error {
	if !c.in[i].dt.IsInteger() {
		return fmt.Errorf("%s must be integers, not %v", what, c.in[i].dt)
	}
	return nil
}

// needFloat refuses an operand that is not of a float type.
func (c *call) needFloat(i int, what string) error {
	if !c.in[i].dt.IsFloat() {
		return fmt.Errorf("%s must be of a float type, not %v", what, c.in[i].dt)
	}
	return nil
}

func (c *call) has(i int) bool { return c.in[i].dt != NoDType }

// Elementwise.

func ruleSame(c *call) error {
	c.like(c.in[0].dt, &c.in[0])
	return nil
}

func ruleNeg(c *call) error {
	if c.in[0].dt == Bool {
		return fmt.Errorf("of bool; use Not")
	}
	return ruleSame(c)
}

func ruleAbs(c *call) error {
	dt := c.in[0].dt
	if dt == Complex64 {
		dt = Float32
	}
	c.like(dt, &c.in[0])
	return nil
}

func ruleFloat(c *call) error {
	c.like(atLeastFloat(c.in[0].dt), &c.in[0])
	return nil
}

func ruleBool1(c *call) error {
	c.like(Bool, &c.in[0])
	return nil
}

func ruleBinary(c *call) error {
	dt, err := binaryDType(c.op, c.in[0].dt, c.in[1].dt)
	if err != nil {
		return err
	}
	t := c.in[0]
	if err := t.broadcast(&c.in[1]); err != nil {
		return err
	}
	c.like(dt, &t)
	return nil
}

// binaryDType is the dtype of a binary operation.
func binaryDType(op Op, a, b DType) (DType, error) {
	dt := Promote(a, b)
	switch op {
	case OpEqual, OpNotEqual, OpLess, OpLessEqual, OpGreater, OpGreaterEqual, OpAnd, OpOr:
		return Bool, nil
	case OpDiv, OpLogAddExp:
		return atLeastFloat(dt), nil
	case OpBitAnd, OpBitOr, OpBitXor:
		if !dt.IsInteger() && dt != Bool {
			return dt, fmt.Errorf("of %v: integers only", dt)
		}
	case OpShiftLeft, OpShiftRight:
		if dt == Bool {
			return Uint8, nil
		}
		if !dt.IsInteger() {
			return dt, fmt.Errorf("of %v: integers only", dt)
		}
	case OpMod, OpFloorDiv:
		if dt == Complex64 {
			return dt, fmt.Errorf("of %v", dt)
		}
	}
	return dt, nil
}

func ruleScalar(c *call) error {
	op := Op(c.ints[0])
	if op < OpAdd || op > OpShiftRight {
		return fmt.Errorf("%v is no binary operation", op)
	}
	a := c.in[0].dt
	dt, err := binaryDType(op, a, weak(a, c.floats[0]))
	if err != nil {
		return fmt.Errorf("%v %w", op, err)
	}
	c.like(dt, &c.in[0])
	return nil
}

func ruleWhere(c *call) error {
	t := c.in[0]
	for i := 1; i < 3; i++ {
		if err := t.broadcast(&c.in[i]); err != nil {
			return err
		}
	}
	c.like(Promote(c.in[1].dt, c.in[2].dt), &t)
	return nil
}

func ruleMaskFill(c *call) error {
	t := c.in[0]
	if err := t.broadcast(&c.in[1]); err != nil {
		return err
	}
	c.like(Promote(t.dt, weak(t.dt, c.floats[0])), &t)
	return nil
}

func ruleAsType(c *call) error {
	dt, err := dtypeArg(c.ints[0])
	if err != nil {
		return err
	}
	c.like(dt, &c.in[0])
	return nil
}

func ruleViewAs(c *call) error {
	dt, err := dtypeArg(c.ints[0])
	if err != nil {
		return err
	}
	t := c.in[0]
	if from, to := t.dt.Size(), dt.Size(); from != to {
		if t.rank == 0 {
			return fmt.Errorf("as %v: a scalar of %v", dt, t.dt)
		}
		n := int(t.last()) * from
		if n%to != 0 {
			return fmt.Errorf("as %v: the last dimension has %d bytes", dt, n)
		}
		t.dims[t.rank-1] = int32(n / to)
	}
	c.like(dt, &t)
	return nil
}

// Creation.

func (c *call) dimsFrom(i int, dt DType) error {
	t := info{dt: dt}
	if len(c.ints)-i > maxRank {
		return fmt.Errorf("%d dimensions; at most %d", len(c.ints)-i, maxRank)
	}
	for ; i < len(c.ints); i++ {
		if err := checkDim(c.ints[i]); err != nil {
			return err
		}
		t.dims[t.rank] = int32(c.ints[i])
		t.rank++
	}
	c.out = append(c.out, t)
	return nil
}

func ruleFull(c *call) error {
	dt, err := dtypeArg(c.ints[0])
	if err != nil {
		return err
	}
	return c.dimsFrom(1, dt)
}

func ruleArange(c *call) error {
	dt, err := dtypeArg(c.ints[0])
	if err != nil {
		return err
	}
	if dt == Bool || dt == Complex64 {
		return fmt.Errorf("of %v", dt)
	}
	start, stop, step := c.floats[0], c.floats[1], c.floats[2]
	if step == 0 {
		return fmt.Errorf("a step of 0")
	}
	n := (stop - start) / step
	m := int64(n)
	if n > float64(m) {
		m++
	}
	m = max(m, 0)
	if err := checkDim(m); err != nil {
		return err
	}
	c.add(dt, int32(m))
	return nil
}

func (c *call) needKey() error {
	if t := &c.in[0]; t.dt != Uint32 || t.rank != 1 || t.dims[0] != 2 {
		return fmt.Errorf("the key must be u32[2]")
	}
	return nil
}

func ruleRandomBits(c *call) error {
	if err := c.needKey(); err != nil {
		return err
	}
	return c.dimsFrom(0, Uint32)
}

func ruleRandomSplit(c *call) error {
	if err := c.needKey(); err != nil {
		return err
	}
	if c.ints[0] < 1 {
		return fmt.Errorf("into %d keys", c.ints[0])
	}
	c.add(Uint32, int32(c.ints[0]), 2)
	return nil
}

func ruleRandom(c *call) error {
	if err := c.needKey(); err != nil {
		return err
	}
	dt, err := dtypeArg(c.ints[0])
	if err != nil {
		return err
	}
	if dt != Float32 && dt != Float16 && dt != BFloat16 {
		return fmt.Errorf("of %v: f32, f16 and bf16 only", dt)
	}
	return c.dimsFrom(1, dt)
}
