//go:build cgo

package mlx

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/mlxgen/mlxgen/mlx/internal/shim"
)

// cases makes operands for an operation; nil for those tested elsewhere.
func (g *gen) cases(op Op) *call {
	c := newCallOn(g.d, op)
	in := func(a ...Array) *call { c.ins = append(c.ins, a...); return c }
	switch {
	case op >= OpAdd && op <= OpShiftRight:
		v := g.dims(0, 4)
		return in(g.array(g.real(), v...), g.array(g.real(), g.near(v)...))
	case op >= OpNeg && op <= OpReLU:
		return in(g.array(g.real(), g.dims(0, 3)...))
	case op >= OpSum && op <= OpVar:
		v := g.dims(0, 4)
		return in(g.array(g.real(), v...)).b(g.flip()).i(g.axes(len(v))...)
	}
	switch op {
	case OpScalar:
		v := []float64{2, 0.5, 3}[g.IntN(3)]
		return in(g.array(g.real(), g.dims(0, 3)...)).i(int(OpAdd) + g.IntN(int(OpShiftRight-OpAdd)+1)).b(g.flip()).f(v)
	case OpWhere:
		v := g.dims(0, 3)
		return in(g.array(Bool, g.near(v)...), g.array(g.real(), v...), g.array(g.real(), g.near(v)...))
	case OpMaskFill:
		v := g.dims(0, 3)
		return in(g.array(g.real(), v...), g.array(Bool, g.near(v)...)).f([]float64{0, 0.5, 1}[g.IntN(3)])
	case OpAsType:
		return in(g.array(g.real(), g.dims(0, 3)...)).i(int(g.real()))
	case OpViewAs:
		return in(g.array(g.real(), append(g.dims(0, 3), g.pick(4, 8, 3))...)).i(int(g.real()))
	case OpFull:
		return c.i(int(g.real())).i(g.dims(0, 4)...).f(3)
	case OpArange:
		return c.i(int(g.real())).f(float64(g.IntN(5)), float64(g.IntN(20)), []float64{1, 2, 3, 0.5}[g.IntN(4)])
	case OpReshape:
		v := g.dims(0, 4)
		a := g.array(g.any(), v...)
		return in(a).i(g.factors(a.Size())...)
	case OpFlatten:
		v := g.dims(1, 4)
		return in(g.array(g.any(), v...)).i(g.axis(len(v)), g.axis(len(v)))
	case OpUnflatten:
		v := g.dims(1, 4)
		ax := g.axis(len(v))
		return in(g.array(g.any(), v...)).i(ax).i(g.factors(at(v, ax))...)
	case OpTranspose:
		v := g.dims(0, 4)
		p := g.Perm(len(v))
		if len(p) > 0 && g.rare() {
			p[0] = g.axis(len(v))
		}
		return in(g.array(g.any(), v...)).i(p...)
	case OpExpandDims:
		v := g.dims(0, 3)
		return in(g.array(g.any(), v...)).i(g.axes(len(v) + 1)...)
	case OpSqueeze:
		v := g.dims(0, 3)
		ax := g.axes(len(v))
		for _, a := range ax {
			if !g.rare() {
				v = set(v, a, 1)
			}
		}
		return in(g.array(g.any(), v...)).i(ax...)
	case OpBroadcastTo:
		v := g.dims(0, 3)
		return in(g.array(g.any(), g.near(v)...)).i(v...)
	case OpSlice:
		v := g.dims(1, 3)
		in(g.array(g.any(), v...))
		for i := range v {
			if g.flip() {
				c.i(i, g.IntN(7)-3, g.pick(End, g.IntN(7)-3), g.IntN(3)+1)
			}
		}
		return c
	case OpSliceUpdate:
		v, u := g.dims(1, 3), []int{}
		for i := range v {
			u = append(u, g.IntN(v[i]+1))
			c.i(g.IntN(v[i] - u[i] + 1))
		}
		return in(g.array(g.real(), v...), g.array(g.real(), u...))
	case OpSplit:
		v := g.dims(1, 3)
		ax, n := g.axis(len(v)), g.IntN(3)+1
		if !g.rare() {
			v = set(v, ax, n*g.IntN(4))
		}
		return in(g.array(g.any(), v...)).i(ax, n)
	case OpSplitAt:
		v := g.dims(1, 3)
		ax := g.IntN(len(v))
		x := g.IntN(v[ax] + 1)
		return in(g.array(g.any(), v...)).i(ax, x, x+g.IntN(v[ax]-x+1))
	case OpConcat:
		v := g.dims(1, 3)
		ax := g.axis(len(v))
		for range g.IntN(3) + 1 {
			w := set(v, ax, g.IntN(4))
			if g.rare() {
				w = g.near(w)
			}
			in(g.array(g.real(), w...))
		}
		return c.i(ax)
	case OpStack:
		v := g.dims(0, 3)
		for range g.IntN(3) + 1 {
			w := v
			if g.rare() {
				w = g.near(w)
			}
			in(g.array(g.real(), w...))
		}
		return c.i(g.axis(len(v) + 1))
	case OpPad:
		v := g.dims(0, 3)
		for range v {
			c.i(g.IntN(3), g.IntN(3))
		}
		return in(g.array(g.real(), v...)).f(1)
	case OpRepeat:
		v := g.dims(1, 3)
		return in(g.array(g.any(), v...)).i(g.IntN(4), g.axis(len(v)))
	case OpContiguous, OpCopy:
		return in(g.array(g.any(), g.dims(0, 4)...))
	case OpTake:
		v := g.dims(1, 3)
		return in(g.array(g.real(), v...), g.zeros(g.int(), g.dims(0, 2)...)).i(g.axis(len(v)))
	case OpTakeAlong:
		v := g.dims(1, 3)
		ax := g.axis(len(v))
		w := set(v, ax, g.IntN(4))
		if g.flip() {
			w = g.near(w)
		}
		return in(g.array(g.real(), v...), g.zeros(g.int(), w...)).i(ax)
	case OpPutAlong, OpScatterAddAlong:
		v := g.dims(1, 3)
		ax := g.axis(len(v))
		w := set(v, ax, g.IntN(4))
		u := w
		if g.flip() {
			u = g.near(w)
		}
		if g.rare() {
			w = g.near(w)
		}
		return in(g.array(g.real(), v...), g.zeros(g.int(), w...), g.array(g.real(), u...)).i(ax)
	case OpGather:
		v, w := g.dims(1, 3), g.dims(0, 2)
		n := g.IntN(len(v)) + 1
		in(g.array(g.real(), v...))
		for range n {
			in(g.zeros(g.int(), g.near(w)...))
		}
		c.i(n).i(g.Perm(len(v))[:n]...)
		for _, x := range v {
			c.i(g.IntN(x + 1))
		}
		return c
	case OpMatmul:
		b, m, k, n := g.dims(0, 2), g.IntN(4)+1, g.IntN(4)+1, g.IntN(4)+1
		x, y := append(g.near(b), m, k), append(g.near(b), k, n)
		if g.rare() {
			x = x[len(x)-1:]
		}
		if g.rare() {
			y = y[len(y)-2 : len(y)-1]
		}
		if g.rare() {
			y = g.near(y)
		}
		return in(g.array(g.float(), x...), g.array(g.float(), y...))
	case OpLinear:
		k, n := g.IntN(4)+1, g.IntN(4)+1
		bias := Array{}
		if g.flip() {
			bias = g.array(g.float(), n)
		}
		return in(g.array(g.float(), append(g.dims(0, 3), k)...), g.array(g.float(), n, k), bias)
	case OpQuantizedMatmul:
		q := g.quant()
		tr := g.flip()
		batch := g.dims(0, 1)
		k, n := 128, 8*(g.IntN(3)+1)
		if !tr {
			k, n = n*4, 128
		}
		rows, row := n, k
		if !tr {
			rows, row = k, n
		}
		w, s, b := g.packed(q, row, append(batch, rows)...)
		x := append(g.near(append([]int{}, batch...)), g.IntN(3)+1, k)
		if len(batch) == 0 && g.flip() {
			x = x[len(x)-1:]
		}
		return in(g.array(g.half(), x...), w, s, b).b(tr).i(q...)
	case OpGatherMM:
		m, k, n := g.IntN(3)+1, g.IntN(4)+1, g.IntN(4)+1
		x, y := append(g.dims(0, 2), m, k), append(g.dims(0, 2), k, n)
		lhs, rhs := Array{}, Array{}
		v := g.dims(0, 2)
		if g.flip() {
			lhs = g.zeros(g.int(), g.near(v)...)
		}
		if g.flip() {
			rhs = g.zeros(g.int(), g.near(v)...)
		}
		return in(g.array(g.float(), x...), g.array(g.float(), y...), lhs, rhs).b(false)
	case OpGatherQMM:
		q := g.quant()
		w, s, b := g.packed(q, 128, append(g.dims(0, 2), 8)...)
		lhs, rhs := Array{}, Array{}
		v := g.dims(0, 2)
		if g.flip() {
			lhs = g.zeros(g.int(), g.near(v)...)
		}
		if g.flip() {
			rhs = g.zeros(g.int(), g.near(v)...)
		}
		return in(g.array(g.half(), append(g.dims(0, 2), g.IntN(3)+1, 128)...), w, s, b, lhs, rhs).b(true).i(q...).b(false)
	case OpQuantize:
		q := g.quant()
		return in(g.array(g.half(), append(g.dims(0, 2), 1+g.IntN(3), g.pick(128, 256, 64))...)).i(q...)
	case OpDequantize:
		q := g.quant()
		w, s, b := g.packed(q, 128, append(g.dims(0, 1), 2)...)
		return in(w, s, b).i(q...).i(int(g.half()))
	case OpFromFP8:
		dt := Uint8
		if g.rare() {
			dt = g.real()
		}
		return in(g.array(dt, g.dims(0, 3)...)).i(int(g.half()))
	case OpToFP8:
		return in(g.array(g.float(), g.dims(0, 3)...))
	case OpSoftmax:
		v := g.dims(0, 3)
		return in(g.array(g.real(), v...)).i(g.axis(len(v))).b(g.flip())
	case OpArgMax, OpArgMin:
		v := g.dims(0, 3)
		return in(g.array(g.real(), v...)).i(g.axis(len(v))).b(g.flip())
	case OpSort, OpArgSort:
		v := g.dims(0, 3)
		return in(g.array(g.real(), v...)).i(g.axis(len(v)))
	case OpPartition, OpArgPartition:
		v := g.dims(1, 3)
		ax := g.axis(len(v))
		return in(g.array(g.real(), v...)).i(ax, g.IntN(2*at(v, ax)+3)-at(v, ax)-1)
	case OpCumsum, OpCumprod, OpCummax:
		v := g.dims(0, 3)
		return in(g.array(g.real(), v...)).i(g.axis(len(v))).b(g.flip()).b(g.flip())
	case OpRMSNorm, OpLayerNorm:
		v := append(g.dims(0, 2), 8)
		in(g.array(g.float(), v...))
		for range ops[op].max - 1 {
			if g.flip() {
				in(g.array(g.float(), g.pick(8, 8, 8, 8, 8, 7)))
			} else {
				in(Array{})
			}
		}
		return c.f(1e-5)
	case OpRope:
		n, f := g.IntN(4)+1, Array{}
		dims := g.pick(2, 4, 6, 8, 8, 8, 10, 3)
		if g.flip() {
			f = g.array(Float32, max(dims/2, 1))
		}
		return in(g.array(g.half(), n, g.IntN(3)+1, 8), g.array(g.int(), n), f).i(dims).b(g.flip()).f(10000, 1)
	case OpSDPA:
		b, h, gr, tq, tk, dk, dv := g.IntN(2)+1, g.IntN(2)+1, g.IntN(2)+1, g.IntN(3)+1, g.IntN(4)+1, 8, g.pick(8, 4)
		dt := g.half()
		mask, sinks, causal := Array{}, Array{}, false
		switch g.IntN(4) {
		case 0:
			mask = g.array([]DType{Bool, dt, Float32}[g.IntN(3)], g.near([]int{b, h * gr, tq, tk})...)
		case 1:
			causal = true
		}
		if g.IntN(3) == 0 {
			sinks = g.array(dt, h*gr)
		}
		if g.rare() {
			h++
		}
		return in(g.array(dt, b, h*gr, tq, dk), g.array(dt, b, h, tk, dk), g.array(dt, b, h, tk, dv), mask, sinks).b(causal).f(0.3)
	case OpConv1D:
		gr := g.pick(1, 1, 2, 4)
		ch, o := 4, gr*(g.IntN(2)+1)
		return in(g.array(g.half(), g.IntN(2)+1, g.IntN(5)+1, ch), g.array(g.half(), o, g.IntN(3)+1, ch/gr)).i(g.IntN(2)+1, g.IntN(3), g.IntN(2)+1, gr)
	case OpRandomBits:
		return in(key(g.d)).i(g.dims(0, 3)...)
	case OpRandomSplit:
		return in(key(g.d)).i(g.IntN(4) + 1)
	case OpRandomUniform, OpRandomNormal:
		return in(key(g.d)).i(int(g.half())).i(g.dims(0, 3)...).f(0, 1)
	case OpRandomGumbel:
		return in(key(g.d)).i(int(g.half())).i(g.dims(0, 3)...)
	}
	callPool.Put(c)
	return nil
}

