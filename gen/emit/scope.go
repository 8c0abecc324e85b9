package emit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// scope writes expressions and values inside the constructor of one struct: c is the Config, l the row of the layer, named dims are parameters.
type scope struct {
	*loader
	owner string
}

// value writes what a field is set to.
func (s *scope) value(f *contract.FieldSpec) (jen.Code, error) {
	switch {
	case f.State != "":
		return s.state(f)
	case f.Rope != "":
		plan, err := s.expr(f.Rope)
		return jen.Qual(Module+"/runtime/nn", "NewRope").Call(plan), err
	case f.From+f.Trait != "":
		return s.expr(f.From + f.Trait)
	case f.Module() != "":
		return s.module(f)
	}
	return s.nested(f)
}

// module writes the call that asks the builder for a parameter.
func (s *scope) module(f *contract.FieldSpec) (jen.Code, error) {
	args, err := s.exprs(f.Dims...)
	if err != nil {
		return nil, err
	}
	args = append([]jen.Code{jen.Lit(f.Param)}, args...)
	switch f.Module() {
	case "Linear":
		bias := jen.Code(jen.False())
		if f.Bias != "" {
			if bias, err = s.expr(f.Bias); err != nil {
				return nil, err
			}
		}
		args = append(args, bias)
	case "RMSNorm", "LayerNorm":
		eps, err := s.expr(f.Eps)
		if err != nil {
			return nil, err
		}
		args = append(args, eps)
	}
	return jen.Id("b").Dot(f.Module()).Call(args...), nil
}

// state writes the call that declares a state handle; values are like keys unless a third dim says otherwise.
func (s *scope) state(f *contract.FieldSpec) (jen.Code, error) {
	dims := slices.Clone(f.Dims)
	if len(dims) == 2 {
		dims = append(dims, dims[1])
	}
	window := f.Window
	if window == "" {
		window = "0"
	}
	args, err := s.exprs(append(dims, window)...)
	return jen.Id("b").Dot("KV").Call(append([]jen.Code{jen.Lit(f.State)}, args...)...), err
}

// row is the header of the loop over a table.
func (s *scope) row(f *contract.FieldSpec) *jen.Statement {
	index, row := jen.Id("i"), jen.Id("l")
	if !s.perLayer(f.Struct()) {
		return index.Op(":=").Range().Id("c").Dot("Layers")
	}
	return jen.List(index, row).Op(":=").Range().Id("c").Dot("Layers")
}

// nested writes the call of another struct's constructor.
func (s *scope) nested(f *contract.FieldSpec) (jen.Code, error) {
	name := f.Struct()
	below := jen.Id("b").Dot("Sub").Call(jen.Lit(f.Param))
	switch {
	case f.Each != "":
		below = jen.Id("b").Dot("At").Call(jen.Lit(f.Param), jen.Id("i"))
	case f.Param == "":
		below = jen.Id("b")
	}
	args := []jen.Code{below}
	if s.readsConfig(name) {
		args = append(args, jen.Id("c"))
	}
	if s.perLayer(name) {
		args = append(args, jen.Id("l"))
	}
	for _, dim := range s.dims[name] {
		value, ok := f.With[dim]
		if !ok {
			return nil, fmt.Errorf("with lacks %s, which %s needs", dim, name)
		}
		code, err := s.expr(value)
		if err != nil {
			return nil, err
		}
		args = append(args, code)
	}
	return jen.Id("new" + name).Call(args...), nil
}

func (s *scope) exprs(sources ...string) ([]jen.Code, error) {
	var codes []jen.Code
	for _, src := range sources {
		code, err := s.expr(src)
		if err != nil {
			return nil, err
		}
		codes = append(codes, code)
	}
	return codes, nil
}

// expr writes an expression as Go.
func (s *scope) expr(src string) (jen.Code, error) {
	e, err := contract.ParseExpr(src)
	if err != nil {
		return nil, err
	}
	text, err := s.text(s.fixed.fold(e, s.dims[s.owner]), 0)
	return jen.Op(text), err
}

// levels are Go's precedences of the operators that both languages have.
var levels = map[string]int{"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}

func (s *scope) text(e *contract.Expr, outer int) (string, error) {
	switch e.Op {
	case contract.Literal:
		if text := literalOf(e.Val); text != "" {
			return text, nil
		}
	case contract.Name:
		return s.name(e.Text)
	case contract.Unary:
		x, err := s.text(e.Args[0], 6)
		return e.Text + x, err
	case contract.Binary:
		level, ok := levels[e.Text]
		if !ok {
			return "", fmt.Errorf("%s has no form in Go; make it a column or field of the policy", e)
		}
		x, err := s.text(e.Args[0], level)
		if err != nil {
			return "", err
		}
		y, err := s.text(e.Args[1], level+1)
		if err != nil {
			return "", err
		}
		text := x + e.Text + y
		if level < outer {
			text = "(" + text + ")"
		}
		return text, nil
	}
	return "", fmt.Errorf("%s has no form in Go; make it a column or field of the policy", e)
}

func (s *scope) name(name string) (string, error) {
	if slices.Contains(s.dims[s.owner], name) {
		return name, nil
	}
	if column, ok := strings.CutPrefix(name, "layer."); ok {
		if slices.ContainsFunc(s.columns, func(c contract.Column) bool { return c.Name == column }) {
			return "l." + identifier(column), nil
		}
		return "", fmt.Errorf("policy %s has no column %s", s.Policy.Name, column)
	}
	if slices.ContainsFunc(s.fields, func(f contract.Field) bool { return f.Name == name }) {
		return "c." + identifier(name), nil
	}
	return "", fmt.Errorf("policy %s has no field %s", s.Policy.Name, name)
}
