package mlx

// Unary operations. The result has a's shape; functions of real numbers turn
// integers and bools into f32 and keep float types.

// Neg is -a; not for bool.
func (a Array) Neg() Array { return newCall(OpNeg, a).one() }

// Abs is |a|.
func (a Array) Abs() Array { return newCall(OpAbs, a).one() }

// Exp is e^a.
func (a Array) Exp() Array { return newCall(OpExp, a).one() }

// Expm1 is e^a − 1.
func (a Array) Expm1() Array { return newCall(OpExpm1, a).one() }

// Log is ln a.
func (a Array) Log() Array { return newCall(OpLog, a).one() }

// Log1p is ln(1 + a).
func (a Array) Log1p() Array { return newCall(OpLog1p, a).one() }

// Sqrt is √a.
func (a Array) Sqrt() Array { return newCall(OpSqrt, a).one() }

// Rsqrt is 1/√a.
func (a Array) Rsqrt() Array { return newCall(OpRsqrt, a).one() }

// Square is a².
func (a Array) Square() Array { return newCall(OpSquare, a).one() }

// Sin is sin a.
func (a Array) Sin() Array { return newCall(OpSin, a).one() }

// Cos is cos a.
func (a Array) Cos() Array { return newCall(OpCos, a).one() }

// Tanh is tanh a.
func (a Array) Tanh() Array { return newCall(OpTanh, a).one() }

// Sigmoid is 1/(1 + e^−a).
func (a Array) Sigmoid() Array { return newCall(OpSigmoid, a).one() }

// Erf is the error function.
func (a Array) Erf() Array { return newCall(OpErf, a).one() }

// Floor is a rounded down.
func (a Array) Floor() Array { return newCall(OpFloor, a).one() }

// Ceil is a rounded up.
func (a Array) Ceil() Array { return newCall(OpCeil, a).one() }

// Round is a rounded to the nearest integer, halves to even.
func (a Array) Round() Array { return newCall(OpRound, a).one() }

// Sign is −1, 0 or 1.
func (a Array) Sign() Array { return newCall(OpSign, a).one() }

// Reciprocal is 1/a.
func (a Array) Reciprocal() Array { return newCall(OpReciprocal, a).one() }

// Not is the logical negation, bool.
func (a Array) Not() Array { return newCall(OpNot, a).one() }

// IsNaN is whether a is NaN, bool.
func (a Array) IsNaN() Array { return newCall(OpIsNaN, a).one() }

// IsFinite is whether a is neither NaN nor infinite, bool.
func (a Array) IsFinite() Array { return newCall(OpIsFinite, a).one() }

// SiLU is a·sigmoid(a).
func (a Array) SiLU() Array { return newCall(OpSiLU, a).one() }

// GELU is a·Φ(a), exact.
func (a Array) GELU() Array { return newCall(OpGELU, a).one() }

// GELUTanh is the tanh approximation of GELU.
func (a Array) GELUTanh() Array { return newCall(OpGELUTanh, a).one() }

// Softplus is ln(1 + e^a).
func (a Array) Softplus() Array { return newCall(OpSoftplus, a).one() }

// ReLU is max(a, 0).
func (a Array) ReLU() Array { return newCall(OpReLU, a).one() }

// Binary operations. Shapes broadcast; dtypes promote (see [Promote]).

// Add is a + b.
func (a Array) Add(b Array) Array { return newCall(OpAdd, a, b).one() }

// Sub is a − b.
func (a Array) Sub(b Array) Array { return newCall(OpSub, a, b).one() }

// Mul is a·b.
func (a Array) Mul(b Array) Array { return newCall(OpMul, a, b).one() }

// Div is a/b; integers become f32.
func (a Array) Div(b Array) Array { return newCall(OpDiv, a, b).one() }

// FloorDiv is a/b rounded down.
func (a Array) FloorDiv(b Array) Array { return newCall(OpFloorDiv, a, b).one() }

// Mod is the remainder of a/b with b's sign.
func (a Array) Mod(b Array) Array { return newCall(OpMod, a, b).one() }

// Pow is a^b.
func (a Array) Pow(b Array) Array { return newCall(OpPow, a, b).one() }

// Maximum is the larger of a and b; NaN wins.
func (a Array) Maximum(b Array) Array { return newCall(OpMaximum, a, b).one() }

// Minimum is the smaller of a and b; NaN wins.
func (a Array) Minimum(b Array) Array { return newCall(OpMinimum, a, b).one() }

// LogAddExp is ln(e^a + e^b).
func (a Array) LogAddExp(b Array) Array { return newCall(OpLogAddExp, a, b).one() }

// Equal is a = b, bool.
func (a Array) Equal(b Array) Array { return newCall(OpEqual, a, b).one() }

// NotEqual is a ≠ b, bool.
func (a Array) NotEqual(b Array) Array { return newCall(OpNotEqual, a, b).one() }

// Less is a < b, bool.
func (a Array) Less(b Array) Array { return newCall(OpLess, a, b).one() }

// LessEqual is a ≤ b, bool.
func (a Array) LessEqual(b Array) Array { return newCall(OpLessEqual, a, b).one() }

// Greater is a > b, bool.
func (a Array) Greater(b Array) Array { return newCall(OpGreater, a, b).one() }

