package contract

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Limits of a header. The largest published ones have some hundred thousand tensors and some tens of megabytes.
const (
	maxHeaderSize  = 100 << 20
	maxTensors     = 1 << 20
	maxTensorRank  = 8
	maxTensorName  = 4096
	maxDataSize    = 1 << 56 // of a file: its number of bits fits an int64
	headerLengthAt = 8
)

// DType is an element type of a safetensors file, by its published name.
type DType string

// dtypeBits is the width of each known type.
var dtypeBits = map[DType]int64{
	"BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32,
	"U64": 64, "I64": 64, "F64": 64, "C64": 64, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}

// Bits is the width of an element; 0 for an unknown type.
func (t DType) Bits() int64 { return dtypeBits[t] }

// Tensor is one entry of a header.
type Tensor struct {
	Name   string
	DType  DType
	Shape  []int
	Offset int64 // of the data in the file
	Size   int64 // bytes
	File   string
}

// Header is the header of one safetensors file.
type Header struct {
	File     string
	Tensors  []Tensor // in order of their data
	Metadata map[string]string
}

// ReadHeader reads and checks the header of a safetensors file of the given size. It refuses what is not exactly right: unknown types, duplicate names,
// spans that overlap, leave holes or do not fit their shape, and a file that is shorter or longer than its header says.
func ReadHeader(file string, r io.ReaderAt, size int64) (*Header, error) {
	fail := func(code, format string, args ...any) (*Header, error) {
		return nil, diag.List{diag.Errorf(code, file, format, args...).WithHint("download the file again, or take it from another copy of the checkpoint")}
	}
	var prefix [headerLengthAt]byte
	if size < headerLengthAt {
		return fail("MG1001", "truncated: the file has %d bytes, fewer than the %d of a header's length", size, headerLengthAt)
	}
	if _, err := r.ReadAt(prefix[:], 0); err != nil {
		return fail("MG1002", "cannot read the header's length: %v", err)
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > maxHeaderSize {
		return fail("MG1003", "the header says it has %d bytes; at most %d are read. Is this a safetensors file?", length, maxHeaderSize)
	}
	start := headerLengthAt + int64(length)
	if start > size {
		return fail("MG1001", "truncated: the header ends at byte %d, the file at %d", start, size)
	}
	text := make([]byte, length)
	if _, err := r.ReadAt(text, headerLengthAt); err != nil && !(err == io.EOF && start == size) {
		return fail("MG1002", "cannot read the header: %v", err)
	}
	h, err := parseHeader(file, text, start)
	if err != nil {
		return fail("MG1003", "the header is damaged: %v", err)
	}
	if name, err := checkSpans(h.Tensors, start); err != nil {
		return fail("MG1004", "tensor %s: %v", name, err)
	}
	end := start
	if n := len(h.Tensors); n > 0 {
		end = h.Tensors[n-1].Offset + h.Tensors[n-1].Size
	}
	switch {
	case end > size:
		return fail("MG1001", "truncated: the tensors end at byte %d, the file at %d: %d bytes are missing", end, size, end-size)
	case end < size:
		return fail("MG1005", "%d bytes follow the last tensor", size-end)
	}
	return h, nil
}

// headerEntry is a tensor as the header's JSON has it.
type headerEntry struct {
	dtype   *DType
	shape   []*int64 // nil elements are nulls
	offsets []*int64
}

// read reads an object of exactly the three keys: unknown ones, others by letter case, and doubled ones are refused.
func (e *headerEntry) read(dec *json.Decoder) error {
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return errors.Join(errors.New("want an object"), err)
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		key := token.(string)
		var into any
		switch key {
		case "dtype":
			into = &e.dtype
		case "shape":
			into = &e.shape
		case "data_offsets":
			into = &e.offsets
		}
		if into == nil || seen[key] {
			return fmt.Errorf("the key %.40q is unknown, or stands there twice", key)
		}
		seen[key] = true
		if err := dec.Decode(into); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if e.dtype == nil || e.shape == nil || len(e.offsets) != 2 || slices.Contains(e.shape, nil) || slices.Contains(e.offsets, nil) {
		return fmt.Errorf("want dtype, shape and two data_offsets")
	}
	return nil
}

func parseHeader(file string, text []byte, start int64) (*Header, error) {
	h := &Header{File: file}
	dec := json.NewDecoder(bytes.NewReader(text))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return nil, fmt.Errorf("want a JSON object")
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name := token.(string)
		switch {
		case seen[name]:
			return nil, fmt.Errorf("the name %.100q stands there twice", name)
		case name == "" || len(name) > maxTensorName:
			return nil, fmt.Errorf("a name of %d bytes", len(name))
		case name != "__metadata__" && strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '{' || c == '}' }):
			return nil, fmt.Errorf("the name %.100q has a character that no published name has", name)
		case len(h.Tensors) >= maxTensors:
			return nil, fmt.Errorf("more than %d tensors", maxTensors)
		}
		seen[name] = true
		if name == "__metadata__" {
			if err := dec.Decode(&h.Metadata); err != nil {
				return nil, fmt.Errorf("__metadata__: %w", err)
			}
			continue
		}
		t, err := parseTensor(dec, name, start)
		if err != nil {
			return nil, fmt.Errorf("%.200s: %w", name, err)
		}
		t.File = file
		h.Tensors = append(h.Tensors, t)
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if rest := bytes.Trim(text[dec.InputOffset():], " \x00"); len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the object", len(rest))
	}
	slices.SortStableFunc(h.Tensors, func(a, b Tensor) int {
		switch {
		case a.Offset != b.Offset:
			return int(min(max(a.Offset-b.Offset, -1), 1))
		default:
			return int(min(max(a.Size-b.Size, -1), 1)) // empty tensors before the one that starts there
		}
	})
	return h, nil
}

