// The C interface: contexts, arrays, evaluation, memory. Exceptions end here.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "cuda_read.h"
#include "mlx/backend/cuda/cuda.h"
#include "paged.h"
#include "shim.h"

#define MG_API extern "C" __attribute__((visibility("default")))
// The version of this interface: shim.ABI in Go.
#define MG_ABI 1

namespace mg {

uint32_t Ctx::put(array a) {
  uint32_t id;
  if (free.empty()) {
    id = static_cast<uint32_t>(slots.size());
    slots.emplace_back(std::move(a));
  } else {
    id = free.back();
    free.pop_back();
    slots[id].emplace(std::move(a));
  }
  live++;
  return id;
}

void Ctx::drop(uint32_t id) {
  auto& s = slots.at(id);
  if (!s) return;
  s.reset();
  free.push_back(id);
  live--;
}

Dtype dtype(int v) {
  static const Dtype all[] = {mx::bool_, mx::uint8, mx::uint16, mx::uint32, mx::uint64, mx::int8, mx::int16,
                              mx::int32, mx::int64, mx::float16, mx::float32, mx::float64, mx::bfloat16, mx::complex64};
  if (v < 0 || v >= 14) throw std::invalid_argument("no such dtype");
  return all[v];
}

static array make_scalar(double v, Dtype t) {
  switch (t.val()) {
    case Dtype::Val::bool_: return array(v != 0);
    case Dtype::Val::uint64: return array(static_cast<uint64_t>(v));
    case Dtype::Val::int64: return array(static_cast<int64_t>(v));
    case Dtype::Val::float64: return array(v, mx::float64);
    case Dtype::Val::float16:
    case Dtype::Val::float32:
    case Dtype::Val::bfloat16:
    case Dtype::Val::complex64: return array(static_cast<float>(v), t);
    default: return array(static_cast<int64_t>(v), t);
  }
}

array Ctx::scalar(double v, Dtype t) {
  uint64_t bits;
  std::memcpy(&bits, &v, sizeof bits);
  auto& m = scalars[static_cast<int>(t.val())];
  if (auto it = m.find(bits); it != m.end()) return it->second;
  if (m.size() > 1024) m.clear();
  return m.emplace(bits, make_scalar(v, t)).first->second;
}

bool inexact(Dtype t) { return mx::issubdtype(t, mx::inexact); }

array Call::weak(double v, const array& x) const {
  Dtype t = x.dtype();
  if (!inexact(t)) {
    if (v != static_cast<double>(static_cast<int64_t>(v)))
      t = mx::float32;
    else if (t == mx::bool_)
      t = mx::int32;
  }
  return c.scalar(v, t);
}

// raw is the memory of an evaluated array on the host.
void read(Ctx& c, const array& in, void* dst, size_t n) {
  array a = in;
  a.eval();
  if (n != a.nbytes()) throw std::runtime_error("the array has " + std::to_string(a.nbytes()) + " bytes");
  if (n == 0) return;
  if (!a.flags().row_contiguous) {
    a = mx::contiguous(a, false, c.stream);
    a.eval();
  }
  if (c.gpu && cuda_read(a, dst, n)) return;
  std::memcpy(dst, a.data<char>(), n);
}

// resident moves what the host filled to the GPU's own memory; CUDA's allocator
// gives the host managed memory, which would migrate page by page.
static array resident(Ctx& c, array a) {
  if (!c.gpu || !mx::cu::is_available() || a.nbytes() <= 8) return a;
  array b = mx::where(c.scalar(1, mx::bool_), a, a, c.stream);
  b.eval();
  return b;
}

// guard turns exceptions into a code and a message.
template <class F>
static int guard(Ctx* c, F f) {
  if (!c->on_owner()) return kOffOwner;
  try {
    f();
    return kOK;
  } catch (const std::exception& e) {
    c->error = e.what();
  } catch (...) {
    c->error = "unknown exception";
  }
  return kFailed;
}

template <class F>
static int guard_eval(Ctx* c, F f) {
  int code = guard(c, f);
  if (code == kFailed) {
    std::string msg = c->error;
    guard(c, [&] { msg += pools_recover(*c); });
    c->error = msg;
  }
  return code;
}

static void env_defaults() {
  setenv("MLX_ENABLE_CACHE_THRASHING_CHECK", "0", 0);
  setenv("MLX_ENABLE_TF32", "0", 0); // f32 is f32; models that want speed run in bf16
  setenv("MLX_CUDA_GRAPH_CACHE_SIZE", "2000", 0);
  setenv("MLX_CUDA_SDPA_CACHE_SIZE", "1024", 0);
}

} // namespace mg

