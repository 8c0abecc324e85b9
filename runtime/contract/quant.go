package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Format is how a weight is stored.
type Format string

// The formats that are recognised by their parts. The runnable ones load; the others are refused by name.
const (
	Dense      Format = "dense"
	Affine     Format = "affine" // MLX: packed words, scales, biases
	MXFP4      Format = "mxfp4"  // MLX: packed words, E8M0 scales
	MXFP8      Format = "mxfp8"
	NVFP4      Format = "nvfp4"
	FP8Block   Format = "fp8-block"  // E4M3 weight, one float scale a block: weight_scale_inv
	FP8Tensor  Format = "fp8-tensor" // one scale a tensor or a row
	GPTQ       Format = "gptq"
	AWQ        Format = "awq"
	Compressed Format = "compressed-tensors"
)

// Runnable says whether the loader can run a format.
func (f Format) Runnable() bool { return f == Dense || f == FP8Block || f.mlx() }

// mlx says whether the format belongs to the mlx layout.
func (f Format) mlx() bool { return slices.Contains([]Format{Affine, MXFP4, MXFP8, NVFP4}, f) }

// Quant is how one parameter is quantised.
type Quant struct {
	Format Format
	Group  int    // inputs a scale, of MLX formats
	Bits   int    // of MLX formats
	Block  [2]int // rows and columns a scale, of FP8Block
	Scales *Term
	Biases *Term // of Affine
}

// refused are methods of quantization_config that are known and cannot be run yet. A method that stands neither here nor in the reader is unknown.
var refused = map[string]string{
	"gptq": "GPTQ", "awq": "AWQ", "compressed-tensors": "compressed-tensors", "bitsandbytes": "bitsandbytes", "fbgemm_fp8": "FBGEMM FP8",
	"modelopt": "ModelOpt", "mxfp4": "MXFP4 in the hub's layout", "bitnet": "BitNet", "hqq": "HQQ", "quanto": "Quanto", "torchao": "torchao", "eetq": "EETQ",
	"aqlm": "AQLM", "vptq": "VPTQ", "higgs": "HIGGS", "spqr": "SpQR", "auto-round": "AutoRound", "fp_quant": "FP-Quant", "exl2": "EXL2", "quark": "Quark",
}

const runnableHint = "take a checkpoint in bf16, in MLX's quantised layout, or in FP8 with block scales"

// quantReader answers how the config says that parameters are quantised.
type quantReader struct {
	raw    *Raw
	key    string    // where the config says it: quantization or quantization_config
	mlx    *RawValue // MLX: global numbers and overrides by path
	hub    *RawValue // quantization_config of other methods
	method string
	block  [2]int // of method fp8
}

// newQuantReader reads and checks what the config says.
func newQuantReader(raw *Raw) (*quantReader, diag.List) {
	q := &quantReader{raw: raw}
	for _, key := range []string{"quantization", "quantization_config"} {
		if v := raw.At(key); v != nil && v.Object == nil && !v.IsNull() {
			return q, diag.List{diag.Errorf("MG1212", raw.Pointer(key), "%s is %s; want an object", key, v.summary())}
		}
	}
	native, other := objectAt(raw, "quantization"), objectAt(raw, "quantization_config")
	switch {
	case native != nil:
		q.mlx, q.key = native, "quantization"
		if other != nil && other.Object["quant_method"] == nil && !sameRaw(native, other) {
			return q, diag.List{diag.Errorf("MG1212", raw.Pointer("quantization_config"), "quantization_config and quantization say different things").
				WithHint("MLX writes the same under both names; the config was edited by hand")}
		}
		return q, q.checkNumbers()
	case other == nil:
		return q, nil
	}
	q.key = "quantization_config"
	method := other.Object["quant_method"]
	switch {
	case method != nil:
		q.hub, q.method = other, method.Value.S
	case other.Object["quant_algo"] != nil || other.Object["producer"] != nil:
		q.hub, q.method = other, "modelopt"
	case other.Object["bits"] != nil || other.Object["group_size"] != nil:
		q.mlx = other
		return q, q.checkNumbers()
	default:
		q.hub = other
	}
	if q.method == "fp8" {
		return q, q.checkFP8()
	}
	return q, diag.List{q.refuse()}
}

