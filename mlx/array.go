package mlx

import (
	"fmt"
	"strings"
)

// Array is a reference to an n-dimensional array of a device, or to a node of
// a tracer. It is small and is passed by value; its scope owns what it refers
// to. The zero value is no array: operations take it where an operand is
// optional. Methods never return an error: see the package comment on scopes.
type Array struct {
	dev  *Device
	slot uint32 // 0: none, or poisoned when dev is set (then gen is the error's number)
	gen  uint32
}

// maxRank is the largest number of dimensions.
const maxRank = 8

// info is what Go knows of an array.
type info struct {
	dt   DType
	rank uint8
	dims [maxRank]int32
}

func (t *info) shape() []int {
	s := make([]int, t.rank)
	for i := range s {
		s[i] = int(t.dims[i])
	}
	return s
}

func (t *info) size() int {
	n := 1
	for i := uint8(0); i < t.rank; i++ {
		n *= int(t.dims[i])
	}
	return n
}

func (t *info) bytes() int64 {
	n := int64(t.dt.Size())
	for i := uint8(0); i < t.rank; i++ {
		n *= int64(t.dims[i])
		if n > 1<<56 || n < 0 {
			return 1 << 56 // a further product could overflow
		}
	}
	return n
}

// last returns the size of the last dimension.
func (t *info) last() int32 { return t.dims[t.rank-1] }

func (t info) String() string { return fmt.Sprintf("%v%v", t.dt, t.shape()) }

// Valid says whether a is an array: not the zero value and not poisoned.
func (a Array) Valid() bool { return a.slot != 0 }

// Device returns the device of a, or nil for the zero Array.
func (a Array) Device() *Device { return a.dev }

// Err returns nil for a usable array, and otherwise why it is none: the error
// of the operation that should have made it, ErrNoArray or ErrFreed.
func (a Array) Err() error {
	switch {
	case a.dev == nil:
		return ErrNoArray
	case a.slot == 0:
		return a.dev.poisonError(a.gen)
	case a.dev.slot(a.slot).gen != a.gen:
		return &OpError{Msg: ErrFreed.Error(), Err: ErrFreed, Where: callSite()}
	}
	return nil
}

func (a Array) info() *info {
	if a.slot == 0 {
		return nil
	}
	return &a.dev.slot(a.slot).info
}

// DType returns the element type; NoDType when a is not valid.
func (a Array) DType() DType {
	if t := a.info(); t != nil {
		return t.dt
	}
	return NoDType
}

// Rank returns the number of dimensions; 0 when a is not valid.
func (a Array) Rank() int {
	if t := a.info(); t != nil {
		return int(t.rank)
	}
	return 0
}

// Dim returns the size of a dimension; negative ones count from the end. It is
// 1 when a is not valid or has no such dimension, so that arithmetic with it is
// harmless after an error. Model code must not ask for the token dimension.
func (a Array) Dim(i int) int {
	t := a.info()
	if t == nil {
		return 1
	}
	if i < 0 {
		i += int(t.rank)
	}
	if i < 0 || i >= int(t.rank) {
		return 1
	}
	return int(t.dims[i])
}

// Shape returns the dimensions; nil when a is not valid.
func (a Array) Shape() []int {
	if t := a.info(); t != nil {
		return t.shape()
	}
	return nil
}

// Size returns the number of elements; 0 when a is not valid.
func (a Array) Size() int {
	if t := a.info(); t != nil {
		return t.size()
	}
	return 0
}

// NBytes returns the bytes of a's elements.
func (a Array) NBytes() int {
	if t := a.info(); t != nil {
		return t.size() * t.dt.Size()
	}
	return 0
}

// Named gives a the name that errors and traces show, for example the tensor
// that it came from, and returns a.
func (a Array) Named(name string) Array {
	if a.slot != 0 {
		a.dev.setName(a, name)
	}
	return a
}

// Name returns the name that Named gave, or "".
func (a Array) Name() string {
	if a.slot == 0 {
		return ""
	}
	return a.dev.name(a)
}

// String describes a: "model.norm.weight bf16[1024]".
func (a Array) String() string {
	if a.slot == 0 {
		if a.dev == nil {
			return "mlx.Array{}"
		}
		return "poisoned array"
	}
	return strings.TrimSpace(a.Name() + " " + a.info().String())
}
