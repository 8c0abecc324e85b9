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
	"unicode/utf8"

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
// spans that overlap, leave holes or do not fit their shape, and a file that is shorter or longer than its header says. The error is a diag.List.
func ReadHeader(file string, r io.ReaderAt, size int64) (*Header, error) {
	h, d := readHeader(file, r, size)
	if d != nil {
		return nil, diag.List{d.WithHint("download the file again, or take it from another copy of the checkpoint")}
	}
	return h, nil
}

func readHeader(file string, r io.ReaderAt, size int64) (*Header, *diag.Diagnostic) {
	fail := func(code, pos, format string, args ...any) (*Header, *diag.Diagnostic) {
		d := diag.Errorf(code, pos, format, args...)
		return nil, &d
	}
	if size < headerLengthAt {
		return fail("MG1001", file, "truncated: the file has %d bytes, fewer than the %d of a header's length", size, headerLengthAt)
	}
	var prefix [headerLengthAt]byte
	if err := readFull(r, prefix[:], 0); err != nil {
		return fail("MG1002", file, "cannot read the header's length: %v", err)
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > maxHeaderSize {
		return fail("MG1003", file, "the header says it has %d bytes; at most %d are read. Is this a safetensors file?", length, maxHeaderSize)
	}
	start := headerLengthAt + int64(length)
	if start > size {
		return fail("MG1001", file, "truncated: the header ends at byte %d, the file at %d", start, size)
	}
	text := make([]byte, length)
	if err := readFull(r, text, headerLengthAt); err != nil {
		return fail("MG1002", file, "cannot read the header: %v", err)
	}
	h, err := parseHeader(file, text, start)
	if broken := (*headerError)(nil); errors.As(err, &broken) {
		return fail("MG1003", file+":"+broken.tensor, "the header is damaged at byte %d: %v", headerLengthAt+broken.at, broken.err)
	} else if err != nil {
		return fail("MG1003", file, "the header is damaged: %v", err)
	}
	if name, err := checkSpans(h.Tensors, start); err != nil {
		return fail("MG1004", file+":"+name, "%v", err)
	}
	end := start
	if n := len(h.Tensors); n > 0 {
		end = h.Tensors[n-1].Offset + h.Tensors[n-1].Size
	}
	switch {
	case end > size:
		d := diag.Errorf("MG1001", file, "truncated: the tensors end at byte %d, the file at %d: %d bytes are missing", end, size, end-size)
		i := slices.IndexFunc(h.Tensors, func(t Tensor) bool { return t.Offset+t.Size > size })
		d = d.Note("the first incomplete tensor is %s, bytes %d to %d", h.Tensors[i].Name, h.Tensors[i].Offset, h.Tensors[i].Offset+h.Tensors[i].Size)
		return nil, &d
	case end < size:
		return fail("MG1005", file, "%d bytes follow the last tensor, which ends at byte %d", size-end, end)
	}
	return h, nil
}

// readFull fills buffer from offset at. A reader may report the end of the file together with the last bytes.
func readFull(r io.ReaderAt, buffer []byte, at int64) error {
	n, err := r.ReadAt(buffer, at)
	switch {
	case n == len(buffer):
		return nil
	case err == nil || err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}

// headerError is damage in the entry of one tensor.
type headerError struct {
	tensor string
	at     int64 // of the entry's end, in the header
	err    error
}

func (e *headerError) Error() string { return fmt.Sprintf("%.200s: %v", e.tensor, e.err) }

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
	if !utf8.Valid(text) || len(text) == 0 || text[0] != '{' {
		return nil, fmt.Errorf("want a JSON object in UTF-8")
	}
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
			if h.Metadata, err = readMetadata(dec); err != nil {
				return nil, fmt.Errorf("__metadata__: %w", err)
			}
			continue
		}
		t, err := parseTensor(dec, name, start)
		if err != nil {
			return nil, &headerError{name, dec.InputOffset(), err}
		}
		t.File = file
		h.Tensors = append(h.Tensors, t)
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if rest := bytes.Trim(text[dec.InputOffset():], " \t\r\n"); len(rest) > 0 {
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

// readMetadata reads an object of strings.
func readMetadata(dec *json.Decoder) (map[string]string, error) {
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.Join(errors.New("want an object of strings"), err)
	}
	metadata := map[string]string{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		value, err := dec.Token()
		if err != nil {
			return nil, err
		}
		text, ok := value.(string)
		if _, twice := metadata[key.(string)]; twice || !ok {
			return nil, fmt.Errorf("%.100q is no string, or stands there twice", key)
		}
		metadata[key.(string)] = text
	}
	_, err := dec.Token()
	return metadata, err
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
			return t.Name, fmt.Errorf("the data of %s starts at byte %d and overlaps the tensor before it, which ends at %d", t.Name, t.Offset, at)
		case t.Offset > at:
			return t.Name, fmt.Errorf("a hole of %d bytes lies before the data of %s, at byte %d", t.Offset-at, t.Name, at)
		}
		at += t.Size
	}
	return "", nil
}
