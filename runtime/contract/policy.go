package contract

// Policy declares one family: pure data, so that it can be emitted into the generated package.
type Policy struct {
	Name          string   // also the generated package's name
	ModelTypes    []string // values of config.json#/model_type
	Architectures []string // values of config.json#/architectures; empty list in the config is allowed
	Match         string   // further condition over raw config keys (expression), for a model type that names two architectures
	Template      string   // package under templates/
	Fields        []Field  // config normalisation, in order: later defaults may name earlier fields
	Layers        []Column // the layer table
	LayerCount    string   // expression: number of rows
	Inert         []Inert  // keys that change no arithmetic (besides the global list)
	Layouts       []Layout // exactly one must match
	Checks        []Check  // conditions on the normalised config that must hold
	References    []Reference
	Defects       []string // upstream defects that are deliberately not copied
	Generation    Generation
}

// Field normalises one value of the config.
type Field struct {
	Name string
	Keys []string // where it may stand, best first; nested keys by '/', e.g. "rope_parameters/rope_theta"; none = constant
	Kind Kind
	// Default is an expression over earlier fields, used where no key is present; empty = required. A null counts as absent, unless Null says otherwise.
	Default string
	// Null is the expression that an explicit null stands for where the reference tells it from an absent key.
	Null string
	// Whose says whose default that is: "transformers", "mlx-lm", "policy".
	Whose    string
	Enum     []string // allowed strings; of a list, those of its elements
	Min, Max float64  // bounds for numbers where Max > Min
	Doc      string   // one line, becomes the doc comment in generated Config
}

// Column is one column of the layer table: an expression over fields and the row index i.
type Column struct {
	Name string
	Expr string
	Kind Kind
	Doc  string
}

// Inert is a config key that changes no arithmetic, and why.
type Inert struct{ Key, Reason string }

// Check is a condition that a config must satisfy, with the reason told when it does not.
type Check struct{ Expr, Message string }

// Reference names an authority for one question: "tensors", "arithmetic", "prompt", "cache".
type Reference struct{ Repository, Commit, Question string }

// Generation is how text comes out of the family.
type Generation struct {
	Kind string // "autoregressive"
}
