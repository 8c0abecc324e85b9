// Operations on shapes, mostly views.
#include <algorithm>

#include "shim.h"

namespace mg {

static void slice(Call& k) {
  const array& x = k.a(0);
  Shape start(x.ndim(), 0), stop = x.shape(), step(x.ndim(), 1);
  for (int i = 0; i < k.ni; i += 4) {
    int ax = k.axis(i, x.ndim());
    int64_t n = x.shape(ax), from = k.i64(i + 1), to = k.i64(i + 2);
    if (from < 0) from += n;
    if (to < 0) to += n;
    from = std::clamp<int64_t>(from, 0, n);
    start[ax] = static_cast<int>(from);
    stop[ax] = static_cast<int>(std::clamp<int64_t>(to, from, n));
    step[ax] = k.i(i + 3);
  }
  k.put(mx::slice(x, start, stop, step, k.s));
}

bool op_shape(Call& k) {
  switch (k.op) {
    case OpReshape: k.put(mx::reshape(k.a(0), k.dims(0), k.s)); break;
    case OpFlatten: k.put(mx::flatten(k.a(0), k.i(0), k.i(1), k.s)); break;
    case OpUnflatten: k.put(mx::unflatten(k.a(0), k.i(0), k.dims(1), k.s)); break;
    case OpTranspose: k.put(mx::transpose(k.a(0), k.vec(0), k.s)); break;
    case OpExpandDims: k.put(mx::expand_dims(k.a(0), k.vec(0), k.s)); break;
    case OpSqueeze: k.put(k.ni ? mx::squeeze(k.a(0), k.vec(0), k.s) : mx::squeeze(k.a(0), k.s)); break;
    case OpBroadcastTo: {
      Shape to = k.dims(0);
      size_t pad = to.size() - k.a(0).ndim();
      for (size_t i = pad; i < to.size(); i++)
        if (to[i] == -1) to[i] = k.a(0).shape(i - pad);
      k.put(mx::broadcast_to(k.a(0), to, k.s));
      break;
    }
    case OpSlice: slice(k); break;
    case OpSliceUpdate: {
      Shape start = k.dims(0), stop = start;
      for (size_t i = 0; i < stop.size(); i++) stop[i] += k.a(1).shape(i);
      k.put(mx::slice_update(k.a(0), k.a(1), start, stop, k.s));
      break;
    }
    case OpSplit:
      for (auto& p : mx::split(k.a(0), k.i(1), k.i(0), k.s)) k.put(p);
      break;
    case OpSplitAt: {
      const array& x = k.a(0);
      int ax = k.axis(0, x.ndim());
      Shape start(x.ndim(), 0), stop = x.shape();
      int size = stop[ax];
      for (int i = 1; i <= k.ni; i++) { // mx::split refuses some empty parts
        stop[ax] = i < k.ni ? k.i(i) : size;
        k.put(mx::slice(x, start, stop, k.s));
        start[ax] = stop[ax];
      }
      break;
    }
    case OpConcat:
    case OpStack: {
      std::vector<array> v;
      v.reserve(k.nin);
      for (int i = 0; i < k.nin; i++) v.push_back(k.a(i));
      k.put(k.op == OpConcat ? mx::concatenate(std::move(v), k.i(0), k.s) : mx::stack(v, k.i(0), k.s));
      break;
    }
    case OpPad: {
      std::vector<std::pair<int, int>> w;
      for (int i = 0; i < k.ni; i += 2) w.emplace_back(k.i(i), k.i(i + 1));
      k.put(mx::pad(k.a(0), w, k.c.scalar(k.f(0), k.a(0).dtype()), "constant", k.s));
      break;
    }
    case OpRepeat: k.put(mx::repeat(k.a(0), k.i(0), k.i(1), k.s)); break;
    case OpContiguous: k.put(mx::contiguous(k.a(0), false, k.s)); break;
    case OpCopy: k.put(mx::where(k.c.scalar(1, mx::bool_), k.a(0), k.a(0), k.s)); break;
    default: return false;
  }
  return true;
}

} // namespace mg