func parseTensor(dec *json.Decoder, name string, start int64) (Tensor, error) {
	var e headerEntry
	if err := e.read(dec); err != nil {
		return Tensor{}, err
	}
	switch {
	case e.dtype.Bits() == 0:
		return Tensor{}, fmt.Errorf("unknown dtype %.40q", *e.dtype)
	case len(e.shape) > maxTensorRank:
		return Tensor{}, fmt.Errorf("%d dimensions; at most %d are read", len(e.shape), maxTensorRank)
	}
	from, to := *e.offsets[0], *e.offsets[1]
	if from < 0 || to < from || to > maxDataSize {
		return Tensor{}, fmt.Errorf("data_offsets [%d, %d]", from, to)
	}
	t := Tensor{Name: name, DType: *e.dtype, Shape: make([]int, len(e.shape)), Offset: start + from, Size: to - from}
	elements := uint64(1)
	for i, d := range e.shape {
		if *d < 0 || *d > 1<<31-1 {
			return Tensor{}, fmt.Errorf("dimension %d", *d)
		}
		t.Shape[i] = int(*d)
		high, low := bits.Mul64(elements, uint64(*d))
		if high != 0 || low > 1<<56 {
			return Tensor{}, fmt.Errorf("the shape has too many elements")
		}
		elements = low
	}
	if width := uint64(t.DType.Bits()) * elements; width != uint64(t.Size)*8 {
		return Tensor{}, fmt.Errorf("%v of %s has %d bits, its data %d bytes", t.Shape, t.DType, width, t.Size)
	}
	return t, nil
}

// checkSpans checks that the data of the tensors, in order, lies end to end.
func checkSpans(tensors []Tensor, start int64) (string, error) {
	at := start
	for _, t := range tensors {
		switch {
		case t.Offset < at:
			return t.Name, fmt.Errorf("its data overlaps the tensor before (byte %d, which ends at %d)", t.Offset, at)
		case t.Offset > at:
			return t.Name, fmt.Errorf("a hole of %d bytes lies before its data (byte %d)", t.Offset-at, at)
		}
		at += t.Size
	}
	return "", nil
}
