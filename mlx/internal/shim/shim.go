// Package shim opens the library that binds MLX and calls it. It knows nothing
// of shapes or scopes: package mlx does.
package shim

// ABI is the version of the library's interface; mg_abi must return it.
const ABI = 1

// What the library's functions return.
const (
	OK       = 0
	Failed   = 1 // LastError says why
	OffOwner = 2 // called on another thread than the context's
)

// The arguments of Ctx.Memory.
const (
	MemActive = iota
	MemPeak
	MemCache
	MemLimit
	MemSetLimit
	MemSetCacheLimit
	MemClearCache
	MemResetPeak
	MemTotal // of the machine
)
