package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// object is a JSON object that keeps the order of its keys.
type object []field

type field struct {
	key   string
	value json.RawMessage
}

// parseObject reads a JSON object; of equal keys the last value counts, at the first one's place.
func parseObject(data json.RawMessage) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	start, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	if start != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	var o object
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("key %v is not a string", key)
		}
		o = o.set(name, value)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	return o, nil
}

// get returns the value of a key, nil where there is none.
func (o object) get(key string) json.RawMessage {
	for _, f := range o {
		if f.key == key {
			return f.value
		}
	}
	return nil
}

// set gives a key a value: at its place, or at the end.
func (o object) set(key string, value json.RawMessage) object {
	for i, f := range o {
		if f.key == key {
			o = slices.Clone(o)
			o[i].value = value
			return o
		}
	}
	return append(o, field{key, value})
}

// withoutNulls leaves out the keys whose value is null.
func (o object) withoutNulls() object {
	return slices.DeleteFunc(slices.Clone(o), func(f field) bool { return string(f.value) == "null" })
}

// MarshalJSON writes the keys in their order.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, f := range o {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := encode(f.key)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), f.value...)
	}
	return append(out, '}'), nil
}