// stricter are operations whose rules refuse more than MLX: what MLX would take
// there is a mistake of the caller, undefined, or differs between back ends.
var stricter = map[Op]bool{
	OpFlatten: true, OpConcat: true, // axes that do not exist
	OpTake: true, OpTakeAlong: true, OpPutAlong: true, OpScatterAddAlong: true, OpRope: true, // indices that are no integers
	OpQuantizedMatmul: true, OpGatherQMM: true, OpGatherMM: true, // modes, and batched weights beside a matrix
	OpQuantize: true, OpDequantize: true, OpLogSumExp: true, OpConv1D: true, // modes, empty arrays, axes twice, integers
	OpFromFP8: true, OpRandomUniform: true, OpRandomNormal: true, OpRandomGumbel: true, // f64
	OpMax: true, OpMin: true, // of no elements
	OpSoftmax: true, OpRMSNorm: true, OpLayerNorm: true, // of integers
}

// TestRulesAgreeWithMLX gives random operands to every operation and compares
// the rule with what MLX makes, error with error.
func TestRulesAgreeWithMLX(t *testing.T) {
	d := open(t, Options{})
	n := 400
	if testing.Short() {
		n = 60
	}
	for op := OpNone + 1; op < numShimOps; op++ {
		t.Run(op.String(), func(t *testing.T) {
			g := &gen{rand.New(rand.NewPCG(1, uint64(op))), d}
			good, bad := 0, 0
			for i := range n {
				err := step(d, func(s *Scope) {
					c := g.cases(op)
					if c == nil {
						if !op.Effect() {
							t.Error("no generator")
						}
						return
					}
					ok, msg := agree(c, s)
					if ok {
						good++
					} else {
						bad++
					}
					if msg != "" {
						t.Errorf("case %d: %s", i, msg)
					}
				})
				if err != nil {
					t.Errorf("case %d: %v", i, err)
				}
				if t.Failed() {
					return
				}
			}
			if good == 0 && !op.Effect() {
				t.Errorf("no good case of %d", bad)
			}
		})
	}
}

