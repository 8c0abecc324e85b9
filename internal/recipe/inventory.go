package recipe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"unicode/utf8"
)

// An Inventory lists the tensors of a checkpoint in file order.
type Inventory struct {
	Seed    uint64   `json:"seed"`
	Tensors []Tensor `json:"tensors"`
}

// A Tensor is one entry of an inventory.
type Tensor struct {
	Name  string `json:"name"`
	DType string `json:"dtype"` // as safetensors spells it
	Shape []int  `json:"shape"`
	Fill  Fill   `json:"fill"`
}

// A Fill says how the values follow from the tensor's stream of random words.
type Fill struct {
	Kind  string  `json:"kind"`
	Base  float64 `json:"base"`
	Scale float64 `json:"scale"`
	Lo    int64   `json:"lo"`
	N     uint32  `json:"n"`
}

var sizes = map[string]int{"F32": 4, "BF16": 2, "F16": 2, "U32": 4, "U8": 1, "I64": 8, "F8_E4M3": 1}

// kinds names the dtypes that each kind of fill can make.
var kinds = map[string][]string{
	"uniform":  {"F32", "BF16", "F16"},
	"log_iota": {"F32", "BF16", "F16"},
	"u32":      {"U32"},
	"u8":       {"U8"},
	"i64":      {"I64"},
	"e4m3":     {"F8_E4M3"},
	"e4m3x4":   {"U32"},
	"ternary4": {"U8"},
}

// ParseInventory reads and validates the content of an inventory.json.
func ParseInventory(data []byte) (Inventory, error) {
	var v Inventory
	if len(data) > maxJSON {
		return v, fmt.Errorf("%d bytes, more than %d", len(data), maxJSON)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&v); err != nil {
		return v, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return v, fmt.Errorf("data after the inventory")
	}
	return v, v.validate()
}

func (v Inventory) validate() error {
	if len(v.Tensors) == 0 || len(v.Tensors) > maxTensors {
		return fmt.Errorf("tensors: %d of them, not 1 to %d", len(v.Tensors), maxTensors)
	}
	seen := make(map[string]bool, len(v.Tensors))
	total := 0
	for i, t := range v.Tensors {
		if err := t.validate(); err != nil {
			return fmt.Errorf("tensors[%d] (%q): %w", i, t.Name, err)
		}
		if seen[t.Name] {
			return fmt.Errorf("tensors[%d]: a second tensor %q", i, t.Name)
		}
		seen[t.Name] = true
		total += t.Bytes() // each at most maxBytes, so no overflow before the check
		if total > maxBytes {
			return fmt.Errorf("tensors: more than %d bytes", maxBytes)
		}
	}
	return nil
}

func (t Tensor) validate() error {
	if t.Name == "" || len(t.Name) > maxName || !utf8.ValidString(t.Name) || t.Name == "__metadata__" {
		return fmt.Errorf("name: not usable")
	}
	size, known := sizes[t.DType]
	if !known {
		return fmt.Errorf("dtype: %q is unknown", t.DType)
	}
	if t.Shape == nil || len(t.Shape) > maxRank {
		return fmt.Errorf("shape: missing, or more than %d dimensions", maxRank)
	}
	bytes := size
	for i, dim := range t.Shape {
		if dim < 0 || dim > maxBytes {
			return fmt.Errorf("shape[%d]: %d", i, dim)
		}
		if bytes *= dim; bytes > maxBytes {
			return fmt.Errorf("shape: %v is more than %d bytes", t.Shape, maxBytes)
		}
	}
	return t.validateFill()
}

func (t Tensor) validateFill() error {
	f := t.Fill
	dtypes, known := kinds[f.Kind]
	if !known {
		return fmt.Errorf("fill.kind: %q is unknown", f.Kind)
	}
	if !slices.Contains(dtypes, t.DType) {
		return fmt.Errorf("fill.kind: %s cannot fill %s", f.Kind, t.DType)
	}
	if math.Abs(f.Base) > math.MaxFloat32/4 || math.Abs(f.Scale) > math.MaxFloat32/4 {
		return fmt.Errorf("fill: base or scale is no float32")
	}
	switch f.Kind {
	case "log_iota":
		if len(t.Shape) == 0 {
			return fmt.Errorf("fill.kind: log_iota needs a last dimension")
		}
	case "u8":
		if f.N == 0 || f.N > 256 || f.Lo < 0 || f.Lo+int64(f.N) > 256 {
			return fmt.Errorf("fill: lo %d and n %d leave the bytes", f.Lo, f.N)
		}
	case "i64":
		if f.N == 0 || f.Lo > math.MaxInt32 || f.Lo < math.MinInt32 {
			return fmt.Errorf("fill: lo %d and n %d", f.Lo, f.N)
		}
	}
	return nil
}

// Len returns the number of values.
func (t Tensor) Len() int {
	n := 1
	for _, dim := range t.Shape {
		n *= dim
	}
	return n
}

// Bytes returns the number of bytes in the file.
func (t Tensor) Bytes() int { return t.Len() * sizes[t.DType] }
