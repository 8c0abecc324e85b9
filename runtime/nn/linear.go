package nn

import "github.com/mlxgen/mlxgen/mlx"

// Weight is a matrix [out, in] in one of the forms that checkpoints publish.
type Weight struct {
	// Dense is the matrix itself; invalid where Quant is set.
	Dense mlx.Array
	Quant *Quant
}

// Quant is a group-quantised matrix: packed words with one scale (and, for affine, one bias) a group of inputs.
type Quant struct {
	mlx.Quant
	Packed mlx.Array // [out, in*bits/32] uint32
	Scales mlx.Array // [out, in/group]
	Biases mlx.Array // [out, in/group]; none for modes without
}

// apply is x·wᵀ (+ bias) for x [N, in].
func (w *Weight) apply(x, bias mlx.Array) mlx.Array {
	if w.Quant == nil {
		return mlx.Linear(x, w.Dense, bias)
	}
	q := w.Quant
	y := mlx.QuantizedMatmul(x, q.Packed, q.Scales, q.Biases, true, q.Quant)
	if bias.Valid() {
		y = y.Add(bias)
	}
	return y
}

// rows looks up rows ids [T] of the matrix; the result is [T, in].
func (w *Weight) rows(ids mlx.Array) mlx.Array {
	if w.Quant == nil {
		return w.Dense.Take(ids, 0)
	}
	q := w.Quant
	var biases mlx.Array
	if q.Biases.Valid() {
		biases = q.Biases.Take(ids, 0)
	}
	return mlx.Dequantize(q.Packed.Take(ids, 0), q.Scales.Take(ids, 0), biases, q.Quant, mlx.Float32)
}

// Linear is y = x·wᵀ + b; the bias is absent where the checkpoint's rule says so.
type Linear struct {
	Weight Weight
	Bias   mlx.Array // [out], or invalid
}

// Forward maps x [T, in] to [T, out].
func (l *Linear) Forward(_ *Step, x mlx.Array) mlx.Array {
	return l.Weight.apply(x, l.Bias)
}

// Embedding is a table of one row a token.
type Embedding struct {
	Weight Weight // [vocab, width]
}

// Forward looks up ids [T]; the result is [T, width].
func (e *Embedding) Forward(_ *Step, ids mlx.Array) mlx.Array {
	return e.Weight.rows(ids)
}

// Unembed uses the table as the output head: it maps h [N, width] to logits [N, vocab].
func (e *Embedding) Unembed(_ *Step, h mlx.Array) mlx.Array {
	return e.Weight.apply(h, mlx.Array{})
}
