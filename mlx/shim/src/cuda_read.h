#pragma once
#include "shim.h"
namespace mg {
// cuda_read copies an evaluated, row-contiguous array of the CUDA back end to the
// host without moving its buffer to managed memory (mlx's data() would). False
// when there is no CUDA here or the buffer is host-accessible.
bool cuda_read(const array& a, void* dst, size_t n);
} // namespace mg
