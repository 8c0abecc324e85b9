// Unary, binary and ternary operations, conversions, creation.
#include <cmath>

#include "shim.h"

namespace mg {

array binary(Op op, const array& x, const array& y, const Stream& s) {
  switch (op) {
    case OpAdd: return mx::add(x, y, s);
    case OpSub: return mx::subtract(x, y, s);
    case OpMul: return mx::multiply(x, y, s);
    case OpDiv: return mx::divide(x, y, s);
    case OpFloorDiv: return mx::floor_divide(x, y, s);
    case OpMod: return mx::remainder(x, y, s);
    case OpPow: return mx::power(x, y, s);
    case OpMaximum: return mx::maximum(x, y, s);
    case OpMinimum: return mx::minimum(x, y, s);
    case OpLogAddExp: return mx::logaddexp(x, y, s);
    case OpEqual: return mx::equal(x, y, s);
    case OpNotEqual: return mx::not_equal(x, y, s);
    case OpLess: return mx::less(x, y, s);
    case OpLessEqual: return mx::less_equal(x, y, s);
    case OpGreater: return mx::greater(x, y, s);
    case OpGreaterEqual: return mx::greater_equal(x, y, s);
    case OpAnd: return mx::logical_and(x, y, s);
    case OpOr: return mx::logical_or(x, y, s);
    case OpBitAnd: return mx::bitwise_and(x, y, s);
    case OpBitOr: return mx::bitwise_or(x, y, s);
    case OpBitXor: return mx::bitwise_xor(x, y, s);
    case OpShiftLeft: return mx::left_shift(x, y, s);
    case OpShiftRight: return mx::right_shift(x, y, s);
    default: throw std::invalid_argument("not a binary operation");
  }
}

static array to_float(const array& x, const Stream& s) { return inexact(x.dtype()) ? x : mx::astype(x, mx::float32, s); }

static array gelu(Call& k, const array& in) {
  array x = to_float(in, k.s);
  auto num = [&](double v) { return k.weak(v, x); };
  if (k.op == OpGELU) {
    array e = mx::erf(mx::multiply(x, num(M_SQRT1_2), k.s), k.s);
    return mx::multiply(mx::multiply(x, mx::add(e, num(1), k.s), k.s), num(0.5), k.s);
  }
  array cube = mx::multiply(mx::multiply(x, mx::square(x, k.s), k.s), num(0.044715), k.s);
  array t = mx::tanh(mx::multiply(mx::add(x, cube, k.s), num(std::sqrt(2 / M_PI)), k.s), k.s);
  return mx::multiply(mx::multiply(x, mx::add(t, num(1), k.s), k.s), num(0.5), k.s);
}

bool op_elementwise(Call& k) {
  if (k.op >= OpAdd && k.op <= OpShiftRight) {
    k.put(binary(k.op, k.a(0), k.a(1), k.s));
    return true;
  }
  switch (k.op) {
    case OpNeg: k.put(mx::negative(k.a(0), k.s)); break;
    case OpAbs: k.put(mx::abs(k.a(0), k.s)); break;
    case OpExp: k.put(mx::exp(k.a(0), k.s)); break;
    case OpExpm1: k.put(mx::expm1(k.a(0), k.s)); break;
    case OpLog: k.put(mx::log(k.a(0), k.s)); break;
    case OpLog1p: k.put(mx::log1p(k.a(0), k.s)); break;
    case OpSqrt: k.put(mx::sqrt(k.a(0), k.s)); break;
    case OpRsqrt: k.put(mx::rsqrt(k.a(0), k.s)); break;
    case OpSquare: k.put(mx::square(k.a(0), k.s)); break;
    case OpSin: k.put(mx::sin(k.a(0), k.s)); break;
    case OpCos: k.put(mx::cos(k.a(0), k.s)); break;
    case OpTanh: k.put(mx::tanh(k.a(0), k.s)); break;
    case OpSigmoid: k.put(mx::sigmoid(k.a(0), k.s)); break;
    case OpErf: k.put(mx::erf(k.a(0), k.s)); break;
    case OpFloor: k.put(mx::floor(k.a(0), k.s)); break;
    case OpCeil: k.put(mx::ceil(k.a(0), k.s)); break;
    case OpRound: k.put(mx::round(k.a(0), 0, k.s)); break;
    case OpSign: k.put(mx::sign(k.a(0), k.s)); break;
    case OpReciprocal: k.put(mx::reciprocal(k.a(0), k.s)); break;
    case OpNot: k.put(mx::logical_not(k.a(0), k.s)); break;
    case OpIsNaN: k.put(mx::isnan(k.a(0), k.s)); break;
    case OpIsFinite: k.put(mx::isfinite(k.a(0), k.s)); break;
    case OpSiLU: {
      array x = to_float(k.a(0), k.s);
      k.put(mx::multiply(x, mx::sigmoid(x, k.s), k.s));
      break;
    }
    case OpGELU:
    case OpGELUTanh: k.put(gelu(k, k.a(0))); break;
    case OpSoftplus: {
      array x = to_float(k.a(0), k.s);
      k.put(mx::logaddexp(x, k.weak(0, x), k.s));
      break;
    }
    case OpReLU: k.put(mx::maximum(k.a(0), k.c.scalar(0, k.a(0).dtype()), k.s)); break;
    case OpScalar: {
      const array& x = k.a(0);
      array v = k.weak(k.f(0), x);
      k.put(k.b(1) ? binary(static_cast<Op>(k.i(0)), v, x, k.s) : binary(static_cast<Op>(k.i(0)), x, v, k.s));
      break;
    }
    case OpWhere: k.put(mx::where(k.a(0), k.a(1), k.a(2), k.s)); break;
    case OpMaskFill: k.put(mx::where(k.a(1), k.weak(k.f(0), k.a(0)), k.a(0), k.s)); break;
    case OpAsType: k.put(mx::astype(k.a(0), k.dt(0), k.s)); break;
    case OpViewAs: k.put(mx::view(k.a(0), k.dt(0), k.s)); break;
    case OpFull: k.put(mx::full(k.dims(1), k.c.scalar(k.f(0), k.dt(0)), k.dt(0), k.s)); break;
    case OpArange: k.put(mx::arange(k.f(0), k.f(1), k.f(2), k.dt(0), k.s)); break;
    default: return false;
  }
  return true;
}

} // namespace mg
