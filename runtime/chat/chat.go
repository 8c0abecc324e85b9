// Package chat renders chat templates exactly as Transformers renders them.
//
// A template is Jinja2 with Python's meaning: the order of keys, the text of numbers and containers,
// generators, Undefined and white space are those of jinja2 in the environment that Transformers sets
// up. Templates come from strangers, so what they can spend is bounded: 256 KiB of source, a budget of
// work that grows with the data, a depth for expressions, tags and values.
package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mlxgen/mlxgen/runtime/internal/native"
)

// Template is a compiled chat template. It may be rendered from several goroutines at once.
type Template struct {
	name   string
	source string
	native *native.Template
}

// Compile compiles a template; name is what errors call it. It fails with an [*Error] where Jinja2
// would not compile the template or where it is too long or too deep.
func Compile(name, source string) (*Template, error) {
	t := &Template{name: name, source: source}
	compiled, err := native.CompileTemplate(source)
	if err != nil {
		return nil, t.wrap(err)
	}
	t.native = compiled
	return t, nil
}

// Name returns the name that Compile was given.
func (t *Template) Name() string { return t.name }

// Source returns the template's text.
func (t *Template) Source() string { return t.source }

// Render renders the template with variables: a JSON object as []byte or json.RawMessage, or
// anything that encodes as one. The order of keys is kept, so schemas belong in json.RawMessage.
// The template's strftime_now sees the current time.
//
// It fails with a [*RaisedError] where the template calls raise_exception, and with an [*Error] where
// Python would raise or a limit is reached.
func (t *Template) Render(vars any) (string, error) {
	return t.RenderAt(vars, time.Now())
}

// RenderAt is Render at a moment that the caller chooses, in the time zone that it carries.
func (t *Template) RenderAt(vars any, now time.Time) (string, error) {
	data, err := encode(vars)
	if err != nil {
		return "", fmt.Errorf("chat template %s: the variables: %w", t.name, err)
	}
	text, err := t.native.Render(data, now)
	if err != nil {
		return "", t.wrap(err)
	}
	return text, nil
}

// encode returns the JSON of a value, with characters as they are.
func encode(value any) ([]byte, error) {
	switch value := value.(type) {
	case []byte:
		return value, nil
	case json.RawMessage:
		return value, nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Kind tells apart why a template fails.
type Kind int

// The kinds of failure.
const (
	Failed Kind = iota // an operation that Python refuses, or wrong variables
	Syntax             // the template does not compile
	Limit              // the template needs more time, memory or depth than it may
)

// Error is why a template did not compile or render.
type Error struct {
	Template string
	Line     int // counted from 1; 0 when unknown
	Kind     Kind
	Message  string
}

// Error names the template, the line and the reason.
func (e *Error) Error() string { return located(e.Template, e.Line, e.Message) }

// RaisedError is what a template says about a conversation that it does not take, by calling
// raise_exception.
type RaisedError struct {
	Template string
	Line     int
	Message  string // the template's own words
}

// Error names the template and the line and quotes the template.
func (e *RaisedError) Error() string { return located(e.Template, e.Line, e.Message) }

func located(template string, line int, message string) string {
	if line == 0 {
		return fmt.Sprintf("chat template %s: %s", template, message)
	}
	return fmt.Sprintf("chat template %s:%d: %s", template, line, message)
}

// wrap turns the library's error into this package's.
func (t *Template) wrap(err error) error {
	var fail *native.Error
	if !errors.As(err, &fail) {
		return fmt.Errorf("chat template %s: %w", t.name, err)
	}
	switch fail.Kind {
	case native.Raised:
		return &RaisedError{t.name, fail.Line, fail.Message}
	case native.Syntax:
		return &Error{t.name, fail.Line, Syntax, fail.Message}
	case native.Limit:
		return &Error{t.name, fail.Line, Limit, fail.Message}
	default:
		return &Error{t.name, fail.Line, Failed, fail.Message}
	}
}
