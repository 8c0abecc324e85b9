// The loader of libmlxgen_shim: plain C, so that cgo compiles no C++. It opens
// the library, resolves its functions into a table and calls through that.
#ifndef MLXGEN_LOADER_H
#define MLXGEN_LOADER_H

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct mg_ctx mg_ctx;

// X(result, name, parameters, arguments) for every function on a context.
#define MG_FUNCTIONS(X) \
  X(void, close, (mg_ctx * c), (c)) \
  X(int, on_owner, (mg_ctx * c), (c)) \
  X(const char*, error, (mg_ctx * c), (c)) \
  X(int64_t, live, (mg_ctx * c), (c)) \
  X(void, free, (mg_ctx * c, const uint32_t* ids, int n), (c, ids, n)) \
  X(void, info, (mg_ctx * c, uint32_t id, int32_t* out), (c, id, out)) \
  X(int, op, (mg_ctx * c, int op, const uint32_t* in, int nin, const int64_t* ints, int ni, const double* fl, int nf, uint32_t* out, int no), (c, op, in, nin, ints, ni, fl, nf, out, no)) \
  X(int, from_bytes, (mg_ctx * c, const void* p, int dt, const int32_t* dims, int nd, uint32_t* out), (c, p, dt, dims, nd, out)) \
  X(int, load_file, (mg_ctx * c, const char* path, int64_t off, int dt, const int32_t* dims, int nd, uint32_t* out), (c, path, off, dt, dims, nd, out)) \
  X(int, eval, (mg_ctx * c, const uint32_t* ids, int n, int async), (c, ids, n, async)) \
  X(int, wait, (mg_ctx * c, uint32_t id), (c, id)) \
  X(int, ready, (mg_ctx * c, uint32_t id), (c, id)) \
  X(int, read, (mg_ctx * c, uint32_t id, void* dst, int64_t n), (c, id, dst, n)) \
  X(int, sync, (mg_ctx * c), (c)) \
  X(int64_t, memory, (mg_ctx * c, int what, int64_t v), (c, what, v)) \
  X(int, pool_new, (mg_ctx * c, const int64_t* spec, int* id), (c, spec, id)) \
  X(void, pool_free, (mg_ctx * c, int id), (c, id)) \
  X(int, pool_zero, (mg_ctx * c, int id, const int32_t* pages, int n), (c, id, pages, n)) \
  X(int, pool_copy, (mg_ctx * c, int id, int src, int dst), (c, id, src, dst)) \
  X(int, pool_read, (mg_ctx * c, int id, int page, void* dst), (c, id, page, dst)) \
  X(int, pool_write, (mg_ctx * c, int id, int page, const void* src), (c, id, page, src))

typedef struct mg_lib {
  void* handle;
  int (*abi)(void);
  const char* (*mlx_version)(void);
  int (*op_count)(void);
  const char* (*op_name)(int);
  mg_ctx* (*open)(int gpu, int64_t cache, int64_t memory, char* err, int cap);
#define X(result, name, params, args) result(*name) params;
  MG_FUNCTIONS(X)
#undef X
} mg_lib;

// mg_load opens the library at path; NULL with a message in err when it cannot.
static mg_lib* mg_load(const char* path, char* err, int cap) {
  mg_lib* l = (mg_lib*)calloc(1, sizeof *l);
  l->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!l->handle) {
    snprintf(err, cap, "%s", dlerror());
    free(l);
    return NULL;
  }
#define MG_RESOLVE(name) \
  *(void**)(&l->name) = dlsym(l->handle, "mg_" #name); \
  if (!l->name) { \
    snprintf(err, cap, "it has no function mg_" #name); \
    dlclose(l->handle); \
    free(l); \
    return NULL; \
  }
  MG_RESOLVE(abi)
  MG_RESOLVE(mlx_version)
  MG_RESOLVE(op_count)
  MG_RESOLVE(op_name)
  MG_RESOLVE(open)
#define X(result, name, params, args) MG_RESOLVE(name)
  MG_FUNCTIONS(X)
#undef X
#undef MG_RESOLVE
  return l;
}

static int mgl_abi(mg_lib* l) { return l->abi(); }
static const char* mgl_mlx_version(mg_lib* l) { return l->mlx_version(); }
static int mgl_op_count(mg_lib* l) { return l->op_count(); }
static const char* mgl_op_name(mg_lib* l, int i) { return l->op_name(i); }
static mg_ctx* mgl_open(mg_lib* l, int gpu, int64_t cache, int64_t memory, char* err, int cap) { return l->open(gpu, cache, memory, err, cap); }

static void mgl_close(mg_lib* l, mg_ctx * c) { l->close(c); }
static int mgl_on_owner(mg_lib* l, mg_ctx * c) { return l->on_owner(c); }
static const char* mgl_error(mg_lib* l, mg_ctx * c) { return l->error(c); }
static int64_t mgl_live(mg_lib* l, mg_ctx * c) { return l->live(c); }
static void mgl_free(mg_lib* l, mg_ctx * c, const uint32_t* ids, int n) { l->free(c, ids, n); }
static void mgl_info(mg_lib* l, mg_ctx * c, uint32_t id, int32_t* out) { l->info(c, id, out); }
static int mgl_op(mg_lib* l, mg_ctx * c, int op, const uint32_t* in, int nin, const int64_t* ints, int ni, const double* fl, int nf, uint32_t* out, int no) { return l->op(c, op, in, nin, ints, ni, fl, nf, out, no); }
static int mgl_from_bytes(mg_lib* l, mg_ctx * c, const void* p, int dt, const int32_t* dims, int nd, uint32_t* out) { return l->from_bytes(c, p, dt, dims, nd, out); }
static int mgl_load_file(mg_lib* l, mg_ctx * c, const char* path, int64_t off, int dt, const int32_t* dims, int nd, uint32_t* out) { return l->load_file(c, path, off, dt, dims, nd, out); }
static int mgl_eval(mg_lib* l, mg_ctx * c, const uint32_t* ids, int n, int async) { return l->eval(c, ids, n, async); }
static int mgl_wait(mg_lib* l, mg_ctx * c, uint32_t id) { return l->wait(c, id); }
static int mgl_ready(mg_lib* l, mg_ctx * c, uint32_t id) { return l->ready(c, id); }
static int mgl_read(mg_lib* l, mg_ctx * c, uint32_t id, void* dst, int64_t n) { return l->read(c, id, dst, n); }
static int mgl_sync(mg_lib* l, mg_ctx * c) { return l->sync(c); }
static int64_t mgl_memory(mg_lib* l, mg_ctx * c, int what, int64_t v) { return l->memory(c, what, v); }
static int mgl_pool_new(mg_lib* l, mg_ctx * c, const int64_t* spec, int* id) { return l->pool_new(c, spec, id); }
static void mgl_pool_free(mg_lib* l, mg_ctx * c, int id) { l->pool_free(c, id); }
static int mgl_pool_zero(mg_lib* l, mg_ctx * c, int id, const int32_t* pages, int n) { return l->pool_zero(c, id, pages, n); }
static int mgl_pool_copy(mg_lib* l, mg_ctx * c, int id, int src, int dst) { return l->pool_copy(c, id, src, dst); }
static int mgl_pool_read(mg_lib* l, mg_ctx * c, int id, int page, void* dst) { return l->pool_read(c, id, page, dst); }
static int mgl_pool_write(mg_lib* l, mg_ctx * c, int id, int page, const void* src) { return l->pool_write(c, id, page, src); }

#endif
