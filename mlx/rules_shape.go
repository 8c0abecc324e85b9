package mlx

import (
	"fmt"
	"math"
)

// solveDims reads dims from ints with at most one -1, for n elements.
func (c *call) solveDims(ints []int64, n int, t *info) error {
	unknown, known := -1, int64(1)
	for _, v := range ints {
		if int(t.rank) == maxRank {
			return fmt.Errorf("more than %d dimensions", maxRank)
		}
		switch {
		case v == -1 && unknown < 0:
			unknown = int(t.rank)
		case v < 0:
			return fmt.Errorf("a dimension of %d", v)
		default:
			known *= v
		}
		t.dims[t.rank] = int32(v)
		t.rank++
	}
	if unknown >= 0 {
		if known == 0 || int64(n)%known != 0 {
			return fmt.Errorf("%d elements do not divide by %d", n, known)
		}
		t.dims[unknown] = int32(int64(n) / known)
		known *= int64(n) / known
	}
	if known != int64(n) {
		return fmt.Errorf("%d elements into %d", n, known)
	}
	return nil
}

func ruleReshape(c *call) error {
	t := info{dt: c.in[0].dt}
	if err := c.solveDims(c.ints, c.in[0].size(), &t); err != nil {
		return err
	}
	c.out = append(c.out, t)
	return nil
}

func ruleFlatten(c *call) error {
	t := c.in[0]
	if t.rank == 0 {
		c.add(t.dt, 1)
		return nil
	}
	from, err := axis(c.ints[0], &t)
	if err != nil {
		return err
	}
	to, err := axis(c.ints[1], &t)
	if err != nil {
		return err
	}
	if to < from {
		return fmt.Errorf("from axis %d to %d", from, to)
	}
	o := info{dt: t.dt, rank: t.rank - uint8(to-from)}
	copy(o.dims[:], t.dims[:from])
	o.dims[from] = 1
	for i := from; i <= to; i++ {
		o.dims[from] *= t.dims[i]
	}
	copy(o.dims[from+1:], t.dims[to+1:t.rank])
	c.out = append(c.out, o)
	return nil
}

func ruleUnflatten(c *call) error {
	t := &c.in[0]
	ax, err := axis(c.ints[0], t)
	if err != nil {
		return err
	}
	if len(c.ints) < 2 {
		return fmt.Errorf("into no dimensions")
	}
	var mid info
	if err := c.solveDims(c.ints[1:], int(t.dims[ax]), &mid); err != nil {
		return err
	}
	if int(t.rank)-1+int(mid.rank) > maxRank {
		return fmt.Errorf("more than %d dimensions", maxRank)
	}
	o := info{dt: t.dt, rank: t.rank - 1 + mid.rank}
	copy(o.dims[:], t.dims[:ax])
	copy(o.dims[ax:], mid.dims[:mid.rank])
	copy(o.dims[ax+int(mid.rank):], t.dims[ax+1:t.rank])
	c.out = append(c.out, o)
	return nil
}

func ruleTranspose(c *call) error {
	t := &c.in[0]
	if len(c.ints) != int(t.rank) {
		return fmt.Errorf("%d axes for rank %d", len(c.ints), t.rank)
	}
	o := info{dt: t.dt, rank: t.rank}
	seen := 0
	for i, v := range c.ints {
		ax, err := axis(v, t)
		if err != nil {
			return err
		}
		if seen>>ax&1 == 1 {
			return fmt.Errorf("axis %d twice", v)
		}
		seen |= 1 << ax
		o.dims[i] = t.dims[ax]
	}
	c.out = append(c.out, o)
	return nil
}

func ruleExpandDims(c *call) error {
	t := &c.in[0]
	if int(t.rank)+len(c.ints) > maxRank {
		return fmt.Errorf("more than %d dimensions", maxRank)
	}
	o := info{dt: t.dt, rank: t.rank + uint8(len(c.ints))}
	seen := 0
	for _, v := range c.ints {
		ax, err := axis(v, &o)
		if err != nil {
			return err
		}
		if seen>>ax&1 == 1 {
			return fmt.Errorf("axis %d twice", v)
		}
		seen |= 1 << ax
	}
	for i, j := 0, 0; i < int(o.rank); i++ {
		if seen>>i&1 == 1 {
			o.dims[i] = 1
			continue
		}
		o.dims[i] = t.dims[j]
		j++
	}
	c.out = append(c.out, o)
	return nil
}

func ruleSqueeze(c *call) error {
	t := &c.in[0]
	drop := 0
	for _, v := range c.ints {
		ax, err := axis(v, t)
		if err != nil {
			return err
		}
		if t.dims[ax] != 1 {
			return fmt.Errorf("axis %d has size %d", v, t.dims[ax])
		}
		if drop>>ax&1 == 1 {
			return fmt.Errorf("axis %d twice", v)
		}
		drop |= 1 << ax
	}
	o := info{dt: t.dt}
	for i := 0; i < int(t.rank); i++ {
		if drop>>i&1 == 1 || len(c.ints) == 0 && t.dims[i] == 1 {
			continue
		}
		o.dims[o.rank] = t.dims[i]
		o.rank++
	}
	c.out = append(c.out, o)
	return nil
}

