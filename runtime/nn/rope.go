package nn

import (
	"fmt"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/contract"
)

// Rope rotates the features of queries and keys by their positions. One type serves every published scaling; which one is data (contract.Rope).
//
// Source: Su et al., "RoFormer" (2021); the scalings as Transformers' modeling_rope_utils computes them.
type Rope struct {
	plan contract.Rope
	key  string // equal plans share their angles within a step
}

// NewRope makes the rotation of a plan.
func NewRope(plan *contract.Rope) *Rope {
	return &Rope{plan: *plan, key: fmt.Sprintf("%+v", *plan)}
}

// rotation is cos and sin of a step's angles, [T, 1, dims/2] each, with the plan's attention factor applied.
type rotation struct{ cos, sin mlx.Array }

// Forward rotates the first plan.Dims features of x [T, heads, d].
func (r *Rope) Forward(s *Step, x mlx.Array) mlx.Array {
	if r.plan.Kind == "none" {
		return x
	}
	rot, ok := s.rotates[r.key]
	if !ok {
		rot = r.angles(s)
		s.rotates[r.key] = rot
	}
	dims, width := r.plan.Dims, x.Dim(-1)
	if dims == width {
		return rot.apply(x, r.plan.Traditional)
	}
	turned := rot.apply(x.Slice(-1, 0, dims), r.plan.Traditional)
	return mlx.Concat(-1, turned, x.Slice(-1, dims, width))
}

// apply rotates x [T, heads, dims]: pairs (i, i+dims/2), or (2i, 2i+1) where traditional.
func (rot rotation) apply(x mlx.Array, traditional bool) mlx.Array {
	if traditional {
		pairs := x.Reshape(-1, x.Dim(-2), x.Dim(-1)/2, 2)
		a, b := pairs.Slice(-1, 0, 1).Squeeze(-1), pairs.Slice(-1, 1, 2).Squeeze(-1)
		a, b = rot.turn(a, b)
		return mlx.Stack(-1, a, b).Flatten(-2, -1)
	}
	half := x.Dim(-1) / 2
	a, b := rot.turn(x.Slice(-1, 0, half), x.Slice(-1, half, 2*half))
	return mlx.Concat(-1, a, b)
}

func (rot rotation) turn(a, b mlx.Array) (mlx.Array, mlx.Array) {
	return a.Mul(rot.cos).Sub(b.Mul(rot.sin)), b.Mul(rot.cos).Add(a.Mul(rot.sin))
}

// angles computes the step's cos and sin in float32.
func (r *Rope) angles(s *Step) rotation {
	inverse := r.inverse(s) // [dims/2], or [T, dims/2] where rows differ
	angle := s.in.Positions.AsType(mlx.Float32).ExpandDims(-1).Mul(inverse).ExpandDims(1)
	rot := rotation{cos: angle.Cos(), sin: angle.Sin()}
	if factor := attentionFactor(&r.plan); factor != 1 {
		rot.cos, rot.sin = rot.cos.MulScalar(factor), rot.sin.MulScalar(factor)
	}
	return rot
}

// inverse is the angle a position advances, per pair of features.
func (r *Rope) inverse(s *Step) mlx.Array {
	device := s.in.Positions.Device()
	constant := func(values []float64) mlx.Array { return device.FromFloat32s(narrow(values)) }
	p := &r.plan
	switch p.Kind {
	case "longrope":
		long := s.in.Lengths.GreaterScalar(float64(p.OriginalMax)).ExpandDims(-1) // [T, 1]
		return mlx.Where(long, constant(longropeInverse(p, p.LongFactor)), constant(longropeInverse(p, p.ShortFactor)))
	case "dynamic":
		// The base grows with the row's planned length S: theta·(factor·S/max − (factor−1))^(d/(d−2)), where S is at least max.
		length := s.in.Lengths.AsType(mlx.Float32).MaximumScalar(float64(p.MaxPositions))
		growth := length.MulScalar(p.Factor / float64(p.MaxPositions)).AddScalar(1 - p.Factor) // [T]
		exponents := make([]float64, p.Dims/2)
		for i := range exponents {
			exponents[i] = -2 * float64(i) / float64(p.Dims-2)
		}
		return growth.ExpandDims(-1).Pow(constant(exponents)).Mul(constant(plainInverse(p)))
	default:
		return constant(fixedInverse(p))
	}
}