// objectAt is an object of the config; nil where there is none.
func objectAt(raw *Raw, key string) *RawValue {
	if v := raw.At(key); v != nil && v.Object != nil {
		return v
	}
	return nil
}

// sameRaw compares what a config says in two places.
func sameRaw(a, b *RawValue) bool {
	if (a.Object == nil) != (b.Object == nil) || len(a.Object) != len(b.Object) || len(a.Array) != len(b.Array) || !a.Value.Equal(b.Value) {
		return false
	}
	for key, v := range a.Object {
		if w := b.Object[key]; w == nil || !sameRaw(v, w) {
			return false
		}
	}
	for i, v := range a.Array {
		if !sameRaw(v, b.Array[i]) {
			return false
		}
	}
	return true
}

// refuse names the method that cannot be run.
func (q *quantReader) refuse() diag.Diagnostic {
	pos := q.raw.Pointer(q.key + "/quant_method")
	name, known := refused[q.method]
	if !known {
		return diag.Errorf("MG1213", pos, "the checkpoint is quantised by %q, which is not known", q.method).WithHint(runnableHint)
	}
	d := diag.Errorf("MG1213", pos, "the checkpoint is quantised by %s, which cannot be run yet", name)
	for _, key := range []string{"quant_algo", "format", "bits", "group_size", "desc_act", "load_in_4bit", "load_in_8bit"} {
		if v := q.hub.Object[key]; v != nil && !v.IsNull() {
			d = d.Note("%s = %s", key, v.summary())
		}
	}
	return d.WithHint(runnableHint)
}

// fp8Keys are what a quantization_config of method fp8 may say beside its blocks. The headers show which weights are quantised; activations stay as they
// are, which is what the scales of activations approximate.
var fp8Keys = []string{"quant_method", "fmt", "weight_block_size", "activation_scheme", "modules_to_not_convert", "ignored_layers", "scale_fmt", "dequantize"}

func (q *quantReader) checkFP8() diag.List {
	var diags diag.List
	report := func(code, key, format string, args ...any) {
		diags = append(diags, diag.Errorf(code, q.raw.Pointer(q.key+"/"+key), format, args...).WithHint(runnableHint))
	}
	for _, key := range q.hub.Keys {
		if v := q.hub.Object[key]; !slices.Contains(fp8Keys, key) && !strings.HasPrefix(key, "_") && !v.IsNull() {
			report("MG1104", key, "nothing reads %q of the quantisation (%s)", key, v.summary())
		}
	}
	if v := q.hub.Object["fmt"]; v != nil && !v.IsNull() && v.Value.S != "e4m3" && v.Value.S != "float8_e4m3fn" {
		report("MG1213", "fmt", "FP8 weights of format %s cannot be run yet", v.summary())
	}
	q.block = [2]int{128, 128}
	switch v := q.hub.Object["weight_block_size"]; {
	case v == nil:
	case v.IsNull():
		report("MG1213", "weight_block_size", "FP8 with one scale a tensor cannot be run yet")
	case len(v.Array) != 2:
		report("MG1212", "weight_block_size", "weight_block_size is %s; want two numbers", v.summary())
	default:
		for i := range q.block {
			if q.block[i] = wholeOr(v.Array[i], 0); q.block[i] < 1 {
				report("MG1212", "weight_block_size", "weight_block_size is %s; want two whole numbers above 0", v.summary())
			}
		}
	}
	return diags
}

