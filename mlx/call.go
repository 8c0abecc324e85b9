package mlx

import (
	"fmt"
	"sync"

	"github.com/mlxgen/mlxgen/mlx/internal/shim"
)

// call is one operation on its way to MLX or to a trace. Calls are pooled, so
// that building an operation allocates nothing in Go.
type call struct {
	op     Op
	dev    *Device
	ins    []Array
	in     []info // dtype NoDType: an optional operand that is absent
	ints   []int64
	floats []float64
	out    []info
	outs   []Array
	slots  []uint32
	ids    []uint32
	name   string // tracer: of a leaf or a pool
	pool   *Pool
}

var callPool = sync.Pool{New: func() any {
	return &call{
		ins: make([]Array, 0, 16), in: make([]info, 0, 16), ints: make([]int64, 0, 32), floats: make([]float64, 0, 8),
		out: make([]info, 0, 8), outs: make([]Array, 0, 8), slots: make([]uint32, 0, 16), ids: make([]uint32, 0, 8),
	}
}}

// newCall starts a call; the device is that of the first operand.
func newCall(op Op, ins ...Array) *call {
	c := callPool.Get().(*call)
	c.op, c.dev, c.name, c.pool = op, nil, "", nil
	c.ins = append(c.ins[:0], ins...)
	c.in, c.ints, c.floats = c.in[:0], c.ints[:0], c.floats[:0]
	c.out, c.outs = c.out[:0], c.outs[:0]
	for _, a := range ins {
		if a.dev != nil {
			c.dev = a.dev
			break
		}
	}
	return c
}

func newCallOn(d *Device, op Op, ins ...Array) *call {
	c := newCall(op, ins...)
	c.dev = d
	return c
}

func (c *call) i(v ...int) *call {
	for _, x := range v {
		c.ints = append(c.ints, int64(x))
	}
	return c
}

func (c *call) b(v bool) *call {
	if v {
		return c.i(1)
	}
	return c.i(0)
}

func (c *call) f(v ...float64) *call {
	c.floats = append(c.floats, v...)
	return c
}

func (c *call) named(name string) *call {
	c.name = name
	return c
}

// one runs the call and returns its only output.
func (c *call) one() Array {
	c.run()
	a := c.outs[0]
	callPool.Put(c)
	return a
}

// many runs the call and returns n outputs; poisoned ones after an error.
func (c *call) many(n int) []Array {
	c.run()
	outs := make([]Array, n)
	for i := range outs {
		outs[i] = c.outs[min(i, len(c.outs)-1)]
	}
	callPool.Put(c)
	return outs
}

// run computes the outputs; after an error outs holds one poisoned array.
func (c *call) run() {
	d := c.dev
	if d == nil { // nothing but zero arrays: there is no scope to tell
		c.outs = append(c.outs, Array{})
		return
	}
	s := d.cur.Load()
	if s == nil {
		c.stop(nil, ErrNoScope.Error(), ErrNoScope)
		return
	}
	if e := s.err.Load(); e != nil {
		c.outs = append(c.outs, d.poison(e))
		return
	}
	op := &ops[c.op]
	n := len(c.ins)
	if n < op.min || n > op.max && op.max >= 0 {
		c.stop(s, fmt.Sprintf("takes %d to %d operands", op.min, op.max), nil)
		return
	}
	c.slots = c.slots[:0]
	for i := range c.ins {
		a := &c.ins[i]
		if a.slot == 0 {
			if a.dev == nil && op.optional(i) {
				c.in = append(c.in, info{})
				c.slots = append(c.slots, 0)
				continue
			}
			if a.dev == nil {
				c.stop(s, fmt.Sprintf("operand %d is no array", i), ErrNoArray)
				return
			}
			c.stop(s, fmt.Sprintf("operand %d is poisoned: %v", i, a.Err()), a.Err())
			return
		}
		if a.dev != d {
			c.stop(s, fmt.Sprintf("operand %d is of another device", i), nil)
			return
		}
		sl := d.slot(a.slot)
		if sl.gen != a.gen {
			c.stop(s, fmt.Sprintf("operand %d: %v", i, ErrFreed), ErrFreed)
			return
		}
		c.in = append(c.in, sl.info)
		c.slots = append(c.slots, a.slot)
	}
	if err := op.rule(c); err != nil {
		c.stop(s, err.Error(), nil)
		return
	}
	if d.trace != nil {
		d.trace.record(c, s)
		return
	}
	if c.op != OpBroadcastTo { // a view of one element may be huge
		for i := range c.out {
			if n := c.out[i].bytes(); n > d.most {
				c.stop(s, fmt.Sprintf("the result %v has %d bytes, the memory %d", c.out[i], n, d.most), ErrTooLarge)
				return
			}
		}
	}
	c.native(s)
}

// native hands the call to the library.
func (c *call) native(s *Scope) {
	d := c.dev
	c.ids = c.ids[:0]
	for range c.out {
		c.ids = append(c.ids, 0)
	}
	if code := d.nat.Op(int(c.op), c.slots, c.ints, c.floats, c.ids); code != shim.OK {
		c.nativeFailed(s, code)
		return
	}
	for i := range c.out {
		if d.debug {
			if msg := d.mismatch(c.ids[i], &c.out[i]); msg != "" {
				d.nat.Free(c.ids[i:])
				c.stop(s, msg, nil)
				c.outs[0] = c.outs[len(c.outs)-1]
				return
			}
		}
		c.outs = append(c.outs, d.register(c.ids[i], &c.out[i], s))
	}
}

func (c *call) nativeFailed(s *Scope, code int) {
	if code == shim.OffOwner {
		c.stop(nil, ErrOffOwner.Error(), ErrOffOwner)
		return
	}
	c.stop(s, c.dev.nat.LastError(), nil)
}

// mismatch says how the library's array differs from what the rule computed.
func (d *Device) mismatch(id uint32, want *info) string {
	got := d.nativeInfo(id)
	if got == *want {
		return ""
	}
	return fmt.Sprintf("the rule says %v, MLX made %v", *want, got)
}

func (d *Device) nativeInfo(id uint32) info {
	var t info
	dt, rank, dims := d.nat.Info(id)
	t.dt, t.rank = DType(dt+1), uint8(rank)
	copy(t.dims[:], dims[:rank])
	return t
}

// stop keeps the failure in s and makes the poisoned output. It is the slow path.
func (c *call) stop(s *Scope, msg string, cause error) {
	e := &OpError{Op: c.op, Msg: msg, Where: callSite(), Err: cause}
	for _, a := range c.ins {
		var t info
		name := ""
		if a.slot != 0 && a.dev == c.dev && c.dev.slot(a.slot).gen == a.gen {
			t, name = *a.info(), a.Name()
		}
		e.Shapes = append(e.Shapes, t.shape())
		e.DTypes = append(e.DTypes, t.dt)
		e.Names = append(e.Names, name)
	}
	if s != nil {
		s.fail(e)
	}
	c.outs = append(c.outs, c.dev.poison(e))
}
