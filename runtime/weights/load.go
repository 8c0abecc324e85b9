package weights

import (
	"context"
	"errors"
	"fmt"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// Load runs a loader over the tensors of a proven checkpoint and returns the model's state handles. Arrays are read straight into the device's memory
// and belong to scope. path says where a shard lies. Every binding of the proof must be asked for exactly once.
//
// Activations are float32 on the CPU, so dense weights, scales and biases become float32 there; on a GPU they keep their type.
func Load(ctx context.Context, dev *mlx.Device, scope *mlx.Scope, proof *contract.Proof, path func(shard string) string, loader func(*Builder) error) ([]*nn.KV, error) {
	f := &files{ctx: ctx, dev: dev, scope: scope, path: path, bindings: map[string]*contract.Binding{}}
	for i := range proof.Bindings {
		f.bindings[proof.Bindings[i].Param.Path] = &proof.Bindings[i]
	}
	r, err := start(f, loader)
	if err != nil {
		return nil, err
	}
	if f.taken != len(proof.Bindings) {
		return nil, fmt.Errorf("the loader asked for %d of %d proven parameters", f.taken, len(proof.Bindings))
	}
	return r.handles, nil
}

// files is the source that reads shards.
type files struct {
	ctx      context.Context
	dev      *mlx.Device
	scope    *mlx.Scope
	path     func(string) string
	bindings map[string]*contract.Binding
	taken    int
}

// find is the binding of a parameter.
func (f *files) find(p contract.Param) (*contract.Binding, error) {
	b := f.bindings[p.Path]
	if b == nil {
		return nil, errors.New("the proof has no such parameter, or it is asked for twice")
	}
	return b, context.Cause(f.ctx)
}

// take is find for the parameter's weight, which is asked for once.
func (f *files) take(p contract.Param) (*contract.Binding, error) {
	b, err := f.find(p)
	if err != nil {
		return nil, err
	}
	if !p.Bias {
		delete(f.bindings, p.Path)
	}
	f.taken++
	return b, nil
}

func (f *files) matrix(p contract.Param) (nn.Weight, error) {
	b, err := f.take(p)
	if err != nil {
		return nn.Weight{}, err
	}
	if b.Quant == nil {
		w, err := f.read(p.Path+".weight", b.Weight, f.float)
		return nn.Weight{Dense: w}, err
	}
	if b.Quant.Format == contract.FP8Block {
		w, err := f.blocks(p, b)
		return nn.Weight{Dense: w}, err
	}
	return f.packed(p, b)
}

func (f *files) vector(p contract.Param) (mlx.Array, error) {
	b, err := f.take(p)
	if err != nil {
		return mlx.Array{}, err
	}
	return f.read(p.Path+".weight", b.Weight, f.float)
}

func (f *files) bias(p contract.Param) (mlx.Array, error) {
	b, err := f.find(p)
	if err != nil {
		return mlx.Array{}, err
	}
	delete(f.bindings, p.Path)
	return f.read(p.Path+".bias", b.Bias, f.float)
}

// modes are MLX's names of the packed formats.
var modes = map[contract.Format]mlx.QuantMode{
	contract.Affine: mlx.Affine, contract.MXFP4: mlx.MXFP4, contract.MXFP8: mlx.MXFP8, contract.NVFP4: mlx.NVFP4,
}

func (f *files) packed(p contract.Param, b *contract.Binding) (nn.Weight, error) {
	q := &nn.Quant{Quant: mlx.Quant{Mode: modes[b.Quant.Format], GroupSize: b.Quant.Group, Bits: b.Quant.Bits}}
	var err error
	if q.Packed, err = f.read(p.Path+".weight", b.Weight, asStored); err != nil {
		return nn.Weight{}, err
	}
	kind := asStored // E8M0 and E4M3 scales are bytes
	if q.Mode == mlx.Affine {
		kind = f.float
	}
	if q.Scales, err = f.read(p.Path+".scales", b.Quant.Scales, kind); err != nil {
		return nn.Weight{}, err
	}
	if b.Quant.Biases != nil {
		q.Biases, err = f.read(p.Path+".biases", b.Quant.Biases, f.float)
	}
	return nn.Weight{Quant: q}, err
}

// blocks decodes an FP8 weight and multiplies each block by its scale.
func (f *files) blocks(p contract.Param, b *contract.Binding) (mlx.Array, error) {
	rows, cols := b.Quant.Block[0], b.Quant.Block[1]
	out, in := p.Shape[0], p.Shape[1]
	return f.make(p.Path+".weight", func() mlx.Array {
		scales := f.term(b.Quant.Scales).AsType(mlx.Float32)
		scales = scales.Repeat(rows, 0).Slice(0, 0, out).Repeat(cols, 1).Slice(1, 0, in)
		return f.float(f.term(b.Weight).FromFP8(mlx.Float32).Mul(scales))
	})
}

// read evaluates a term, converts it and keeps the result.
func (f *files) read(name string, t *contract.Term, convert func(mlx.Array) mlx.Array) (mlx.Array, error) {
	return f.make(name, func() mlx.Array { return convert(f.term(t)) })
}

// make evaluates what build makes at once, so that no more than one parameter's intermediate arrays live at a time.
func (f *files) make(name string, build func() mlx.Array) (mlx.Array, error) {
	step := f.dev.NewScope()
	defer step.Close()
	var a mlx.Array
	if err := step.Run(func() { a = build() }); err != nil {
		return mlx.Array{}, err
	}
	if err := step.Eval(a); err != nil {
		return mlx.Array{}, err
	}
	return f.scope.Keep(a.Named(name)), nil
}

func asStored(a mlx.Array) mlx.Array { return a }

// float makes a the type that the device computes in.
func (f *files) float(a mlx.Array) mlx.Array {
	if f.dev.Kind() == mlx.CPU {
		return a.AsType(mlx.Float32)
	}
	return a
}

// storedTypes are the types as MLX reads them; FP8 and packed bytes are plain bytes to it.
var storedTypes = map[contract.DType]mlx.DType{
	"F32": mlx.Float32, "F16": mlx.Float16, "BF16": mlx.BFloat16, "U32": mlx.Uint32, "U8": mlx.Uint8, "F8_E4M3": mlx.Uint8, "F8_E8M0": mlx.Uint8,
}

// term builds the array of a term, in the current scope.
func (f *files) term(t *contract.Term) mlx.Array {
	args := make([]mlx.Array, len(t.Args))
	for i, a := range t.Args {
		args[i] = f.term(a)
	}
	switch t.Op {
	case contract.StackTerms:
		return mlx.Stack(0, args...)
	case contract.SliceTerm:
		return args[0].Slice(t.Axis, t.From, t.From+t.Shape[t.Axis])
	case contract.TransposeTerm:
		return args[0].SwapAxes(-1, -2)
	case contract.ReshapeTerm:
		return args[0].Reshape(t.Shape...)
	}
	return f.dev.LoadFile(f.path(t.Tensor.File), t.Tensor.Offset, storedTypes[t.Tensor.DType], t.Shape...)
}
