package mlx

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/mlxgen/mlxgen/mlx/internal/shim"
)

// Kind says what a device computes on.
type Kind uint8

// The kinds of devices.
const (
	Trace Kind = iota // records a graph
	CPU
	GPU // CUDA or Metal, whichever the library was built for
)

// String returns "trace", "cpu" or "gpu".
func (k Kind) String() string { return [...]string{"trace", "cpu", "gpu"}[k] }

// Device makes and computes arrays. See the package comment for its threads.
type Device struct {
	kind  Kind
	debug bool
	opts  Options
	trace *tracer       // of a tracer
	nat   *shim.Ctx     // of an MLX device
	lib   *shim.Lib     // of an MLX device
	jobs  chan *job     // to the owner
	done  chan struct{} // closed when the owner has ended

	cur    atomic.Pointer[Scope]
	closed atomic.Bool
	chunks [maxChunks]atomic.Pointer[chunk]
	most   int64 // bytes that one array may have

	mu       sync.Mutex // guards the fields below
	errs     [64]*OpError
	errCount uint32
	names    map[uint32]named

	// The owner's.
	free     []uint32 // tracer: free slots
	next     uint32   // tracer: first slot never used
	ids      []uint32 // scratch
	inflight []*Scope
	live     int
}

type named struct {
	gen  uint32
	name string
}

// A slot is what the device keeps for one array. Chunks of slots never move, so
// that shapes may be read on any goroutine while the owner makes more.
type slot struct {
	info
	gen   uint32
	node  int32 // tracer: node
	out   int32 // tracer: which output of the node
	scope *Scope
}

const (
	chunkBits = 10
	chunkSize = 1 << chunkBits
	maxChunks = 4096
)

type chunk [chunkSize]slot

func (d *Device) slot(id uint32) *slot {
	return &d.chunks[id>>chunkBits].Load()[id&(chunkSize-1)]
}

// register fills the slot of a new array and gives it to the scope.
func (d *Device) register(id uint32, t *info, s *Scope) Array {
	c := &d.chunks[id>>chunkBits]
	p := c.Load()
	if p == nil {
		p = new(chunk)
		c.Store(p)
	}
	sl := &p[id&(chunkSize-1)]
	sl.info = *t
	sl.gen++
	sl.scope = s
	s.slots = append(s.slots, id)
	d.live++
	return Array{dev: d, slot: id, gen: sl.gen}
}

// release frees those of ids that s still owns. On the owner.
func (d *Device) release(s *Scope, ids []uint32) {
	d.ids = d.ids[:0]
	for _, id := range ids {
		sl := d.slot(id)
		if sl.scope != s {
			continue
		}
		sl.scope = nil
		sl.gen++
		d.live--
		d.ids = append(d.ids, id)
	}
	if len(d.ids) == 0 {
		return
	}
	d.mu.Lock()
	if len(d.names) > 0 {
		for _, id := range d.ids {
			delete(d.names, id)
		}
	}
	d.mu.Unlock()
	if d.trace != nil {
		d.free = append(d.free, d.ids...)
		return
	}
	d.nat.Free(d.ids)
}

// Kind returns what the device computes on.
func (d *Device) Kind() Kind { return d.kind }

// Tracing says whether the device records instead of computing.
func (d *Device) Tracing() bool { return d.trace != nil }

// Debug says whether the device checks every operation against MLX.
func (d *Device) Debug() bool { return d.debug }

// poison makes the array that stands for a failed operation.
func (d *Device) poison(e *OpError) Array {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.errCount++
	d.errs[int(d.errCount)%len(d.errs)] = e
	return Array{dev: d, gen: d.errCount}
}

func (d *Device) poisonError(n uint32) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.errs[int(n)%len(d.errs)]; e != nil && d.errCount-n < uint32(len(d.errs)) {
		return e
	}
	return &OpError{Msg: "the operation that should have made this array failed"}
}

func (d *Device) setName(a Array, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names == nil {
		d.names = map[uint32]named{}
	}
	d.names[a.slot] = named{a.gen, name}
}

func (d *Device) name(a Array) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.names[a.slot]; n.gen == a.gen {
		return n.name
	}
	return ""
}

// job is one function for the owner.
type job struct {
	f     func()
	panic any
	done  chan struct{}
}

var jobPool = sync.Pool{New: func() any { return &job{done: make(chan struct{}, 1)} }}

// Do calls f on the device's thread and returns when it is done; directly when
// the caller is there already. A panic in f continues in the caller. The error
// is ErrClosed or nil.
func (d *Device) Do(f func()) error { return d.do(nil, f) }

// do is Do; afterwards it returns the error of s.
func (d *Device) do(s *Scope, f func()) error {
	if d.closed.Load() {
		return fmt.Errorf("mlx: the device is %w", ErrClosed)
	}
	if d.trace != nil || d.nat.OnOwner() {
		f()
	} else if err := d.send(f); err != nil {
		return err
	}
	if s == nil {
		return nil
	}
	return s.Err()
}

func (d *Device) send(f func()) error {
	j := jobPool.Get().(*job)
	j.f, j.panic = f, nil
	select {
	case d.jobs <- j:
	case <-d.done:
		return fmt.Errorf("mlx: the device is %w", ErrClosed)
	}
	<-j.done
	p := j.panic
	j.f, j.panic = nil, nil
	jobPool.Put(j)
	if p != nil {
		panic(p)
	}
	return nil
}

// must runs f on the owner; on a closed device everything is freed already.
func (d *Device) must(f func()) { _ = d.do(nil, f) }

func (j *job) run() {
	defer func() {
		j.panic = recover()
		j.done <- struct{}{}
	}()
	j.f()
}

// evalOn evaluates for scope s on the owner.
func (d *Device) evalOn(s *Scope, arrays []Array, wait bool) {
	d.ids = d.ids[:0]
	for _, a := range arrays {
		if a.dev != d {
			s.fail(&OpError{Msg: "eval: an array of another device", Where: callSite()})
			return
		}
		d.ids = append(d.ids, a.slot)
	}
	if !wait && !s.inflight {
		s.inflight = true
		d.inflight = append(d.inflight, s)
	}
	if code := d.nat.Eval(d.ids, !wait); code != shim.OK {
		d.evalFailed(s, code)
		return
	}
	if wait {
		d.landed(s)
	}
}

// evalFailed fails s and every scope with work in flight: MLX may report the
// error of an earlier step, and afterwards calls lost arrays available.
func (d *Device) evalFailed(s *Scope, code int) *OpError {
	e := &OpError{Msg: "evaluation failed: " + d.nat.LastError(), Where: callSite()}
	if code == shim.OffOwner {
		e = &OpError{Msg: ErrOffOwner.Error(), Err: ErrOffOwner, Where: callSite()}
	}
	if s != nil {
		s.fail(e)
	}
	for _, o := range d.inflight {
		o.fail(e)
		o.inflight = false
	}
	d.inflight = d.inflight[:0]
	return e
}

// landed notes that s has no more work in flight.
func (d *Device) landed(s *Scope) {
	if !s.inflight {
		return
	}
	s.inflight = false
	for i, o := range d.inflight {
		if o == s {
			d.inflight = append(d.inflight[:i], d.inflight[i+1:]...)
			return
		}
	}
}

// LiveHandles returns how many arrays the device's scopes own; for leak tests.
func (d *Device) LiveHandles() int {
	n := 0
	d.must(func() {
		n = d.live
		if d.nat != nil && d.debug && d.nat.Live() != n {
			panic(fmt.Sprintf("mlx: %d arrays in Go, %d in the library", n, d.nat.Live()))
		}
	})
	return n
}
