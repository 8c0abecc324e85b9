package contract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// wantErr checks that an error says all of some texts.
func wantErr(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one that says %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not say %q:\n%v", text, err)
		}
	}
}

// wantDiag checks that an error is a list of diagnostics with one of a code, and that the list says all of some texts.
func wantDiag(t *testing.T, err error, code string, texts ...string) {
	t.Helper()
	wantErr(t, err, texts...)
	var list diag.List
	if !errors.As(err, &list) || !slices.Contains(list.Codes(), code) {
		t.Errorf("want %s, got\n%v", code, err)
	}
}

// wantCodes checks that a list holds exactly some codes, each as often as given, and says all of some texts.
func wantCodes(t *testing.T, list diag.List, codes string, texts ...string) {
	t.Helper()
	got := list.Codes()
	slices.Sort(got)
	if strings.Join(got, " ") != codes {
		t.Fatalf("codes %v, want %q\n%v", got, codes, list)
	}
	if codes != "" {
		wantErr(t, list, texts...)
	}
}

// file is a safetensors file of a header and n bytes of data.
func file(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, n)...)
}

func readBytes(b []byte) (*Header, error) {
	return ReadHeader("model.safetensors", bytes.NewReader(b), int64(len(b)))
}

// header makes a header from lines of name, dtype and shape: "model.norm.weight F32 128", with data that lies end to end.
func header(t testing.TB, name string, lines ...string) *Header {
	t.Helper()
	var entries []string
	at := int64(0)
	for _, line := range lines {
		parts := strings.Fields(line)
		elements := int64(1)
		for _, d := range parts[2:] {
			var n int64
			if _, err := fmt.Sscan(d, &n); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			elements *= n
		}
		end := at + elements*DType(parts[1]).Bits()/8
		entries = append(entries, fmt.Sprintf(`%q:{"dtype":%q,"shape":[%s],"data_offsets":[%d,%d]}`, parts[0], parts[1], strings.Join(parts[2:], ","), at, end))
		at = end
	}
	text := file("{"+strings.Join(entries, ",")+"}", 0)
	h, err := ReadHeader(name, bytes.NewReader(text), int64(len(text))+at)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func raw(t testing.TB, text string) *Raw {
	t.Helper()
	r, err := ParseRaw("config.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// values is an environment of given values.
type values map[string]Value

func (v values) Lookup(name string) (Value, bool) {
	x, ok := v[name]
	return x, ok
}

func listOf(v ...Value) Value { return Value{Kind: List, L: v} }

// show is a value, with its kind where it is a number.
func show(v Value) string {
	return map[Kind]string{Int: "int ", Float: "float "}[v.Kind] + v.String()
}
