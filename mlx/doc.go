// Package mlx is the only binding of Apple MLX in this module.
//
// # Devices
//
// Everything happens on a [Device]. [Open] gives a device that runs on MLX
// (CPU, CUDA or Metal) through a small shared library of ours that is opened
// at run time; [NewTracer] gives one that runs nothing and records a [Graph].
// Both have the same [Array] type and the same operations, so that model code
// cannot tell them apart. The tracer is pure Go and works with CGO_ENABLED=0.
//
// # One instruction format
//
// Every operation is an [Op] with input arrays, integer attributes and float
// attributes. A Go table (ops.go) gives its name, arity, whether it is an
// effect, and the rule that computes the shapes and dtypes of its outputs. The
// rule runs before MLX is asked, so an error names the operation, the shapes
// and the dtypes. An MLX device then makes one call into the library; a tracer
// appends one hash-consed node.
//
// # Scopes
//
// A [Scope] owns arrays. Inside [Scope.Run] it is the current scope of its
// device and owns every array that is made; [Scope.Close] and [Scope.Reset]
// free them all at once. Using an array after that is an error (arrays carry a
// generation). [Scope.Keep] moves an array to a scope that lives longer.
//
// Errors are sticky: the first operation that fails in a scope is kept as an
// [*OpError], later ones do nothing and return a poisoned array, and Run and
// Eval return the error. Model code therefore has no error returns. After an
// error that MLX reports while evaluating, all arrays of the scope and of every
// scope with asynchronous work in flight are lost; the next scope is sound.
//
// # Threads
//
// MLX keeps streams per operating-system thread. Each MLX device has one
// goroutine, locked to its thread, that makes every MLX call. [Device.Do] and
// Scope.Run bring a function there from any goroutine and run it directly when
// they are already there. Operations elsewhere are an error. Shapes and dtypes
// may be read anywhere.
//
// # Effects
//
// Operations are pure except those that the table marks as effects: the paged
// state of [Pool], which appends write in place. Effects run in the order of
// the token arrays that they return and take, and a trace numbers them.
//
// # Environment
//
// MLXGEN_LIB_DIR is the folder of the library, MLXGEN_DEBUG=1 checks every
// operation against MLX, MLXGEN_THREADS is how many threads our own CPU kernels
// use. MLX's own variables work; a device sets MLX_ENABLE_TF32=0 and
// MLX_ENABLE_CACHE_THRASHING_CHECK=0 where they are not set.
package mlx
