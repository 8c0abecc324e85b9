package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// ropeKinds maps the published names of rope types to kinds.
var ropeKinds = map[string]string{
	"default": "default", "linear": "linear", "dynamic": "dynamic", "llama3": "llama3", "yarn": "yarn", "longrope": "longrope",
	"su": "longrope", "proportional": "proportional",
}

// rope normalises a rotary plan as Transformers 5 does: rope_parameters (new), or rope_scaling with rope_theta beside it (old); the type is called
// rope_type or type. Keys of a field of kind RopePlan: the object's names, best first. Default is an expression for theta.
//
// The facts head_dim, max_position_embeddings and (where the family has it) partial_rotary_factor must be normalised before.
func (n *normaliser) rope(f *Field) {
	r := &ropeReader{n: n, field: f, used: map[string]bool{}}
	r.open()
	plan := r.plan()
	r.finish()
	if r.failed {
		return
	}
	from := fmt.Sprintf("default of %s: %s", f.Whose, f.Default)
	if top := n.raw.At("rope_theta"); r.path != "" {
		from = n.raw.Pointer(r.path)
	} else if top != nil && !top.IsNull() {
		from = n.raw.Pointer("rope_theta")
	}
	n.config.Facts[f.Name] = Fact{Value: Value{Kind: RopePlan, Rope: plan}, From: from}
}

// ropeReader reads the keys of one rope object.
type ropeReader struct {
	n      *normaliser
	field  *Field
	path   string // of the object; "" where there is none
	object *RawValue
	used   map[string]bool
	failed bool
}

func (r *ropeReader) fail(d diag.Diagnostic) {
	r.failed = true
	r.n.report(d)
}

// open finds the object. Where both spellings are published they must say the same; keys of the second are then read from the first.
func (r *ropeReader) open() {
	for _, path := range r.field.Keys {
		v := r.n.raw.At(path)
		if v == nil {
			continue
		}
		r.n.read[path] = true
		switch {
		case v.IsNull():
		case v.Object == nil:
			r.fail(diag.Errorf("MG1103", r.n.raw.Pointer(path), "%s is %s; want an object", path, v.summary()))
		case r.object == nil:
			r.path, r.object = path, v
		default:
			r.agree(path, v)
		}
	}
}

// agree checks a second object against the first, key by key. It says nothing that the first does not say too.
func (r *ropeReader) agree(path string, v *RawValue) {
	for _, key := range v.Keys {
		second, first := v.Object[key], r.object.Object[key]
		if other := map[string]string{"type": "rope_type", "rope_type": "type"}[key]; first == nil && other != "" {
			first = r.object.Object[other]
		}
		switch at := r.n.raw.Pointer(path + "/" + key); {
		case second.IsNull():
		case first == nil:
			r.fail(diag.Errorf("MG1105", at, "%s/%s is %s, which %s does not say", path, key, second.summary(), r.path))
		case second.Object != nil || first.Object != nil || !first.Value.Equal(second.Value):
			r.fail(diag.Errorf("MG1105", at, "%s/%s is %s, but in %s it is %s", path, key, second.summary(), r.path, first.summary()))
		}
	}
}

// get reads one key of the object; Null where it is absent.
func (r *ropeReader) get(key string) Value {
	if r.object == nil {
		return Value{}
	}
	r.used[key] = true
	v := r.object.Object[key]
	if v == nil {
		return Value{}
	}
	if v.Object != nil {
		return Value{Kind: Object}
	}
	return v.Value
}

func (r *ropeReader) pointer(key string) string { return r.n.raw.Pointer(r.path + "/" + key) }

// positive reads a number above 0; def where there is none, which is an error where it is required.
func (r *ropeReader) positive(key string, def float64, required bool) float64 {
	x := r.orZero(key, def, required)
	if v, ok := r.get(key).Number(); ok && v == 0 {
		r.fail(diag.Errorf("MG1103", r.pointer(key), "%s is 0; want a number above 0", key))
		return def
	}
	return x
}

// orZero reads a number that may be 0.
func (r *ropeReader) orZero(key string, def float64, required bool) float64 {
	v := r.get(key)
	x, ok := v.Number()
	switch {
	case v.Kind == Null && required:
		r.fail(diag.Errorf("MG1102", r.pointer(key), "the rope scaling has no %s", key))
	case v.Kind == Null:
	case !ok || x != x || x > 1e15:
		r.fail(diag.Errorf("MG1103", r.pointer(key), "%s is %s; want a number", key, v))
	case x < 0:
		r.fail(diag.Errorf("MG1103", r.pointer(key), "%s is %s; want a number above 0", key, v))
	default:
		return x
	}
	return def
}

