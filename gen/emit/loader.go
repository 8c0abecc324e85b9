package emit

import (
	"fmt"
	"go/token"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// loader writes config.go and load.go from the live blueprint.
type loader struct {
	*Package
	blueprint *contract.Blueprint
	fields    []contract.Field    // of the policy, those that the loader reads
	columns   []contract.Column   // likewise
	dims      map[string][]string // named dims of each struct, in the order that it uses them
	reads     map[string][]string // names that the constructor of each struct reads of Config, its row and its dims
	order     []string            // structs, the root first
	fixed     fixed
}

func newLoader(p *Package) (*loader, error) {
	l := &loader{Package: p, blueprint: p.Result.Blueprint, dims: map[string][]string{}, reads: map[string][]string{}}
	var err error
	if l.fixed, err = fixedBy(p.Policy); err != nil {
		return nil, err
	}
	if err := l.visit(l.blueprint.Root); err != nil {
		return nil, err
	}
	return l, l.collect()
}

// locals are the names that constructors have in scope.
var locals = []string{"b", "c", "i", "l", "m", "append", "contract", "false", "len", "nn", "true", "weights"}

// visit orders the structs and finds the named dims of each.
func (l *loader) visit(name string) error {
	if slices.Contains(l.order, name) {
		return nil
	}
	t, ok := l.blueprint.Types[name]
	if !ok {
		return fmt.Errorf("there is no struct %s", name)
	}
	l.order = append(l.order, name)
	for i := range t.Fields {
		f := &t.Fields[i]
		if s := f.Struct(); s != "" {
			for key := range f.With {
				if slices.Contains(locals, key) || token.IsKeyword(key) {
					return fmt.Errorf("%s.%s: the dim %s cannot have this name: generated code uses it", name, f.Name, key)
				}
				if !slices.Contains(l.dims[s], key) {
					l.dims[s] = append(l.dims[s], key)
				}
			}
			slices.Sort(l.dims[s])
			if err := l.visit(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// expressions lists all expressions of a field.
func expressions(f *contract.FieldSpec) []string {
	all := slices.Clone(f.Dims)
	for _, e := range f.With {
		all = append(all, e)
	}
	all = append(all, f.Bias, f.When, f.Eps, f.Window, f.Rope, f.From, f.Trait)
	return slices.DeleteFunc(all, func(e string) bool { return e == "" || e == contract.AllOrNone })
}

// collect finds what the live structs read, and the fields and columns of the policy among it, in the policy's order.
func (l *loader) collect() error {
	used := map[string]bool{}
	for _, name := range l.order {
		for i := range l.blueprint.Types[name].Fields {
			for _, src := range expressions(&l.blueprint.Types[name].Fields[i]) {
				e, err := contract.ParseExpr(src)
				if err != nil {
					return err
				}
				for _, n := range l.fixed.fold(e, l.dims[name]).Names() {
					l.reads[name] = append(l.reads[name], n)
					used[n] = used[n] || !slices.Contains(l.dims[name], n)
				}
			}
		}
	}
	for _, f := range l.Policy.Fields {
		if used[f.Name] {
			l.fields = append(l.fields, f)
		}
	}
	for _, c := range l.Policy.Layers {
		if used["layer."+c.Name] {
			l.columns = append(l.columns, c)
		}
	}
	return nil
}

// goTypes are the types of normalised kinds, with the reader of contract.Facts.
var goTypes = map[contract.Kind]struct {
	code   func() *jen.Statement
	reader string
}{
	contract.Int:      {jen.Int, "Int"},
	contract.Float:    {jen.Float64, "Float"},
	contract.Bool:     {jen.Bool, "Bool"},
	contract.String:   {jen.String, "Text"},
	contract.RopePlan: {func() *jen.Statement { return jen.Op("*").Qual(Module+"/runtime/contract", "Rope") }, "Rope"},
}

// longestSource bounds what a comment tells of where a number comes from.
const longestSource = 60

// config writes the typed Config.
func (l *loader) config(f *jen.File) error {
	field := func(name string, kind contract.Kind, comment, source string) (jen.Code, error) {
		t, ok := goTypes[kind]
		if !ok {
			return nil, fmt.Errorf("a struct reads %s, which has no Go type", name)
		}
		if source != "" && len(source) <= longestSource {
			comment += " (" + source + ")"
		}
		return jen.Id(identifier(name)).Add(t.code()).Comment(comment), nil
	}
	var config, layer []jen.Code
	for _, x := range l.fields {
		c, err := field(x.Name, x.Kind, x.Doc, strings.Join(x.Keys, ", "))
		if err != nil {
			return err
		}
		config = append(config, c)
	}
	for _, x := range l.columns {
		source := x.Expr
		if source == x.Name {
			source = "" // says nothing new
		}
		c, err := field(x.Name, x.Kind, x.Doc, source)
		if err != nil {
			return err
		}
		layer = append(layer, c)
	}
	if len(layer) > 0 {
		config = append(config, jen.Line(), jen.Id("Layers").Index().Id("LayerConfig"))
	}
	f.Comment("Config is the numbers of a checkpoint that the model reads, with their keys in config.json.")
	f.Type().Id("Config").Struct(config...)
	if len(layer) > 0 {
		f.Comment("LayerConfig is the numbers of one layer.")
		f.Type().Id("LayerConfig").Struct(layer...)
	}
	f.Comment("newConfig reads the numbers from a normalised config.")
	f.Func().Id("newConfig").Params(jen.Id("n").Op("*").Qual(Module+"/runtime/contract", "Config")).Op("*").Id("Config").BlockFunc(func(g *jen.Group) {
		g.Id("c").Op(":=").Op("&").Id("Config").CustomFunc(lines, func(g *jen.Group) {
			for _, x := range l.fields {
				g.Id(identifier(x.Name)).Op(":").Id("n").Dot(goTypes[x.Kind].reader).Call(jen.Lit(x.Name))
			}
		})
		if len(layer) > 0 {
			g.For(jen.List(jen.Id("_"), jen.Id("row")).Op(":=").Range().Id("n").Dot("Layers")).Block(
				jen.Id("c").Dot("Layers").Op("=").Append(jen.Id("c").Dot("Layers"), jen.Id("LayerConfig").CustomFunc(lines, func(g *jen.Group) {
					for _, x := range l.columns {
						g.Id(identifier(x.Name)).Op(":").Id("row").Dot(goTypes[x.Kind].reader).Call(jen.Lit(x.Name))
					}
				})),
			)
		}
		g.Return(jen.Id("c"))
	})
	return nil
}

// load writes one constructor a struct.
func (l *loader) load(f *jen.File) error {
	for _, name := range l.order {
		if err := l.constructor(f, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// perLayer says whether a struct, or one inside it, reads the row of its layer.
func (l *loader) perLayer(name string) bool {
	return slices.ContainsFunc(l.reads[name], func(n string) bool { return strings.HasPrefix(n, "layer.") }) ||
		l.anyPart(name, func(f *contract.FieldSpec) bool { return f.Each == "" && l.perLayer(f.Struct()) })
}

// readsConfig says whether a struct, or one inside it, reads the Config.
func (l *loader) readsConfig(name string) bool {
	return slices.ContainsFunc(l.reads[name], func(n string) bool { return !strings.HasPrefix(n, "layer.") && !slices.Contains(l.dims[name], n) }) ||
		l.anyPart(name, func(f *contract.FieldSpec) bool { return f.Each != "" || l.readsConfig(f.Struct()) })
}

// anyPart says whether a condition holds for one of the structs in a struct.
func (l *loader) anyPart(name string, holds func(*contract.FieldSpec) bool) bool {
	fields := l.blueprint.Types[name].Fields
	return slices.ContainsFunc(fields, func(f contract.FieldSpec) bool { return f.Struct() != "" && holds(&f) })
}

// constructor writes newX. Fields that are always there stand in the literal, in the order of the struct; optional and repeated ones follow.
func (l *loader) constructor(f *jen.File, name string) error {
	t := l.blueprint.Types[name]
	scope := &scope{loader: l, owner: name}
	var always, later []jen.Code
	for i := range t.Fields {
		field := &t.Fields[i]
		value, err := scope.value(field)
		if err != nil {
			return fmt.Errorf("%s: %w", field.Name, err)
		}
		self := jen.Id("m").Dot(field.Name)
		switch {
		case field.Each != "":
			later = append(later, jen.For(scope.row(field)).Block(self.Clone().Op("=").Append(self.Clone(), value)))
		case field.When != "":
			cond, err := scope.expr(field.When)
			if err != nil {
				return fmt.Errorf("%s: %w", field.Name, err)
			}
			later = append(later, jen.If(cond).Block(self.Op("=").Add(value)))
		default:
			always = append(always, jen.Id(field.Name).Op(":").Add(value))
		}
	}
	made := jen.Op("&").Id(name).Custom(lines, always...)
	f.Commentf("new%s builds %s from the parameters that b holds.", name, article(name))
	f.Func().Id("new" + name).Params(l.parameters(name)...).Op("*").Id(name).BlockFunc(func(g *jen.Group) {
		if len(later) == 0 {
			g.Return(made)
			return
		}
		g.Id("m").Op(":=").Add(made)
		for _, code := range later {
			g.Add(code)
		}
		g.Return(jen.Id("m"))
	})
	return nil
}

// article puts a or an before a name, as it is spoken: an Attention, an MLP.
func article(name string) string {
	letters := len(name) > 1 && name[1] >= 'A' && name[1] <= 'Z' // spoken letter by letter
	if strings.ContainsRune("AEIOU", rune(name[0])) || letters && strings.ContainsRune("FHLMNRSX", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

// parameters are those of a constructor: the builder, what it reads of the config, and the named dims.
func (l *loader) parameters(name string) []jen.Code {
	params := []jen.Code{jen.Id("b").Op("*").Qual(Module+"/runtime/weights", "Builder")}
	if l.readsConfig(name) {
		params = append(params, jen.Id("c").Op("*").Id("Config"))
	}
	if l.perLayer(name) {
		params = append(params, jen.Id("l").Id("LayerConfig"))
	}
	if dims := l.dims[name]; len(dims) > 0 {
		var ids []jen.Code
		for _, d := range dims {
			ids = append(ids, jen.Id(d))
		}
		params = append(params, jen.List(ids...).Int())
	}
	return params
}
