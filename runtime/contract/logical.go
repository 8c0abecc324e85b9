package contract

import (
	"fmt"
	"strings"
)

// Term is an expression over the tensors of a checkpoint: how the data of one part of a parameter comes about.
type Term struct {
	Op     TermOp
	Tensor *Tensor // of Load
	Args   []*Term
	Axis   int // of StackTerms and SliceTerm
	From   int // of SliceTerm
	DType  DType
	Shape  []int
}

// TermOp is the kind of a Term.
type TermOp uint8

// The kinds of terms.
const (
	LoadTerm      TermOp = iota // the tensor as it is stored
	StackTerms                  // the arguments along a new first axis
	SliceTerm                   // Shape[Axis] elements of the argument from From
	TransposeTerm               // the argument with its last two axes swapped
	ReshapeTerm                 // the argument in another shape
)

// Tensors lists the tensors that a term reads.
func (t *Term) Tensors() []*Tensor {
	if t.Tensor != nil {
		return []*Tensor{t.Tensor}
	}
	var all []*Tensor
	for _, a := range t.Args {
		all = append(all, a.Tensors()...)
	}
	return all
}

// logical is a parameter with all its parts, as a checkpoint stores it.
type logical struct {
	path   string
	parts  map[string]*Term // by suffix: weight, bias, scales, …; "" for a tensor of its own name
	origin []string         // the paths it was stored under, where a programme has changed its name; overrides of the quantisation name those
}

// stored lists the paths that a parameter was stored under.
func (l *logical) stored() []string {
	if l.origin == nil {
		return []string{l.path}
	}
	return l.origin
}

// suffixes lists the parts that are there, in the order of partSuffixes.
func (l *logical) suffixes() []string {
	var there []string
	for _, suffix := range append([]string{""}, partSuffixes...) {
		if l.parts[suffix] != nil {
			there = append(there, suffix)
		}
	}
	return there
}

// tensors lists the tensors of all parts.
func (l *logical) tensors() []*Tensor {
	var all []*Tensor
	for _, suffix := range l.suffixes() {
		all = append(all, l.parts[suffix].Tensors()...)
	}
	return all
}

// partSuffixes are the names that parts of a parameter have after its path.
var partSuffixes = []string{
	"weight", "bias", "scales", "biases", // dense and MLX
	"weight_scale_inv", "weight_scale", "input_scale", "activation_scale", // FP8
	"qweight", "qzeros", "g_idx", // GPTQ, AWQ
	"weight_packed", "weight_shape", "weight_zero_point", "weight_g_idx", "weight_global_scale", // compressed-tensors
}

// group collects tensors into logical parameters, in order of first appearance.
func group(headers []*Header) ([]*logical, error) {
	var order []*logical
	byPath := map[string]*logical{}
	for _, h := range headers {
		for i := range h.Tensors {
			t := &h.Tensors[i]
			path, part := splitPart(t.Name)
			l := byPath[path]
			if l == nil {
				l = &logical{path: path, parts: map[string]*Term{}}
				byPath[path] = l
				order = append(order, l)
			}
			if have := l.parts[part]; have != nil {
				return nil, fmt.Errorf("tensor %s stands in %s and in %s", t.Name, have.Tensor.File, t.File)
			}
			l.parts[part] = &Term{Op: LoadTerm, Tensor: t, DType: t.DType, Shape: t.Shape}
		}
	}
	return order, nil
}

func splitPart(name string) (path, part string) {
	if at := strings.LastIndexByte(name, '.'); at > 0 {
		for _, suffix := range partSuffixes {
			if name[at+1:] == suffix {
				return name[:at], suffix
			}
		}
	}
	return name, ""
}

func (l *logical) has(parts ...string) bool {
	for _, p := range parts {
		if l.parts[p] == nil {
			return false
		}
	}
	return true
}
