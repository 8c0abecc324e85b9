package specialise

import (
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strconv"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// structInfo is a parameter struct: one whose fields carry tags. Everything else about types needs no bookkeeping.
type structInfo struct {
	pkg    *pkg
	file   *file
	obj    *types.TypeName
	decl   *ast.GenDecl
	spec   *ast.TypeSpec
	lit    *ast.StructType
	fields []*fieldInfo
	byVar  map[*types.Var]*fieldInfo
	root   bool
}

// name returns the struct's name in the template.
func (s *structInfo) name() string { return s.obj.Name() }

// fieldInfo is a tagged field.
type fieldInfo struct {
	owner *structInfo
	obj   *types.Var
	ast   *ast.Field
	spec  contract.FieldSpec
	// kid is the parameter struct that the field holds (or holds a slice of); nil for parameters of nn and for plain values.
	kid *structInfo
}

// optional reports whether the field may be absent; allOrNone whether the headers decide that instead of a predicate.
func (f *fieldInfo) optional() bool  { return f.spec.When != "" }
func (f *fieldInfo) allOrNone() bool { return f.spec.When == contract.AllOrNone }

// each reports whether the field is a slice with one element a row of a table.
func (f *fieldInfo) each() bool { return f.spec.Each != "" }

// isParam reports whether the field holds a parameter or a struct of parameters.
func (f *fieldInfo) isParam() bool { return hasTag(f.ast, "param") }

// asked reports whether a condition on the field is decided by the evidence.
func (f *fieldInfo) asked() bool { return f.isTrait() || f.optional() }

// isTrait reports whether the field is a value that decides conditions.
func (f *fieldInfo) isTrait() bool { return f.spec.Trait != "" }

func (f *fieldInfo) name() string { return f.obj.Name() }

// tagKeys are the keys of a tag, in the order in which they are written.
var tagKeys = []string{"param", "dims", "bias", "when", "eps", "each", "with", "as", "state", "window", "rope", "from", "trait"}

// isTagged reports whether a field has one of our tags.
func isTagged(f *ast.Field) bool {
	return slices.ContainsFunc(tagKeys, func(k string) bool { return hasTag(f, k) })
}

// hasTag reports whether f has a tag with key.
func hasTag(f *ast.Field, key string) bool {
	if f.Tag == nil {
		return false
	}
	text, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return false
	}
	_, ok := reflect.StructTag(text).Lookup(key)
	return ok
}

// readField parses the tag of one field.
func readField(owner *structInfo, f *ast.Field, name *ast.Ident, obj *types.Var) (*fieldInfo, error) {
	text, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return nil, err
	}
	spec, _, err := contract.ParseTag(name.Name, owner.file.text(f.Type.Pos(), f.Type.End()), text)
	return &fieldInfo{owner: owner, obj: obj, ast: f, spec: spec}, err
}