func (r *ropeReader) list(key string, length int) []float64 {
	v := r.get(key)
	switch v.Kind {
	case List:
	case Null:
		r.fail(diag.Errorf("MG1102", r.pointer(key), "the rope scaling has no list %s", key))
		return nil
	default:
		r.fail(diag.Errorf("MG1103", r.pointer(key), "%s is %s; want a list", key, v))
		return nil
	}
	out := make([]float64, len(v.L))
	for i, x := range v.L {
		f, ok := x.Number()
		if !ok || !(f > 0) || f > 1e15 {
			r.fail(diag.Errorf("MG1103", fmt.Sprintf("%s/%d", r.pointer(key), i), "%s is %s; want a number above 0", key, x))
			return nil
		}
		out[i] = f
	}
	if len(out) != length {
		r.fail(diag.Errorf("MG1103", r.pointer(key), "%s has %d factors; want %d, one a pair of features", key, len(out), length))
	}
	return out
}

// kind is the plan's type; rope_type and type must agree.
func (r *ropeReader) kind() string {
	a, b := r.get("rope_type"), r.get("type")
	if a.Kind == Null {
		a = b
	}
	if a.Kind == Null {
		return "default"
	}
	if b.Kind != Null && !a.Equal(b) && (a.Kind != b.Kind || ropeKinds[a.S] != ropeKinds[b.S]) {
		r.fail(diag.Errorf("MG1105", r.pointer("type"), "rope_type is %s, but type is %s", a, b))
	}
	kind, ok := ropeKinds[a.S]
	if a.Kind != String || !ok {
		known := slices.Sorted(maps.Keys(ropeKinds))
		r.fail(diag.Errorf("MG1108", r.pointer("rope_type"), "unknown rope type %s", a).
			Note("known types: %s", strings.Join(known, ", ")).
			WithHint("a new scaling is a kind of contract.Rope and its frequencies in runtime/nn; see docs/adding-a-family.md"))
		return "default"
	}
	return kind
}

func (r *ropeReader) fact(name string) int64 {
	f, ok := r.n.config.Facts[name]
	if !ok || f.Value.Kind != Int {
		r.failed = true // reported where the fact itself failed
		return 0
	}
	return f.Value.I
}

func (r *ropeReader) theta() float64 {
	inside := r.get("rope_theta")
	top := r.n.raw.At("rope_theta")
	r.n.read["rope_theta"] = true
	theta := Value{}
	switch {
	case inside.Kind != Null:
		theta = inside
		if top != nil && !top.IsNull() && !top.Value.Equal(inside) {
			r.fail(diag.Errorf("MG1105", r.n.raw.Pointer("rope_theta"), "rope_theta is %s, but %s/rope_theta is %s", top.Value, r.path, inside))
		}
	case top != nil && !top.IsNull():
		theta = top.Value
	default:
		v, err := evalText(r.field.Default, r.n.config)
		if err != nil {
			r.fail(diag.Errorf("MG1102", r.n.raw.Pointer("rope_theta"), "the config has no rope_theta"))
			return 0
		}
		theta = v
	}
	x, ok := theta.Number()
	if !ok || !(x > 1) || x > 1e15 {
		r.fail(diag.Errorf("MG1103", r.n.raw.Pointer("rope_theta"), "rope_theta is %s; want a number above 1", theta))
	}
	return x
}

