package mlx

import "fmt"

func ruleTake(c *call) error {
	a, idx := &c.in[0], &c.in[1]
	ax, err := axis(c.ints[0], a)
	if err != nil {
		return err
	}
	if err := c.needInt(1, "indices"); err != nil {
		return err
	}
	if int(a.rank)-1+int(idx.rank) > maxRank {
		return fmt.Errorf("more than %d dimensions", maxRank)
	}
	if a.size() == 0 && idx.size() > 0 {
		return fmt.Errorf("from an empty array")
	}
	o := info{dt: a.dt, rank: a.rank - 1 + idx.rank}
	copy(o.dims[:], a.dims[:ax])
	copy(o.dims[ax:], idx.dims[:idx.rank])
	copy(o.dims[ax+int(idx.rank):], a.dims[ax+1:a.rank])
	c.out = append(c.out, o)
	return nil
}

// along merges the dims of operands 0 and 1 but for the axis.
func (c *call) along() (t info, ax int, err error) {
	a, idx := c.in[0], c.in[1]
	ax, err = axis(c.ints[0], &a)
	if err != nil {
		return
	}
	if err = c.needInt(1, "indices"); err != nil {
		return
	}
	if a.rank != idx.rank {
		err = fmt.Errorf("ranks %d and %d", a.rank, idx.rank)
		return
	}
	t = a
	t.dims[ax] = 1
	n := idx.dims[ax]
	idx.dims[ax] = 1
	err = t.broadcast(&idx)
	t.dims[ax] = n
	return
}

func ruleTakeAlong(c *call) error {
	t, _, err := c.along()
	if err != nil {
		return err
	}
	c.out = append(c.out, t)
	return nil
}

func rulePutAlong(c *call) error {
	t, ax, err := c.along()
	if err != nil {
		return err
	}
	n := t.dims[ax]
	t.dims[ax] = c.in[0].dims[ax]
	if t != c.in[0] {
		return fmt.Errorf("the indices are larger than the array")
	}
	v := c.in[1]
	for i := 0; i < int(v.rank); i++ { // the indices, broadcast to the array but for the axis
		if i != ax {
			v.dims[i] = c.in[0].dims[i]
		}
	}
	v.dims[ax] = n
	w := v
	if err := w.broadcast(&c.in[2]); err != nil {
		return err
	}
	if w != v {
		return fmt.Errorf("the values are larger than the indices")
	}
	c.out = append(c.out, t)
	return nil
}

func ruleGather(c *call) error {
	a := &c.in[0]
	n := int(c.ints[0])
	if n != len(c.in)-1 || len(c.ints) != 1+n+int(a.rank) {
		return fmt.Errorf("%d index arrays, %d axes, %d sizes", len(c.in)-1, n, len(c.ints)-1-n)
	}
	t := info{dt: Bool}
	for i := 1; i <= n; i++ {
		if err := c.needInt(i, "indices"); err != nil {
			return err
		}
		if err := t.broadcast(&c.in[i]); err != nil {
			return err
		}
		if t.dt = Promote(t.dt, c.in[i].dt); !t.dt.IsInteger() {
			return fmt.Errorf("the indices mix u64 with signed integers")
		}
	}
	seen := 0
	for _, v := range c.ints[1 : 1+n] {
		if v < 0 || v >= int64(a.rank) || seen>>v&1 == 1 {
			return fmt.Errorf("axis %d of rank %d", v, a.rank)
		}
		seen |= 1 << v
	}
	for i, v := range c.ints[1+n:] {
		if v < 0 || v > int64(a.dims[i]) {
			return fmt.Errorf("a slice of %d of axis %d with size %d", v, i, a.dims[i])
		}
		if int(t.rank) == maxRank {
			return fmt.Errorf("more than %d dimensions", maxRank)
		}
		t.dims[t.rank] = int32(v)
		t.rank++
	}
	t.dt = a.dt
	c.out = append(c.out, t)
	return nil
}

// Reductions.

// reduced gives the shape after a reduction: ints are keep and the axes.
func (c *call) reduced() (info, error) {
	t := &c.in[0]
	drop := 0
	for _, v := range c.ints[1:] {
		ax, err := axis(v, t)
		if err != nil {
			return info{}, err
		}
		if drop>>ax&1 == 1 {
			return info{}, fmt.Errorf("axis %d twice", v)
		}
		drop |= 1 << ax
	}
	if len(c.ints) == 1 {
		drop = 1<<maxRank - 1
	}
	return t.without(drop, c.ints[0] != 0), nil
}

// without drops the dimensions in the mask, or keeps them with size 1.
func (t *info) without(drop int, keep bool) info {
	o := info{dt: t.dt}
	for i := 0; i < int(t.rank); i++ {
		d := t.dims[i]
		if drop>>i&1 == 1 {
			if !keep {
				continue
			}
			d = 1
		}
		o.dims[o.rank] = d
		o.rank++
	}
	return o
}

func (c *call) reduceTo(dt DType) error {
	o, err := c.reduced()
	if err != nil {
		return err
	}
	o.dt = dt
	c.out = append(c.out, o)
	return nil
}

func sumDType(dt DType) DType {
	switch dt {
	case Bool, Int8, Int16:
		return Int32
	case Uint8, Uint16:
		return Uint32
	}
	return dt
}

func ruleSum(c *call) error  { return c.reduceTo(sumDType(c.in[0].dt)) }
func ruleMean(c *call) error { return c.reduceTo(atLeastFloat(c.in[0].dt)) }

func ruleLogSumExp(c *call) error {
	if c.in[0].size() == 0 {
		return fmt.Errorf("of an empty array")
	}
	return ruleMean(c)
}

func ruleAny(c *call) error { return c.reduceTo(Bool) }

func ruleMax(c *call) error {
	o, err := c.reduced()
	if err != nil {
		return err
	}
	if c.in[0].size() == 0 && o.size() > 0 {
		return fmt.Errorf("of no elements")
	}
	c.out = append(c.out, o)
	return nil
}

func ruleSoftmax(c *call) error {
	if _, err := axis(c.ints[0], &c.in[0]); err != nil {
		return err
	}
	if err := c.needFloat(0, "a"); err != nil {
		return err
	}
	return ruleSame(c)
}

func ruleArgMax(c *call) error {
	t := &c.in[0]
	ax, err := axis(c.ints[0], t)
	if err != nil {
		return err
	}
	if t.size() == 0 {
		return fmt.Errorf("of an empty array")
	}
	o := t.without(1<<ax, c.ints[1] != 0)
	o.dt = Uint32
	c.out = append(c.out, o)
	return nil
}

func ruleSort(c *call) error {
	t := &c.in[0]
	ax, err := axis(c.ints[0], t)
	if err != nil {
		return err
	}
	dt := t.dt
	if c.op == OpArgSort || c.op == OpArgPartition {
		dt = Uint32
	}
	if c.op == OpPartition || c.op == OpArgPartition {
		n, k := int64(t.dims[ax]), c.ints[1]
		if k < -n || k >= n {
			return fmt.Errorf("element %d of %d", k, n)
		}
	}
	c.like(dt, t)
	return nil
}

func ruleCum(c *call) error {
	if _, err := axis(c.ints[0], &c.in[0]); err != nil {
		return err
	}
	dt := c.in[0].dt
	if c.op == OpCumsum && dt == Bool {
		dt = Int32
	}
	c.like(dt, &c.in[0])
	return nil
}