// GreaterEqual is a ≥ b, bool.
func (a Array) GreaterEqual(b Array) Array { return newCall(OpGreaterEqual, a, b).one() }

// And is logical and, bool.
func (a Array) And(b Array) Array { return newCall(OpAnd, a, b).one() }

// Or is logical or, bool.
func (a Array) Or(b Array) Array { return newCall(OpOr, a, b).one() }

// BitAnd is bitwise and of integers or bools.
func (a Array) BitAnd(b Array) Array { return newCall(OpBitAnd, a, b).one() }

// BitOr is bitwise or of integers or bools.
func (a Array) BitOr(b Array) Array { return newCall(OpBitOr, a, b).one() }

// BitXor is bitwise exclusive or of integers or bools.
func (a Array) BitXor(b Array) Array { return newCall(OpBitXor, a, b).one() }

// ShiftLeft is a << b of integers.
func (a Array) ShiftLeft(b Array) Array { return newCall(OpShiftLeft, a, b).one() }

// ShiftRight is a >> b of integers.
func (a Array) ShiftRight(b Array) Array { return newCall(OpShiftRight, a, b).one() }

// Operations with a Go number. The number is weak: it takes the dtype of a
// float array; beside an integer array it is of that type when it is whole, and
// f32 otherwise.

func (a Array) scalar(op Op, reversed bool, v float64) Array {
	return newCall(OpScalar, a).i(int(op)).b(reversed).f(v).one()
}

// AddScalar is a + v.
func (a Array) AddScalar(v float64) Array { return a.scalar(OpAdd, false, v) }

// SubScalar is a − v.
func (a Array) SubScalar(v float64) Array { return a.scalar(OpSub, false, v) }

// RSubScalar is v − a.
func (a Array) RSubScalar(v float64) Array { return a.scalar(OpSub, true, v) }

// MulScalar is a·v.
func (a Array) MulScalar(v float64) Array { return a.scalar(OpMul, false, v) }

// DivScalar is a/v.
func (a Array) DivScalar(v float64) Array { return a.scalar(OpDiv, false, v) }

// RDivScalar is v/a.
func (a Array) RDivScalar(v float64) Array { return a.scalar(OpDiv, true, v) }

// FloorDivScalar is a/v rounded down.
func (a Array) FloorDivScalar(v float64) Array { return a.scalar(OpFloorDiv, false, v) }

// ModScalar is the remainder of a/v.
func (a Array) ModScalar(v float64) Array { return a.scalar(OpMod, false, v) }

// PowScalar is a^v.
func (a Array) PowScalar(v float64) Array { return a.scalar(OpPow, false, v) }

// MaximumScalar is the larger of a and v.
func (a Array) MaximumScalar(v float64) Array { return a.scalar(OpMaximum, false, v) }

// MinimumScalar is the smaller of a and v.
func (a Array) MinimumScalar(v float64) Array { return a.scalar(OpMinimum, false, v) }

// EqualScalar is a = v, bool.
func (a Array) EqualScalar(v float64) Array { return a.scalar(OpEqual, false, v) }

// NotEqualScalar is a ≠ v, bool.
func (a Array) NotEqualScalar(v float64) Array { return a.scalar(OpNotEqual, false, v) }

// LessScalar is a < v, bool.
func (a Array) LessScalar(v float64) Array { return a.scalar(OpLess, false, v) }

// LessEqualScalar is a ≤ v, bool.
func (a Array) LessEqualScalar(v float64) Array { return a.scalar(OpLessEqual, false, v) }

// GreaterScalar is a > v, bool.
func (a Array) GreaterScalar(v float64) Array { return a.scalar(OpGreater, false, v) }

// GreaterEqualScalar is a ≥ v, bool.
func (a Array) GreaterEqualScalar(v float64) Array { return a.scalar(OpGreaterEqual, false, v) }

// BitAndScalar is a & v.
func (a Array) BitAndScalar(v float64) Array { return a.scalar(OpBitAnd, false, v) }

// ShiftLeftScalar is a << v.
func (a Array) ShiftLeftScalar(v float64) Array { return a.scalar(OpShiftLeft, false, v) }

// ShiftRightScalar is a >> v.
func (a Array) ShiftRightScalar(v float64) Array { return a.scalar(OpShiftRight, false, v) }

// Clip is a limited to [lo, hi].
func (a Array) Clip(lo, hi float64) Array { return a.MaximumScalar(lo).MinimumScalar(hi) }

// SoftCap is cap·tanh(a/cap).
func (a Array) SoftCap(limit float64) Array { return a.DivScalar(limit).Tanh().MulScalar(limit) }

// Where takes a where cond is true and b elsewhere; all three broadcast.
func Where(cond, a, b Array) Array { return newCall(OpWhere, cond, a, b).one() }

// MaskFill is a with v where mask is true; v is weak, shapes broadcast.
func (a Array) MaskFill(mask Array, v float64) Array { return newCall(OpMaskFill, a, mask).f(v).one() }

// AsType converts the elements.
func (a Array) AsType(dt DType) Array { return newCall(OpAsType, a).i(int(dt)).one() }

// ViewAs reads the same bytes as another type; the last dimension changes with
// the size of an element.
func (a Array) ViewAs(dt DType) Array { return newCall(OpViewAs, a).i(int(dt)).one() }
