// cblas_sgemm for the CPU back end. The Linux wheels link the reference BLAS,
// which is some fifty times slower; the loader finds this definition first
// because this library comes before libmlx's own dependencies.
//
// The order of every sum depends on K alone: 16 partial sums, the l-th of the
// products k ≡ l (mod 16) in order, folded by halves at the end. So a row of the
// result does not depend on how many rows there are. Both operands are read along
// K; one that is not contiguous there is transposed first.
#ifndef __APPLE__ // Accelerate is fast

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <vector>

#include "shim.h"

namespace mg {

namespace {

constexpr int kLanes = 16;
constexpr int kRows = 6, kCols = 4; // of a tile
#define MG_INLINE static inline __attribute__((always_inline))
#define MG_MEMBER inline __attribute__((always_inline))

// Lanes are the 16 partial sums in registers of W floats. Their order is the same
// for every W.
template <int W>
struct Lanes {
  typedef float reg __attribute__((vector_size(W * 4)));
  typedef float loose __attribute__((vector_size(W * 4), aligned(4), may_alias));
  static constexpr int N = kLanes / W;
  reg r[N];

  MG_MEMBER void clear() {
    for (int i = 0; i < N; i++) r[i] = reg{};
  }
  MG_MEMBER void load(const float* p) {
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) r[i] = *reinterpret_cast<const loose*>(p + i * W);
  }
  MG_MEMBER void load(const float* p, int n) {
    float t[kLanes] = {0};
    std::memcpy(t, p, n * sizeof(float));
    load(t);
  }
  MG_MEMBER void add(const Lanes& a, const Lanes& b) {
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) r[i] += a.r[i] * b.r[i];
  }
  MG_MEMBER float fold() const {
    float s[kLanes];
    std::memcpy(s, r, sizeof s);
    typedef float v8 __attribute__((vector_size(32)));
    typedef float v4 __attribute__((vector_size(16)));
    v8 a[2];
    std::memcpy(a, s, sizeof a);
    v8 h = a[0] + a[1];
    v4 b[2];
    std::memcpy(b, &h, sizeof b);
    v4 q = b[0] + b[1];
    return (q[0] + q[2]) + (q[1] + q[3]);
  }
};

// Out is where the products go: c = alpha·ab + beta·c.
struct Out {
  float* c;
  int64_t ldc;
  float alpha, beta;
};

// View is rows of an operand along K in chunks of 16: element x of row i is at
// p[i·row + (x/16)·chunk + x%16]. tail are the elements of the last, partial chunk;
// packed operands are padded with zeros instead, which add nothing.
struct View {
  const float* p;
  int64_t row, chunk;
  View at(int64_t i) const { return {p + i * row, row, chunk}; }
};

// tile computes MR×NR elements of rows of a times rows of b.
template <int W, int MR, int NR>
MG_INLINE void tile(int chunks, int tail, View a, View b, const Out& o) {
  Lanes<W> acc[MR][NR];
  for (int i = 0; i < MR; i++)
    for (int j = 0; j < NR; j++) acc[i][j].clear();
  for (int x = 0; x < chunks; x++) {
    Lanes<W> bv[NR];
#pragma GCC unroll 8
    for (int j = 0; j < NR; j++) bv[j].load(b.p + j * b.row + x * b.chunk);
#pragma GCC unroll 8
    for (int i = 0; i < MR; i++) {
      Lanes<W> av;
      av.load(a.p + i * a.row + x * a.chunk);
#pragma GCC unroll 8
      for (int j = 0; j < NR; j++) acc[i][j].add(av, bv[j]);
    }
  }
  if (tail) {
    Lanes<W> bv[NR];
    for (int j = 0; j < NR; j++) bv[j].load(b.p + j * b.row + chunks * b.chunk, tail);
    for (int i = 0; i < MR; i++) {
      Lanes<W> av;
      av.load(a.p + i * a.row + chunks * a.chunk, tail);
      for (int j = 0; j < NR; j++) acc[i][j].add(av, bv[j]);
    }
  }
  for (int i = 0; i < MR; i++)
    for (int j = 0; j < NR; j++) {
      float* c = o.c + i * o.ldc + j;
      float v = o.alpha * acc[i][j].fold();
      *c = o.beta == 0 ? v : v + o.beta * *c;
    }
}

// columns computes m rows of n ≤ kCols columns in tiles of MR×NR.
template <int W, int MR, int NR>
MG_INLINE void columns(int m, int n, int chunks, int tail, View a, View b, Out o) {
  auto out = [&](int i, int j) { return Out{o.c + i * o.ldc + j, o.ldc, o.alpha, o.beta}; };
  int j = 0;
  for (; j + NR <= n; j += NR) {
    int i = 0;
    for (; i + MR <= m; i += MR) tile<W, MR, NR>(chunks, tail, a.at(i), b.at(j), out(i, j));
    for (; i < m; i++) tile<W, 1, NR>(chunks, tail, a.at(i), b.at(j), out(i, j));
  }
  for (; j < n; j++)
    for (int i = 0; i < m; i++) tile<W, 1, 1>(chunks, tail, a.at(i), b.at(j), out(i, j));
}

