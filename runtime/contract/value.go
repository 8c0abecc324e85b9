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

// Fact is a value and where it came from: a config pointer such as config.json#/rope_theta, or "default: 10000 (transformers)".
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

// Config is a normalised config: named facts and one row of facts a layer. Names are those of the policy's fields (hidden_size, kv_heads, …).
type Config struct {
	Facts  map[string]Fact
	Layers []map[string]Fact
}
