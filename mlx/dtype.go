package mlx

import (
	"fmt"
	"strings"
)

// DType is the type of an array's elements. The zero value is no type.
type DType uint8

// The dtypes, in MLX's order.
const (
	NoDType DType = iota
	Bool
	Uint8
	Uint16
	Uint32
	Uint64
	Int8
	Int16
	Int32
	Int64
	Float16
	Float32
	Float64
	BFloat16
	Complex64
	numDTypes
)

var dtypeNames = [numDTypes]string{"none", "bool", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f16", "f32", "f64", "bf16", "c64"}

var dtypeSizes = [numDTypes]int{0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 2, 8}

// String returns the short name: "f32", "bf16", "u8", "bool".
func (d DType) String() string {
	if d < numDTypes {
		return dtypeNames[d]
	}
	return fmt.Sprintf("dtype(%d)", uint8(d))
}

// Size returns the bytes of one element.
func (d DType) Size() int {
	if d < numDTypes {
		return dtypeSizes[d]
	}
	return 0
}

// IsFloat says whether d is a real floating type.
func (d DType) IsFloat() bool {
	return d == Float16 || d == Float32 || d == Float64 || d == BFloat16
}

// IsInteger says whether d is an integer type; bool is none.
func (d DType) IsInteger() bool { return d >= Uint8 && d <= Int64 }

// IsUnsigned says whether d is an unsigned integer type.
func (d DType) IsUnsigned() bool { return d >= Uint8 && d <= Uint64 }

// ParseDType reads a dtype's name in this package's form or in that of
// safetensors ("BF16", "F32", "I64", "BOOL", "U8"). The eight-bit floats
// F8_E4M3 and F8_E8M0 are bytes (Uint8); [Array.FromFP8] decodes the former.
func ParseDType(s string) (DType, error) {
	l := strings.ToLower(s)
	switch l {
	case "f8_e4m3", "f8_e4m3fn", "f8_e8m0":
		return Uint8, nil
	case "float32":
		return Float32, nil
	case "float16", "half":
		return Float16, nil
	case "bfloat16":
		return BFloat16, nil
	}
	for i := Bool; i < numDTypes; i++ {
		if dtypeNames[i] == l {
			return i, nil
		}
	}
	return NoDType, fmt.Errorf("mlx: unknown dtype %q", s)
}

// signedFor gives the signed type that holds both u (unsigned) and i (signed).
func signedFor(u, i DType) DType {
	need := u.Size() * 2
	if u == Uint64 {
		return Float32
	}
	n := max(need, i.Size())
	switch n {
	case 2:
		return Int16
	case 4:
		return Int32
	}
	return Int64
}

// Promote returns the dtype of an operation on a and b, by MLX's rules: bool
// is lowest, an integer takes the other's float type, f16 with bf16 is f32, and
// u64 with a signed integer is f32.
func Promote(a, b DType) DType {
	switch {
	case a == b:
		return a
	case a == Complex64 || b == Complex64:
		return Complex64
	case a == Bool:
		return b
	case b == Bool:
		return a
	case a.IsFloat() && b.IsFloat():
		if a == Float64 || b == Float64 {
			return Float64
		}
		return Float32 // two different ones of f16, bf16, f32
	case a.IsFloat():
		return a
	case b.IsFloat():
		return b
	case a.IsUnsigned() == b.IsUnsigned():
		if a.Size() >= b.Size() {
			return a
		}
		return b
	case a.IsUnsigned():
		return signedFor(a, b)
	}
	return signedFor(b, a)
}

// atLeastFloat returns d when it is inexact and f32 otherwise.
func atLeastFloat(d DType) DType {
	if d.IsFloat() || d == Complex64 {
		return d
	}
	return Float32
}

// weak returns the dtype that a Go scalar takes beside an array of dtype d: a
// float array's own type; for an integer array its own type when the scalar is
// whole (i32 for bool) and f32 when it is not.
func weak(d DType, v float64) DType {
	if d.IsFloat() || d == Complex64 {
		return d
	}
	if v != float64(int64(v)) {
		return Float32
	}
	if d == Bool {
		return Int32
	}
	return d
}