using namespace mg;

MG_API int mg_abi() { return MG_ABI; }
MG_API const char* mg_mlx_version() { return mx::version(); }
MG_API int mg_op_count() { return OpCount; }

MG_API const char* mg_op_name(int op) {
  static const char* names[] = {"none",
#define OP(id, name) name,
#include "ops.def"
#undef OP
  };
  return op >= 0 && op < OpCount ? names[op] : "";
}

// How many contexts of each kind are open: MLX's default device, which some of its
// helpers use whatever stream they are given, is one for the process.
static std::mutex open_mu;
static int open_count[2];

MG_API Ctx* mg_open(int gpu, int64_t cache, int64_t memory, char* err, int cap) {
  std::lock_guard<std::mutex> lock(open_mu);
  gpu = gpu != 0;
  env_defaults();
  try {
    mx::Device dev = gpu ? mx::Device(mx::Device::gpu) : mx::Device(mx::Device::cpu);
    if (open_count[!gpu]) throw std::runtime_error(gpu ? "a CPU device is open in this process" : "a GPU device is open in this process");
    if (!mx::is_available(dev)) throw std::runtime_error(gpu ? "no GPU that this library can use" : "no CPU back end");
    mx::set_default_device(dev);
    Stream s = mx::new_stream(dev);
    mx::set_default_stream(s);
    if (cache > 0) mx::set_cache_limit(cache);
    if (memory > 0) mx::set_memory_limit(memory);
    auto* c = new Ctx(gpu != 0, s);
    open_count[gpu]++;
    return c;
  } catch (const std::exception& e) {
    snprintf(err, cap, "%s", e.what());
  } catch (...) {
    snprintf(err, cap, "unknown exception");
  }
  return nullptr;
}

MG_API void mg_close(Ctx* c) {
  guard(c, [&] { mx::synchronize(c->stream); });
  guard(c, [&] {
    c->pools.clear();
    for (auto& m : c->scalars) m.clear();
    c->slots.clear();
    mx::clear_streams();
  });
  {
    std::lock_guard<std::mutex> lock(open_mu);
    open_count[c->gpu]--;
  }
  delete c;
}

MG_API int mg_on_owner(Ctx* c) { return c->on_owner(); }
MG_API const char* mg_error(Ctx* c) { return c->error.c_str(); }
MG_API int64_t mg_live(Ctx* c) { return c->live; }

MG_API void mg_free(Ctx* c, const uint32_t* ids, int n) {
  guard(c, [&] {
    for (int i = 0; i < n; i++) c->drop(ids[i]);
  });
}

MG_API void mg_info(Ctx* c, uint32_t id, int32_t* out) {
  guard(c, [&] {
    const array& a = c->at(id);
    out[0] = static_cast<int32_t>(a.dtype().val());
    out[1] = static_cast<int32_t>(a.ndim());
    for (size_t i = 0; i < a.ndim() && i < 8; i++) out[2 + i] = a.shape(i);
  });
}

MG_API int mg_op(Ctx* c, int op, const uint32_t* in, int nin, const int64_t* ints, int ni, const double* fl, int nf, uint32_t* out, int no) {
  if (!c->on_owner()) return kOffOwner;
  Call k{*c, static_cast<Op>(op), in, nin, ints, ni, fl, nf, out, no, 0, c->stream};
  int code = guard(c, [&] {
    if (!(op_elementwise(k) || op_shape(k) || op_index(k) || op_matmul(k) || op_nn(k) || op_paged(k)))
      throw std::runtime_error("the library does not know operation " + std::to_string(op));
    if (k.done != no) throw std::runtime_error("fewer outputs than expected");
  });
  if (code != kOK)
    for (int i = 0; i < k.done; i++) c->drop(out[i]);
  return code;
}

