package mlx

import (
	"slices"
	"sync/atomic"
)

// Scope owns arrays of one device. A scope belongs to whoever made it: its
// methods may be called from any goroutine, but not from two at a time.
type Scope struct {
	dev      *Device
	slots    []uint32
	err      atomic.Pointer[OpError]
	inflight bool // has asynchronous work that nobody has waited for
}

// NewScope makes an empty scope.
func (d *Device) NewScope() *Scope { return &Scope{dev: d} }

// Device returns the scope's device.
func (s *Scope) Device() *Device { return s.dev }

// Run calls f with s as the device's current scope, on the device's thread,
// and returns the first error of the scope. Runs nest. A panic in f continues
// in the caller. When s already has an error, f is not called.
func (s *Scope) Run(f func()) error {
	return s.dev.do(s, func() {
		if s.err.Load() != nil {
			return
		}
		prev := s.dev.cur.Load()
		s.dev.cur.Store(s)
		defer s.dev.cur.Store(prev)
		f()
	})
}

// Err returns the first error of the scope, or nil.
func (s *Scope) Err() error {
	if e := s.err.Load(); e != nil {
		return e
	}
	return nil
}

// fail keeps e when it is the scope's first error.
func (s *Scope) fail(e *OpError) { s.err.CompareAndSwap(nil, e) }

// Keep moves a from whatever scope owns it to this one. It returns a, which
// stays the same array.
func (s *Scope) Keep(a Array) Array {
	if a.slot == 0 || a.dev != s.dev {
		return a
	}
	s.dev.must(func() {
		sl := s.dev.slot(a.slot)
		if sl.gen == a.gen && sl.scope != s {
			sl.scope = s
			s.slots = append(s.slots, a.slot)
		}
	})
	return a
}

// Free drops single arrays of this scope before its end.
func (s *Scope) Free(arrays ...Array) {
	s.dev.must(func() {
		for _, a := range arrays {
			if a.slot == 0 || a.dev != s.dev {
				continue
			}
			sl := s.dev.slot(a.slot)
			if sl.gen != a.gen || sl.scope != s {
				continue
			}
			if i := slices.Index(s.slots, a.slot); i >= 0 {
				s.slots[i] = s.slots[len(s.slots)-1]
				s.slots = s.slots[:len(s.slots)-1]
			}
			s.dev.release(s, []uint32{a.slot})
		}
	})
}

// Len returns how many arrays the scope owns.
func (s *Scope) Len() int {
	n := 0
	s.dev.must(func() {
		for _, id := range s.slots {
			if s.dev.slot(id).scope == s {
				n++
			}
		}
	})
	return n
}

// Reset frees all arrays of the scope and forgets its error, so that it can
// hold the next step.
func (s *Scope) Reset() {
	s.dev.must(func() {
		s.dev.release(s, s.slots)
		s.slots = s.slots[:0]
		s.dev.landed(s)
	})
	s.err.Store(nil)
}

// Close frees all arrays of the scope. It may be called again.
func (s *Scope) Close() {
	s.Reset()
	s.fail(&OpError{Msg: "the scope is closed", Err: ErrClosed})
}

// Eval computes the arrays and waits for them. It returns the scope's error
// when there is one, before or after. Nil on a tracer.
func (s *Scope) Eval(arrays ...Array) error { return s.eval(arrays, true) }

// AsyncEval starts to compute the arrays and returns. An error of the work
// appears at a later Eval, Wait or read of the device, and then fails every
// scope with work in flight.
func (s *Scope) AsyncEval(arrays ...Array) error { return s.eval(arrays, false) }

func (s *Scope) eval(arrays []Array, wait bool) error {
	for _, a := range arrays {
		if err := a.Err(); err != nil {
			s.fail(asOpError(err))
		}
	}
	if err := s.Err(); err != nil || s.dev.trace != nil {
		return err
	}
	return s.dev.do(s, func() {
		if s.err.Load() == nil {
			s.dev.evalOn(s, arrays, wait)
		}
	})
}

func asOpError(err error) *OpError {
	if e, ok := err.(*OpError); ok {
		return e
	}
	return &OpError{Msg: err.Error(), Err: err, Where: callSite()}
}
