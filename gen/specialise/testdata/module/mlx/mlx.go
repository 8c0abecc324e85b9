//go:build !cgo

// Package mlx is a stand-in for the tests of the specialiser: arrays are nodes of a graph, printed at the end.
package mlx

import (
	"fmt"
	"strings"
)

// Array is a node; the zero Array is none.
type Array struct{ id int }

type node struct {
	name string
	args []any
}

var (
	nodes   []node
	index   = map[string]int{}
	effects []Array
	names   map[int]int
	lines   []string
)

// Reset forgets all nodes.
func Reset() { nodes, index, effects, names, lines = nil, map[string]int{}, nil, map[int]int{}, nil }

// Op makes a node, or finds the equal one.
func Op(name string, args ...any) Array {
	text := fmt.Sprint(name, args)
	if id, ok := index[text]; ok {
		return Array{id}
	}
	nodes = append(nodes, node{name, args})
	index[text] = len(nodes)
	return Array{len(nodes)}
}

// Effect makes a node that is printed even when nothing uses it, in order.
func Effect(name string, args ...any) Array {
	a := Op(name, append([]any{len(effects)}, args...)...)
	effects = append(effects, a)
	return a
}

// Show names an array; what it is made of is printed once.
func Show(a Array) string {
	if a.id == 0 {
		return "#0"
	}
	if _, ok := names[a.id]; !ok {
		n := nodes[a.id-1]
		text := n.name
		for _, arg := range n.args {
			if x, ok := arg.(Array); ok {
				arg = Show(x)
			}
			text += fmt.Sprint(" ", arg)
		}
		names[a.id] = len(names) + 1
		lines = append(lines, fmt.Sprintf("#%d = %s", names[a.id], text))
	}
	return fmt.Sprint("#", names[a.id])
}

// Trace prints the effects in order, and everything that was shown.
func Trace() string {
	text := "effects"
	for _, a := range effects {
		text += " " + Show(a)
	}
	return text + "\n" + strings.Join(lines, "\n")
}

// Valid says whether a is an array.
func (a Array) Valid() bool { return a.id != 0 }

// Dim is a size.
func (a Array) Dim(axis int) int { return 7 }

// Shape is all sizes.
func (a Array) Shape() []int { return []int{7} }

// DType is the element type.
func (a Array) DType() DType { return 1 }

// DType is an element type.
type DType uint8

func (a Array) String() string { return fmt.Sprintf("@%d", a.id) }

// Add adds.
func (a Array) Add(b Array) Array { return Op("add", a, b) }

// Mul multiplies.
func (a Array) Mul(b Array) Array { return Op("mul", a, b) }

// Scale multiplies by a number.
func (a Array) Scale(f float64) Array { return Op("scale", a, f) }

// Reshape reshapes.
func (a Array) Reshape(dims ...int) Array { return Op("reshape", a, dims) }

// Two returns two arrays.
func Two(a Array) (Array, Array) { return Op("first", a), Op("second", a) }
