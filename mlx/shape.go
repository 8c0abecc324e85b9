package mlx

// Reshape gives a the dimensions dims in row-major order; one of them may be -1
// and takes what is left.
func (a Array) Reshape(dims ...int) Array { return newCall(OpReshape, a).i(dims...).one() }

// Flatten joins the axes start to end (both included) into one.
func (a Array) Flatten(start, end int) Array { return newCall(OpFlatten, a).i(start, end).one() }

// Unflatten splits an axis into dims, one of which may be -1.
func (a Array) Unflatten(axis int, dims ...int) Array {
	return newCall(OpUnflatten, a).i(axis).i(dims...).one()
}

// Transpose permutes the axes: axis i of the result is axes[i] of a. Without
// axes it reverses them.
func (a Array) Transpose(axes ...int) Array {
	c := newCall(OpTranspose, a).i(axes...)
	if len(axes) == 0 {
		for i := a.Rank() - 1; i >= 0; i-- {
			c.i(i)
		}
	}
	return c.one()
}

// SwapAxes exchanges two axes.
func (a Array) SwapAxes(x, y int) Array {
	c, n := newCall(OpTranspose, a), a.Rank()
	if x < 0 {
		x += n
	}
	if y < 0 {
		y += n
	}
	for i := range n {
		switch i {
		case x:
			c.i(y)
		case y:
			c.i(x)
		default:
			c.i(i)
		}
	}
	if x < 0 || x >= n || y < 0 || y >= n {
		c.i(-n - 1) // the rule refuses it
	}
	return c.one()
}

// ExpandDims inserts axes of size 1 at the given places of the result.
func (a Array) ExpandDims(axes ...int) Array { return newCall(OpExpandDims, a).i(axes...).one() }

// Squeeze drops axes of size 1; all of them when none is named.
func (a Array) Squeeze(axes ...int) Array { return newCall(OpSqueeze, a).i(axes...).one() }

// BroadcastTo repeats dimensions of size 1 without copying; -1 keeps a
// dimension as it is.
func (a Array) BroadcastTo(dims ...int) Array { return newCall(OpBroadcastTo, a).i(dims...).one() }

// Slice takes [start:stop] of one axis; negative ends count from the end, [End]
// is the end.
func (a Array) Slice(axis, start, stop int) Array {
	return newCall(OpSlice, a).i(axis, start, stop, 1).one()
}

// Range is a part of one axis for [Array.SliceN].
type Range struct {
	Axis, Start, Stop int
	Step              int // 0 is 1
}

// SliceN takes parts of several axes.
func (a Array) SliceN(ranges ...Range) Array {
	c := newCall(OpSlice, a)
	for _, r := range ranges {
		c.i(r.Axis, r.Start, r.Stop, max(r.Step, 1))
	}
	return c.one()
}

// SliceUpdate is a with update written at the given starts, one for each axis.
func (a Array) SliceUpdate(update Array, starts ...int) Array {
	return newCall(OpSliceUpdate, a, update).i(starts...).one()
}

// Split cuts an axis into parts of equal size.
func (a Array) Split(parts, axis int) []Array {
	return newCall(OpSplit, a).i(axis, parts).many(max(parts, 1))
}

// SplitAt cuts an axis at the given indices, into one part more.
func (a Array) SplitAt(axis int, indices ...int) []Array {
	return newCall(OpSplitAt, a).i(axis).i(indices...).many(len(indices) + 1)
}

// Concat joins arrays along an axis that they have; dtypes promote.
func Concat(axis int, arrays ...Array) Array { return newCall(OpConcat, arrays...).i(axis).one() }

// Stack joins arrays of one shape along a new axis; dtypes promote.
func Stack(axis int, arrays ...Array) Array { return newCall(OpStack, arrays...).i(axis).one() }

// Pad adds lo and hi elements of value v on each axis: widths are lo, hi for
// every axis in order.
func (a Array) Pad(v float64, widths ...int) Array { return newCall(OpPad, a).i(widths...).f(v).one() }

// PadAxis is Pad on one axis.
func (a Array) PadAxis(axis, lo, hi int, v float64) Array {
	c, n := newCall(OpPad, a).f(v), a.Rank()
	if axis < 0 {
		axis += n
	}
	for i := range n {
		if i == axis {
			c.i(lo, hi)
		} else {
			c.i(0, 0)
		}
	}
	if axis < 0 || axis >= n {
		c.i(-1)
	}
	return c.one()
}

// Repeat repeats every element of an axis n times in a row.
func (a Array) Repeat(n, axis int) Array { return newCall(OpRepeat, a).i(n, axis).one() }

// Contiguous is a in row-major order; it copies when a is not.
func (a Array) Contiguous() Array { return newCall(OpContiguous, a).one() }

// Copy is a in a buffer of its own, in row-major order.
func (a Array) Copy() Array { return newCall(OpCopy, a).one() }

// Take takes the slices idx of an axis; negative indices count from the end. An
// index that is out of range is not noticed and gives garbage. The shape is a's
// with the axis replaced by idx's shape.
func (a Array) Take(idx Array, axis int) Array { return newCall(OpTake, a, idx).i(axis).one() }

// TakeAlong takes single elements along an axis; idx has a's rank and
// broadcasts with it on the other axes.
func (a Array) TakeAlong(idx Array, axis int) Array {
	return newCall(OpTakeAlong, a, idx).i(axis).one()
}

// PutAlong is a with single elements along an axis replaced by values.
func (a Array) PutAlong(idx, values Array, axis int) Array {
	return newCall(OpPutAlong, a, idx, values).i(axis).one()
}

// ScatterAddAlong is a with values added to single elements along an axis.
func (a Array) ScatterAddAlong(idx, values Array, axis int) Array {
	return newCall(OpScatterAddAlong, a, idx, values).i(axis).one()
}

// Gather takes slices of the given sizes (one for each axis of a) whose starts
// on axes are the indices; the other axes start at 0. The shape is that of the
// indices, broadcast, followed by sizes.
func (a Array) Gather(axes, sizes []int, indices ...Array) Array {
	c := newCall(OpGather, append([]Array{a}, indices...)...)
	return c.i(len(axes)).i(axes...).i(sizes...).one()
}
