package mlx

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"unsafe"

	"github.com/mlxgen/mlxgen/mlx/internal/shim"
)

// Full makes an array of one value.
func (d *Device) Full(v float64, dt DType, dims ...int) Array {
	return newCallOn(d, OpFull).i(int(dt)).i(dims...).f(v).one()
}

// Zeros makes an array of zeros.
func (d *Device) Zeros(dt DType, dims ...int) Array { return d.Full(0, dt, dims...) }

// Scalar makes an array without dimensions.
func (d *Device) Scalar(v float64, dt DType) Array { return d.Full(v, dt) }

// Arange makes start, start+step, … before stop.
func (d *Device) Arange(start, stop, step float64, dt DType) Array {
	return newCallOn(d, OpArange).i(int(dt)).f(start, stop, step).one()
}

// Key makes the key u32[2] of a seed for the random operations.
func (d *Device) Key(seed uint64) Array {
	return d.FromUint32s([]uint32{uint32(seed >> 32), uint32(seed)})
}

// The From functions copy Go slices into new arrays. Without dims the array is
// [len(v)].

// FromFloat32s copies v into an f32 array.
func (d *Device) FromFloat32s(v []float32, dims ...int) Array { return from(d, Float32, v, dims) }

// FromInt32s copies v into an i32 array.
func (d *Device) FromInt32s(v []int32, dims ...int) Array { return from(d, Int32, v, dims) }

// FromInt64s copies v into an i64 array.
func (d *Device) FromInt64s(v []int64, dims ...int) Array { return from(d, Int64, v, dims) }

// FromUint32s copies v into a u32 array.
func (d *Device) FromUint32s(v []uint32, dims ...int) Array { return from(d, Uint32, v, dims) }

// FromUint8s copies v into a u8 array.
func (d *Device) FromUint8s(v []uint8, dims ...int) Array { return from(d, Uint8, v, dims) }

// FromBools copies v into a bool array.
func (d *Device) FromBools(v []bool, dims ...int) Array { return from(d, Bool, v, dims) }

func from[T any](d *Device, dt DType, v []T, dims []int) Array {
	var b []byte
	if len(v) > 0 {
		b = unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*int(unsafe.Sizeof(v[0])))
	}
	c := newCallOn(d, OpConst).i(int(dt))
	if len(dims) == 0 {
		c.i(len(v))
	} else {
		c.i(dims...)
	}
	return c.data(source{bytes: b, size: int64(len(b))})
}

// FromBytes copies raw little-endian bytes into a new array.
func (d *Device) FromBytes(dt DType, b []byte, dims ...int) Array {
	return newCallOn(d, OpConst).i(int(dt)).i(dims...).data(source{bytes: b, size: int64(len(b))})
}

// LoadFile reads an array from a range of a file straight into MLX's memory. A
// tracer notes the file's name and the offset; weights are better a Leaf there.
func (d *Device) LoadFile(path string, offset int64, dt DType, dims ...int) Array {
	return newCallOn(d, OpConst).i(int(dt)).i(dims...).data(source{path: path, offset: offset, size: -1})
}

// source is where the elements of a constant come from.
type source struct {
	bytes  []byte
	size   int64 // -1: as many as the shape needs
	path   string
	offset int64
}

func ruleConst(c *call) error {
	dt, err := dtypeArg(c.ints[0])
	if err != nil {
		return err
	}
	return c.dimsFrom(1, dt)
}

// data makes a constant. Like run and one, for data instead of operands.
func (c *call) data(src source) Array {
	a := c.constant(src)
	callPool.Put(c)
	return a
}

func (c *call) constant(src source) Array {
	d := c.dev
	s := d.cur.Load()
	fail := func(msg string, err error) Array {
		c.stop(s, msg, err)
		return c.outs[0]
	}
	if s == nil {
		return fail(ErrNoScope.Error(), ErrNoScope)
	}
	if e := s.err.Load(); e != nil {
		return d.poison(e)
	}
	if err := ruleConst(c); err != nil {
		return fail(err.Error(), nil)
	}
	t := &c.out[0]
	if n := int64(t.size()) * int64(t.dt.Size()); src.size >= 0 && n != src.size {
		return fail(fmt.Sprintf("%d bytes for %v, which has %d", src.size, *t, n), nil)
	}
	if d.trace != nil {
		c.name = fmt.Sprintf("%s@%d", filepath.Base(src.path), src.offset)
		if src.path == "" {
			sum := sha256.Sum256(src.bytes)
			c.name = hex.EncodeToString(sum[:8])
		}
		d.trace.record(c, s)
		return c.outs[0]
	}
	if n := t.bytes(); n > d.most {
		return fail(fmt.Sprintf("%v has %d bytes, the memory %d", *t, n, d.most), ErrTooLarge)
	}
	id, code := uint32(0), 0
	dims := t.dims[:t.rank]
	if src.path != "" {
		id, code = d.nat.LoadFile(src.path, src.offset, int(t.dt)-1, dims)
	} else {
		id, code = d.nat.FromBytes(src.bytes, int(t.dt)-1, dims)
	}
	if code == shim.OffOwner {
		s = nil
		return fail(ErrOffOwner.Error(), ErrOffOwner)
	}
	if code != shim.OK {
		return fail(d.nat.LastError(), nil)
	}
	return d.register(id, t, s)
}
