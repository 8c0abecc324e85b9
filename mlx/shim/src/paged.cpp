#include "paged.h"

#include "mlx/backend/cpu/encoder.h"

namespace mg {

static array zeros(Ctx& c, const Shape& s, Dtype t) {
  if (c.gpu) {
    array a = mx::zeros(s, t, c.stream);
    a.eval();
    return a;
  }
  return filled(s, t, [](char* p, size_t n) { std::memset(p, 0, n); });
}

Pool::Pool(Ctx& c, const int64_t* s)
    : pages(s[0]), page(s[1]), heads(s[2]), dk(s[3]), dv(s[4]), dtype(mg::dtype(s[5])), shared(s[6]), functional(s[7] || c.gpu), k(0.0f), v(0.0f) {
  reset(c);
}

void Pool::reset(Ctx& c) {
  k = zeros(c, Shape{pages, heads, page, dk}, dtype);
  v = zeros(c, shared ? Shape{0} : Shape{pages, heads, page, dv}, dtype);
}

// on_stream runs f after the work that is queued on the CPU stream.
template <class F>
static void on_stream(Ctx& c, F f) {
  mx::cpu::get_command_encoder(c.stream).dispatch(f);
}

static array part(Ctx& c, const array& a, int id) {
  return mx::slice(a, Shape{id, 0, 0, 0}, Shape{id + 1, a.shape(1), a.shape(2), a.shape(3)}, c.stream);
}

static array replaced(Ctx& c, const array& a, int id, const array& page) {
  return mx::slice_update(a, page, Shape{id, 0, 0, 0}, Shape{id + 1, a.shape(1), a.shape(2), a.shape(3)}, c.stream);
}

void Pool::zero(Ctx& c, const int32_t* ids, int n) {
  if (!functional) {
    on_stream(c, [k = k, v = v, kp = k_page(), vp = v_page(), list = std::vector<int32_t>(ids, ids + n)]() mutable {
      for (int32_t id : list) {
        std::memset(k.data<char>() + id * kp, 0, kp);
        if (vp) std::memset(v.data<char>() + id * vp, 0, vp);
      }
    });
    return;
  }
  for (int i = 0; i < n; i++) {
    k = replaced(c, k, ids[i], mx::zeros(Shape{1, heads, page, dk}, dtype, c.stream));
    if (!shared) v = replaced(c, v, ids[i], mx::zeros(Shape{1, heads, page, dv}, dtype, c.stream));
  }
  mx::eval({k, v});
}

void Pool::copy(Ctx& c, int src, int dst) {
  if (!functional) {
    on_stream(c, [k = k, v = v, kp = k_page(), vp = v_page(), src, dst]() mutable {
      std::memmove(k.data<char>() + dst * kp, k.data<char>() + src * kp, kp);
      if (vp) std::memmove(v.data<char>() + dst * vp, v.data<char>() + src * vp, vp);
    });
    return;
  }
  k = replaced(c, k, dst, part(c, k, src));
  if (!shared) v = replaced(c, v, dst, part(c, v, src));
  mx::eval({k, v});
}

void Pool::read(Ctx& c, int id, char* dst) {
  if (!functional) {
    mx::synchronize(c.stream);
    std::memcpy(dst, k.data<char>() + id * k_page(), k_page());
    if (!shared) std::memcpy(dst + k_page(), v.data<char>() + id * v_page(), v_page());
    return;
  }
  mg::read(c, part(c, k, id), dst, k_page());
  if (!shared) mg::read(c, part(c, v, id), dst + k_page(), v_page());
}

void Pool::write(Ctx& c, int id, const char* src) {
  if (!functional) {
    on_stream(c, [k = k, v = v, kp = k_page(), vp = v_page(), id, data = std::vector<char>(src, src + k_page() + v_page())]() mutable {
      std::memcpy(k.data<char>() + id * kp, data.data(), kp);
      if (vp) std::memcpy(v.data<char>() + id * vp, data.data() + kp, vp);
    });
    return;
  }
  auto page_of = [&](const Shape& s, const char* from) { return filled(s, dtype, [&](char* p, size_t n) { std::memcpy(p, from, n); }); };
  k = replaced(c, k, id, page_of(Shape{1, heads, page, dk}, src));
  if (!shared) v = replaced(c, v, id, page_of(Shape{1, heads, page, dv}, src + k_page()));
  mx::eval({k, v});
}

int pool_new(Ctx& c, const int64_t* spec) {
  auto p = std::make_shared<Pool>(c, spec);
  for (size_t i = 0; i < c.pools.size(); i++)
    if (!c.pools[i]) {
      c.pools[i] = std::move(p);
      return static_cast<int>(i);
    }
  c.pools.push_back(std::move(p));
  return static_cast<int>(c.pools.size()) - 1;
}

std::shared_ptr<Pool> pool_of(Ctx& c, int id) {
  if (id < 0 || id >= static_cast<int>(c.pools.size()) || !c.pools[id]) throw std::runtime_error("the pool is closed");
  return c.pools[id];
}

std::string pools_recover(Ctx& c) {
  std::string lost;
  for (size_t i = 0; i < c.pools.size(); i++) {
    Pool* p = c.pools[i].get();
    if (!p || !p->functional) continue;
    try {
      mx::eval({p->k, p->v});
    } catch (const std::exception&) {
      p->reset(c);
      lost += (lost.empty() ? "; lost the contents of pool " : ", ") + std::to_string(i);
    }
  }
  return lost;
}

bool op_paged(Call& k) {
  if (k.op == OpPagedAppend) {
    auto p = pool_of(k.c, k.i(0));
    k.put(p->functional ? append_stock(k, *p) : append_cpu(k, p));
    return true;
  }
  if (k.op == OpPagedAttend) {
    auto p = pool_of(k.c, k.i(0));
    AttendSpec o{k.i(1), k.i(2), static_cast<float>(k.f(0)), static_cast<float>(k.f(1))};
    k.put(p->functional ? attend_stock(k, *p, o) : attend_cpu(k, p, o));
    return true;
  }
  return false;
}

} // namespace mg
