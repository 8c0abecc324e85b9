//go:build cgo

package chat_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlxgen/mlxgen/runtime/chat"
)

// now is the moment that the goldens were made at.
var now = time.Date(2025, 7, 10, 12, 0, 0, 0, time.UTC)

func readJSON(t testing.TB, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

// TestRendersAsPython compares with jinja2, by way of testdata/generate.py.
func TestRendersAsPython(t *testing.T) {
	var goldens struct {
		Data  json.RawMessage
		Cases []struct {
			Name, Template string
			Data           json.RawMessage
			Want           *string
			Raised         string
			Error          bool
		}
	}
	readJSON(t, "goldens.json", &goldens)
	if len(goldens.Cases) < 300 {
		t.Fatalf("only %d cases", len(goldens.Cases))
	}
	for _, c := range goldens.Cases {
		data := c.Data
		if data == nil {
			data = goldens.Data
		}
		got, err := render(c.Template, data)
		var raised *chat.RaisedError
		switch {
		case c.Want != nil && err != nil:
			t.Errorf("%s: %s: %v", c.Name, c.Template, err)
		case c.Want != nil && got != *c.Want:
			t.Errorf("%s: %s (-want +got)\n%s", c.Name, c.Template, cmp.Diff(*c.Want, got))
		case c.Want == nil && err == nil:
			t.Errorf("%s: %s: no error, but %q", c.Name, c.Template, got)
		case c.Raised != "" && (!errors.As(err, &raised) || raised.Message != c.Raised):
			t.Errorf("%s: %s: %v, want %q", c.Name, c.Template, err, c.Raised)
		}
	}
}

func render(source string, vars any) (string, error) {
	template, err := chat.Compile("test", source)
	if err != nil {
		return "", err
	}
	return template.RenderAt(vars, now)
}

func TestErrors(t *testing.T) {
	var raised *chat.RaisedError
	_, err := render("a\n\n{{ raise_exception('no: ' ~ x) }}", map[string]any{"x": "<é>"})
	if !errors.As(err, &raised) || *raised != (chat.RaisedError{Template: "test", Line: 3, Message: "no: <é>"}) {
		t.Errorf("raise_exception: %#v", err)
	}
	if got, want := err.Error(), "chat template test:3: no: <é>"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for source, want := range map[string]chat.Error{
		"a\n{% if %}":                         {Line: 2, Kind: chat.Syntax},
		"\n\n{{ x":                            {Line: 3, Kind: chat.Syntax},
		"a\n{{ missing.x }}":                  {Line: 2, Kind: chat.Failed},
		"\n{{ 'x' * 99999999999 }}":           {Line: 2, Kind: chat.Limit},
		strings.Repeat("x", 300<<10):          {Line: 0, Kind: chat.Limit},
		strings.Repeat("{{ 1 }}", 25000) + "": {Line: 0, Kind: chat.Syntax},
	} {
		var fail *chat.Error
		if _, err := render(source, map[string]any{}); err == nil {
			t.Errorf("%.20q: no error", source)
		} else if errors.As(err, &fail) && (fail.Line != want.Line || fail.Kind != want.Kind) {
			t.Errorf("%.20q: %+v, want line %d and kind %d", source, fail, want.Line, want.Kind)
		}
	}
}

func TestVariables(t *testing.T) {
	type vars struct {
		B int             `json:"b"`
		A json.RawMessage `json:"a"`
		H string          `json:"h"`
	}
	const template = "{{ b }}{{ a | tojson }}{{ h }}"
	want := `7{"z": 1, "a": {"y": 2.0, "x": null}}<&>`
	raw := json.RawMessage(`{"z":1,"a":{"y":2.0,"x":null}}`)
	for _, v := range []any{
		vars{7, raw, "<&>"},
		map[string]any{"b": 7, "a": raw, "h": "<&>"},
		[]byte(`{"b":7,"a":{"z":1,"a":{"y":2.0,"x":null}},"h":"<&>"}`),
		json.RawMessage(`{"b":7,"a":{"z":1,"a":{"y":2.0,"x":null}},"h":"<&>"}`),
	} {
		if got, err := render(template, v); err != nil || got != want {
			t.Errorf("%T: %q, %v", v, got, err)
		}
	}
	for _, v := range []any{nil, 1, "x", []int{1}, make(chan int), []byte("{"), []byte(nil)} {
		if got, err := render("x", v); err == nil {
			t.Errorf("%T %v rendered %q", v, v, got)
		}
	}
	if got, err := render("a\x00{{ x }}", map[string]string{"x": "b\x00c"}); err != nil || got != "a\x00b\x00c" {
		t.Errorf("NUL: %q, %v", got, err)
	}
}

func TestTime(t *testing.T) {
	template, err := chat.Compile("t", "{{ strftime_now('%d %b %Y %H:%M') }}")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2024, 2, 29, 23, 5, 0, 0, time.FixedZone("", 3600))
	if got, err := template.RenderAt(map[string]any{}, at); err != nil || got != "29 Feb 2024 23:05" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := template.Render(map[string]any{}); err != nil || !strings.Contains(got, time.Now().Format("2006")) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestGreedyTemplates gives up on templates that want too much, without ending the process. More of
// them are in native/src/template/render_tests.rs.
func TestGreedyTemplates(t *testing.T) {
	for _, source := range []string{
		"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
		"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
		"{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
		"{% set ns = namespace(s='abcdefgh') %}{% for a in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
		"{% set ns = namespace(s=[1]) %}{% for a in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
		"{% set ns = namespace(s=[]) %}{% for a in range(9999) %}{% set ns.s = [ns.s] %}{% endfor %}",
		"{{ " + strings.Repeat("not ", 50000) + "x }}",
		"{{ " + strings.Repeat("(", 50000) + strings.Repeat(")", 50000) + " }}",
	} {
		start := time.Now()
		got, err := render(source, map[string]any{})
		var fail *chat.Error
		if !errors.As(err, &fail) {
			t.Errorf("%.60q: %d bytes, %v", source, len(got), err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%.60q took %v", source, took)
		}
	}
}

func TestConcurrentRendering(t *testing.T) {
	template, err := chat.Compile("t", "{% for x in xs %}{{ loop.index }}:{{ x | upper }};{% endfor %}")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 200 {
				if got, err := template.Render(map[string]any{"xs": []string{"a", "b"}}); err != nil || got != "1:A;2:B;" {
					t.Errorf("%q, %v", got, err)
					return
				}
			}
		})
	}
	wait.Wait()
}

func FuzzCompile(f *testing.F) {
	f.Add("{% for x in xs %}{{ x | upper }}{% endfor %}")
	f.Add("{%- set ns = namespace(a=1) -%}{{ ns.a ~ 'b'[::-1] % (1,) }}")
	f.Add("{% macro m(a, b=2) %}{{ caller() }}{% endmacro %}{% call m(1) %}{# #}{% endcall %}")
	f.Fuzz(func(t *testing.T, source string) {
		_, err := render(source, []byte(`{"xs":[1,"a",null,{"k":[2.5]}],"s":"é{}"}`))
		var fail *chat.Error
		if errors.As(err, &fail) && strings.Contains(fail.Message, "internal error") {
			t.Error(err)
		}
	})
}

func BenchmarkApply(b *testing.B) {
	var cases []applyCase
	readJSON(b, "apply.json", &cases)
	last := cases[len(cases)-1]
	template, err := chat.Compile("t", last.Template)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := template.Apply(last.conversation()); err != nil {
			b.Fatal(err)
		}
	}
}
