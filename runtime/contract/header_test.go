package contract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/safetensors"
)

// What another writer of the format writes is read.
func TestReadHeaderOfAnotherWriter(t *testing.T) {
	views := map[string]safetensors.TensorView{}
	sizes := map[string]int{"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8}
	for name, size := range sizes {
		dtype, err := safetensors.ParseDType(name)
		if err != nil {
			t.Fatal(err)
		}
		for suffix, shape := range map[string][]uint64{"matrix": {3, 5}, "vector": {7}, "empty": {4, 0, 2}, "deep": {1, 2, 1, 2, 1}} {
			n := size
			for _, d := range shape {
				n *= int(d)
			}
			v, err := safetensors.NewTensorView(dtype, shape, make([]byte, n))
			if err != nil {
				t.Fatal(err)
			}
			views["model."+strings.ToLower(name)+"."+suffix] = v
		}
	}
	data, err := safetensors.Serialize(views, map[string]string{"format": "pt", "note": "ü {}"})
	if err != nil {
		t.Fatal(err)
	}
	h, err := readBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Tensors) != len(views) || h.Metadata["format"] != "pt" || h.Metadata["note"] != "ü {}" || h.File != "model.safetensors" {
		t.Fatalf("%d tensors, metadata %v", len(h.Tensors), h.Metadata)
	}
	at := h.Tensors[0].Offset
	for _, tensor := range h.Tensors {
		v := views[tensor.Name]
		var shape []uint64
		for _, d := range tensor.Shape {
			shape = append(shape, uint64(d))
		}
		if v.DType().String() != string(tensor.DType) || !slices.Equal(shape, v.Shape()) || tensor.Size != int64(v.DataLen()) || tensor.Offset != at || tensor.File != h.File {
			t.Errorf("%+v, want %v %v at %d", tensor, v.DType(), v.Shape(), at)
		}
		at += tensor.Size
	}
	if at != int64(len(data)) {
		t.Errorf("the tensors end at %d of %d", at, len(data))
	}
	// Every cut of the file is a truncation, and one more byte is one too many.
	for cut := range len(data) {
		if _, err := readBytes(data[:cut]); err == nil {
			t.Fatalf("cut to %d bytes it is accepted", cut)
		} else if cut%97 == 0 || cut < 20 {
			wantDiag(t, err, "MG1001", "truncated")
		}
	}
	_, err = readBytes(append(slices.Clone(data), 0))
	wantDiag(t, err, "MG1005", "1 bytes follow")
}

const one = `{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}`

func entry(name, dtype, shape string, from, to int) string {
	return fmt.Sprintf(`%q:{"dtype":%q,"shape":[%s],"data_offsets":[%d,%d]}`, name, dtype, shape, from, to)
}

func object(entries ...string) string { return "{" + strings.Join(entries, ",") + "}" }

