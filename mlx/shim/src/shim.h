// What the files of the shim share: the context of a device, and a call.
#pragma once

#include <pthread.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "mlx/mlx.h"

namespace mg {

namespace mx = mlx::core;
using mx::array;
using mx::Dtype;
using mx::Shape;
using mx::Stream;

// The operations, in the order of ops.go.
enum Op : int {
  OpNone,
#define OP(id, name) Op##id,
#include "ops.def"
#undef OP
  OpCount
};

enum Code { kOK = 0, kFailed = 1, kOffOwner = 2 };

struct Pool;

// Ctx is one device: its arrays by number, its stream, its last error. All of it
// belongs to the thread that made it.
struct Ctx {
  pthread_t owner;
  bool gpu;
  Stream stream;
  std::deque<std::optional<array>> slots; // 0 is none
  std::vector<uint32_t> free;
  int64_t live = 0;
  std::string error;
  std::vector<std::shared_ptr<Pool>> pools;
  std::unordered_map<uint64_t, array> scalars[16]; // by bits, one map for each dtype

  Ctx(bool gpu, Stream s) : owner(pthread_self()), gpu(gpu), stream(s) { slots.emplace_back(); }

  bool on_owner() const { return pthread_equal(owner, pthread_self()); }
  array& at(uint32_t id) {
    auto& s = slots.at(id);
    if (!s) throw std::runtime_error("array " + std::to_string(id) + " does not exist");
    return *s;
  }
  uint32_t put(array a);
  void drop(uint32_t id);
  // scalar returns v as an array of dtype t, cached.
  array scalar(double v, Dtype t);
};

// dtype converts MLX's number.
Dtype dtype(int v);

// Call is one operation.
struct Call {
  Ctx& c;
  Op op;
  const uint32_t* in;
  int nin;
  const int64_t* ints;
  int ni;
  const double* fl;
  int nf;
  uint32_t* out;
  int no;
  int done = 0;
  const Stream& s;

  array& a(int i) const { return c.at(in[i]); }
  bool has(int i) const { return i < nin && in[i] != 0; }
  std::optional<array> opt(int i) const {
    if (!has(i)) return std::nullopt;
    return a(i);
  }
  int64_t i64(int k) const { return ints[k]; }
  int i(int k) const { return static_cast<int>(ints[k]); }
  bool b(int k) const { return ints[k] != 0; }
  double f(int k) const { return fl[k]; }
  // dt reads a dtype attribute (Go's numbers start at 1).
  Dtype dt(int k) const { return dtype(static_cast<int>(ints[k]) - 1); }
  Shape dims(int from) const { return Shape(ints + from, ints + ni); }
  std::vector<int> vec(int from) const { return std::vector<int>(ints + from, ints + ni); }
  int axis(int k, int rank) const { return i(k) < 0 ? i(k) + rank : i(k); }
  // weak is v as a scalar beside x, by the rule of ops.go.
  array weak(double v, const array& x) const;
  void put(array a) {
    if (done >= no) throw std::runtime_error("more outputs than expected");
    out[done++] = c.put(std::move(a));
  }
};

// Each runs the operations of its file and says whether op was one of them.
bool op_elementwise(Call& k);
bool op_shape(Call& k);
bool op_index(Call& k);
bool op_matmul(Call& k);
bool op_nn(Call& k);
bool op_paged(Call& k);

array binary(Op op, const array& x, const array& y, const Stream& s);
bool inexact(Dtype t);

// read copies an evaluated or lazy array to dst in row-major order.
void read(Ctx& c, const array& a, void* dst, size_t n);
// filled makes an array in MLX's memory and lets fill write its bytes.
template <class F>
array filled(const Shape& shape, Dtype t, F fill) {
  size_t n = t.size();
  for (auto d : shape) n *= d;
  auto data = mx::allocator::malloc(n ? n : 1);
  fill(static_cast<char*>(data.buffer().raw_ptr()), n);
  return array(std::move(data), shape, t);
}

// After a failed evaluation: makes the functional pools usable again and says
// which lost their contents.
std::string pools_recover(Ctx& c);

// parallel runs f(0) … f(n-1) on the calling thread and helpers; each once.
void parallel(int n, const std::function<void(int)>& f);

} // namespace mg
