package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseRaw(t *testing.T) {
	r := raw(t, "\xef\xbb\xbf"+` {"b": 1, "a": {"c": [1, 2.5, "x", null, true, {}], "d": null}, "big": 99999999999999999999, "neg": -9223372036854775808, "zero": -0, "e": 1e2,
		"inf": Infinity, "ninf": -Infinity, "nan": NaN, "list": [NaN, -Infinity,Infinity], "text": "NaN -Infinity \" Infinity", "Infinity": "NaN", "tiny": 1e-999, "u": "\u00fc\ud83d\ude00"} `)
	if want := []string{"b", "a", "big", "neg", "zero", "e", "inf", "ninf", "nan", "list", "text", "Infinity", "tiny", "u"}; !slices.Equal(r.Root.Keys, want) {
		t.Errorf("keys %q", r.Root.Keys)
	}
	for path, want := range map[string]string{
		"b": "int 1", "a/c": `[1, 2.5, "x", null, true, null]`, "big": "float 1e+20", "neg": "int -9223372036854775808", "zero": "int 0", "e": "float 100", "inf": "float +Inf", "ninf": "float -Inf", "nan": "float NaN",
		"list": "[NaN, -Inf, +Inf]", "text": `"NaN -Infinity \" Infinity"`, "Infinity": `"NaN"`, "a/d": "null", "tiny": "float 0", "u": `"ü😀"`,
	} {
		if v := r.At(path); v == nil || show(v.Value) != want {
			t.Errorf("%s is %v, want %s", path, v, want)
		}
	}
	for _, path := range []string{"x", "a/x", "b/x", "a/d/x", "", "a/c/0", "/b", "a/"} {
		if v := r.At(path); v != nil {
			t.Errorf("%q is %v", path, v)
		}
	}
	if r.Text("text") == "" || r.Text("b") != "" || r.Text("x") != "" || !r.At("a/d").IsNull() || r.At("a").IsNull() || r.At("a/c").IsNull() || r.At("b").IsNull() {
		t.Error("Text or IsNull")
	}
	if got := r.Pointer("a/c"); got != "config.json#/a/c" {
		t.Errorf("pointer %s", got)
	}
}

// A string that looks as if it stood for a number is a string.
func TestParseRawForgedLiterals(t *testing.T) {
	for _, text := range []string{`"\u0000mlxgen-number:1.5"`, `"a"`, `"nfinit"`, `"Infinit"`, `""`} {
		r := raw(t, `{"n": NaN, "v": `+text+`, "w": Infinity}`)
		if v := r.At("v"); v.Value.Kind != String {
			t.Errorf("%s became %s", text, v.Value)
		}
		if !math.IsNaN(r.At("n").Value.F) || !math.IsInf(r.At("w").Value.F, 1) {
			t.Errorf("the literals beside %s: %s %s", text, r.At("n").Value, r.At("w").Value)
		}
	}
}