func (r *ropeReader) plan() *Rope {
	head, longest := r.fact("head_dim"), r.fact("max_position_embeddings")
	p := &Rope{Kind: r.kind(), Theta: r.theta(), Dims: int(head), MaxPositions: int(longest)}
	if head == 0 {
		return p
	}
	partial := r.partial(p.Kind)
	if p.Kind == "proportional" {
		p.TurnedPairs = int(partial * float64(head) / 2)
	} else {
		p.Dims = int(partial * float64(head))
	}
	if p.Dims <= 0 || p.Dims%2 != 0 || p.Dims > int(head) || p.Kind == "proportional" && (p.TurnedPairs < 1 || p.TurnedPairs > p.Dims/2) {
		r.fail(diag.Errorf("MG1103", r.n.raw.File, "%d of %d features of a head would be rotated; want an even number", p.Dims, head))
		return p
	}
	switch p.Kind {
	case "linear", "dynamic":
		p.Factor = r.positive("factor", 0, true)
		r.get("original_max_position_embeddings") // published beside both, read by neither
		if p.Kind == "dynamic" && p.Dims <= 2 {
			r.fail(diag.Errorf("MG1103", r.n.raw.Pointer(r.path), "dynamic scaling needs more than two rotated features"))
		}
	case "proportional":
		p.Factor = r.positive("factor", 1, false)
	case "llama3":
		p.Factor = r.positive("factor", 0, true)
		p.LowFreq, p.HighFreq = r.positive("low_freq_factor", 0, true), r.positive("high_freq_factor", 0, true)
		p.OriginalMax = r.original()
		if p.LowFreq > 0 && p.HighFreq > 0 && p.LowFreq >= p.HighFreq {
			r.fail(diag.Errorf("MG1103", r.pointer("high_freq_factor"), "high_freq_factor %v is not above low_freq_factor %v", p.HighFreq, p.LowFreq))
		}
	case "yarn":
		p.OriginalMax = r.original()
		if r.object.Object["factor"] == nil {
			r.fail(diag.Errorf("MG1102", r.pointer("factor"), "the rope scaling has no factor"))
		}
		p.Factor = r.ratio(p)
		p.BetaFast, p.BetaSlow = r.orZero("beta_fast", 32, false), r.orZero("beta_slow", 1, false)
		p.MScale, p.MScaleAllDim = r.orZero("mscale", 0, false), r.orZero("mscale_all_dim", 0, false)
		p.AttentionFactor = r.positive("attention_factor", 0, false)
		truncate := r.get("truncate")
		p.Truncate = truncate.Kind == Null || truncate.B
		if truncate.Kind != Null && truncate.Kind != Bool {
			r.fail(diag.Errorf("MG1103", r.pointer("truncate"), "truncate is %s; want true or false", truncate))
		}
		if p.BetaFast == 0 { // published zeros mean the default
			p.BetaFast = 32
		}
		if p.BetaSlow == 0 {
			p.BetaSlow = 1
		}
	case "longrope":
		p.OriginalMax = r.original()
		p.Factor = r.ratio(p)
		p.AttentionFactor = r.positive("attention_factor", 0, false)
		if p.OriginalMax == 1 {
			r.fail(diag.Errorf("MG1103", r.pointer("original_max_position_embeddings"), "original_max_position_embeddings is 1; want more"))
		}
		p.ShortFactor, p.LongFactor = r.list("short_factor", p.Dims/2), r.list("long_factor", p.Dims/2)
	}
	return p
}

// partial is the part of a head that is rotated. Only families with a field partial_rotary_factor rotate a part; others rotate the whole head or, in the
// proportional kind, leave pairs of it as they are.
func (r *ropeReader) partial(kind string) float64 {
	const key = "partial_rotary_factor"
	f, family := r.n.config.Facts[key]
	own, _ := f.Value.Number()
	if !family {
		own = 1
	}
	inside := r.get(key)
	switch x := r.positive(key, own, false); {
	case inside.Kind == Null:
		return own
	case !family && kind != "proportional" && x != 1:
		r.fail(diag.Errorf("MG1103", r.pointer(key), "%s is %v, but this family rotates whole heads", key, inside).
			WithHint("the reference does not read it for rope type %s; remove it if the checkpoint was made so", kind))
	case family && x != own && strings.Contains(f.From, "#/"):
		r.fail(diag.Errorf("MG1105", r.pointer(key), "%s is %v, but %s is %v", key, inside, f.From, f.Value))
	default:
		return x
	}
	return own
}

// original is original_max_position_embeddings: in the object, beside it, or the config's maximum.
func (r *ropeReader) original() int {
	const key = "original_max_position_embeddings"
	def := float64(r.fact("max_position_embeddings"))
	if top := r.n.raw.At(key); top != nil && !top.IsNull() {
		r.n.read[key] = true
		x, ok := top.Value.Number()
		switch inside := r.get(key); {
		case !ok:
			r.fail(diag.Errorf("MG1103", r.n.raw.Pointer(key), "%s is %s; want a number", key, top.summary()))
		case inside.Kind != Null && !inside.Equal(top.Value):
			r.fail(diag.Errorf("MG1105", r.n.raw.Pointer(key), "%s is %s, but %s/%s is %s", key, top.Value, r.path, key, inside))
		default:
			def = x
		}
	}
	x := r.positive(key, def, false)
	if x < 1 || x != float64(int(x)) {
		r.fail(diag.Errorf("MG1103", r.pointer(key), "%s is %v; want a whole number", key, x))
		return 1
	}
	return int(x)
}

// ratio is the factor, or how much longer the config's maximum is than the original.
func (r *ropeReader) ratio(p *Rope) float64 {
	return r.positive("factor", float64(p.MaxPositions)/float64(p.OriginalMax), false)
}

// finish reports keys of the object that the kind does not read.
func (r *ropeReader) finish() {
	if r.object == nil || r.failed {
		return
	}
	for _, key := range r.object.Keys {
		if v := r.object.Object[key]; r.used[key] || v.IsNull() {
			continue
		}
		r.fail(diag.Errorf("MG1104", r.pointer(key), "nothing reads %q of the rope scaling (%s)", key, r.object.Object[key].summary()).
			WithHint("rope type %s does not use it", r.kind()))
	}
}
