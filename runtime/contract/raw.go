package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

const (
	maxRawSize   = 4 << 20
	maxRawDepth  = 32
	maxRawValues = 1 << 18
	maxRawKey    = 1 << 10
)

// Raw is a config.json as published: untrusted, bounded, with the order of its keys. Objects are maps of *RawValue behind their keys.
type Raw struct {
	File string
	Root *RawValue
}

// RawValue is one JSON value.
type RawValue struct {
	Value  Value                // scalars and lists of scalars; Null for null, objects and mixed lists
	Keys   []string             // of an object, in order
	Object map[string]*RawValue // nil where the value is no object
	Array  []*RawValue          // nil where the value is no array
}

// ParseRaw reads a config.json. It accepts the literals Infinity, -Infinity and NaN, which Python writes, as floats. Duplicate keys, trailing data and
// anything too large or too deep are refused.
func ParseRaw(file string, data []byte) (*Raw, error) {
	if len(data) > maxRawSize {
		return nil, diag.List{diag.Errorf("MG1101", file, "the file has %d bytes; at most %d are read", len(data), maxRawSize)}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	data, literals := quoteLiterals(data)
	dec := &rawDecoder{Decoder: json.NewDecoder(bytes.NewReader(data)), literals: literals}
	dec.UseNumber()
	root, err := parseRawValue(dec, nil, 0)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = fmt.Errorf("there is more after the end of the object")
		}
	}
	if err == nil && root.Object == nil {
		err = fmt.Errorf("want a JSON object")
	}
	if err != nil {
		return nil, diag.List{diag.Errorf("MG1101", file, "not a valid config: %v (near byte %d)", err, dec.InputOffset()).
			WithHint("download the file again; it must be the JSON object that the repository publishes")}
	}
	return &Raw{File: file, Root: root}, nil
}

// rawDecoder is a decoder of JSON in which strings that end at some offsets stand for numbers.
type rawDecoder struct {
	*json.Decoder
	literals map[int64]float64
	values   int // read so far
}

// literal is the number that the token just read stands for.
func (d *rawDecoder) literal() (float64, bool) {
	f, ok := d.literals[d.InputOffset()]
	return f, ok
}

// quoteLiterals turns bare Infinity, -Infinity and NaN, outside of strings, into strings of the same length, and tells where they end.
func quoteLiterals(data []byte) ([]byte, map[int64]float64) {
	if !bytes.Contains(data, []byte("Infinity")) && !bytes.Contains(data, []byte("NaN")) {
		return data, nil
	}
	var out []byte
	literals := map[int64]float64{}
	for i := 0; i < len(data); {
		if data[i] == '"' {
			end := i + 1
			for end < len(data) && data[end] != '"' {
				if data[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(data))
			out = append(out, data[i:end]...)
			i = end
			continue
		}
		found := false
		for _, word := range []string{"-Infinity", "Infinity", "NaN"} {
			if bytes.HasPrefix(data[i:], []byte(word)) {
				out = append(out, `"`+word[1:len(word)-1]+`"`...)
				i += len(word)
				literals[int64(i)] = map[string]float64{"-Infinity": math.Inf(-1), "Infinity": math.Inf(1), "NaN": math.NaN()}[word]
				found = true
				break
			}
		}
		if !found {
			out = append(out, data[i])
			i++
		}
	}
	return out, literals
}

// rawPath is where a value stands. It becomes text in errors only.
type rawPath struct {
	parent *rawPath
	key    string
}

func (p *rawPath) String() string {
	if p == nil {
		return ""
	}
	return p.parent.String() + "/" + p.key
}

func parseRawValue(dec *rawDecoder, at *rawPath, depth int) (*RawValue, error) {
	if depth > maxRawDepth {
		return nil, fmt.Errorf("%.200s is nested deeper than %d", at, maxRawDepth)
	}
	if dec.values++; dec.values > maxRawValues {
		return nil, fmt.Errorf("there are more than %d values", maxRawValues)
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return parseRawObject(dec, at, depth)
		}
		return parseRawArray(dec, at, depth)
	case json.Number:
		v, err := parseNumber(token.String())
		return &RawValue{Value: v}, err
	case string:
		if f, ok := dec.literal(); ok {
			return &RawValue{Value: FloatValue(f)}, nil
		}
		return &RawValue{Value: StringValue(token)}, nil
	case bool:
		return &RawValue{Value: BoolValue(token)}, nil
	}
	return &RawValue{}, nil // null
}

func parseNumber(text string) (Value, error) {
	if !strings.ContainsAny(text, ".eE") {
		i, err := strconv.ParseInt(text, 10, 64)
		if err == nil {
			return IntValue(i), nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return Value{}, fmt.Errorf("the number %.40s is out of range", text)
	}
	return FloatValue(f), nil
}

func parseRawObject(dec *rawDecoder, at *rawPath, depth int) (*RawValue, error) {
	o := &RawValue{Object: map[string]*RawValue{}}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key := token.(string)
		if _, number := dec.literal(); number {
			return nil, fmt.Errorf("a number stands where %.200s wants a key", at)
		}
		if len(key) > maxRawKey {
			return nil, fmt.Errorf("a key in %.200s has %d bytes; at most %d are read", at, len(key), maxRawKey)
		}
		if _, twice := o.Object[key]; twice {
			return nil, fmt.Errorf("the key %.200s/%.100s stands there twice", at, key)
		}
		v, err := parseRawValue(dec, &rawPath{at, key}, depth+1)
		if err != nil {
			return nil, err
		}
		o.Keys = append(o.Keys, key)
		o.Object[key] = v
	}
	_, err := dec.Token() // the closing brace
	return o, err
}

func parseRawArray(dec *rawDecoder, at *rawPath, depth int) (*RawValue, error) {
	a := &RawValue{Array: []*RawValue{}, Value: Value{Kind: List}}
	for dec.More() {
		v, err := parseRawValue(dec, &rawPath{at, strconv.Itoa(len(a.Array))}, depth+1)
		if err != nil {
			return nil, err
		}
		a.Array = append(a.Array, v)
		a.Value.L = append(a.Value.L, v.Value)
	}
	_, err := dec.Token() // the closing bracket
	return a, err
}

// IsNull says whether the value is null.
func (v *RawValue) IsNull() bool { return v.Value.Kind == Null && v.Object == nil && v.Array == nil }

// At finds a value by its path of keys separated by '/'; nil where there is none.
func (r *Raw) At(path string) *RawValue {
	v := r.Root
	for _, key := range strings.Split(path, "/") {
		if v == nil || v.Object == nil {
			return nil
		}
		v = v.Object[key]
	}
	return v
}

// Text is the string at a path, or "".
func (r *Raw) Text(path string) string {
	if v := r.At(path); v != nil && v.Value.Kind == String {
		return v.Value.S
	}
	return ""
}

// Pointer is the provenance of a path: config.json#/rope_scaling/factor.
func (r *Raw) Pointer(path string) string { return r.File + "#/" + path }
