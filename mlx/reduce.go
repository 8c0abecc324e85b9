package mlx

func (a Array) reduce(op Op, keep bool, axes []int) Array {
	return newCall(op, a).b(keep).i(axes...).one()
}

// Reductions run over the given axes, or over all without any. keep leaves
// reduced axes with size 1.

// Sum adds; bools count as i32.
func (a Array) Sum(keep bool, axes ...int) Array { return a.reduce(OpSum, keep, axes) }

// Prod multiplies; bools count as i32.
func (a Array) Prod(keep bool, axes ...int) Array { return a.reduce(OpProd, keep, axes) }

// Mean averages; integers become f32.
func (a Array) Mean(keep bool, axes ...int) Array { return a.reduce(OpMean, keep, axes) }

// Var is the variance, divided by n; integers become f32.
func (a Array) Var(keep bool, axes ...int) Array { return a.reduce(OpVar, keep, axes) }

// Max takes the largest; an empty array is an error.
func (a Array) Max(keep bool, axes ...int) Array { return a.reduce(OpMax, keep, axes) }

// Min takes the smallest; an empty array is an error.
func (a Array) Min(keep bool, axes ...int) Array { return a.reduce(OpMin, keep, axes) }

// Any says whether one element is not zero.
func (a Array) Any(keep bool, axes ...int) Array { return a.reduce(OpAny, keep, axes) }

// All says whether no element is zero.
func (a Array) All(keep bool, axes ...int) Array { return a.reduce(OpAll, keep, axes) }

// LogSumExp is ln Σ e^a.
func (a Array) LogSumExp(keep bool, axes ...int) Array { return a.reduce(OpLogSumExp, keep, axes) }

// Softmax normalises e^a along an axis; precise accumulates narrow floats in f32.
func (a Array) Softmax(axis int, precise bool) Array {
	return newCall(OpSoftmax, a).i(axis).b(precise).one()
}

// ArgMax gives the index (u32) of the first largest element of an axis.
func (a Array) ArgMax(axis int, keep bool) Array { return newCall(OpArgMax, a).i(axis).b(keep).one() }

// ArgMin gives the index (u32) of the first smallest element of an axis.
func (a Array) ArgMin(axis int, keep bool) Array { return newCall(OpArgMin, a).i(axis).b(keep).one() }

// Sort sorts an axis upwards.
func (a Array) Sort(axis int) Array { return newCall(OpSort, a).i(axis).one() }

// ArgSort gives the indices (u32) that sort an axis upwards.
func (a Array) ArgSort(axis int) Array { return newCall(OpArgSort, a).i(axis).one() }

// Partition puts the element kth of the sorted order of an axis in its place,
// nothing larger before it and nothing smaller behind.
func (a Array) Partition(kth, axis int) Array { return newCall(OpPartition, a).i(axis, kth).one() }

// ArgPartition gives the indices (u32) that partition an axis.
func (a Array) ArgPartition(kth, axis int) Array {
	return newCall(OpArgPartition, a).i(axis, kth).one()
}

func (a Array) scan(op Op, axis int, reverse, exclusive bool) Array {
	return newCall(op, a).i(axis).b(reverse).b(!exclusive).one()
}

// Cumsum adds up along an axis, from the end when reverse; exclusive leaves the
// element itself out. Bools count as i32.
func (a Array) Cumsum(axis int, reverse, exclusive bool) Array {
	return a.scan(OpCumsum, axis, reverse, exclusive)
}

// Cumprod multiplies along an axis; see Cumsum.
func (a Array) Cumprod(axis int, reverse, exclusive bool) Array {
	return a.scan(OpCumprod, axis, reverse, exclusive)
}

// Cummax takes the largest so far along an axis.
func (a Array) Cummax(axis int, reverse bool) Array {
	return newCall(OpCummax, a).i(axis).b(reverse).i(1).one()
}
