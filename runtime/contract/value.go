package contract

// Kind is the kind of a Value.
type Kind uint8

// The kinds of normalised values.
const (
	Null Kind = iota
	Int
	Float
	Bool
	String
	List
	RopePlan
	Object // of a raw config, in a policy's match only
)

// Value is one normalised value; the zero Value is null. Values are immutable.
type Value struct {
	Kind Kind
	I    int64
	F    float64
	B    bool
	S    string
	L    []Value
	Rope *Rope
}

// Fact is a value and where it came from: a config pointer such as config.json#/rope_theta, or "default of transformers: 10000".
type Fact struct {
	Value Value
	From  string
}

// Rope is a normalised rotary-position plan; DESIGN: every published scaling is a kind. Zero numbers mean "not used by this kind".
type Rope struct {
	Kind            string // default linear dynamic llama3 yarn longrope proportional none
	Theta           float64
	Dims            int     // rotated features of a head
	Traditional     bool    // pairs (2i, 2i+1) instead of (i, i+Dims/2)
	MaxPositions    int     // max_position_embeddings
	OriginalMax     int     // original_max_position_embeddings
	Factor          float64 // linear, dynamic, llama3, yarn, longrope
	LowFreq         float64 // llama3
	HighFreq        float64 // llama3
	BetaFast        float64 // yarn
	BetaSlow        float64 // yarn
	MScale          float64 // yarn
	MScaleAllDim    float64 // yarn
	AttentionFactor float64 // yarn, longrope; 0 = derived
	Truncate        bool    // yarn
	TurnedPairs     int     // proportional: the pairs that turn; the others never do
	ShortFactor     []float64
	LongFactor      []float64
}

// Facts are named facts. The typed readers return the zero value for a fact that is absent, null or of another kind: normalisation has checked them.
type Facts map[string]Fact

// Int is an integer fact.
func (f Facts) Int(name string) int { return int(f[name].Value.I) }

// Float is a number.
func (f Facts) Float(name string) float64 {
	x, _ := f[name].Value.Number()
	return x
}

// Bool is a truth value.
func (f Facts) Bool(name string) bool { return f[name].Value.B }

// Text is a string.
func (f Facts) Text(name string) string { return f[name].Value.S }

// Rope is a rotary plan; nil where there is none.
func (f Facts) Rope(name string) *Rope { return f[name].Value.Rope }

// Config is a normalised config: named facts and one row of facts a layer. Names are those of the policy's fields (hidden_size) and columns (kv_heads).
type Config struct {
	Facts
	Layers []Facts
}
