#include "cuda_read.h"

#include <dlfcn.h>

#include "mlx/backend/cuda/cuda.h"

namespace mg {

namespace {
// The part of mlx's CudaBuffer that is needed; its header needs CUDA's.
struct DeviceBuffer {
  void* data;
  size_t size;
  int device; // -1: managed memory
};
using copy_fn = int (*)(void*, unsigned long long, size_t);

copy_fn driver_copy() {
  static copy_fn f = [] {
    void* lib = dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL);
    return lib ? reinterpret_cast<copy_fn>(dlsym(lib, "cuMemcpyDtoH_v2")) : nullptr;
  }();
  return f;
}
} // namespace

bool cuda_read(const array& a, void* dst, size_t n) {
  if (!mx::cu::is_available()) return false;
  auto* buf = static_cast<const DeviceBuffer*>(a.buffer().ptr());
  if (!buf || buf->device == -1) return false;
  copy_fn f = driver_copy();
  if (!f) throw std::runtime_error("libcuda.so.1 has no cuMemcpyDtoH_v2");
  auto from = reinterpret_cast<unsigned long long>(buf->data) + a.offset();
  if (int rc = f(dst, from, n)) throw std::runtime_error("cuMemcpyDtoH failed with code " + std::to_string(rc));
  return true;
}

} // namespace mg
