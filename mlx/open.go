package mlx

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/mlxgen/mlxgen/mlx/internal/shim"
)

// MLXVersion is the version of MLX that the library must be built for.
const MLXVersion = "0.32.4"

// ShimABI is the version of the interface between this package and its library.
const ShimABI = shim.ABI

// Options are the options of [Open]. The zero value is a CPU device.
type Options struct {
	Kind        Kind   // CPU or GPU; the zero value is CPU
	LibDir      string // where the library is; "" searches as FindLibrary does
	Debug       bool   // check every operation against MLX; also MLXGEN_DEBUG=1
	CacheLimit  int64  // bytes of freed memory that MLX keeps; 0: 512 MiB on the CPU, MLX's own on GPUs
	MemoryLimit int64  // bytes; 0: MLX's own
	// FunctionalPools makes every pool use stock operations.
	FunctionalPools bool
}

// LibraryName is the file name of the library.
func LibraryName() string {
	if runtime.GOOS == "darwin" {
		return "libmlxgen_shim.dylib"
	}
	return "libmlxgen_shim.so"
}

// UserLibraryDir is the per-user folder in which installed libraries are found.
func UserLibraryDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "mlxgen", fmt.Sprintf("v%d-mlx%s", ShimABI, MLXVersion), "lib"), nil
}

// searchDirs lists where FindLibrary looks, in order.
func searchDirs() []string {
	if dir := os.Getenv("MLXGEN_LIB_DIR"); dir != "" {
		return []string{dir}
	}
	var dirs []string
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		dir := filepath.Dir(exe)
		dirs = append(dirs, filepath.Join(dir, "lib"), filepath.Join(filepath.Dir(dir), "lib"))
	}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		dirs = append(dirs, filepath.Join(filepath.Dir(filepath.Dir(file)), "build", "lib"))
	}
	if dir, err := UserLibraryDir(); err == nil {
		dirs = append(dirs, dir)
	}
	return dirs
}

// FindLibrary returns the folder that holds the library: that of MLXGEN_LIB_DIR
// when it is set, or the first of lib beside the program, lib beside the
// program's folder, build/lib of the source tree, and UserLibraryDir. The error
// wraps ErrNoLibrary, lists the folders and says what to do.
func FindLibrary() (string, error) {
	dirs := searchDirs()
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, LibraryName())); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%w: no %s in\n  %s\nrun `make setup` in the source tree, or `mlxgen setup`", ErrNoLibrary, LibraryName(), strings.Join(dirs, "\n  "))
}