func TestReadHeaderAccepts(t *testing.T) {
	for _, c := range []struct {
		header string
		n      int
		want   string
	}{
		{`{}`, 0, ""},
		{`{ "__metadata__" : {} } `, 0, ""},
		{one, 24, "a"},
		{one + "    ", 24, "a"},
		{one + " \n", 24, "a"},
		{object(entry("b", "F32", "2", 8, 16), entry("a", "F32", "2", 0, 8)), 16, "a b"},
		{object(entry("scalar", "F64", "", 0, 8)), 8, "scalar"},
		{object(entry("full", "U8", "4", 0, 4), entry("empty", "U8", "0", 4, 4), entry("none", "U8", "0,7", 0, 0)), 4, "none full empty"},
		{object(entry("fp4", "F4", "4,3", 0, 6), entry("fp6", "F6_E2M3", "4", 6, 9), entry("fp6b", "F6_E3M2", "4,2", 9, 15), entry("e4", "F8_E4M3", "3", 15, 18), entry("e5", "F8_E5M2", "1", 18, 19), entry("e8", "F8_E8M0", "1", 19, 20), entry("c", "C64", "1", 20, 28)), 28, "fp4 fp6 fp6b e4 e5 e8 c"},
		{object(entry("rank8", "U8", "1,1,1,1,1,1,1,2", 0, 2)), 2, "rank8"},
		{object(entry("a.b-c_d/e:f[0](x)", "U8", "1", 0, 1)), 1, "a.b-c_d/e:f[0](x)"},
		{`{"a":{"shape":[1],"data_offsets":[0,1],"dtype":"U8"},"__metadata__":{"k":"v"}}`, 1, "a"},
	} {
		h, err := readBytes(file(c.header, c.n))
		if err != nil {
			t.Errorf("%s: %v", c.header, err)
			continue
		}
		var names []string
		for _, tensor := range h.Tensors {
			names = append(names, tensor.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s has %q, want %q", c.header, got, c.want)
		}
	}
}

func TestReadHeaderRefuses(t *testing.T) {
	long := strings.Repeat("n", maxTensorName+1)
	for _, c := range []struct {
		header string
		n      int
		code   string
		want   string
	}{
		// the header as such
		{"", 0, "MG1003", "want a JSON object"},
		{"[]", 0, "MG1003", "want a JSON object"},
		{"null", 0, "MG1003", "want a JSON object"},
		{"{", 0, "MG1003", "damaged"},
		{`{"a"`, 0, "MG1003", ""},
		{`{"a":{}`, 0, "MG1003", ""},
		{"{]", 0, "MG1003", ""},
		{"{} {}", 0, "MG1003", "2 bytes follow the object"},
		{"\xff\xfe{}", 0, "MG1003", ""},
		{strings.Repeat("[", 100000), 0, "MG1003", ""},
		{`{"a":` + strings.Repeat("[", 100000), 0, "MG1003", "at model.safetensors:a"},
		// names
		{object(entry("a", "U8", "1", 0, 1), entry("a", "U8", "1", 1, 2)), 2, "MG1003", `the name "a" stands there twice`},
		{object(entry("a", "U8", "1", 0, 1), entry("a", "U8", "1", 0, 1)), 1, "MG1003", "twice"},
		{`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2, "MG1003", "twice"},
		{`{"__metadata__":{},"__metadata__":{}}`, 0, "MG1003", "twice"},
		{object(entry("", "U8", "1", 0, 1)), 1, "MG1003", "a name of 0 bytes"},
		{object(entry(long, "U8", "1", 0, 1)), 1, "MG1003", "a name of 4097 bytes"},
		{object(entry("a b", "U8", "1", 0, 1)), 1, "MG1003", "has a character"},
		{object(entry("a{0}", "U8", "1", 0, 1)), 1, "MG1003", "has a character"},
		{object(entry("a}", "U8", "1", 0, 1)), 1, "MG1003", "has a character"},
		{object(entry("ü", "U8", "1", 0, 1)), 1, "MG1003", "has a character"},
		{`{"a\u0000":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, "MG1003", "has a character"},
		{`{"a\u001b[2J":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, "MG1003", "has a character"},
		{"{\"a\xff\":{}}", 0, "MG1003", "UTF-8"},
		{`{"a\n":{}}`, 0, "MG1003", "has a character"},
		// entries
		{`{"__metadata__":{"a":1}}`, 0, "MG1003", "__metadata__"},
		{`{"__metadata__":[]}`, 0, "MG1003", "__metadata__"},
		{`{"__metadata__":{"a":{}}}`, 0, "MG1003", "__metadata__"},
		{`{"a":1}`, 0, "MG1003", "want an object"},
		{`{"a":[]}`, 0, "MG1003", "want an object"},
		{`{"a":null}`, 0, "MG1003", "want an object"},
		{`{"a":{}}`, 0, "MG1003", "want dtype"},
		{`{"a":{"dtype":"U8","shape":[1]}}`, 1, "MG1003", "want dtype"},
		{`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1, "MG1003", "want dtype"},
		{`{"a":{"shape":[1],"data_offsets":[0,1]}}`, 1, "MG1003", "want dtype"},
		{`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, 1, "MG1003", `"x" is unknown`},
		{`{"a":{"DType":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, "MG1003", `"DType" is unknown`},
		{`{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, "MG1003", "twice"},
		{`{"a":{"dtype":null,"shape":[1],"data_offsets":[0,1]}}`, 1, "MG1003", "want dtype"},
		{`{"a":{"dtype":"U8","shape":null,"data_offsets":[0,1]}}`, 1, "MG1003", "want dtype"},
		{`{"a":{"dtype":"U8","shape":[null],"data_offsets":[0,0]}}`, 0, "MG1003", "want dtype"},
		{`{"a":{"dtype":"U8","shape":[0],"data_offsets":[null,null]}}`, 0, "MG1003", "want dtype"},
		{`{"a":{"dtype":"U8","shape":[0],"data_offsets":null}}`, 0, "MG1003", "want dtype"},
		{`{"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}`, 1, "MG1003", "at model.safetensors:a"},
		{`{"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}`, 1, "MG1003", "at model.safetensors:a"},
		{`{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}`, 1, "MG1003", "at model.safetensors:a"},
		{`{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}`, 1, "MG1003", "at model.safetensors:a"},
		{`{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}`, 1, "MG1003", "at model.safetensors:a"},
		{`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}`, 1, "MG1003", "want dtype"},
		{`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}`, 1, "MG1003", "want dtype"},
		{`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]`, 1, "MG1003", "at model.safetensors:a"},
		{object(entry("a", "F12", "1", 0, 1)), 1, "MG1003", `unknown dtype "F12"`},
		{object(entry("a", "f32", "1", 0, 4)), 4, "MG1003", "unknown dtype"},
		{object(entry("a", "", "1", 0, 1)), 1, "MG1003", "unknown dtype"},
		{object(entry("a", "U8", "1,1,1,1,1,1,1,1,1", 0, 1)), 1, "MG1003", "9 dimensions"},
		{object(entry("a", "U8", "-1", 0, 1)), 1, "MG1003", "dimension -1"},
		{object(entry("a", "U8", "-1,-1", 0, 1)), 1, "MG1003", "dimension -1"},
		{object(entry("a", "U8", "2147483648", 0, 1)), 1, "MG1003", "dimension 2147483648"},
		{object(entry("a", "U8", "99999999999999999999", 0, 1)), 1, "MG1003", ""},
		{object(entry("a", "U8", "2147483647,2147483647,2147483647", 0, 1)), 1, "MG1003", "too many elements"},
		{object(entry("a", "F64", "65536,65536,65536,65536", 0, 0)), 0, "MG1003", "too many elements"},
		{object(entry("a", "U8", "4294967296,4294967296", 0, 0)), 0, "MG1003", "dimension"},
		// spans
		{object(entry("a", "U8", "2", 0, 1)), 1, "MG1003", "has 16 bits, its data 1 bytes"},
		{object(entry("a", "F32", "1", 0, 5)), 5, "MG1003", "has 32 bits"},
		{object(entry("a", "F4", "3", 0, 1)), 1, "MG1003", "has 12 bits"},
		{object(entry("a", "F4", "3", 0, 2)), 2, "MG1003", "has 12 bits"},
		{object(entry("a", "F6_E2M3", "1", 0, 1)), 1, "MG1003", "has 6 bits"},
		{object(entry("a", "U8", "0", 0, 1)), 1, "MG1003", "has 0 bits"},
		{object(entry("a", "U8", "", 0, 0)), 0, "MG1003", "has 8 bits"},
		{object(entry("a", "U8", "1", -1, 0)), 1, "MG1003", "data_offsets"},
		{object(entry("a", "U8", "1", 1, 0)), 1, "MG1003", "data_offsets"},
		{object(entry("a", "U8", "0", 0, 1<<61)), 0, "MG1003", "data_offsets"},
		{object(entry("a", "U8", "0", 1<<62, 1<<62)), 0, "MG1003", "data_offsets"},
		{object(entry("a", "U8", "2", 0, 2), entry("b", "U8", "2", 1, 3)), 3, "MG1004", "the data of b starts"},
		{object(entry("a", "U8", "2", 0, 2), entry("b", "U8", "2", 0, 2)), 2, "MG1004", "overlaps"},
		{object(entry("a", "U8", "4", 0, 4), entry("e", "U8", "0", 2, 2)), 4, "MG1004", "the data of e starts"},
		{object(entry("a", "U8", "2", 0, 2), entry("b", "U8", "2", 3, 5)), 5, "MG1004", "a hole of 1 bytes lies before the data of b"},
		{object(entry("a", "U8", "2", 1, 3)), 3, "MG1004", "a hole of 1 bytes lies before the data of a"},
		{object(entry("a", "U8", "0", 1, 1)), 1, "MG1004", "hole"},
		{one, 23, "MG1001", "1 bytes are missing"},
		{one, 0, "MG1001", "24 bytes are missing"},
		{one, 25, "MG1005", "1 bytes follow"},
		{"{}", 1, "MG1005", "1 bytes follow"},
	} {
		_, err := readBytes(file(c.header, c.n))
		if err == nil {
			t.Errorf("%.120s is accepted", c.header)
			continue
		}
		wantDiag(t, err, c.code, c.want, "model.safetensors", "hint:")
		if len(err.Error()) > 2000 {
			t.Errorf("%.60s: an error of %d bytes", c.header, len(err.Error()))
		}
	}
}

func TestReadHeaderLengths(t *testing.T) {
	for _, length := range []uint64{maxHeaderSize + 1, 1 << 62, 1 << 63, 1<<64 - 1, 1<<64 - 8, 0x3c48544d4c21444f} {
		b := binary.LittleEndian.AppendUint64(nil, length)
		_, err := readBytes(append(b, "{}"...))
		wantDiag(t, err, "MG1003", "Is this a safetensors file?")
	}
	_, err := readBytes(append(binary.LittleEndian.AppendUint64(nil, 3), "{}"...))
	wantDiag(t, err, "MG1001", "the header ends at byte 11, the file at 10")
	// A length within the limits must not be believed before the file is known to be that long.
	_, err = readBytes(append(binary.LittleEndian.AppendUint64(nil, maxHeaderSize), "{}"...))
	wantDiag(t, err, "MG1001", "truncated")
	for n := range 8 {
		_, err := readBytes(make([]byte, n))
		wantDiag(t, err, "MG1001", fmt.Sprintf("the file has %d bytes", n))
	}
}

type brokenReader struct{ good int64 }

func (r brokenReader) ReadAt(p []byte, at int64) (int, error) {
	if at >= r.good {
		return 0, errors.New("the disk is gone")
	}
	return copy(p, file(one, 24)[at:]), nil
}

func TestReadHeaderOfBrokenDisk(t *testing.T) {
	for _, good := range []int64{0, 8} {
		_, err := ReadHeader("model.safetensors", brokenReader{good}, int64(len(file(one, 24))))
		wantDiag(t, err, "MG1002", "the disk is gone")
	}
	// The data is not read.
	if _, err := ReadHeader("model.safetensors", brokenReader{9}, int64(len(file(one, 24)))); err != nil {
		t.Error(err)
	}
	// A file that became shorter while it was read.
	b := file(one, 24)
	_, err := ReadHeader("model.safetensors", bytes.NewReader(b[:20]), int64(len(b)))
	wantDiag(t, err, "MG1002", io.EOF.Error())
}

func TestDTypeBits(t *testing.T) {
	for dtype, want := range map[DType]int64{"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E8M0": 8, "BF16": 16, "F32": 32, "C64": 64, "nothing": 0, "": 0} {
		if got := dtype.Bits(); got != want {
			t.Errorf("%s has %d bits, want %d", dtype, got, want)
		}
	}
}

// FuzzReadHeader: never panics, and what is accepted adds up.
func FuzzReadHeader(f *testing.F) {
	f.Add(file(one, 24))
	f.Add(file(object(entry("b", "F4", "4", 2, 4), entry("a", "BF16", "1", 0, 2), entry("e", "U8", "0", 0, 0)), 4))
	f.Add(file(`{"__metadata__":{"format":"pt"}}`, 0))
	f.Add(file(one, 23))
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, '{', '}'})
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := readBytes(data)
		if err != nil {
			var short interface{ HasErrors() bool }
			if !errors.As(err, &short) || len(err.Error()) > 10000 {
				t.Fatalf("an error of %d bytes: %.200v", len(err.Error()), err)
			}
			return
		}
		at := 8 + int64(binary.LittleEndian.Uint64(data))
		seen := map[string]bool{}
		for _, tensor := range h.Tensors {
			bits := tensor.DType.Bits()
			for _, d := range tensor.Shape {
				bits *= int64(d)
			}
			if tensor.Offset != at || bits != tensor.Size*8 || seen[tensor.Name] || tensor.Name == "" {
				t.Fatalf("%+v at %d", tensor, at)
			}
			seen[tensor.Name] = true
			at += tensor.Size
		}
		if at != int64(len(data)) {
			t.Fatalf("the tensors end at %d of %d", at, len(data))
		}
	})
}