func ruleBroadcastTo(c *call) error {
	t := &c.in[0]
	if len(c.ints) > maxRank || len(c.ints) < int(t.rank) {
		return fmt.Errorf("rank %d to rank %d", t.rank, len(c.ints))
	}
	o := info{dt: t.dt, rank: uint8(len(c.ints))}
	pad := len(c.ints) - int(t.rank)
	for i, v := range c.ints {
		have := int32(1)
		if i >= pad {
			have = t.dims[i-pad]
		}
		if v == -1 {
			if i < pad {
				return fmt.Errorf("no dimension to keep at %d", i)
			}
			o.dims[i] = have
			continue
		}
		if err := checkDim(v); err != nil {
			return err
		}
		if have != 1 && int64(have) != v {
			return fmt.Errorf("size %d to %d", have, v)
		}
		o.dims[i] = int32(v)
	}
	c.out = append(c.out, o)
	return nil
}

// End as the stop of a slice is the end of the axis.
const End = math.MaxInt32

// clampSlice resolves start and stop on a dimension of n as Python does for a
// positive step.
func clampSlice(start, stop, step, n int64) (from, count int64) {
	if start < 0 {
		start += n
	}
	if stop < 0 {
		stop += n
	}
	start, stop = min(max(start, 0), n), min(max(stop, 0), n)
	if stop <= start {
		return start, 0
	}
	return start, (stop - start + step - 1) / step
}

func ruleSlice(c *call) error {
	o := c.in[0]
	if len(c.ints)%4 != 0 {
		return fmt.Errorf("%d attributes", len(c.ints))
	}
	for i := 0; i < len(c.ints); i += 4 {
		ax, err := axis(c.ints[i], &o)
		if err != nil {
			return err
		}
		if c.ints[i+3] < 1 {
			return fmt.Errorf("a step of %d", c.ints[i+3])
		}
		_, n := clampSlice(c.ints[i+1], c.ints[i+2], c.ints[i+3], int64(c.in[0].dims[ax]))
		o.dims[ax] = int32(n)
	}
	c.out = append(c.out, o)
	return nil
}

func ruleSliceUpdate(c *call) error {
	a, u := &c.in[0], &c.in[1]
	if a.rank != u.rank || len(c.ints) != int(a.rank) {
		return fmt.Errorf("ranks %d and %d, %d starts", a.rank, u.rank, len(c.ints))
	}
	for i, v := range c.ints {
		if v < 0 || v+int64(u.dims[i]) > int64(a.dims[i]) {
			return fmt.Errorf("[%d:%d] of axis %d with size %d", v, v+int64(u.dims[i]), i, a.dims[i])
		}
	}
	c.like(a.dt, a)
	return nil
}

func ruleSplit(c *call) error {
	t := c.in[0]
	ax, err := axis(c.ints[0], &t)
	if err != nil {
		return err
	}
	n := c.ints[1]
	if n < 1 || int64(t.dims[ax])%n != 0 {
		return fmt.Errorf("size %d into %d", t.dims[ax], n)
	}
	t.dims[ax] /= int32(n)
	for range n {
		c.out = append(c.out, t)
	}
	return nil
}

func ruleSplitAt(c *call) error {
	t := c.in[0]
	ax, err := axis(c.ints[0], &t)
	if err != nil {
		return err
	}
	prev, size := int64(0), int64(t.dims[ax])
	for i := 1; i <= len(c.ints); i++ {
		at := size
		if i < len(c.ints) {
			at = c.ints[i]
		}
		if at < prev || at > size {
			return fmt.Errorf("at %v of size %d", at, size)
		}
		t.dims[ax] = int32(at - prev)
		c.out = append(c.out, t)
		prev = at
	}
	return nil
}

func ruleConcat(c *call) error {
	t := c.in[0]
	ax, err := axis(c.ints[0], &t)
	if err != nil {
		return err
	}
	for i := 1; i < len(c.in); i++ {
		u := &c.in[i]
		if u.rank != t.rank {
			return fmt.Errorf("ranks %d and %d", t.rank, u.rank)
		}
		for j := 0; j < int(t.rank); j++ {
			if j != ax && u.dims[j] != t.dims[j] {
				return fmt.Errorf("sizes %d and %d of axis %d", t.dims[j], u.dims[j], j)
			}
		}
		t.dims[ax] += u.dims[ax]
		t.dt = Promote(t.dt, u.dt)
	}
	c.out = append(c.out, t)
	return nil
}

func ruleStack(c *call) error {
	t := c.in[0]
	if t.rank == maxRank {
		return fmt.Errorf("more than %d dimensions", maxRank)
	}
	o := info{dt: t.dt, rank: t.rank + 1}
	ax, err := axis(c.ints[0], &o)
	if err != nil {
		return err
	}
	for i := 1; i < len(c.in); i++ {
		if c.in[i].rank != t.rank || c.in[i].dims != t.dims {
			return fmt.Errorf("different shapes")
		}
		o.dt = Promote(o.dt, c.in[i].dt)
	}
	copy(o.dims[:], t.dims[:ax])
	o.dims[ax] = int32(len(c.in))
	copy(o.dims[ax+1:], t.dims[ax:t.rank])
	c.out = append(c.out, o)
	return nil
}

func rulePad(c *call) error {
	t := c.in[0]
	if len(c.ints) != 2*int(t.rank) {
		return fmt.Errorf("%d widths for rank %d", len(c.ints), t.rank)
	}
	for i, v := range c.ints {
		if v < 0 {
			return fmt.Errorf("by %d", v)
		}
		t.dims[i/2] += int32(v)
	}
	c.out = append(c.out, t)
	return nil
}

func ruleRepeat(c *call) error {
	t := c.in[0]
	ax, err := axis(c.ints[1], &t)
	if err != nil {
		return err
	}
	if c.ints[0] < 0 {
		return fmt.Errorf("%d times", c.ints[0])
	}
	t.dims[ax] *= int32(c.ints[0])
	c.out = append(c.out, t)
	return nil
}
