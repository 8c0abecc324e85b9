// The loop of attention over pages on the CPU. Every sum's order is fixed by
// absolute positions: scores go in blocks of kBlock positions, merged from the
// first to the last by an online softmax. Nothing depends on how many tokens
// or rows there are.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "paged.h"

#if defined(__x86_64__) && !defined(__clang__) && __GNUC__ >= 12
#define MG_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MG_CLONES
#endif

namespace mg {

namespace {

constexpr int kBlock = 16; // positions whose scores are computed together
constexpr int kTile = 8;   // tokens of one row that share the conversion of keys
constexpr int kLanes = 16; // partial sums of a dot product

// exp_block is e^x for x ≤ 0 to about 2 ulp, 0 below -87.
MG_CLONES void exp_block(float* x) {
  for (int i = 0; i < kBlock; i++) {
    float v = std::max(x[i], -87.0f);
    float n = std::nearbyintf(v * 1.44269504f);
    float r = v - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t e = (static_cast<int32_t>(n) + 127) << 23;
    float s;
    std::memcpy(&s, &e, 4);
    x[i] = x[i] < -87.0f ? 0.0f : p * s;
  }
}

MG_CLONES float dot(const float* a, const float* b, int n) {
  float acc[kLanes] = {0};
  int i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int l = 0; l < kLanes; l++) acc[l] += a[i + l] * b[i + l];
  for (int l = 0; i + l < n; l++) acc[l] += a[i + l] * b[i + l];
  for (int w = kLanes / 2; w > 0; w /= 2)
    for (int l = 0; l < w; l++) acc[l] += acc[l + w];
  return acc[0];
}

MG_CLONES void axpy(float* acc, float w, const float* v, int n) {
  for (int i = 0; i < n; i++) acc[i] += w * v[i];
}

MG_CLONES void scale(float* acc, float w, int n) {
  for (int i = 0; i < n; i++) acc[i] *= w;
}

MG_CLONES void widen_bf16(const uint16_t* s, float* d, int n) {
  for (int i = 0; i < n; i++) {
    uint32_t b = uint32_t(s[i]) << 16;
    std::memcpy(d + i, &b, 4);
  }
}

// widen gives n floats at p; f32 needs no copy.
const float* widen(const char* p, Dtype::Val t, float* scratch, int n) {
  if (t == Dtype::Val::float32) return reinterpret_cast<const float*>(p);
  if (t == Dtype::Val::bfloat16) {
    widen_bf16(reinterpret_cast<const uint16_t*>(p), scratch, n);
  } else {
    auto h = reinterpret_cast<const mx::float16_t*>(p);
    for (int i = 0; i < n; i++) scratch[i] = static_cast<float>(h[i]);
  }
  return scratch;
}

float element(const char* p, int64_t i, Dtype::Val t) {
  switch (t) {
    case Dtype::Val::float32: return reinterpret_cast<const float*>(p)[i];
    case Dtype::Val::bfloat16: return static_cast<float>(reinterpret_cast<const mx::bfloat16_t*>(p)[i]);
    default: return static_cast<float>(reinterpret_cast<const mx::float16_t*>(p)[i]);
  }
}

void write_row(char* p, Dtype::Val t, const float* v, float w, int n) {
  for (int i = 0; i < n; i++) {
    float x = v[i] * w;
    switch (t) {
      case Dtype::Val::float32: reinterpret_cast<float*>(p)[i] = x; break;
      case Dtype::Val::bfloat16: reinterpret_cast<mx::bfloat16_t*>(p)[i] = static_cast<mx::bfloat16_t>(x); break;
      default: reinterpret_cast<mx::float16_t*>(p)[i] = static_cast<mx::float16_t>(x);
    }
  }
}

// Span is a run of tokens of one row, and what each of them may see.
struct Span {
  int from, count;
};

int lowest(int p, const AttendSpec& o) {
  int lo = 0;
  if (o.window > 0) lo = std::max(lo, p - o.window + 1);
  if (o.chunk > 0) lo = std::max(lo, p / o.chunk * o.chunk);
  return lo;
}

// Kernel is one call; work(i) computes one span for one head of the pool.
struct Kernel {
  const Pool& p;
  const char *kb, *vb, *q;
  const int64_t* qs;
  Dtype qt;
  int hq, group;
  const Tables& t;
  const AttendSpec& o;
  const float* sinks;
  char* out;
  std::vector<Span> spans;

  // page_at is the page of position j of a row; 0 when nothing is kept there.
  int page_at(int row, int j) const { return t.tables[int64_t(row) * t.width + j / p.page - t.first[row]]; }

  void check() const {
    for (int i = 0; i < t.tokens; i++) {
      int row = t.rows[i], pos = t.positions[i];
      auto fail = [&](const std::string& what) {
        throw std::runtime_error("paged_attend: token " + std::to_string(i) + " of row " + std::to_string(row) + " at position " + std::to_string(pos) + ": " + what);
      };
      if (row < 0 || row >= t.nrows) fail("there are " + std::to_string(t.nrows) + " rows");
      if (pos < 0) fail("negative");
      int a = lowest(pos, o) / p.page - t.first[row], b = pos / p.page - t.first[row];
      if (a < 0 || b >= t.width) fail("needs pages " + std::to_string(a) + " to " + std::to_string(b) + " of " + std::to_string(t.width));
      for (int j = a; j <= b; j++)
        if (int g = t.tables[int64_t(row) * t.width + j]; g < 0 || g >= p.pages) fail("page " + std::to_string(g) + " of " + std::to_string(p.pages));
    }
  }

