// Package harness builds models from recorded walks over their blueprints, runs their roots and prints what they did.
package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// Event is one step of a walk.
type Event struct {
	Op    string // enter leave param value
	Field string
	At    int
	Path  string
	Kind  string
	Text  string
	Num   float64
	Bool  bool
}

// Job is a model to run.
type Job struct {
	Name   string // the registered package
	Events []Event
}

// Main reads jobs from standard input and writes their traces.
func Main(roots map[string]any) {
	var jobs []Job
	if err := json.NewDecoder(os.Stdin).Decode(&jobs); err != nil {
		panic(err)
	}
	traces := make([]string, len(jobs))
	for i, j := range jobs {
		traces[i] = run(reflect.New(reflect.TypeOf(roots[j.Name]).Elem()), j.Events)
	}
	if err := json.NewEncoder(os.Stdout).Encode(traces); err != nil {
		panic(err)
	}
}

func run(root reflect.Value, events []Event) string {
	mlx.Reset()
	build(root.Elem(), events)
	text := ""
	s := &nn.Step{}
	for i := range root.NumMethod() {
		name := root.Type().Method(i).Name
		text += name + ": " + call(root.Method(i), s) + "\n"
	}
	return text + mlx.Trace()
}

func call(m reflect.Value, s *nn.Step) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint("panic: ", r)
		}
	}()
	var args []reflect.Value
	for i := range m.Type().NumIn() {
		switch typ := m.Type().In(i); typ {
		case reflect.TypeFor[*nn.Step]():
			args = append(args, reflect.ValueOf(s))
		case reflect.TypeFor[mlx.Array]():
			args = append(args, reflect.ValueOf(mlx.Op("argument", i)))
		default:
			args = append(args, reflect.ValueOf(2).Convert(typ))
		}
	}
	for _, r := range m.Call(args) {
		if x, ok := r.Interface().(mlx.Array); ok {
			text += mlx.Show(x) + " "
			continue
		}
		text += fmt.Sprint(r.Interface()) + " "
	}
	return text
}

func build(root reflect.Value, events []Event) {
	var open []reflect.Value
	for _, e := range events {
		if e.Op == "enter" && e.Field == "" {
			open = append(open, root)
			continue
		}
		if e.Op == "leave" {
			open = open[:len(open)-1]
			continue
		}
		f := open[len(open)-1].FieldByName(e.Field)
		if !f.IsValid() {
			panic("no field " + e.Field)
		}
		switch e.Op {
		case "enter":
			made := reflect.Value{}
			if e.At >= 0 {
				made = reflect.New(f.Type().Elem().Elem())
				f.Set(reflect.Append(f, made))
			} else {
				made = reflect.New(f.Type().Elem())
				f.Set(made)
			}
			open = append(open, made.Elem())
		case "param":
			if f.Type() == reflect.TypeFor[mlx.Array]() {
				f.Set(reflect.ValueOf(mlx.Op("param", e.Path)))
				continue
			}
			made := reflect.New(f.Type().Elem())
			made.Elem().FieldByName("Path").SetString(e.Path)
			f.Set(made)
		case "value":
			switch f.Kind() {
			case reflect.Bool:
				f.SetBool(e.Bool)
			case reflect.String:
				f.SetString(e.Text)
			case reflect.Int:
				f.SetInt(int64(e.Num))
			case reflect.Float64:
				f.SetFloat(e.Num)
			default:
				f.Set(reflect.New(f.Type().Elem()))
			}
		}
	}
}