MG_API int mg_from_bytes(Ctx* c, const void* p, int dt, const int32_t* dims, int nd, uint32_t* out) {
  return guard(c, [&] {
    *out = c->put(filled(Shape(dims, dims + nd), dtype(dt), [&](char* dst, size_t n) { if (n) std::memcpy(dst, p, n); }));
  });
}

MG_API int mg_load_file(Ctx* c, const char* path, int64_t off, int dt, const int32_t* dims, int nd, uint32_t* out) {
  return guard(c, [&] {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw std::runtime_error(std::string(path) + ": " + std::strerror(errno));
    std::unique_ptr<int, void (*)(int*)> closer(&fd, [](int* f) { close(*f); });
    array a = filled(Shape(dims, dims + nd), dtype(dt), [&](char* dst, size_t n) {
      struct stat st;
      if (fstat(fd, &st) == 0 && st.st_size < off + static_cast<int64_t>(n))
        throw std::runtime_error(std::string(path) + ": " + std::to_string(st.st_size) + " bytes, " + std::to_string(off + n) + " needed");
      for (size_t at = 0; at < n;) {
        ssize_t r = pread(fd, dst + at, std::min<size_t>(n - at, 1 << 26), off + at);
        if (r < 0 && errno == EINTR) continue;
        if (r <= 0) throw std::runtime_error(std::string(path) + ": " + (r < 0 ? std::strerror(errno) : "the file ends too early"));
        at += r;
      }
    });
    *out = c->put(resident(*c, std::move(a)));
  });
}

MG_API int mg_eval(Ctx* c, const uint32_t* ids, int n, int async) {
  return guard_eval(c, [&] {
    std::vector<array> v;
    v.reserve(n);
    for (int i = 0; i < n; i++) v.push_back(c->at(ids[i]));
    if (async)
      mx::async_eval(std::move(v));
    else
      mx::eval(std::move(v));
  });
}

MG_API int mg_wait(Ctx* c, uint32_t id) {
  return guard_eval(c, [&] { c->at(id).eval(); });
}

MG_API int mg_ready(Ctx* c, uint32_t id) {
  int ready = 0;
  guard(c, [&] { ready = c->at(id).is_available(); });
  return ready;
}

MG_API int mg_read(Ctx* c, uint32_t id, void* dst, int64_t n) {
  return guard_eval(c, [&] { read(*c, c->at(id), dst, n); });
}

MG_API int mg_sync(Ctx* c) {
  return guard_eval(c, [&] { mx::synchronize(c->stream); });
}

MG_API int64_t mg_memory(Ctx* c, int what, int64_t v) {
  int64_t r = 0;
  guard(c, [&] {
    switch (what) {
      case 0: r = mx::get_active_memory(); break;
      case 1: r = mx::get_peak_memory(); break;
      case 2: r = mx::get_cache_memory(); break;
      case 3: r = mx::get_memory_limit(); break;
      case 4: r = mx::set_memory_limit(v); break;
      case 5: r = mx::set_cache_limit(v); break;
      case 6: mx::clear_cache(); break;
      case 7: mx::reset_peak_memory(); break;
      case 8: r = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE); break;
    }
  });
  return r;
}

MG_API int mg_pool_new(Ctx* c, const int64_t* spec, int* id) {
  return guard(c, [&] { *id = pool_new(*c, spec); });
}
MG_API void mg_pool_free(Ctx* c, int id) {
  guard(c, [&] { c->pools.at(id).reset(); });
}
MG_API int mg_pool_zero(Ctx* c, int id, const int32_t* pages, int n) {
  return guard_eval(c, [&] { pool_of(*c, id)->zero(*c, pages, n); });
}
MG_API int mg_pool_copy(Ctx* c, int id, int src, int dst) {
  return guard_eval(c, [&] { pool_of(*c, id)->copy(*c, src, dst); });
}
MG_API int mg_pool_read(Ctx* c, int id, int page, void* dst) {
  return guard_eval(c, [&] { pool_of(*c, id)->read(*c, page, static_cast<char*>(dst)); });
}
MG_API int mg_pool_write(Ctx* c, int id, int page, const void* src) {
  return guard_eval(c, [&] { pool_of(*c, id)->write(*c, page, static_cast<const char*>(src)); });
}