using columns_fn = void (*)(int, int, int, int, View, View, Out);

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma,prefer-vector-width=512"))) void columns_512(int m, int n, int chunks, int tail, View a, View b,
                                                                                                           Out o) {
  columns<16, kRows, kCols>(m, n, chunks, tail, a, b, o);
}
__attribute__((target("avx2,fma"))) void columns_256(int m, int n, int chunks, int tail, View a, View b, Out o) {
  columns<8, 3, 2>(m, n, chunks, tail, a, b, o);
}
#endif
void columns_any(int m, int n, int chunks, int tail, View a, View b, Out o) { columns<4, 3, 1>(m, n, chunks, tail, a, b, o); }

// pick takes the widest instructions; MLXGEN_ISA=avx2 or any asks for less, in tests.
columns_fn pick() {
  const char* e = std::getenv("MLXGEN_ISA");
  const std::string isa = e ? e : "";
  if (isa == "any") return columns_any;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (isa == "avx2") return columns_256;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return columns_512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return columns_256;
#endif
  return columns_any;
}

// transposed copies a [k, n] with row stride ld to [n, k].
std::vector<float> transposed(const float* a, int64_t ld, int k, int n) {
  std::vector<float> t(size_t(k) * n);
  constexpr int B = 32;
  for (int i = 0; i < k; i += B)
    for (int j = 0; j < n; j += B)
      for (int y = j; y < std::min(n, j + B); y++)
        for (int x = i; x < std::min(k, i + B); x++) t[size_t(y) * k + x] = a[x * ld + y];
  return t;
}

// pack copies the rows from..from+n of v to out in chunks: [chunk][R][16], zeros
// behind the end and for rows that do not exist.
template <int R>
void pack(const float* v, int64_t ld, int n, int k, float* out) {
  const int chunks = (k + kLanes - 1) / kLanes;
  for (int x = 0; x < chunks; x++)
    for (int i = 0; i < R; i++, out += kLanes) {
      int w = i < n ? std::min(kLanes, k - x * kLanes) : 0;
      std::memcpy(out, v + i * ld + x * kLanes, w * sizeof(float));
      std::fill(out + w, out + kLanes, 0.0f);
    }
}

void gemm(bool ta, bool tb, int m, int n, int k, float alpha, const float* a, int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  static const columns_fn run = pick();
  std::vector<float> at, bt, panels;
  if (ta) at = transposed(a, lda, k, m), a = at.data(), lda = k;
  if (!tb) bt = transposed(b, ldb, k, n), b = bt.data(), ldb = k;
  const int full = k / kLanes, tail = k % kLanes, padded = full + (tail != 0);
  // many rows: tiles read packed panels, since rows that lie a power of two apart
  // fight for the same lines of the cache
  const bool packed = m >= 2 * kRows && n >= 2 * kCols;
  const int64_t panel = int64_t(padded) * kRows * kLanes;
  if (packed) {
    panels.resize((m + kRows - 1) / kRows * panel);
    for (int i = 0; i < m; i += kRows) pack<kRows>(a + i * lda, lda, std::min(kRows, m - i), k, panels.data() + i / kRows * panel);
  }
  const int group = 4 * kCols; // columns of one piece of work
  // panels of a that stay in the second-level cache while a group's columns pass
  const int rows = kRows * std::max<int64_t>(1, (256 << 10) / std::max<int64_t>(1, panel * 4));
  auto work = [&](int p) {
    const int from = p * group, to = std::min(n, from + group);
    if (!packed) {
      for (int j = from; j < to; j += kCols) run(m, std::min(kCols, n - j), full, tail, {a, lda, kLanes}, {b + j * ldb, ldb, kLanes}, {c + j, ldc, alpha, beta});
      return;
    }
    thread_local std::vector<float> cols;
    const int64_t each = int64_t(padded) * kCols * kLanes;
    cols.resize(group / kCols * each);
    for (int j = from; j < to; j += kCols) pack<kCols>(b + j * ldb, ldb, std::min(kCols, n - j), k, cols.data() + (j - from) / kCols * each);
    for (int block = 0; block < m; block += rows)
      for (int j = from; j < to; j += kCols)
        for (int i = block; i < std::min(m, block + rows); i += kRows)
          run(std::min(kRows, m - i), std::min(kCols, n - j), padded, 0, {panels.data() + i / kRows * panel, kLanes, kRows * kLanes},
              {cols.data() + (j - from) / kCols * each, kLanes, kCols * kLanes}, {c + i * ldc + j, ldc, alpha, beta});
  };
  const int pieces = (n + group - 1) / group;
  if (int64_t(m) * n * k < 1 << 18)
    for (int p = 0; p < pieces; p++) work(p);
  else
    parallel(pieces, work);
}

} // namespace

} // namespace mg

extern "C" __attribute__((visibility("default"))) void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float* a, int lda,
                                                                   const float* b, int ldb, float beta, float* c, int ldc) {
  constexpr int kRowMajor = 101, kNoTrans = 111;
  if (order == kRowMajor)
    mg::gemm(ta != kNoTrans, tb != kNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  else // column-major: the transposed product
    mg::gemm(tb != kNoTrans, ta != kNoTrans, n, m, k, alpha, b, ldb, a, lda, beta, c, ldc);
}

#endif
