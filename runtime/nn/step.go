package nn

import "github.com/mlxgen/mlxgen/mlx"

// Step is one forward step over T tokens of R rows, as arrays. The runtime (package state) makes it; a model only reads it through its methods.
type Step struct {
	in      StepInput
	after   map[int]mlx.Array   // last effect on each store, by KV index
	rotates map[string]rotation // cos and sin of this step, shared by all layers with the same plan
}

// StepInput is what the runtime puts into a step. All arrays are int32.
type StepInput struct {
	Tokens    mlx.Array // [T] token ids
	Positions mlx.Array // [T] position of each token in its row
	Rows      mlx.Array // [T] index of each token's row in the tables
	Lengths   mlx.Array // [T] planned final length of each token's row, for rope plans that depend on it
	Groups    []PageGroup
	Stores    []Store // by KV.Index
}

// PageGroup is where the tokens and the remembered positions of all layers with one window live. Layers of a group share their page numbers.
type PageGroup struct {
	Slots  mlx.Array // [T] where each token is written: page*pageSize + offset
	Tables mlx.Array // [R, P] pages of each row
	First  mlx.Array // [R] index of the first page still kept: a window drops those behind it
}

// Store is the pool of one KV handle.
type Store struct {
	Pool  *mlx.Pool
	Group int // index into StepInput.Groups
}

// NewStep wraps the arrays of one step.
func NewStep(in StepInput) *Step {
	return &Step{in: in, after: map[int]mlx.Array{}, rotates: map[string]rotation{}}
}

// Tokens is the step's token ids [T].
func (s *Step) Tokens() mlx.Array { return s.in.Tokens }
