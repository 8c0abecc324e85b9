package unlocked

import (
	"fmt"
	"reflect"

	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/nn"
	"github.com/mlxgen/mlxgen/runtime/weights"
)

// build makes a template's root struct and fills it along its blueprint.
func build(root reflect.Type, template string, b *weights.Builder, c *contract.Config) (nn.Model, error) {
	blueprint, err := Blueprint(template)
	if err != nil {
		return nil, err
	}
	made := reflect.New(root)
	f := &filler{builder: b, root: made.Elem()}
	err = blueprint.Walk(c, contract.Visitor{
		Enter: f.enter,
		Leave: func() { f.open = f.open[:len(f.open)-1] },
		Param: f.param,
		State: f.state,
		Value: f.value,
	})
	if err != nil {
		return nil, err
	}
	m, ok := made.Interface().(nn.Model)
	if !ok {
		return nil, fmt.Errorf("template %s: %s is no nn.Model", template, root.Name())
	}
	return m, nil
}

// filler sets the fields of the structs that the walk enters.
type filler struct {
	builder *weights.Builder
	root    reflect.Value
	open    []reflect.Value // the structs around the current field
}

func (f *filler) current() reflect.Value { return f.open[len(f.open)-1] }

func (f *filler) field(spec *contract.FieldSpec) reflect.Value {
	return f.current().FieldByName(spec.Name)
}

// enter makes a nested struct and stores it in its field, or appends it to its slice.
func (f *filler) enter(spec *contract.FieldSpec, _ *contract.TypeSpec, at int) error {
	if spec == nil {
		f.open = append(f.open, f.root)
		return nil
	}
	field := f.field(spec)
	made := reflect.New(element(field.Type()))
	if at >= 0 {
		field.Set(reflect.Append(field, made))
	} else {
		field.Set(made)
	}
	f.open = append(f.open, made.Elem())
	return nil
}

func (f *filler) param(spec *contract.FieldSpec, p contract.Param, eps float64) error {
	var module any
	switch p.Type {
	case "Linear":
		module = f.builder.Linear(p.Path, p.Shape[0], p.Shape[1], p.Bias)
	case "Embedding":
		module = f.builder.Embedding(p.Path, p.Shape[0], p.Shape[1])
	case "RMSNorm":
		module = f.builder.RMSNorm(p.Path, p.Shape[0], eps)
	default:
		return fmt.Errorf("a %s cannot be built yet", p.Type)
	}
	f.field(spec).Set(reflect.ValueOf(module))
	return nil
}

func (f *filler) state(spec *contract.FieldSpec, s contract.StateSpec) error {
	value := s.Dims[len(s.Dims)-1] // keys and values are alike unless a third dim says otherwise
	f.field(spec).Set(reflect.ValueOf(f.builder.KV(s.Path, s.Dims[0], s.Dims[1], value, s.Window)))
	return nil
}

func (f *filler) value(spec *contract.FieldSpec, v contract.Value) error {
	field := f.field(spec)
	number, isNumber := v.Number()
	switch {
	case spec.Rope != "" && v.Kind == contract.RopePlan:
		field.Set(reflect.ValueOf(nn.NewRope(v.Rope)))
	case field.Kind() == reflect.Int && v.Kind == contract.Int:
		field.SetInt(v.I)
	case field.Kind() == reflect.Float64 && isNumber:
		field.SetFloat(number)
	case field.Kind() == reflect.Bool && v.Kind == contract.Bool:
		field.SetBool(v.B)
	case field.Kind() == reflect.String && v.Kind == contract.String:
		field.SetString(v.S)
	default:
		return fmt.Errorf("a field of type %s cannot hold %s", field.Type(), v)
	}
	return nil
}
