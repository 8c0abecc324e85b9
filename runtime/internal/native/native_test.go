package native

import (
	"errors"
	"testing"
	"time"
)

func TestTemplate(t *testing.T) {
	template, err := CompileTemplate("{{ x }}\x00{% if y %}\n{{ raise_exception('no\x00') }}{% endif %}")
	if errors.Is(err, ErrNoCgo) {
		return // the stub, which has nothing else to show
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err := template.Render([]byte(`{"x":"a\u0000b"}`), time.Now()); err != nil || got != "a\x00b\x00" {
		t.Errorf("%q, %v", got, err)
	}
	_, err = template.Render([]byte(`{"y":1}`), time.Now())
	var fail *Error
	if !errors.As(err, &fail) || *fail != (Error{Raised, 2, "no\x00"}) {
		t.Errorf("%#v", err)
	}
	if got, want := err.Error(), "line 2: no\x00"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNoTokenizer(t *testing.T) {
	none := NewTokenizer(nil)
	if _, err := none.Encode("x", false); err == nil {
		t.Error("encoded without a tokenizer")
	}
	if _, err := none.Decode([]int32{1}, false); err == nil {
		t.Error("decoded without a tokenizer")
	}
}
