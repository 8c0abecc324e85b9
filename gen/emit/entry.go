package emit

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// entry writes what the registry points to.
func (p *Package) entry(f *jen.File) error {
	contractPath, modelPath := Module+"/runtime/contract", Module+"/runtime/model"
	f.Commentf("Entry is %s as the registry sees it.", p.Policy.Name)
	f.Var().Id("Entry").Op("=").Qual(modelPath, "Entry").Custom(lines,
		jen.Id("Policy").Op(":").Id("policy"),
		jen.Id("Guards").Op(":").Id("guards"),
		jen.Id("New").Op(":").Func().Params(
			jen.Id("b").Op("*").Qual(Module+"/runtime/weights", "Builder"),
			jen.Id("c").Op("*").Qual(contractPath, "Config"),
		).Params(jen.Qual(Module+"/runtime/nn", "Model"), jen.Error()).Block(
			jen.Return(jen.Id("new"+p.Result.Blueprint.Root).Call(jen.Id("b"), jen.Id("newConfig").Call(jen.Id("c"))), jen.Nil()),
		),
	)
	return nil
}

// guards writes what the specialised code relies on.
func (p *Package) guards(f *jen.File) error {
	guards := slices.Clone(p.Result.Guards)
	for i := range guards {
		// The file without its line: an edit of a template must not change packages whose code it does not change.
		guards[i].Pos, _, _ = strings.Cut(guards[i].Pos, ":")
	}
	f.Comment("guards are what this code relies on: a checkpoint that violates one is refused by its name.")
	f.Var().Id("guards").Op("=").Add(literal(reflect.ValueOf(guards), true))
	return nil
}

// policy writes the resolved policy, so that running needs no policy package.
func (p *Package) policy(f *jen.File) error {
	resolved := *p.Policy
	resolved.Inert = withRecorded(p.Policy.Inert, p.Inert)
	f.Comment("policy says how a checkpoint's config and tensors are read.")
	f.Var().Id("policy").Op("=").Add(literal(reflect.ValueOf(resolved), true))
	return nil
}

// withRecorded adds decisions about config keys to those of the policy, so that loading knows what adding knew. The first reason given for a key counts.
func withRecorded(known, recorded []contract.Inert) []contract.Inert {
	all := slices.Clone(known)
	sorted := slices.Clone(recorded)
	slices.SortFunc(sorted, func(a, b contract.Inert) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Reason, b.Reason))
	})
	for _, i := range sorted {
		if !slices.ContainsFunc(all, func(have contract.Inert) bool { return have.Key == i.Key }) {
			all = append(all, i)
		}
	}
	return all
}

// tests writes the tests that every family carries.
func (p *Package) tests(f *jen.File) error {
	helpers := Module + "/internal/modeltest"
	test := func(name, doc, helper string, more ...jen.Code) {
		f.Comment(name + " " + doc)
		args := append([]jen.Code{jen.Id("t"), jen.Op("&").Id("Entry")}, more...)
		f.Func().Id(name).Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(jen.Qual(helpers, helper).Call(args...))
	}
	f.Comment("checkpoints are the locked checkpoints that this package was made from.")
	f.Var().Id("checkpoints").Op("=").Index().String().CustomFunc(lines, func(g *jen.Group) {
		for _, id := range p.Checkpoints {
			g.Lit(id)
		}
	})
	locked := jen.Id("checkpoints")
	test("TestProof", "proves every locked checkpoint on its recorded facts.", "Proof", locked.Clone())
	test("TestDetection", "checks that this family, and no other, takes its checkpoints.", "Detection", locked.Clone())
	test("TestGuards", "checks that a config that violates a guard is refused by the guard's name.", "Guards", locked.Clone())
	test("TestGraphs", "checks that this code and its template build the same graphs.", "Graphs", locked.Clone())
	test("TestStepClass", "checks that the forward pass does not depend on the number of tokens.", "StepClass", locked.Clone())
	return nil
}

// literal writes a value of the contract's types as a composite literal without zero fields.
func literal(v reflect.Value, typed bool) *jen.Statement {
	switch v.Kind() {
	case reflect.Struct:
		s := jen.Null()
		if typed {
			s = jen.Qual(v.Type().PkgPath(), v.Type().Name())
		}
		return s.CustomFunc(layoutOf(v), func(g *jen.Group) {
			for i := range v.NumField() {
				if !v.Field(i).IsZero() {
					g.Id(v.Type().Field(i).Name).Op(":").Add(literal(v.Field(i), true))
				}
			}
		})
	case reflect.Slice:
		if v.IsNil() {
			return jen.Nil()
		}
		return jen.Index().Add(typeOf(v.Type().Elem())).CustomFunc(layoutOf(v), func(g *jen.Group) {
			for i := range v.Len() {
				g.Add(literal(v.Index(i), false))
			}
		})
	}
	if name, ok := constants[v.Type().Name()]; ok {
		return jen.Qual(v.Type().PkgPath(), name(v))
	}
	switch v.Kind() {
	case reflect.String:
		return jen.Lit(v.String())
	case reflect.Bool:
		return jen.Lit(v.Bool())
	case reflect.Int:
		return jen.Lit(int(v.Int()))
	case reflect.Float64:
		return jen.Op(number(v.Float()))
	}
	panic(fmt.Sprintf("emit: no literal of %s", v.Type()))
}

// number writes a float as a person would: bounds are whole numbers mostly.
func number(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// constants names the values of the contract's enumerations.
var constants = map[string]func(reflect.Value) string{
	"Kind": func(v reflect.Value) string {
		return []string{"Null", "Int", "Float", "Bool", "String", "List", "RopePlan"}[v.Uint()]
	},
	"OpKind": func(v reflect.Value) string { return identifier(v.String()) },
}

func typeOf(t reflect.Type) jen.Code {
	if t.PkgPath() == "" {
		return jen.Id(t.Name())
	}
	return jen.Qual(t.PkgPath(), t.Name())
}

// layoutOf puts small structs and lists of plain values on one line, everything else on one line an element.
func layoutOf(v reflect.Value) jen.Options {
	oneLine := jen.Options{Open: "{", Close: "}", Separator: ","}
	switch v.Kind() {
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); k == reflect.String || k == reflect.Int || k == reflect.Float64 {
			return oneLine
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if k := v.Field(i).Kind(); (k == reflect.Slice || k == reflect.Struct) && !v.Field(i).IsZero() && layoutOf(v.Field(i)).Multi {
				return lines
			}
		}
		if v.Type().Name() != "Policy" {
			return oneLine
		}
	}
	return lines
}
