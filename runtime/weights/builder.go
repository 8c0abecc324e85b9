// Package weights builds a model's parameter modules. A loader (generated, or reflective over a template) asks a Builder for each parameter by its
// path and shape; where the arrays come from is the builder's affair:
//
//   - Describe asks nobody: it only notes what the loader wants. The proof starts from these parameters.
//   - Leaves makes named leaves of a tracing device, for comparing graphs.
//   - Load reads the tensors of a proven checkpoint.
//
// Errors are sticky: the first one is kept, later calls return empty modules, and the function that ran the loader returns it.
package weights

import (
	"fmt"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// Builder hands out parameter modules below one path. Builders of one run share their state.
type Builder struct {
	run    *run
	prefix string
}

// run is one pass of a loader.
type run struct {
	source  source
	params  []contract.Param
	handles []*nn.KV
	err     error
}

// source provides the arrays of a parameter.
type source interface {
	// matrix returns the weight of a linear or an embedding, which may be quantised.
	matrix(p contract.Param) (nn.Weight, error)
	// vector returns a weight that is never quantised (norms, plain tensors).
	vector(p contract.Param) (mlx.Array, error)
	// bias returns the bias of a linear.
	bias(p contract.Param) (mlx.Array, error)
}

// start runs a loader over a source.
func start(s source, loader func(*Builder) error) (*run, error) {
	r := &run{source: s}
	if err := loader(&Builder{run: r}); err != nil {
		return nil, err
	}
	return r, r.err
}

// Sub is the builder of the parameters below path.
func (b *Builder) Sub(path string) *Builder { return &Builder{run: b.run, prefix: b.path(path)} }

// At is the builder of element i of the list at path.
func (b *Builder) At(path string, i int) *Builder {
	return &Builder{run: b.run, prefix: fmt.Sprintf("%s.%d", b.path(path), i)}
}

func (b *Builder) path(name string) string {
	switch {
	case b.prefix == "":
		return name
	case name == "":
		return b.prefix
	}
	return b.prefix + "." + name
}

// Linear asks for a linear [out, in].
func (b *Builder) Linear(path string, out, in int, bias bool) *nn.Linear {
	p := b.ask(contract.Param{Path: b.path(path), Type: "Linear", Shape: []int{out, in}, Bias: bias})
	l := &nn.Linear{Weight: get(b.run, p, b.run.source.matrix)}
	if bias {
		l.Bias = get(b.run, p, b.run.source.bias)
	}
	return l
}

// Embedding asks for a table of vocab rows.
func (b *Builder) Embedding(path string, vocab, width int) *nn.Embedding {
	p := b.ask(contract.Param{Path: b.path(path), Type: "Embedding", Shape: []int{vocab, width}})
	return &nn.Embedding{Weight: get(b.run, p, b.run.source.matrix)}
}

// RMSNorm asks for the weight of a norm.
func (b *Builder) RMSNorm(path string, width int, eps float64) *nn.RMSNorm {
	p := b.ask(contract.Param{Path: b.path(path), Type: "RMSNorm", Shape: []int{width}})
	return &nn.RMSNorm{Weight: get(b.run, p, b.run.source.vector), Eps: eps}
}

// KV declares the keys and values that an attention remembers.
func (b *Builder) KV(name string, heads, keyDim, valueDim, window int) *nn.KV {
	kv := &nn.KV{
		Path: b.path(name), Index: len(b.run.handles),
		Heads: heads, KeyDim: keyDim, ValueDim: valueDim, Window: window,
	}
	b.run.handles = append(b.run.handles, kv)
	return kv
}

func (b *Builder) ask(p contract.Param) contract.Param {
	b.run.params = append(b.run.params, p)
	return p
}

// get asks the source unless an earlier parameter failed.
func get[T any](r *run, p contract.Param, from func(contract.Param) (T, error)) T {
	var zero T
	if r.err != nil {
		return zero
	}
	got, err := from(p)
	if err != nil {
		r.err = fmt.Errorf("%s: %w", p.Path, err)
		return zero
	}
	return got
}
