package mlx

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Graph is what a tracer recorded, as far as its outputs and the effects need it,
// in a canonical order: equal programs give equal graphs however they were built.
type Graph struct {
	Nodes   []Node // operands come before their users
	Outputs []Ref
	symbols []Symbol
}

// Graph returns the graph of the outputs and of all effects so far. It fails
// when an output is not an array of this tracer.
func (d *Device) Graph(outputs ...Array) (*Graph, error) {
	if d.trace == nil {
		return nil, fmt.Errorf("mlx: a graph of a %v device; use NewTracer", d.kind)
	}
	g := &Graph{symbols: d.trace.symbols}
	number := make([]int, len(d.trace.nodes))
	for i := range number {
		number[i] = -1
	}
	add := func(root int) { g.visit(d.trace.nodes, number, root) }
	for i := range d.trace.nodes {
		if d.trace.nodes[i].Effect > 0 {
			add(i)
		}
	}
	for i, a := range outputs {
		if err := a.Err(); err != nil {
			return nil, fmt.Errorf("mlx: output %d of the graph: %w", i, err)
		}
		if a.dev != d {
			return nil, fmt.Errorf("mlx: output %d of the graph is of another device", i)
		}
		r := d.refOf(a)
		add(r.Node)
		g.Outputs = append(g.Outputs, Ref{number[r.Node], r.Out})
	}
	return g, nil
}

// visit adds root and what it needs, operands first and in order.
func (g *Graph) visit(nodes []Node, number []int, root int) {
	type frame struct{ node, next int }
	if number[root] >= 0 {
		return
	}
	stack := []frame{{root, 0}}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		n := &nodes[f.node]
		if f.next < len(n.In) {
			in := n.In[f.next].Node
			f.next++
			if in >= 0 && number[in] < 0 {
				stack = append(stack, frame{in, 0})
			}
			continue
		}
		stack = stack[:len(stack)-1]
		if number[f.node] >= 0 {
			continue
		}
		number[f.node] = len(g.Nodes)
		c := *n
		c.In = make([]Ref, len(n.In))
		for i, r := range n.In {
			c.In[i] = r
			if r.Node >= 0 {
				c.In[i].Node = number[r.Node]
			}
		}
		g.Nodes = append(g.Nodes, c)
	}
}

// Digest is the SHA-256 of the graph's listing, in hexadecimal.
func (g *Graph) Digest() string {
	sum := sha256.Sum256([]byte(g.String()))
	return hex.EncodeToString(sum[:])
}

// String lists the graph, one node on a line.
func (g *Graph) String() string {
	var b strings.Builder
	for i := range g.Nodes {
		b.WriteString(g.line(i))
		b.WriteByte('\n')
	}
	b.WriteString("return")
	for _, r := range g.Outputs {
		b.WriteByte(' ')
		b.WriteString(g.ref(r))
	}
	b.WriteByte('\n')
	return b.String()
}

func (g *Graph) ref(r Ref) string {
	switch {
	case r.Node < 0:
		return "-"
	case len(g.Nodes[r.Node].Out) > 1:
		return fmt.Sprintf("%%%d.%d", r.Node, r.Out)
	}
	return fmt.Sprintf("%%%d", r.Node)
}

// line renders node i: "%4 = matmul(%2, %3) : f32[T,64]".
func (g *Graph) line(i int) string { return fmt.Sprintf("%%%d = %s", i, g.body(i)) }

func (g *Graph) body(i int) string {
	n := &g.Nodes[i]
	var b strings.Builder
	b.WriteString(n.Op.String())
	if n.Op == OpScalar {
		b.WriteByte('.')
		b.WriteString(Op(n.Ints[0]).String())
	}
	b.WriteByte('(')
	sep := ""
	for _, r := range n.In {
		b.WriteString(sep + g.ref(r))
		sep = ", "
	}
	b.WriteByte(')')
	if n.Name != "" {
		b.WriteString(" " + strconv.Quote(n.Name))
	}
	if n.Op != OpLeaf && n.Op != OpConst {
		if ints := n.attrs(); len(ints) > 0 {
			b.WriteString(" " + g.nums(ints))
		}
		for _, f := range n.Floats {
			b.WriteString(" " + formatFloat(f))
		}
	}
	b.WriteString(" :")
	for _, t := range n.Out {
		dims := make([]int64, len(t.Dims))
		for i, d := range t.Dims {
			dims[i] = int64(d)
		}
		b.WriteString(" " + t.DType.String() + g.nums(dims))
	}
	if n.Effect > 0 {
		fmt.Fprintf(&b, " !%d", n.Effect)
	}
	return b.String()
}

// attrs are the integers without what the listing shows in another way.
func (n *Node) attrs() []int64 {
	switch n.Op {
	case OpScalar, OpPagedAppend, OpPagedAttend:
		return n.Ints[1:]
	}
	return n.Ints
}

func formatFloat(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func (g *Graph) nums(v []int64) string {
	s := make([]string, len(v))
	for i, x := range v {
		s[i] = g.num(x)
	}
	return "[" + strings.Join(s, ",") + "]"
}

// num renders a size by the symbols.
func (g *Graph) num(v int64) string {
	if v != End {
		for _, s := range g.symbols {
			t := int64(s.Value)
			k := (v + t/2) / t
			r := v - k*t
			if v < t/2 || r < -64 || r > 64 {
				continue
			}
			out := s.Name
			if k > 1 {
				out = strconv.FormatInt(k, 10) + out
			}
			if r != 0 {
				out += fmt.Sprintf("%+d", r)
			}
			return out
		}
	}
	return strconv.FormatInt(v, 10)
}

// Diff compares two graphs by their listings and describes the first difference
// with its surroundings; "" when they are equal. For traces with symbols that is
// isomorphism up to the symbols' values.
func Diff(a, b *Graph) string {
	la, lb := strings.Split(a.String(), "\n"), strings.Split(b.String(), "\n")
	for i := 0; i < max(len(la), len(lb)); i++ {
		x, y := "(end)", "(end)"
		if i < len(la) {
			x = la[i]
		}
		if i < len(lb) {
			y = lb[i]
		}
		if x == y {
			continue
		}
		var s strings.Builder
		fmt.Fprintf(&s, "graphs differ at line %d (%d and %d nodes)\n", i+1, len(a.Nodes), len(b.Nodes))
		for j := max(0, i-3); j < i; j++ {
			s.WriteString("    " + la[j] + "\n")
		}
		s.WriteString("  a " + x + "\n  b " + y + "\n")
		for _, side := range []struct {
			g *Graph
			n string
		}{{a, "a"}, {b, "b"}} {
			if users := side.g.users(i); len(users) > 0 {
				fmt.Fprintf(&s, "  in %s used by:\n    %s\n", side.n, strings.Join(users, "\n    "))
			}
		}
		return s.String()
	}
	return ""
}

// users lists up to three nodes that take node i.
func (g *Graph) users(i int) []string {
	var out []string
	for j := i + 1; j < len(g.Nodes) && len(out) < 3; j++ {
		for _, r := range g.Nodes[j].In {
			if r.Node == i {
				out = append(out, g.line(j))
				break
			}
		}
	}
	return out
}

// Isomorphic returns nil when the graphs are equal up to their symbols, and an
// error with the first difference otherwise.
func Isomorphic(a, b *Graph) error {
	if d := Diff(a, b); d != "" {
		return fmt.Errorf("mlx: %s", d)
	}
	return nil
}
