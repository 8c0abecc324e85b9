package mlx

// RMSNorm is x/√(mean(x²) + eps)·w over the last axis, computed in f32; w [D] or
// the zero Array. The dtype is that of x and w promoted.
func RMSNorm(x, w Array, eps float64) Array { return newCall(OpRMSNorm, x, w).f(eps).one() }

// LayerNorm is (x − mean)/√(var + eps)·w + b over the last axis, computed in
// f32; w and b are [D] or zero Arrays.
func LayerNorm(x, w, b Array, eps float64) Array { return newCall(OpLayerNorm, x, w, b).f(eps).one() }

// RopeOptions are the options of [Rope].
type RopeOptions struct {
	Dims        int     // how many features rotate, even; the rest pass
	Traditional bool    // pairs are (0,1), (2,3), …; otherwise (0, Dims/2), …
	Base        float64 // θ, when Freqs is not given
	Scale       float64 // of the positions; 0 is 1
	Freqs       Array   // [Dims/2]: wavelengths/2π, the reciprocals of the angular frequencies
}

// Rope rotates x [T, H, D] by the positions [T] of its tokens.
func Rope(x, positions Array, o RopeOptions) Array {
	if o.Scale == 0 {
		o.Scale = 1
	}
	return newCall(OpRope, x, positions, o.Freqs).i(o.Dims).b(o.Traditional).f(o.Base, o.Scale).one()
}

// SDPA is attention with the softmax of q·kᵀ·scale for q [B, Hq, Tq, D], k
// [B, H, Tk, D] and v [B, H, Tk, Dv], where H divides Hq. mask broadcasts to
// [B, Hq, Tq, Tk] and is bool (true attends) or added; causal aligns the last
// query with the last key; sinks [Hq] join the softmax without a value. mask and
// sinks may be the zero Array.
func SDPA(q, k, v Array, scale float64, mask Array, causal bool, sinks Array) Array {
	return newCall(OpSDPA, q, k, v, mask, sinks).b(causal).f(scale).one()
}

// ConvOptions are the options of [Conv1D]; zero values are 1 (Padding: 0).
type ConvOptions struct {
	Stride, Padding, Dilation, Groups int
}

// Conv1D is the convolution (correlation) of x [N, L, C] with w [O, K, C/groups].
// With Groups = C it is depthwise.
func Conv1D(x, w Array, o ConvOptions) Array {
	return newCall(OpConv1D, x, w).i(max(o.Stride, 1), o.Padding, max(o.Dilation, 1), max(o.Groups, 1)).one()
}

// RandomBits gives u32 numbers from a key u32[2].
func RandomBits(key Array, dims ...int) Array { return newCall(OpRandomBits, key).i(dims...).one() }

// RandomSplit derives n keys [n, 2] from a key.
func RandomSplit(key Array, n int) Array { return newCall(OpRandomSplit, key).i(n).one() }

// RandomUniform gives numbers in [lo, hi) of type f32, f16 or bf16.
func RandomUniform(key Array, lo, hi float64, dt DType, dims ...int) Array {
	return newCall(OpRandomUniform, key).i(int(dt)).i(dims...).f(lo, hi).one()
}

// RandomNormal gives normally distributed numbers.
func RandomNormal(key Array, mean, deviation float64, dt DType, dims ...int) Array {
	return newCall(OpRandomNormal, key).i(int(dt)).i(dims...).f(mean, deviation).one()
}

// RandomGumbel gives Gumbel-distributed numbers; the argmax of logits plus these
// is a sample of their softmax.
func RandomGumbel(key Array, dt DType, dims ...int) Array {
	return newCall(OpRandomGumbel, key).i(int(dt)).i(dims...).one()
}
