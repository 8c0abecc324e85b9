package mlx

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/mlxgen/mlxgen/mlx/internal/shim"
)

// Wait blocks until a is computed, starting the work when nobody has. It
// returns the error of a's scope when there is one.
func (a Array) Wait() error { return a.onOwner(func(d *Device) int { return d.nat.Wait(a.slot) }) }

// Ready says whether a is computed, without waiting.
func (a Array) Ready() bool {
	ready := false
	err := a.onOwner(func(d *Device) int { ready = d.nat.Ready(a.slot); return shim.OK })
	return err == nil && ready
}

// ReadInto waits for a and copies its elements in row-major order to dst, which
// must have exactly NBytes bytes.
func (a Array) ReadInto(dst []byte) error {
	if n := a.NBytes(); a.Valid() && n != len(dst) {
		return fmt.Errorf("mlx: %d bytes for %v, which has %d", len(dst), a, n)
	}
	return a.onOwner(func(d *Device) int { return d.nat.Read(a.slot, dst) })
}

// onOwner runs f for a usable array; its scope's error wins before and after.
func (a Array) onOwner(f func(d *Device) int) error {
	if err := a.Err(); err != nil {
		return err
	}
	d := a.dev
	if d.trace != nil {
		return fmt.Errorf("mlx: %w", ErrTracing)
	}
	var err error
	if e := d.Do(func() {
		if err = a.Err(); err != nil {
			return
		}
		s := d.slot(a.slot).scope
		if err = s.Err(); err != nil {
			return
		}
		if code := f(d); code != shim.OK {
			err = d.evalFailed(s, code)
		}
	}); e != nil {
		return e
	}
	return err
}

// Bytes waits for a and returns its elements in row-major order.
func (a Array) Bytes() ([]byte, error) {
	b := make([]byte, a.NBytes())
	return b, a.ReadInto(b)
}

// Float32s waits for a and returns its elements as float32, whatever their type
// (complex numbers are an error).
func (a Array) Float32s() ([]float32, error) {
	return convert(a, func(b []byte, dt DType) float32 { return float32(float(b, dt)) })
}

// Float64s waits for a and returns its elements as float64.
func (a Array) Float64s() ([]float64, error) { return convert(a, float) }

// Int32s waits for a and returns its elements; only of bool and of integers
// whose values fit.
func (a Array) Int32s() ([]int32, error) {
	v, err := a.Int64s()
	if err != nil {
		return nil, err
	}
	out := make([]int32, len(v))
	for i, x := range v {
		if x != int64(int32(x)) {
			return nil, fmt.Errorf("mlx: element %d of %v is %d", i, a, x)
		}
		out[i] = int32(x)
	}
	return out, nil
}

// Int64s waits for a and returns its elements; only of bool and integers.
func (a Array) Int64s() ([]int64, error) {
	if dt := a.DType(); a.Valid() && !dt.IsInteger() && dt != Bool {
		return nil, fmt.Errorf("mlx: integers from %v", a)
	}
	return convert(a, integer)
}

// Bools waits for a and returns its elements; only of bool.
func (a Array) Bools() ([]bool, error) {
	if a.Valid() && a.DType() != Bool {
		return nil, fmt.Errorf("mlx: bools from %v", a)
	}
	return convert(a, func(b []byte, _ DType) bool { return b[0] != 0 })
}

// Item waits for a, which must have one element, and returns it.
func (a Array) Item() (float64, error) {
	if a.Valid() && a.Size() != 1 {
		return 0, fmt.Errorf("mlx: one item from %v", a)
	}
	v, err := a.Float64s()
	if err != nil {
		return 0, err
	}
	return v[0], nil
}

// ItemInt is Item for bool and integers.
func (a Array) ItemInt() (int64, error) {
	if a.Valid() && a.Size() != 1 {
		return 0, fmt.Errorf("mlx: one item from %v", a)
	}
	v, err := a.Int64s()
	if err != nil {
		return 0, err
	}
	return v[0], nil
}

func convert[T any](a Array, f func([]byte, DType) T) ([]T, error) {
	dt := a.DType()
	if dt == Complex64 {
		return nil, fmt.Errorf("mlx: real numbers from %v", a)
	}
	b, err := a.Bytes()
	if err != nil {
		return nil, err
	}
	n := dt.Size()
	out := make([]T, len(b)/n)
	for i := range out {
		out[i] = f(b[i*n:], dt)
	}
	return out, nil
}

func integer(b []byte, dt DType) int64 {
	le := binary.LittleEndian
	switch dt {
	case Int8:
		return int64(int8(b[0]))
	case Int16:
		return int64(int16(le.Uint16(b)))
	case Uint16:
		return int64(le.Uint16(b))
	case Int32:
		return int64(int32(le.Uint32(b)))
	case Uint32:
		return int64(le.Uint32(b))
	case Int64, Uint64:
		return int64(le.Uint64(b))
	}
	return int64(b[0])
}

func float(b []byte, dt DType) float64 {
	le := binary.LittleEndian
	switch dt {
	case Float32:
		return float64(math.Float32frombits(le.Uint32(b)))
	case BFloat16:
		return float64(math.Float32frombits(uint32(le.Uint16(b)) << 16))
	case Float16:
		return float64(halfToFloat(le.Uint16(b)))
	case Float64:
		return math.Float64frombits(le.Uint64(b))
	case Uint64:
		return float64(le.Uint64(b))
	}
	return float64(integer(b, dt))
}

// halfToFloat converts an IEEE half.
func halfToFloat(h uint16) float32 {
	sign, exp, man := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exp {
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | man<<13)
	case 0:
		f := float32(man) / (1 << 24)
		if sign != 0 {
			f = -f
		}
		return f
	}
	return math.Float32frombits(sign | (exp+112)<<23 | man<<13)
}
