package mlx

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Ref is one output of a node; Node -1 is an operand that is absent.
type Ref struct {
	Node, Out int
}

// TensorType is a shape with a dtype.
type TensorType struct {
	DType DType
	Dims  []int
}

// Node is one operation of a trace.
type Node struct {
	Op     Op
	In     []Ref
	Ints   []int64
	Floats []float64
	Name   string // of a leaf, constant or pool
	Out    []TensorType
	Effect int // 1, 2, … for effects in their order; 0 for the rest
}

// Symbol names a size in a trace, so that traces with different values of it
// can be equal. Value must be a number that occurs nowhere else, best a large
// prime. Dimensions and attributes within 64 of a multiple of it are shown as
// such: T, 8T, T+3.
type Symbol struct {
	Name  string
	Value int
}

// TracerOptions are the options of [NewTracer].
type TracerOptions struct {
	Symbols []Symbol
}

// tracer is what a tracing device records.
type tracer struct {
	nodes   []Node
	seen    map[string]int32
	leaves  map[string]info
	effects int
	symbols []Symbol
	key     []byte
}

// NewTracer makes a device that records what is asked of it. It is used by one
// goroutine at a time; its scopes check the lifetime of arrays like those of
// every device, while the nodes stay.
func NewTracer(opts ...TracerOptions) *Device {
	d := &Device{kind: Trace, debug: true, next: 1, trace: &tracer{seen: map[string]int32{}, leaves: map[string]info{}}}
	for _, o := range opts {
		d.trace.symbols = append(d.trace.symbols, o.Symbols...)
	}
	return d
}

// Leaf declares an input or a weight of a tracer by its name. Two leaves with one
// name must have one type. On an MLX device it is an error.
func (d *Device) Leaf(name string, dt DType, dims ...int) Array {
	return newCallOn(d, OpLeaf).i(int(dt)).i(dims...).named(name).one().Named(name)
}

func ruleLeaf(c *call) error {
	if c.dev.trace == nil {
		return fmt.Errorf("%q: only tracers have leaves", c.name)
	}
	dt, err := dtypeArg(c.ints[0])
	if err != nil {
		return err
	}
	if err := c.dimsFrom(1, dt); err != nil {
		return err
	}
	if old, ok := c.dev.trace.leaves[c.name]; ok && old != c.out[0] {
		return fmt.Errorf("%q is %v already, not %v", c.name, old, c.out[0])
	}
	c.dev.trace.leaves[c.name] = c.out[0]
	return nil
}

// record appends the call's node, or finds it, and registers its outputs.
func (t *tracer) record(c *call, s *Scope) {
	d := c.dev
	effect := ops[c.op].effect
	id := int32(-1)
	if !effect {
		t.key = c.key(t.key[:0])
		if old, ok := t.seen[string(t.key)]; ok {
			id = old
		}
	}
	if id < 0 {
		id = int32(len(t.nodes))
		t.nodes = append(t.nodes, c.node())
		if effect {
			t.effects++
			t.nodes[id].Effect = t.effects
		} else {
			t.seen[string(t.key)] = id
		}
	}
	for i := range c.out {
		slot := d.next
		if n := len(d.free); n > 0 {
			slot, d.free = d.free[n-1], d.free[:n-1]
		} else {
			d.next++
		}
		a := d.register(slot, &c.out[i], s)
		sl := d.slot(slot)
		sl.node, sl.out = id, int32(i)
		c.outs = append(c.outs, a)
	}
}

// refOf is the node behind an operand.
func (d *Device) refOf(a Array) Ref {
	if a.slot == 0 {
		return Ref{Node: -1}
	}
	sl := d.slot(a.slot)
	return Ref{Node: int(sl.node), Out: int(sl.out)}
}

// key identifies a pure node.
func (c *call) key(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(c.op))
	b = binary.AppendUvarint(b, uint64(len(c.ins)))
	for _, a := range c.ins {
		r := c.dev.refOf(a)
		b = binary.AppendVarint(b, int64(r.Node))
		b = binary.AppendVarint(b, int64(r.Out))
	}
	b = binary.AppendUvarint(b, uint64(len(c.ints)))
	for _, v := range c.ints {
		b = binary.AppendVarint(b, v)
	}
	for _, v := range c.floats {
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(v))
	}
	return append(b, c.name...)
}

func (c *call) node() Node {
	n := Node{Op: c.op, Name: c.name, Ints: append([]int64(nil), c.ints...), Floats: append([]float64(nil), c.floats...)}
	for _, a := range c.ins {
		n.In = append(n.In, c.dev.refOf(a))
	}
	for i := range c.out {
		n.Out = append(n.Out, TensorType{DType: c.out[i].dt, Dims: c.out[i].shape()})
	}
	return n
}