// Open starts a device on MLX. Close it to end its thread. All open devices of a
// process must be of one kind, because MLX has one default device.
func Open(o Options) (*Device, error) {
	if o.Kind == Trace {
		o.Kind = CPU
	}
	if os.Getenv("MLXGEN_DEBUG") == "1" {
		o.Debug = true
	}
	if o.CacheLimit == 0 && o.Kind == CPU {
		o.CacheLimit = 512 << 20
	}
	lib, err := openLibrary(o.LibDir)
	if err != nil {
		return nil, err
	}
	d := &Device{kind: o.Kind, debug: o.Debug, opts: o, lib: lib, jobs: make(chan *job), done: make(chan struct{})}
	started := make(chan error)
	go d.own(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return d, nil
}

// openLibrary finds and checks the library.
func openLibrary(dir string) (*shim.Lib, error) {
	if !shim.Available {
		return nil, fmt.Errorf("mlx: %w: this program was built with CGO_ENABLED=0 and can only trace", ErrNoLibrary)
	}
	if dir == "" {
		found, err := FindLibrary()
		if err != nil {
			return nil, fmt.Errorf("mlx: %w", err)
		}
		dir = found
	}
	path := filepath.Join(dir, LibraryName())
	lib, err := shim.Open(path)
	if err != nil {
		return nil, fmt.Errorf("mlx: %w: %s: %v; run `make setup`", ErrNoLibrary, path, err)
	}
	if v := lib.MLXVersion(); v != MLXVersion {
		return nil, fmt.Errorf("mlx: %w: %s runs MLX %s; this program needs %s: run `make setup`", ErrNoLibrary, path, v, MLXVersion)
	}
	if lib.OpCount() != int(numShimOps) {
		return nil, fmt.Errorf("mlx: %w: %s has %d operations, this program %d: run `make setup`", ErrNoLibrary, path, lib.OpCount(), numShimOps)
	}
	for op := OpNone + 1; op < numShimOps; op++ {
		if n := lib.OpName(int(op)); n != op.String() {
			return nil, fmt.Errorf("mlx: %w: %s has operation %d as %q, this program %q: run `make setup`", ErrNoLibrary, path, op, n, op)
		}
	}
	return lib, nil
}

// own is the device's goroutine. Its thread makes every MLX call.
func (d *Device) own(started chan<- error) {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	defer close(d.done)
	ctx, err := d.lib.NewContext(d.kind == GPU, d.opts.CacheLimit, d.opts.MemoryLimit)
	if err != nil {
		started <- fmt.Errorf("mlx: %v device: %w", d.kind, err)
		return
	}
	d.nat = ctx
	d.most = max(ctx.Memory(shim.MemTotal, 0), ctx.Memory(shim.MemLimit, 0))
	started <- nil
	for j := range d.jobs {
		if j.f == nil { // from Close
			break
		}
		j.run()
	}
	d.nat.Close()
}

// Close waits for the work in flight, frees all arrays and pools of the device
// and ends its thread. It must not be called on the device's thread.
func (d *Device) Close() {
	if d.closed.Swap(true) || d.trace != nil {
		return
	}
	select {
	case d.jobs <- &job{}:
		<-d.done
	case <-d.done:
	}
}

// LibraryPath is the file of the library that the device uses; "" for a tracer.
func (d *Device) LibraryPath() string {
	if d.lib == nil {
		return ""
	}
	return d.lib.Path()
}

// Memory is MLX's account of its memory in bytes, over the whole process.
type Memory struct {
	Active int64 // in arrays
	Peak   int64 // the most that Active was
	Cache  int64 // freed and kept
	Limit  int64
}

// Memory returns MLX's account; zeros for a tracer.
func (d *Device) Memory() Memory {
	var m Memory
	d.withNative(func(n *shim.Ctx) {
		m = Memory{Active: n.Memory(shim.MemActive, 0), Peak: n.Memory(shim.MemPeak, 0), Cache: n.Memory(shim.MemCache, 0), Limit: n.Memory(shim.MemLimit, 0)}
	})
	return m
}

func (d *Device) withNative(f func(*shim.Ctx)) {
	if d.trace == nil {
		d.must(func() { f(d.nat) })
	}
}

// SetMemoryLimit sets the bytes beyond which MLX waits and then fails; it returns
// the limit before.
func (d *Device) SetMemoryLimit(n int64) (before int64) {
	d.withNative(func(c *shim.Ctx) { before = c.Memory(shim.MemSetLimit, n) })
	return before
}

// SetCacheLimit sets how much freed memory MLX keeps; it returns the limit before.
func (d *Device) SetCacheLimit(n int64) (before int64) {
	d.withNative(func(c *shim.Ctx) { before = c.Memory(shim.MemSetCacheLimit, n) })
	return before
}

// ClearCache gives freed memory back to the system.
func (d *Device) ClearCache() { d.withNative(func(c *shim.Ctx) { c.Memory(shim.MemClearCache, 0) }) }

// ResetPeak starts Memory().Peak again.
func (d *Device) ResetPeak() { d.withNative(func(c *shim.Ctx) { c.Memory(shim.MemResetPeak, 0) }) }

// Synchronize waits for all work of the device.
func (d *Device) Synchronize() error {
	if d.trace != nil {
		return nil
	}
	var err error
	if e := d.Do(func() {
		if code := d.nat.Synchronize(); code != shim.OK {
			err = d.evalFailed(nil, code)
		}
	}); e != nil {
		return e
	}
	return err
}
