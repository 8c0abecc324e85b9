//go:build cgo

package shim

/*
#cgo linux LDFLAGS: -ldl
#cgo noescape mgl_op
#cgo nocallback mgl_op
#cgo noescape mgl_free
#cgo nocallback mgl_free
#cgo noescape mgl_eval
#cgo nocallback mgl_eval
#cgo noescape mgl_on_owner
#cgo nocallback mgl_on_owner
#include "loader.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"
)

// Available says whether this build can open the library.
const Available = true

// Lib is an opened library.
type Lib struct {
	c    *C.mg_lib
	path string
}

// Ctx is a device of the library. All methods but OnOwner and Op (which checks)
// must be called on the thread that made it.
type Ctx struct {
	l *C.mg_lib
	p *C.mg_ctx
}

var (
	mu   sync.Mutex
	open = map[string]*Lib{}
)

// Open loads the library at path, once for a process.
func Open(path string) (*Lib, error) {
	mu.Lock()
	defer mu.Unlock()
	if l := open[path]; l != nil {
		return l, nil
	}
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	var msg [1024]C.char
	c := C.mg_load(cpath, &msg[0], C.int(len(msg)))
	if c == nil {
		return nil, errors.New(C.GoString(&msg[0]))
	}
	if v := int(C.mgl_abi(c)); v != ABI {
		return nil, fmt.Errorf("its interface has version %d, this program needs %d", v, ABI)
	}
	l := &Lib{c: c, path: path}
	open[path] = l
	return l, nil
}

// Path is the library's file.
func (l *Lib) Path() string { return l.path }

// MLXVersion is that of the MLX library that was loaded with it.
func (l *Lib) MLXVersion() string { return C.GoString(C.mgl_mlx_version(l.c)) }

// OpCount is the number of operations, with the empty one.
func (l *Lib) OpCount() int { return int(C.mgl_op_count(l.c)) }

// OpName is the name of an operation.
func (l *Lib) OpName(i int) string { return C.GoString(C.mgl_op_name(l.c, C.int(i))) }

// NewContext starts a device whose owner is the calling thread.
func (l *Lib) NewContext(gpu bool, cache, memory int64) (*Ctx, error) {
	var msg [1024]C.char
	g := C.int(0)
	if gpu {
		g = 1
	}
	p := C.mgl_open(l.c, g, C.int64_t(cache), C.int64_t(memory), &msg[0], C.int(len(msg)))
	if p == nil {
		return nil, errors.New(C.GoString(&msg[0]))
	}
	return &Ctx{l: l.c, p: p}, nil
}

// Close waits for all work and frees everything.
func (c *Ctx) Close() {
	C.mgl_close(c.l, c.p)
	c.p = nil
}

// OnOwner says whether the calling thread is the owner.
func (c *Ctx) OnOwner() bool { return C.mgl_on_owner(c.l, c.p) != 0 }

// LastError is the message of the call that returned Failed.
func (c *Ctx) LastError() string { return C.GoString(C.mgl_error(c.l, c.p)) }

// Live is the number of arrays.
func (c *Ctx) Live() int { return int(C.mgl_live(c.l, c.p)) }

func u32(s []uint32) *C.uint32_t {
	return (*C.uint32_t)(unsafe.SliceData(s))
}

// Op builds one operation and fills outs with the new arrays' numbers.
func (c *Ctx) Op(op int, ins []uint32, ints []int64, floats []float64, outs []uint32) int {
	return int(C.mgl_op(c.l, c.p, C.int(op), u32(ins), C.int(len(ins)), (*C.int64_t)(unsafe.SliceData(ints)), C.int(len(ints)),
		(*C.double)(unsafe.SliceData(floats)), C.int(len(floats)), u32(outs), C.int(len(outs))))
}

// Free drops arrays.
func (c *Ctx) Free(ids []uint32) {
	if len(ids) > 0 {
		C.mgl_free(c.l, c.p, u32(ids), C.int(len(ids)))
	}
}

// Info describes an array: MLX's number of the dtype, rank and dimensions.
func (c *Ctx) Info(id uint32) (dt, rank int, dims [8]int32) {
	var out [10]int32
	C.mgl_info(c.l, c.p, C.uint32_t(id), (*C.int32_t)(&out[0]))
	copy(dims[:], out[2:])
	return int(out[0]), int(out[1]), dims
}

// FromBytes copies data into a new array.
func (c *Ctx) FromBytes(b []byte, dt int, dims []int32) (uint32, int) {
	var id C.uint32_t
	code := C.mgl_from_bytes(c.l, c.p, unsafe.Pointer(unsafe.SliceData(b)), C.int(dt), (*C.int32_t)(unsafe.SliceData(dims)), C.int(len(dims)), &id)
	return uint32(id), int(code)
}

// LoadFile reads a range of a file into a new array.
func (c *Ctx) LoadFile(path string, offset int64, dt int, dims []int32) (uint32, int) {
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	var id C.uint32_t
	code := C.mgl_load_file(c.l, c.p, cpath, C.int64_t(offset), C.int(dt), (*C.int32_t)(unsafe.SliceData(dims)), C.int(len(dims)), &id)
	return uint32(id), int(code)
}

// Eval computes arrays, and waits unless async.
func (c *Ctx) Eval(ids []uint32, async bool) int {
	a := C.int(0)
	if async {
		a = 1
	}
	return int(C.mgl_eval(c.l, c.p, u32(ids), C.int(len(ids)), a))
}

// Wait computes an array and waits for it.
func (c *Ctx) Wait(id uint32) int { return int(C.mgl_wait(c.l, c.p, C.uint32_t(id))) }

// Ready says whether an array is computed.
func (c *Ctx) Ready(id uint32) bool { return C.mgl_ready(c.l, c.p, C.uint32_t(id)) != 0 }

// Read waits for an array and copies its bytes in row-major order.
func (c *Ctx) Read(id uint32, dst []byte) int {
	return int(C.mgl_read(c.l, c.p, C.uint32_t(id), unsafe.Pointer(unsafe.SliceData(dst)), C.int64_t(len(dst))))
}

// Synchronize waits for all work.
func (c *Ctx) Synchronize() int { return int(C.mgl_sync(c.l, c.p)) }

// Memory reads or sets what the Mem constants name.
func (c *Ctx) Memory(what int, v int64) int64 {
	return int64(C.mgl_memory(c.l, c.p, C.int(what), C.int64_t(v)))
}

// PoolNew makes a pool of pages from its specification.
func (c *Ctx) PoolNew(spec []int64) (int, int) {
	var id C.int
	code := C.mgl_pool_new(c.l, c.p, (*C.int64_t)(unsafe.SliceData(spec)), &id)
	return int(id), int(code)
}

// PoolFree drops a pool.
func (c *Ctx) PoolFree(id int) { C.mgl_pool_free(c.l, c.p, C.int(id)) }

// PoolZero clears pages.
func (c *Ctx) PoolZero(id int, pages []int32) int {
	return int(C.mgl_pool_zero(c.l, c.p, C.int(id), (*C.int32_t)(unsafe.SliceData(pages)), C.int(len(pages))))
}

// PoolCopy copies a page.
func (c *Ctx) PoolCopy(id, src, dst int) int {
	return int(C.mgl_pool_copy(c.l, c.p, C.int(id), C.int(src), C.int(dst)))
}

// PoolRead copies a page out.
func (c *Ctx) PoolRead(id, page int, dst []byte) int {
	return int(C.mgl_pool_read(c.l, c.p, C.int(id), C.int(page), unsafe.Pointer(unsafe.SliceData(dst))))
}

// PoolWrite copies a page in.
func (c *Ctx) PoolWrite(id, page int, src []byte) int {
	return int(C.mgl_pool_write(c.l, c.p, C.int(id), C.int(page), unsafe.Pointer(unsafe.SliceData(src))))
}
