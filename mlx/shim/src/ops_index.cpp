// Gathers, scatters, reductions, sorting.
#include "shim.h"

namespace mg {

static Dtype sum_type(Dtype t) {
  if (t == mx::bool_ || t == mx::int8 || t == mx::int16) return mx::int32;
  return t == mx::uint8 || t == mx::uint16 ? mx::uint32 : t;
}

static array reduce(Call& k) {
  const array& x = k.a(0);
  bool keep = k.b(0), all = k.ni == 1;
  std::vector<int> axes = k.vec(1);
#define REDUCE(fn) return all ? mx::fn(x, keep, k.s) : mx::fn(x, axes, keep, k.s)
  switch (k.op) {
    case OpSum: // MLX leaves a scalar as it is, whatever its type
      if (x.ndim() == 0 && axes.empty()) return mx::astype(x, sum_type(x.dtype()), k.s);
      REDUCE(sum);
    case OpProd:
      if (x.ndim() == 0 && axes.empty()) return mx::astype(x, sum_type(x.dtype()), k.s);
      REDUCE(prod);
    case OpMean: REDUCE(mean);
    case OpMax: REDUCE(max);
    case OpMin: REDUCE(min);
    case OpAny: REDUCE(any);
    case OpAll: REDUCE(all);
    case OpLogSumExp: REDUCE(logsumexp);
    case OpVar: return all ? mx::var(x, keep, 0, k.s) : mx::var(x, axes, keep, 0, k.s);
    default: throw std::invalid_argument("not a reduction");
  }
#undef REDUCE
}

bool op_index(Call& k) {
  switch (k.op) {
    case OpTake: k.put(mx::take(k.a(0), k.a(1), k.i(0), k.s)); break;
    case OpTakeAlong: k.put(mx::take_along_axis(k.a(0), k.a(1), k.i(0), k.s)); break;
    case OpPutAlong: k.put(mx::put_along_axis(k.a(0), k.a(1), k.a(2), k.i(0), k.s)); break;
    case OpScatterAddAlong: k.put(mx::scatter_add_axis(k.a(0), k.a(1), k.a(2), k.i(0), k.s)); break;
    case OpGather: {
      int n = k.i(0);
      std::vector<array> idx;
      std::vector<int> axes(k.ints + 1, k.ints + 1 + n);
      for (int i = 1; i <= n; i++) idx.push_back(k.a(i));
      k.put(mx::gather(k.a(0), idx, axes, k.dims(1 + n), k.s));
      break;
    }
    case OpSum:
    case OpProd:
    case OpMean:
    case OpMax:
    case OpMin:
    case OpAny:
    case OpAll:
    case OpLogSumExp:
    case OpVar: k.put(reduce(k)); break;
    case OpSoftmax: k.put(mx::softmax(k.a(0), std::vector<int>{k.i(0)}, k.b(1), k.s)); break;
    case OpArgMax: k.put(mx::argmax(k.a(0), k.i(0), k.b(1), k.s)); break;
    case OpArgMin: k.put(mx::argmin(k.a(0), k.i(0), k.b(1), k.s)); break;
    case OpSort: k.put(mx::sort(k.a(0), k.i(0), k.s)); break;
    case OpArgSort: k.put(mx::argsort(k.a(0), k.i(0), k.s)); break;
    case OpPartition: k.put(mx::partition(k.a(0), k.i(1), k.i(0), k.s)); break;
    case OpArgPartition: k.put(mx::argpartition(k.a(0), k.i(1), k.i(0), k.s)); break;
    case OpCumsum: k.put(mx::cumsum(k.a(0), k.i(0), k.b(1), k.b(2), k.s)); break;
    case OpCumprod: k.put(mx::cumprod(k.a(0), k.i(0), k.b(1), k.b(2), k.s)); break;
    case OpCummax: k.put(mx::cummax(k.a(0), k.i(0), k.b(1), k.b(2), k.s)); break;
    default: return false;
  }
  return true;
}

} // namespace mg
