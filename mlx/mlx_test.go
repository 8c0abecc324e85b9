//go:build cgo

package mlx

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// open starts a device for a test. A missing library fails it. With
// MLXGEN_TEST_DEVICE=gpu it is the GPU.
func open(t testing.TB, o Options) *Device {
	t.Helper()
	if os.Getenv("MLXGEN_TEST_DEVICE") == "gpu" {
		o.Kind = GPU
	}
	d, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// step runs f in a scope of its own and returns its error.
func step(d *Device, f func(s *Scope)) error {
	s := d.NewScope()
	defer s.Close()
	return s.Run(func() { f(s) })
}

func floats(t testing.TB, a Array) []float32 {
	t.Helper()
	v, err := a.Float32s()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAddAndRead(t *testing.T) {
	d := open(t, Options{Debug: true})
	if err := step(d, func(s *Scope) {
		a := d.FromFloat32s([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
		b := a.Transpose().Matmul(a).AddScalar(0.5)
		if got := floats(t, b); len(got) != 9 || got[0] != 17.5 || got[5] != 36.5 {
			t.Error(got)
		}
		if v, err := a.Sum(false).Item(); err != nil || v != 21 {
			t.Error(v, err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if n := d.LiveHandles(); n != 0 {
		t.Fatalf("%d arrays are left", n)
	}
}

func TestReadAllDTypes(t *testing.T) {
	d := open(t, Options{Debug: true})
	for dt := Bool; dt < Complex64; dt++ {
		if dt == Float64 && d.Kind() == GPU {
			continue // MLX has none there
		}
		if err := step(d, func(s *Scope) {
			a := d.FromFloat32s([]float32{0, 1, 3, 100}).AsType(dt)
			want := []float64{0, 1, 3, 100}
			if dt == Bool {
				want = []float64{0, 1, 1, 1}
			}
			got, err := a.Float64s()
			if err != nil {
				t.Errorf("%v: %v", dt, err)
				return
			}
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("%v: %v", dt, got)
				}
			}
			b, err := a.Bytes()
			if err != nil || len(b) != 4*dt.Size() {
				t.Errorf("%v: %d bytes, %v", dt, len(b), err)
			}
			c := d.FromBytes(dt, b, 2, 2)
			if got, err := c.Float64s(); err != nil || got[3] != want[3] {
				t.Errorf("%v: %v %v", dt, got, err)
			}
			if dt.IsInteger() {
				if v, err := a.Int32s(); err != nil || v[2] != 3 {
					t.Errorf("%v: %v %v", dt, v, err)
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := step(d, func(s *Scope) {
		v, err := d.FromUint32s([]uint32{0x3c017c00, 0x8001fc00}).ViewAs(Float16).Float32s()
		if err != nil || !math.IsInf(float64(v[0]), 1) || v[1] != 1+1./1024 || !math.IsInf(float64(v[2]), -1) || v[3] != -1./(1<<24) {
			t.Error(v, err)
		}
		if v, err := d.FromFloat32s([]float32{1}).Int32s(); err == nil {
			t.Error(v)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

func TestLoadFile(t *testing.T) {
	d := open(t, Options{Debug: true})
	path := filepath.Join(t.TempDir(), "w")
	if err := os.WriteFile(path, []byte("skip\x01\x00\x00\x00\x02\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := step(d, func(s *Scope) {
		if v, err := d.LoadFile(path, 4, Int32, 2).Int32s(); err != nil || v[1] != 2 {
			t.Error(v, err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := step(d, func(s *Scope) { d.LoadFile(path, 4, Int32, 3) }); err == nil || !strings.Contains(err.Error(), "12 bytes, 16 needed") {
		t.Fatal(err)
	}
	if err := step(d, func(s *Scope) { d.LoadFile(path+"x", 4, Int32, 3) }); err == nil || !strings.Contains(err.Error(), "o such file") {
		t.Fatal(err)
	}
}

// net is a step like a small model's.
func net(d *Device, x, w Array) Array {
	for range 5 {
		h := RMSNorm(x, Array{}, 1e-6)
		x = x.Add(Linear(h, w, Array{}).SiLU().MulScalar(0.5))
	}
	return x
}

func TestNoLeak(t *testing.T) {
	d := open(t, Options{})
	weights := d.NewScope()
	defer weights.Close()
	var w Array
	if err := weights.Run(func() { w = d.Full(0.01, Float32, 16, 16) }); err != nil {
		t.Fatal(err)
	}
	s := d.NewScope()
	run := func(n int) {
		for i := range n {
			if err := s.Run(func() {
				y := net(d, d.Full(float64(i%7), Float32, 4, 16), w)
				if i%3 == 0 {
					_ = s.AsyncEval(y)
				}
				if i%5 != 0 {
					_ = s.Eval(y)
				}
			}); err != nil {
				t.Fatal(err)
			}
			s.Reset()
		}
	}
	run(100)
	handles, before := d.LiveHandles(), d.Memory().Active
	run(10000)
	if err := d.Synchronize(); err != nil {
		t.Fatal(err)
	}
	if n := d.LiveHandles(); n != handles || n != 1 {
		t.Fatalf("%d arrays, %d before", n, handles)
	}
	if n := d.Memory().Active; n > before+64<<10 {
		t.Fatalf("%d bytes, %d before", n, before)
	}
	if n := len(d.chunks[0].Load()); n != chunkSize || d.chunks[1].Load() != nil {
		t.Fatal("the slot table grew")
	}
}

func TestErrorLeavesNextStepSound(t *testing.T) {
	d := open(t, Options{Debug: true})
	pool, err := d.NewPool(PoolSpec{Pages: 2, PageSize: 4, Heads: 1, KeyDim: 4, ValueDim: 4, DType: Float32})
	if err != nil {
		t.Fatal(err)
	}
	good := func() {
		t.Helper()
		if err := step(d, func(s *Scope) {
			if v := floats(t, net(d, d.Full(1, Float32, 2, 4), d.Full(0, Float32, 4, 4))); v[0] != 1 {
				t.Error(v)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if n := d.LiveHandles(); n != 0 {
			t.Fatalf("%d arrays are left", n)
		}
	}
	for i := range 50 {
		// while building: a rule, and MLX itself
		err := step(d, func(s *Scope) {
			x := d.Zeros(Float32, 2, 3)
			y := x.Matmul(d.Zeros(Float32, 4, 4)).Exp()
			_ = s.Eval(y)
			if y.Valid() {
				t.Error("valid")
			}
		})
		var oe *OpError
		if !errors.As(err, &oe) || oe.Op != OpMatmul {
			t.Fatal(err)
		}
		good()
		err = step(d, func(s *Scope) { d.Full(1, Float32, 1<<30, 1<<13).Exp() })
		if !errors.Is(err, ErrTooLarge) {
			t.Fatal(err)
		}
		good()
		if d.Kind() == GPU {
			continue // the stock operations do not notice a wrong slot
		}
		// while evaluating
		err = step(d, func(s *Scope) {
			k := d.Full(1, Float32, 1, 1, 4)
			y := PagedAppend(pool, k, k, d.FromInt32s([]int32{99}), Array{}).AddScalar(1)
			z := d.Full(1, Float32, 3).Exp()
			if err := s.Eval(z, y); err == nil {
				t.Error("a slot that does not exist was written")
			}
			if _, err := z.Float32s(); err == nil {
				t.Error("an array of a failed step was read")
			}
			if z.Exp().Valid() {
				t.Error("an operation after the error")
			}
		})
		if !errors.As(err, &oe) || oe.Op != OpNone || !strings.Contains(err.Error(), "evaluation failed") {
			t.Fatal(err)
		}
		good()
		if i == 0 {
			runtime.GC()
		}
	}
}

func TestAsyncErrorFailsScopesInFlight(t *testing.T) {
	d := open(t, Options{Debug: true})
	pool, err := d.NewPool(PoolSpec{Pages: 2, PageSize: 4, Heads: 1, KeyDim: 4, ValueDim: 4, DType: Float32})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		a, b := d.NewScope(), d.NewScope()
		if err := a.Run(func() {
			k := d.Full(1, Float32, 1, 1, 4)
			_ = a.AsyncEval(PagedAppend(pool, k, k, d.FromInt32s([]int32{99}), Array{}))
		}); err != nil && !strings.Contains(err.Error(), "slot 99 of 8") {
			t.Fatal(err)
		}
		err := b.Run(func() {
			if b.Eval(d.Full(1, Float32, 8).Exp()) == nil {
				_ = d.Synchronize()
			}
		})
		if a.Err() == nil && b.Err() == nil {
			t.Fatal("the error is lost", err)
		}
		if a.Err() == nil || !strings.Contains(a.Err().Error(), "slot 99 of 8") {
			t.Fatal(a.Err())
		}
		a.Close()
		b.Close()
		if err := step(d, func(s *Scope) {
			if v := floats(t, d.Full(2, Float32, 2).Square()); v[0] != 4 {
				t.Error(v)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUseAfterScope(t *testing.T) {
	d := open(t, Options{Debug: true})
	var a, kept Array
	long := d.NewScope()
	if err := step(d, func(s *Scope) {
		a = d.Full(3, Float32, 2)
		kept = long.Keep(a.Exp().Log())
	}); err != nil {
		t.Fatal(err)
	}
	if err := step(d, func(s *Scope) { d.Full(9, Float32, 2); a.Neg() }); !errors.Is(err, ErrFreed) {
		t.Fatal(err)
	}
	if _, err := a.Float32s(); !errors.Is(err, ErrFreed) {
		t.Fatal(err)
	}
	if v := floats(t, kept); math.Abs(float64(v[1])-3) > 1e-5 {
		t.Fatal(v)
	}
	long.Free(kept)
	if _, err := kept.Float32s(); !errors.Is(err, ErrFreed) || d.LiveHandles() != 0 {
		t.Fatal(err, d.LiveHandles())
	}
	long.Close()
	if err := long.Run(func() { t.Error("a closed scope ran") }); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestOwner(t *testing.T) {
	d := open(t, Options{Debug: true})
	s := d.NewScope()
	defer s.Close()
	var a Array
	if err := s.Run(func() {
		a = d.Full(1, Float32, 2)
		done := make(chan Array)
		go func() { done <- a.Neg() }()
		if b := <-done; b.Valid() || !errors.Is(b.Err(), ErrOffOwner) {
			t.Error(b.Err())
		}
	}); err != nil {
		t.Fatal(err) // the misuse does not fail the step
	}
	if b := a.Neg(); b.Valid() || !errors.Is(b.Err(), ErrNoScope) {
		t.Fatal(b.Err())
	}
	defer func() {
		if p := recover(); p != "boom" {
			t.Fatal(p)
		}
		if err := d.Do(func() {}); err != nil {
			t.Fatal(err)
		}
	}()
	_ = s.Run(func() { _ = s.Run(func() { panic("boom") }) })
}

func TestManyGoroutines(t *testing.T) {
	d := open(t, Options{})
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 30 {
				s := d.NewScope()
				var y Array
				if err := s.Run(func() {
					y = d.Full(float64(g), Float32, 3).AddScalar(float64(i))
					_ = s.AsyncEval(y)
				}); err != nil {
					t.Error(err)
				}
				if n := y.Dim(0); n != 3 {
					t.Error(n)
				}
				if v, err := y.Float32s(); err != nil || v[2] != float32(g+i) {
					t.Error(v, err)
				}
				s.Close()
			}
		})
	}
	wg.Wait()
	if n := d.LiveHandles(); n != 0 {
		t.Fatal(n)
	}
	d.Close()
	if err := d.NewScope().Run(func() {}); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestMissingLibrary(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MLXGEN_LIB_DIR", dir)
	_, err := Open(Options{})
	if !errors.Is(err, ErrNoLibrary) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "make setup") {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, LibraryName()), []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{}); !errors.Is(err, ErrNoLibrary) || !strings.Contains(err.Error(), dir) {
		t.Fatal(err)
	}
	t.Setenv("MLXGEN_LIB_DIR", "")
	if found, err := FindLibrary(); err != nil || filepath.Base(found) != "lib" {
		t.Fatal(found, err)
	}
	user, err := UserLibraryDir()
	if err != nil || !strings.Contains(user, MLXVersion) {
		t.Fatal(user, err)
	}
}