  void plan() {
    for (int i = 0; i < t.tokens; i++) {
      if (!spans.empty()) {
        Span& s = spans.back();
        if (t.rows[s.from] == t.rows[i] && s.count < kTile) {
          s.count++;
          continue;
        }
      }
      spans.push_back({i, 1});
    }
  }

  void work(int item) const {
    const Span s = spans[item / p.heads];
    const int h = item % p.heads, row = t.rows[s.from], dk = p.dk, dv = p.dv, n = s.count * group;
    const Dtype::Val bt = p.dtype.val();
    const size_t size = p.dtype.size();
    thread_local std::vector<float> mem;
    mem.resize(size_t(n) * (dk + dv + 2) + size_t(kBlock) * (dk + dv));
    float *qf = mem.data(), *acc = qf + size_t(n) * dk, *top = acc + size_t(n) * dv, *sum = top + n, *ks = sum + n, *vs = ks + size_t(kBlock) * dk;
    int lo = std::numeric_limits<int>::max(), hi = -1;
    for (int i = 0; i < s.count; i++) {
      int pos = t.positions[s.from + i];
      lo = std::min(lo, lowest(pos, o));
      hi = std::max(hi, pos);
      for (int g = 0; g < group; g++) {
        int head = h * group + g, r = i * group + g;
        const int64_t base = (s.from + i) * qs[0] + head * qs[1];
        for (int d = 0; d < dk; d++) qf[size_t(r) * dk + d] = element(q, base + d * qs[2], qt.val()) * o.scale;
        top[r] = sinks ? sinks[head] : -std::numeric_limits<float>::infinity();
        sum[r] = sinks ? 1.0f : 0.0f;
      }
    }
    std::fill(acc, acc + size_t(n) * dv, 0.0f);
    for (int b = lo / kBlock; b <= hi / kBlock; b++) {
      const float *kp[kBlock], *vp[kBlock];
      int from = std::max(b * kBlock, lo), to = std::min(b * kBlock + kBlock - 1, hi);
      for (int j = 0; j < kBlock; j++) kp[j] = nullptr;
      for (int j = from; j <= to; j++) {
        int64_t g = page_at(row, j), at = (g * p.heads + h) * p.page + j % p.page;
        if (g == 0) continue;
        int x = j - b * kBlock;
        kp[x] = widen(kb + at * dk * size, bt, ks + size_t(x) * dk, dk);
        vp[x] = p.shared ? kp[x] : widen(vb + at * dv * size, bt, vs + size_t(x) * dv, dv);
      }
      for (int i = 0; i < s.count; i++) {
        int pos = t.positions[s.from + i];
        int a = std::max(b * kBlock, lowest(pos, o)) - b * kBlock, z = std::min(b * kBlock + kBlock - 1, pos) - b * kBlock;
        for (int g = 0; a <= z && g < group; g++) merge(qf + size_t(i * group + g) * dk, acc + size_t(i * group + g) * dv, top[i * group + g], sum[i * group + g], kp, vp, a, z);
      }
    }
    for (int i = 0; i < s.count; i++)
      for (int g = 0; g < group; g++) {
        int r = i * group + g;
        int64_t at = (int64_t(s.from + i) * hq + h * group + g) * dv;
        write_row(out + at * qt.size(), qt.val(), acc + size_t(r) * dv, sum[r] > 0 ? 1.0f / sum[r] : 0.0f, dv);
      }
  }

  // merge adds the positions a to z of one block to a query's running softmax.
  void merge(const float* qf, float* acc, float& top, float& sum, const float* const* kp, const float* const* vp, int a, int z) const {
    float sc[kBlock];
    float m = top;
    for (int x = 0; x < kBlock; x++) {
      sc[x] = -std::numeric_limits<float>::infinity();
      if (x < a || x > z || !kp[x]) continue;
      float v = dot(qf, kp[x], p.dk);
      if (o.softcap > 0) v = std::tanh(v / o.softcap) * o.softcap;
      sc[x] = v;
      m = v > m || std::isnan(v) ? v : m;
    }
    if (m == -std::numeric_limits<float>::infinity()) return;
    if (m > top) {
      float w = std::exp(top - m);
      sum *= w;
      scale(acc, w, p.dv);
      top = m;
    }
    float e[kBlock];
    for (int x = 0; x < kBlock; x++) e[x] = sc[x] - m;
    exp_block(e);
    for (int x = a; x <= z; x++) {
      if (!kp[x]) continue;
      float w = std::isnan(sc[x]) ? sc[x] : e[x];
      sum += w;
      axpy(acc, w, vp[x], p.dv);
    }
  }
};

} // namespace

void attend_kernel(const Pool& p, const char* kb, const char* vb, const char* q, const int64_t* qs, Dtype qt, int hq, const Tables& t, const AttendSpec& o,
                   const float* sinks, char* out) {
  Kernel k{p, kb, vb, q, qs, qt, hq, hq / p.heads, t, o, sinks, out, {}};
  k.check();
  k.plan();
  parallel(static_cast<int>(k.spans.size()) * p.heads, [&](int i) { k.work(i); });
}

} // namespace mg