// agree runs a call's rule and the library, and evaluates.
func agree(c *call, s *Scope) (ok bool, msg string) {
	d := c.dev
	desc := fmt.Sprintf("%v%v", c.ints, c.floats)
	c.slots = c.slots[:0]
	for _, a := range c.ins {
		if a.Valid() {
			c.in = append(c.in, *a.info())
			desc += " " + a.info().String()
		} else {
			c.in = append(c.in, info{})
			desc += " -"
		}
		c.slots = append(c.slots, a.slot)
	}
	rule := ops[c.op].rule(c)
	want := len(c.out)
	if rule != nil {
		want = 1
		switch c.op {
		case OpSplit:
			want = int(c.ints[1])
		case OpQuantize:
			want = 3
			if c.ints[2] != 0 {
				want = 2
			}
		}
	}
	ids := make([]uint32, want)
	code := d.nat.Op(int(c.op), c.slots, c.ints, c.floats, ids)
	if code != shim.OK {
		if rule == nil {
			return false, fmt.Sprintf("%s: the rule gives %v, MLX: %s", desc, c.out, d.nat.LastError())
		}
		return false, ""
	}
	defer d.nat.Free(ids)
	if rule != nil {
		if stricter[c.op] {
			return false, ""
		}
		return false, fmt.Sprintf("%s: the rule: %v; MLX gives %v", desc, rule, d.nativeInfo(ids[0]))
	}
	for i, id := range ids {
		if m := d.mismatch(id, &c.out[i]); m != "" {
			return false, desc + ": " + m
		}
	}
	if code := d.nat.Eval(ids, false); code != shim.OK {
		return false, desc + ": evaluation: " + d.nat.LastError()
	}
	return true, ""
}
