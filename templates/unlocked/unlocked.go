// Package unlocked runs templates as they are: it builds a template's model by reflection over its tags, after the same proof that generated code
// passes. It serves checkpoints with a trait that no locked checkpoint has, and it is the oracle of the specialiser.
package unlocked

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/model"
	"github.com/mlxgen/mlxgen/runtime/nn"
	"github.com/mlxgen/mlxgen/runtime/weights"
	"github.com/mlxgen/mlxgen/templates/decoder"
	"github.com/mlxgen/mlxgen/templates/policy"
)

// roots are the templates' root structs by the template's name.
var roots = map[string]reflect.Type{
	"decoder": reflect.TypeFor[decoder.Model](),
}

// Entries are all policies, each built from its template.
func Entries() []model.Entry {
	var entries []model.Entry
	for _, p := range policy.All() {
		entries = append(entries, Entry(p))
	}
	return entries
}

// Entry is a policy built from its template.
func Entry(p contract.Policy) model.Entry {
	return model.Entry{
		Policy: p,
		New: func(b *weights.Builder, c *contract.Config) (nn.Model, error) {
			root, ok := roots[p.Template]
			if !ok {
				return nil, fmt.Errorf("policy %s names the template %q, which does not exist", p.Name, p.Template)
			}
			return build(root, p.Template, b, c)
		},
	}
}

// Blueprint reads a template's tags by reflection.
func Blueprint(template string) (*contract.Blueprint, error) {
	root, ok := roots[template]
	if !ok {
		return nil, fmt.Errorf("there is no template %q", template)
	}
	b := &contract.Blueprint{Template: template, Root: root.Name(), Types: map[string]*contract.TypeSpec{}}
	return b, describe(b, root, root.PkgPath())
}

// describe adds a struct and those that its fields name.
func describe(b *contract.Blueprint, t reflect.Type, home string) error {
	name := typeName(t, home)
	if b.Types[name] != nil {
		return nil
	}
	spec := &contract.TypeSpec{Name: name}
	b.Types[name] = spec
	for i := range t.NumField() {
		field := t.Field(i)
		f, tagged, err := contract.ParseTag(field.Name, goType(field.Type, home), string(field.Tag))
		if err != nil {
			return fmt.Errorf("%s.%s: %w", name, field.Name, err)
		}
		if !tagged {
			continue
		}
		spec.Fields = append(spec.Fields, f)
		if f.Struct() != "" {
			if err := describe(b, element(field.Type), home); err != nil {
				return err
			}
		}
	}
	return nil
}

// element is the struct behind a pointer or a slice of pointers.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// typeName is a struct's name as the template's package writes it.
func typeName(t reflect.Type, home string) string {
	if t.PkgPath() == home || t.PkgPath() == "" {
		return t.Name()
	}
	return t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:] + "." + t.Name()
}

// goType is a field's type as the template's package writes it.
func goType(t reflect.Type, home string) string {
	switch t.Kind() {
	case reflect.Slice:
		return "[]" + goType(t.Elem(), home)
	case reflect.Pointer:
		return "*" + goType(t.Elem(), home)
	}
	return typeName(t, home)
}