func TestParseRawRefuses(t *testing.T) {
	nested := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }
	for _, c := range []struct{ text, want string }{
		{"", "EOF"},
		{" ", "EOF"},
		{"[]", "want a JSON object"},
		{"1", "want a JSON object"},
		{"null", "want a JSON object"},
		{"NaN", "want a JSON object"},
		{`"x"`, "want a JSON object"},
		{"{", "EOF"},
		{`{"a"`, ""},
		{`{"a":`, ""},
		{`{"a":1`, ""},
		{`{"a":[1`, ""},
		{`{"a":1}{}`, "more after the end"},
		{`{"a":1} x`, "more after the end"},
		{`{"a":1}}`, "more after the end"},
		{"{}\x00", "more after the end"},
		{"{} NaN", "more after the end"},
		{`{"a":1,"a":1}`, "the key /a stands there twice"},
		{`{"a":{"b":1,"b":2}}`, "the key /a/b stands there twice"},
		{`{"a":[{"b":1,"b":2}]}`, "/a/0/b stands"},
		{`{"a":1,"\u0061":1}`, "twice"},
		{"{\"\xff\":1,\"\xfe\":2}", "twice"},
		{`{"a":1,}`, ""},
		{`{"a":[1,]}`, ""},
		{`{a:1}`, ""},
		{`{'a':1}`, ""},
		{`{"a":01}`, ""},
		{`{"a":+1}`, ""},
		{`{"a":.5}`, ""},
		{`{"a":1.}`, ""},
		{`{"a":True}`, ""},
		{`{"a":nan}`, ""},
		{`{"a" 1}`, ""},
		{"{\"a\":\"\n\"}", ""},
		{`{"a":1 "b":2}`, ""},
		{`{NaN:1}`, "wants a key"},
		{`{"a":--Infinity}`, ""},
		{`{"a":1NaN}`, ""},
		{`{"a":NaNNaN}`, ""},
		{`{"a":Infinityx}`, ""},
		{`{"a":+Infinity}`, ""},
		{`{"a":"x"NaN}`, ""},
		{`{"a":"NaN}`, ""},
		{`{"a":- Infinity}`, ""},
		{`{"a":NaN"b"}`, ""},
		{`{Infinity:1}`, "wants a key"},
		{`{"a":1e400}`, "out of range"},
		{`{"a":-1e400}`, "out of range"},
		{nested(33), "nested deeper than 32"},
		{strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), "nested deeper"},
		{strings.Repeat("[", 100000), "nested deeper"},
		{"// x\n{}", ""},
		{"{} // x", "more after"},
		{"\xef\xbb\xbf\xef\xbb\xbf{}", ""},
		{"\xff\xfe{\x00}\x00", ""},
	} {
		_, err := ParseRaw("config.json", []byte(c.text))
		if err == nil {
			t.Errorf("%.60q is accepted", c.text)
			continue
		}
		wantDiag(t, err, "MG1101", c.want, "config.json")
		if len(err.Error()) > 2000 {
			t.Errorf("%.60q: an error of %d bytes", c.text, len(err.Error()))
		}
	}
	raw(t, nested(32))
	if _, err := ParseRaw("config.json", make([]byte, maxRawSize+1)); err == nil || !strings.Contains(err.Error(), "at most 4194304") {
		t.Errorf("a huge file: %v", err)
	}
}

// Many values cost memory, few bytes.
func TestParseRawBoundsValues(t *testing.T) {
	list := func(n int) string { return `{"a":[0` + strings.Repeat(",0", n-1) + "]}" }
	_, err := ParseRaw("config.json", []byte(list(maxRawValues-1)))
	wantDiag(t, err, "MG1101", "more than 262144 values")
}

// Hostile nesting of long keys does not make a long message.
func TestParseRawBoundsMessages(t *testing.T) {
	key := strings.Repeat("k", 10000)
	_, err := ParseRaw("config.json", []byte(strings.Repeat(`{"`+key+`":`, 40)))
	wantDiag(t, err, "MG1101")
	if len(err.Error()) > 2000 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}

// FuzzParseRaw: never panics; without the two literals, what is accepted is what encoding/json accepts.
func FuzzParseRaw(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,-2.5e3,null,true,"x\"y"],"b":{"c":Infinity}}`, `{"a":NaN}`, `{"a":1,"a":2}`, `[{}]`, `{"a":"\u0000"}`, "\xef\xbb\xbf{}", `{"a":1e999}`, `{"NaN":-Infinity}`, `{"a":"\\"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRaw("config.json", data)
		plain := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
		words := bytes.Contains(data, []byte("NaN")) || bytes.Contains(data, []byte("Infinity"))
		if err != nil {
			var m map[string]any
			if !words && json.Unmarshal(plain, &m) == nil && m != nil && !strings.Contains(err.Error(), "twice") && !strings.Contains(err.Error(), "nested deeper") {
				t.Fatalf("%q is refused: %v", data, err)
			}
			return
		}
		if !words && !json.Valid(plain) {
			t.Fatalf("%q is accepted", data)
		}
		for _, key := range r.Root.Keys {
			if r.Root.Object[key] == nil {
				t.Fatalf("the key %q has no value", key)
			}
			_ = r.Root.Object[key].summary()
		}
	})
}

// A long key around many values costs no more than its length.
func TestParseRawBoundsKeys(t *testing.T) {
	var b strings.Builder
	for range maxRawDepth - 2 {
		b.WriteString(`{"` + strings.Repeat("k", maxRawKey) + `":`)
	}
	b.WriteString(`{"0":0`)
	for i := 1; i < maxRawValues/2; i++ {
		fmt.Fprintf(&b, `,"%d":0`, i)
	}
	b.WriteString(strings.Repeat("}", maxRawDepth-1))
	start := time.Now()
	if _, err := ParseRaw("config.json", []byte(b.String())); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it takes %v", took)
	}
	_, err := ParseRaw("config.json", []byte(`{"a":{"`+strings.Repeat("k", maxRawKey+1)+`":1}}`))
	wantDiag(t, err, "MG1101", "a key in /a has 1025 bytes; at most 1024 are read")
}
