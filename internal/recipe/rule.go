package recipe

import (
	"encoding/binary"
	"fmt"
	"math"
)

const golden = 0x9E3779B97F4A7C15

// A stream is a tensor's sequence of random words: word i depends on the name, the seed and i alone.
type stream uint64

func newStream(name string, seed uint64) stream {
	hash := uint64(0xCBF29CE484222325) // FNV-1a
	for i := range len(name) {
		hash = (hash ^ uint64(name[i])) * 0x100000001B3
	}
	return stream(mix(hash ^ seed*golden))
}

func (s stream) at(i int) uint64 { return mix(uint64(s) + uint64(i+1)*golden) }

// unit maps word i to [-1, 1), exactly.
func (s stream) unit(i int) float64 { return float64(s.at(i)>>40)*0x1p-23 - 1 }

// e4m3 returns word i as a float8_e4m3fn that is not NaN.
func (s stream) e4m3(i int) byte {
	b := byte(s.at(i) >> 56)
	if b&0x7F == 0x7F {
		b ^= 1
	}
	return b
}

// mix is the finaliser of splitmix64.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Data returns the tensor's bytes, little endian, under the inventory's seed.
func (v Inventory) Data(t Tensor) ([]byte, error) {
	if err := t.validate(); err != nil {
		return nil, fmt.Errorf("%q: %w", t.Name, err)
	}
	out := make([]byte, 0, t.Bytes())
	s, n, f := newStream(t.Name, v.Seed), t.Len(), t.Fill
	for i := range n {
		switch f.Kind {
		case "uniform":
			out = appendFloat(out, t.DType, float32(f.Base+float64(f.Scale*s.unit(i)))) // no fused multiply-add
		case "log_iota":
			step := math.Log(float64(1 + i%t.Shape[len(t.Shape)-1]))
			out = appendFloat(out, t.DType, float32(step+float64(f.Scale*s.unit(i))))
		case "u32":
			out = binary.LittleEndian.AppendUint32(out, uint32(s.at(i)>>32))
		case "u8":
			out = append(out, byte(f.Lo+int64(s.at(i)>>32%uint64(f.N))))
		case "i64":
			out = binary.LittleEndian.AppendUint64(out, uint64(f.Lo+int64(s.at(i)>>32%uint64(f.N))))
		case "e4m3":
			out = append(out, s.e4m3(i))
		case "e4m3x4":
			out = append(out, s.e4m3(4*i), s.e4m3(4*i+1), s.e4m3(4*i+2), s.e4m3(4*i+3))
		case "ternary4":
			out = append(out, ternary(s.at(i)>>32%81))
		}
	}
	return out, nil
}

// ternary packs the four base-3 digits of r into two bits each, the lowest first.
func ternary(r uint64) byte {
	var b byte
	for j := range 4 {
		b |= byte(r%3) << (2 * j)
		r /= 3
	}
	return b
}

func appendFloat(out []byte, dtype string, v float32) []byte {
	switch dtype {
	case "BF16":
		return binary.LittleEndian.AppendUint16(out, bfloat16(v))
	case "F16":
		return binary.LittleEndian.AppendUint16(out, float16(v))
	default:
		return binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
}

// bfloat16 rounds a finite v to nearest, ties to even.
func bfloat16(v float32) uint16 {
	bits := math.Float32bits(v)
	return uint16((bits + 0x7FFF + bits>>16&1) >> 16)
}

// float16 rounds a finite v to nearest, ties to even; what is too large becomes infinite.
func float16(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits >> 16 & 0x8000)
	size := math.Float32frombits(bits &^ (1 << 31))
	switch {
	case size >= 65520: // halfway between the largest and the next power of two
		return sign | 0x7C00
	case size < 0x1p-14: // subnormal: a multiple of 2^-24
		return sign | uint16(math.RoundToEven(float64(size)*0x1p24))
	}
	fraction, exponent := math.Frexp(float64(size))   // in [0.5, 1)
	steps := int(math.RoundToEven(fraction * 0x1p11)) // 1024 to 2048; the last carries into the exponent
	return sign | uint16((exponent+14)<<10+steps-1024)
}