// checkNumbers checks MLX's numbers and overrides. What a parameter really has is checked where it is bound.
func (q *quantReader) checkNumbers() diag.List {
	var diags diag.List
	check := func(path string, o *RawValue, key string) {
		v, at := o.Object[key], q.raw.Pointer(q.key+"/"+path+key)
		switch key {
		case "mode":
			if !v.IsNull() && !Format(v.Value.S).mlx() {
				diags = append(diags, diag.Errorf("MG1213", at, "the mode %s is not known", v.summary()).Note("known modes: affine, mxfp4, mxfp8, nvfp4"))
			}
		case "group_size", "bits":
			if wholeOr(v, 1) < 1 {
				diags = append(diags, diag.Errorf("MG1212", at, "%s is %s; want a whole number above 0", key, v.summary()))
			}
		default:
			diags = append(diags, diag.Errorf("MG1104", at, "nothing reads %q of the quantisation (%s)", path+key, v.summary()).
				WithHint("MLX's quantisation holds group_size, bits, mode, and false or the same three by path"))
		}
	}
	for _, key := range q.mlx.Keys {
		v := q.mlx.Object[key]
		if v.Object == nil && v.Value.Kind != Bool {
			check("", q.mlx, key)
			continue
		}
		for _, inner := range v.Keys {
			check(key+"/", v, inner)
		}
	}
	return diags
}

// numbers is how the config says that MLX has quantised a path.
type numbers struct {
	group, bits int
	mode        Format
	explicit    bool // by an override
}

func (n numbers) String() string {
	return fmt.Sprintf("%s with %d bits in groups of %d", n.mode, n.bits, n.group)
}

// mlxNumbers are group size, bits and mode of a path: its own override, or the global ones. ok is false where the config does not quantise the path. An
// override inherits nothing: MLX fills its gaps with the defaults of its mode.
func (q *quantReader) mlxNumbers(path string) (n numbers, ok bool) {
	if q.mlx == nil {
		return n, false
	}
	from := q.mlx
	if own := q.mlx.Object[path]; own != nil {
		n.explicit = true
		if own.Object == nil && !own.Value.B {
			return n, false
		}
		if own.Object != nil {
			from = own
		}
	}
	n.mode = Affine
	if v := from.Object["mode"]; v != nil && !v.IsNull() {
		n.mode = Format(v.Value.S)
	}
	def, known := map[Format][2]int{MXFP4: {32, 4}, MXFP8: {32, 8}, NVFP4: {16, 4}}[n.mode]
	if !known {
		def = [2]int{64, 4}
	}
	n.group, n.bits = wholeOr(from.Object["group_size"], def[0]), wholeOr(from.Object["bits"], def[1])
	return n, true
}

// numbersOf are mlxNumbers of a stored parameter, which has the paths that it was stored under. They agree where it is made of several.
func (q *quantReader) numbersOf(l *logical) (numbers, bool, error) {
	n, ok := q.mlxNumbers(l.stored()[0])
	for _, path := range l.stored()[1:] {
		if m, also := q.mlxNumbers(path); also != ok || m != n {
			return n, ok, fmt.Errorf("it is made of %s (%s) and %s (%s)", l.stored()[0], n, path, m)
		}
	}
	return n, ok, nil
}

// wholeOr is a number of the config: def where it is absent, 0 where it is none.
func wholeOr(v *RawValue, def int) int {
	switch {
	case v == nil || v.IsNull():
		return def
	case v.Value.Kind != Int || v.Value.I < 0 || v.Value.I > 1<<16:
		return 0
	}
	return int(v.Value.I)
}

// formatOf recognises the format of a stored parameter by its parts.
func (q *quantReader) formatOf(l *logical) Format {
	switch {
	case l.has("qweight") && q.method == "awq":
		return AWQ
	case l.has("qweight"):
		return GPTQ
	case l.has("weight_packed"):
		return Compressed
	case l.has("weight", "weight_scale_inv") && len(l.parts["weight_scale_inv"].Shape) > 1:
		return FP8Block
	case l.has("weight", "weight_scale_inv"), l.has("weight", "weight_scale"):
		return FP8Tensor
	case l.has("weight", "scales", "biases"):
		return Affine
	case l.has("weight", "scales"):
		if n, ok, _ := q.numbersOf(l); ok && n.mode.mlx() {
			return n.mode
		}
		return MXFP4
	}
	return Dense
}

func isFloat(t DType) bool { return t == "F32" || t == "F16" || t == "BF16" }
