// Paged state with stock operations: the oracle, and the way on GPUs so far.
#include "paged.h"

namespace mg {

// column gives [T] indices as [T, 1, …].
static array scatter_rows(const array& pool, const array& page, const array& off, const array& rows, const Stream& s) {
  // updates are [T, 1, H, 1, D]: axes 0 and 2 of the pool are indexed
  array u = mx::expand_dims(mx::astype(rows, pool.dtype(), s), std::vector<int>{1, 3}, s);
  return mx::scatter(pool, {page, off}, u, {0, 2}, s);
}

array append_stock(Call& k, Pool& p) {
  const Stream& s = k.s;
  array size = k.c.scalar(p.page, mx::int32);
  array page = mx::floor_divide(k.a(2), size, s), off = mx::remainder(k.a(2), size, s);
  p.k = scatter_rows(p.k, page, off, k.a(0), s);
  if (!p.shared) p.v = scatter_rows(p.v, page, off, k.a(1), s);
  std::vector<array> deps{p.k};
  if (!p.shared) deps.push_back(p.v);
  if (k.has(3)) deps.push_back(k.a(3));
  return mx::depends({mx::full(Shape{}, k.c.scalar(0, mx::int32), mx::int32, s)}, deps)[0];
}

// attend_rows attends q [B, Hq, Tq, D] to the pages tbl [B, P] of which the first
// has the number first [B]; pos is [B, Tq].
static array attend_rows(Call& k, Pool& p, const AttendSpec& o, const array& q, const array& tbl, const array& first, const array& pos,
                         const std::optional<array>& sinks) {
  const Stream& s = k.s;
  auto num = [&](int v) { return k.c.scalar(v, mx::int32); };
  int B = tbl.shape(0), P = tbl.shape(1), L = P * p.page;
  auto gather = [&](const array& pool, int d) {
    array g = mx::take(pool, tbl, 0, s); // [B, P, H, page, d]
    return mx::reshape(mx::transpose(g, {0, 2, 1, 3, 4}, s), Shape{B, p.heads, L, d}, s);
  };
  array kk = gather(p.k, p.dk);
  array vv = p.shared ? mx::slice(kk, Shape{0, 0, 0, 0}, Shape{B, p.heads, L, p.dv}, s) : gather(p.v, p.dv);
  // j [B, 1, L]: the position of every key; t [B, Tq, 1]: that of the query
  array pages = mx::add(mx::expand_dims(first, 1, s), mx::arange(P, s), s); // [B, P]
  array j = mx::add(mx::expand_dims(mx::multiply(pages, num(p.page), s), 2, s), mx::arange(p.page, s), s);
  j = mx::reshape(j, Shape{B, 1, L}, s);
  array t = mx::expand_dims(pos, 2, s);
  array real = mx::reshape(mx::repeat(mx::not_equal(tbl, num(0), s), p.page, 1, s), Shape{B, 1, L}, s);
  array ok = mx::logical_and(mx::less_equal(j, t, s), real, s);
  if (o.window > 0) ok = mx::logical_and(ok, mx::greater(j, mx::subtract(t, num(o.window), s), s), s);
  if (o.chunk > 0) {
    array c = num(o.chunk);
    ok = mx::logical_and(ok, mx::equal(mx::floor_divide(j, c, s), mx::floor_divide(t, c, s), s), s);
  }
  array some = mx::any(ok, 2, true, s);        // [B, Tq, 1]
  array used = mx::any(ok, 1, true, s);        // [B, 1, L]: a key that nobody sees may hold anything
  vv = mx::where(mx::expand_dims(mx::swapaxes(used, 1, 2, s), 1, s), vv, k.c.scalar(0, vv.dtype()), s);
  kk = mx::where(mx::expand_dims(mx::swapaxes(used, 1, 2, s), 1, s), kk, k.c.scalar(0, kk.dtype()), s);
  array mask = mx::expand_dims(ok, 1, s); // [B, 1, Tq, L]
  array out = q;
  if (o.softcap == 0) {
    out = mx::fast::scaled_dot_product_attention(q, kk, vv, o.scale, "array", mask, sinks, false, s);
  } else {
    int hq = q.shape(1), g = hq / p.heads, tq = q.shape(2);
    auto f = [&](double v) { return k.c.scalar(v, mx::float32); };
    array qf = mx::multiply(mx::astype(q, mx::float32, s), f(o.scale), s);
    qf = mx::reshape(qf, Shape{B, p.heads, g, tq, p.dk}, s);
    array kf = mx::expand_dims(mx::astype(kk, mx::float32, s), 2, s), vf = mx::expand_dims(mx::astype(vv, mx::float32, s), 2, s);
    array sc = mx::matmul(qf, mx::swapaxes(kf, 3, 4, s), s); // [B, H, g, Tq, L]
    sc = mx::multiply(mx::tanh(mx::divide(sc, f(o.softcap), s), s), f(o.softcap), s);
    sc = mx::where(mx::expand_dims(mask, 1, s), sc, f(-1e30), s);
    if (sinks) {
      array sink = mx::broadcast_to(mx::reshape(mx::astype(*sinks, mx::float32, s), Shape{1, p.heads, g, 1, 1}, s), Shape{B, p.heads, g, tq, 1}, s);
      sc = mx::softmax(mx::concatenate({sink, sc}, 4, s), std::vector<int>{4}, true, s);
      sc = mx::slice(sc, Shape{0, 0, 0, 0, 1}, Shape{B, p.heads, g, tq, L + 1}, s);
    } else {
      sc = mx::softmax(sc, std::vector<int>{4}, true, s);
    }
    out = mx::reshape(mx::matmul(sc, vf, s), Shape{B, hq, tq, p.dv}, s);
  }
  return mx::where(mx::expand_dims(some, 1, s), out, k.c.scalar(0, out.dtype()), s);
}

array attend_stock(Call& k, Pool& p, AttendSpec o) {
  const Stream& s = k.s;
  array q = k.a(0);
  int T = q.shape(0), P = k.a(3).shape(1);
  auto out_type = q.dtype();
  std::optional<array> sinks = k.opt(6);
  // the widest type of q and the pool computes
  Dtype wide = mx::promote_types(out_type, p.dtype);
  if (sinks) sinks = mx::astype(*sinks, wide, s);
  if (k.has(5)) q = mx::depends({q}, {k.a(5)})[0];
  if (k.a(3).shape(0) == 1) { // one row: its keys are gathered once
    array qq = mx::expand_dims(mx::transpose(q, {1, 0, 2}, s), 0, s);
    array y = attend_rows(k, p, o, qq, k.a(3), k.a(4), mx::expand_dims(k.a(2), 0, s), sinks);
    return mx::astype(mx::transpose(mx::squeeze(y, 0, s), {1, 0, 2}, s), out_type, s);
  }
  array tbl = mx::take(k.a(3), k.a(1), 0, s), first = mx::take(k.a(4), k.a(1), 0, s);
  array pos = mx::expand_dims(k.a(2), 1, s);
  array qq = mx::expand_dims(q, 2, s); // [T, Hq, 1, D]
  size_t each = size_t(P) * p.page * p.heads * (p.dk + p.dv) * wide.size();
  int step = static_cast<int>(std::max<size_t>(1, (size_t(256) << 20) / std::max<size_t>(each, 1)));
  std::vector<array> parts;
  for (int t = 0; t < T || t == 0; t += step) {
    int end = std::min(T, t + step);
    auto cut = [&](const array& a) {
      Shape from(a.ndim(), 0), to = a.shape();
      from[0] = t;
      to[0] = end;
      return t == 0 && end == T ? a : mx::slice(a, from, to, s);
    };
    parts.push_back(attend_rows(k, p, o, cut(qq), cut(tbl), cut(first), cut(pos), sinks));
  }
  array y = parts.size() == 1 ? parts[0] : mx::concatenate(parts, 0, s);
  return mx::astype(mx::squeeze(y, 2, s), out_type, s);
}

} // namespace mg
