// Products, dense and quantised.
#include "shim.h"

namespace mg {

static const char* mode(int64_t m) {
  static const char* names[] = {"affine", "mxfp4", "mxfp8", "nvfp4"};
  if (m < 0 || m > 3) throw std::invalid_argument("no such mode");
  return names[m];
}

// gather_mm: MLX's CPU back end has f32 only.
static void gather_mm(Call& k) {
  array x = k.a(0), w = k.a(1);
  Dtype t = mx::promote_types(x.dtype(), w.dtype());
  bool cast = !k.c.gpu && t != mx::float32;
  if (cast) {
    x = mx::astype(x, mx::float32, k.s);
    w = mx::astype(w, mx::float32, k.s);
  }
  array y = mx::gather_mm(x, w, k.opt(2), k.opt(3), k.b(0), k.s);
  k.put(cast ? mx::astype(y, t, k.s) : y);
}

bool op_matmul(Call& k) {
  switch (k.op) {
    case OpMatmul: k.put(mx::matmul(k.a(0), k.a(1), k.s)); break;
    case OpLinear: {
      array y = mx::matmul(k.a(0), mx::transpose(k.a(1), {1, 0}, k.s), k.s);
      k.put(k.has(2) ? mx::add(y, k.a(2), k.s) : y);
      break;
    }
    case OpQuantizedMatmul: k.put(mx::quantized_matmul(k.a(0), k.a(1), k.a(2), k.opt(3), k.b(0), k.i(1), k.i(2), mode(k.i64(3)), k.s)); break;
    case OpGatherMM: gather_mm(k); break;
    case OpGatherQMM:
      k.put(mx::gather_qmm(k.a(0), k.a(1), k.a(2), k.opt(3), k.opt(4), k.opt(5), k.b(0), k.i(1), k.i(2), mode(k.i64(3)), std::nullopt, k.b(4), k.s));
      break;
    case OpQuantize:
      for (auto& p : mx::quantize(k.a(0), k.i(0), k.i(1), mode(k.i64(2)), std::nullopt, k.s)) k.put(p);
      break;
    case OpDequantize: k.put(mx::dequantize(k.a(0), k.a(1), k.opt(2), k.i(0), k.i(1), mode(k.i64(2)), std::nullopt, k.dt(3), k.s)); break;
    case OpFromFP8: k.put(mx::from_fp8(k.a(0), k.dt(0), k.s)); break;
    case OpToFP8: k.put(mx::to_fp8(k.a(0), k.s)); break;
    default: return false;
  }
  return true;
}

} // namespace mg
