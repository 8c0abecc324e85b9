// Paged state in place on the CPU, as MLX primitives.
#include "paged.h"

#include "mlx/backend/cpu/encoder.h"
#include "mlx/primitives.h"

namespace mg {

namespace {

// Strided is the memory of an input of up to three dimensions.
struct Strided {
  const char* p;
  int64_t st[3];
  int dim[3];
};

Strided strided(const array& a) {
  Strided s{a.data<char>(), {0, 0, 0}, {1, 1, 1}};
  for (size_t i = 0; i < a.ndim() && i < 3; i++) {
    s.st[i] = a.strides(i);
    s.dim[i] = a.shape(i);
  }
  return s;
}

float load(const char* p, int64_t i, Dtype::Val t) {
  switch (t) {
    case Dtype::Val::float32: return reinterpret_cast<const float*>(p)[i];
    case Dtype::Val::bfloat16: return static_cast<float>(reinterpret_cast<const mx::bfloat16_t*>(p)[i]);
    default: return static_cast<float>(reinterpret_cast<const mx::float16_t*>(p)[i]);
  }
}

void store(char* p, int64_t i, Dtype::Val t, float v) {
  switch (t) {
    case Dtype::Val::float32: reinterpret_cast<float*>(p)[i] = v; break;
    case Dtype::Val::bfloat16: reinterpret_cast<mx::bfloat16_t*>(p)[i] = static_cast<mx::bfloat16_t>(v); break;
    default: reinterpret_cast<mx::float16_t*>(p)[i] = static_cast<mx::float16_t>(v);
  }
}

// put_row writes rows [H, D] of token t to a slot of the pool.
void put_row(const Strided& x, Dtype::Val xt, int t, char* buf, Dtype::Val bt, size_t item, int heads, int page, int d, int64_t slot) {
  int64_t g = slot / page, o = slot % page;
  for (int h = 0; h < heads; h++) {
    int64_t from = t * x.st[0] + h * x.st[1];
    char* to = buf + ((g * heads + h) * page + o) * d * item;
    if (xt == bt && x.st[2] == 1)
      std::memcpy(to, x.p + from * item, d * item);
    else
      for (int i = 0; i < d; i++) store(to, i, bt, load(x.p, from + i * x.st[2], xt));
  }
}

// Append writes keys and values to their slots; its output is the token.
class Append : public mx::UnaryPrimitive {
 public:
  Append(Stream s, std::shared_ptr<Pool> p) : UnaryPrimitive(s), pool_(std::move(p)) {}

  void eval_cpu(const std::vector<array>& in, array& out) override {
    out.set_data(mx::allocator::malloc(out.nbytes()));
    auto& e = mx::cpu::get_command_encoder(stream());
    e.set_output_array(out);
    Strided k = strided(in[0]), v{}, slots = strided(in[1]);
    Dtype::Val kt = in[0].dtype().val(), vt = kt;
    if (!pool_->shared) v = strided(in[2]), vt = in[2].dtype().val();
    e.dispatch([p = pool_, k, v, slots, kt, vt, token = out.data<int32_t>(), kb = pool_->k.data<char>(), vb = pool_->shared ? nullptr : pool_->v.data<char>()] {
      *token = 0;
      auto slot = reinterpret_cast<const int32_t*>(slots.p);
      int64_t limit = int64_t(p->pages) * p->page;
      for (int t = 0; t < k.dim[0]; t++)
        if (int64_t at = slot[t * slots.st[0]]; at < 0 || at >= limit)
          throw std::runtime_error("paged_append: token " + std::to_string(t) + " goes to slot " + std::to_string(at) + " of " + std::to_string(limit));
      Dtype::Val bt = p->dtype.val();
      for (int t = 0; t < k.dim[0]; t++) {
        int64_t at = slot[t * slots.st[0]];
        put_row(k, kt, t, kb, bt, p->dtype.size(), p->heads, p->page, p->dk, at);
        if (vb) put_row(v, vt, t, vb, bt, p->dtype.size(), p->heads, p->page, p->dv, at);
      }
    });
  }
  void eval_gpu(const std::vector<array>&, array&) override { throw std::runtime_error("paged_append in place runs on the CPU only"); }
  const char* name() const override { return "PagedAppend"; }

 private:
  std::shared_ptr<Pool> pool_;
};

// Attend reads the pool for the tokens of a step.
class Attend : public mx::UnaryPrimitive {
 public:
  Attend(Stream s, std::shared_ptr<Pool> p, AttendSpec o, bool sinks) : UnaryPrimitive(s), pool_(std::move(p)), spec_(o), sinks_(sinks) {}

  void eval_cpu(const std::vector<array>& in, array& out) override {
    out.set_data(mx::allocator::malloc(out.nbytes()));
    auto& e = mx::cpu::get_command_encoder(stream());
    e.set_output_array(out);
    Tables t{in[1].data<int32_t>(), in[2].data<int32_t>(), in[3].data<int32_t>(), in[4].data<int32_t>(), in[0].shape(0), in[3].shape(0), in[3].shape(1)};
    Strided q = strided(in[0]);
    const float* sinks = sinks_ ? in[5].data<float>() : nullptr;
    e.dispatch([p = pool_, o = spec_, q, t, sinks, hq = in[0].shape(1), qt = in[0].dtype(), dst = out.data<char>(), kb = pool_->k.data<char>(),
                vb = pool_->shared ? nullptr : pool_->v.data<char>()] { attend_kernel(*p, kb, vb, q.p, q.st, qt, hq, t, o, sinks, dst); });
  }
  void eval_gpu(const std::vector<array>&, array&) override { throw std::runtime_error("paged_attend in place runs on the CPU only"); }
  const char* name() const override { return "PagedAttend"; }

 private:
  std::shared_ptr<Pool> pool_;
  AttendSpec spec_;
  bool sinks_;
};

} // namespace

array append_cpu(Call& k, std::shared_ptr<Pool> p) {
  std::vector<array> in{k.a(0), k.a(2)};
  if (!p->shared) in.push_back(k.a(1));
  if (k.has(3)) in.push_back(k.a(3));
  return array(Shape{}, mx::int32, std::make_shared<Append>(k.s, std::move(p)), std::move(in));
}

array attend_cpu(Call& k, std::shared_ptr<Pool> p, AttendSpec o) {
  // indices are leaves as a rule, for which contiguous() costs a node and no copy
  auto plain = [&](int i) { return k.a(i).status() == array::Status::unscheduled || !k.a(i).flags().row_contiguous ? mx::contiguous(k.a(i), false, k.s) : k.a(i); };
  std::vector<array> in{k.a(0), plain(1), plain(2), plain(3), plain(4)};
  bool sinks = k.has(6);
  if (sinks) in.push_back(mx::contiguous(mx::astype(k.a(6), mx::float32, k.s), false, k.s));
  if (k.has(5)) in.push_back(k.a(5));
  Shape shape{k.a(0).shape(0), k.a(0).shape(1), p->dv};
  return array(shape, k.a(0).dtype(), std::make_shared<Attend>(k.s, std::move(p), o, sinks), std::move(in));
}

} // namespace mg
