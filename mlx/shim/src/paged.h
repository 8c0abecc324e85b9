// Paged keys and values: the pool, and its two implementations.
#pragma once
#include "shim.h"

namespace mg {

// Pool is one layer's pages: keys [pages, heads, page, dk] and values
// [pages, heads, page, dv]. In place, the two arrays are evaluated once and
// written by our primitives on the stream; functional, they are replaced.
struct Pool {
  int pages, page, heads, dk, dv;
  Dtype dtype;
  bool shared, functional;
  array k, v; // v is empty when shared

  Pool(Ctx& c, const int64_t* spec);
  size_t k_page() const { return size_t(heads) * page * dk * dtype.size(); }
  size_t v_page() const { return shared ? 0 : size_t(heads) * page * dv * dtype.size(); }

  void reset(Ctx& c); // all zero
  void zero(Ctx& c, const int32_t* ids, int n);
  void copy(Ctx& c, int src, int dst);
  void read(Ctx& c, int id, char* dst);
  void write(Ctx& c, int id, const char* src);
};

int pool_new(Ctx& c, const int64_t* spec);
std::shared_ptr<Pool> pool_of(Ctx& c, int id);

// What PagedAttend is asked for, beside its arrays.
struct AttendSpec {
  int window, chunk;
  float scale, softcap;
};

// Our own primitives on the CPU.
array append_cpu(Call& k, std::shared_ptr<Pool> p);
array attend_cpu(Call& k, std::shared_ptr<Pool> p, AttendSpec o);
// Stock operations.
array append_stock(Call& k, Pool& p);
array attend_stock(Call& k, Pool& p, AttendSpec o);

// Tables says where the rows' positions are.
struct Tables {
  const int32_t *rows, *positions, *tables, *first;
  int tokens, nrows, width;
};

// attend_kernel is the loop of attend_cpu; q and out are [T, Hq, D] with q's
// strides in elements, of dtype qt.
void attend_kernel(const Pool& p, const char* kbuf, const char* vbuf, const char* q, const int64_t* qs, Dtype qt, int hq, const Tables& t, const AttendSpec& o,
                   const float* sinks, char* out);

} // namespace mg
