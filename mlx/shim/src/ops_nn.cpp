// Norms, positions, attention, convolution, random numbers.
#include "shim.h"

namespace mg {

// rope rotates x [T, H, D] by the positions [T]: MLX sees T batches of one token.
static array rope(Call& k) {
  array x = mx::expand_dims(k.a(0), 2, k.s);
  array pos = k.a(1).dtype() == mx::int32 ? k.a(1) : mx::astype(k.a(1), mx::int32, k.s);
  std::optional<float> base;
  if (!k.has(2)) base = static_cast<float>(k.f(0));
  return mx::squeeze(mx::fast::rope(x, k.i(0), k.b(1), base, static_cast<float>(k.f(1)), pos, k.opt(2), k.s), 2, k.s);
}

static array sdpa(Call& k) {
  std::string mode = k.b(0) ? "causal" : k.has(3) ? "array" : "";
  return mx::fast::scaled_dot_product_attention(k.a(0), k.a(1), k.a(2), static_cast<float>(k.f(0)), mode, k.opt(3), k.opt(4), false, k.s);
}

bool op_nn(Call& k) {
  switch (k.op) {
    case OpRMSNorm: k.put(mx::fast::rms_norm(k.a(0), k.opt(1), static_cast<float>(k.f(0)), k.s)); break;
    case OpLayerNorm: k.put(mx::fast::layer_norm(k.a(0), k.opt(1), k.opt(2), static_cast<float>(k.f(0)), k.s)); break;
    case OpRope: k.put(rope(k)); break;
    case OpSDPA: k.put(sdpa(k)); break;
    case OpConv1D: k.put(mx::conv1d(k.a(0), k.a(1), k.i(0), k.i(1), k.i(2), k.i(3), k.s)); break;
    case OpRandomBits: k.put(mx::random::bits(k.dims(0), 4, k.a(0), k.s)); break;
    case OpRandomSplit: k.put(mx::random::split(k.a(0), k.i(0), k.s)); break;
    case OpRandomUniform: {
      Dtype t = k.dt(0);
      k.put(mx::random::uniform(k.c.scalar(k.f(0), t), k.c.scalar(k.f(1), t), k.dims(1), t, k.a(0), k.s));
      break;
    }
    case OpRandomNormal: {
      Dtype t = k.dt(0);
      k.put(mx::random::normal(k.dims(1), t, k.c.scalar(k.f(0), t), k.c.scalar(k.f(1), t), k.a(0), k.s));
      break;
    }
    case OpRandomGumbel: k.put(mx::random::gumbel(k.dims(1), k.dt(0), k.a(0), k.s)); break;
    default: return false;
  }
  return true;
}

} // namespace mg
