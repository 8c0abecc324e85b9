package contract

// Blueprint is what a template's tagged structs declare. It is read from the Go source (gen) and by reflection (unlocked runs); both must agree.
//
// The tags of a field:
//
//	param:"self_attn"        path segment(s) of a parameter or of a nested struct; "" adds none
//	dims:"a*b, c"            shape of the weight: expressions over fields, layer.X, and the struct's named dims
//	bias:"pred"              linears: there is a bias iff pred
//	when:"pred"              the optional (pointer) parameter or struct is present iff pred; "all-or-none": decided by the headers (Decide), alike everywhere
//	eps:"rms_norm_eps"       norms
//	each:"layers"            a slice with one element a row of the layer table; inside, layer.X names the row's columns
//	with:"width=expr,…"      binds named dims of a shared block's struct
//	as:"MLP"                 the name that a shared block's struct has in the generated package
//	state:"kv" dims:"heads, key_dim[, value_dim]" window:"layer.window"   a state handle
//	rope:"layer.rope"        a *nn.Rope made from a rope plan
//	from:"expr"              a number, bool or string that the loader copies; never folded
//	trait:"expr"             as from, and a condition on it is decided at generation time
type Blueprint struct {
	Template string
	Root     string
	Types    map[string]*TypeSpec
}

// TypeSpec is one struct of a template.
type TypeSpec struct {
	Name   string
	Fields []FieldSpec
}

// FieldSpec is one tagged field.
type FieldSpec struct {
	Name   string
	GoType string // as written, block-qualified: *nn.Linear, []*Layer, *block.GatedMLP, mlx.Array, int
	Param  string
	Dims   []string
	Bias   string
	When   string
	Eps    string
	Each   string
	With   map[string]string
	As     string
	State  string
	Window string
	Rope   string
	From   string
	Trait  string
}

// Param is one logical parameter: a weight with its bias and, where quantised, its companions.
type Param struct {
	Path  string // model.layers.0.self_attn.q_proj
	Class string // path without indices: model.layers.self_attn.q_proj
	Type  string // Linear, Embedding, RMSNorm, LayerNorm, Tensor
	Shape []int
	Dims  []string // the expressions of Shape, named dims resolved; nil where they are not known
	Bias  bool
	Layer int // row of the layer table, -1 outside
}

// StateSpec is one state handle: keys and values of a layer.
type StateSpec struct {
	Path   string
	Kind   string
	Dims   []int
	Window int // 0 = unlimited
	Layer  int
}
