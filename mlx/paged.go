package mlx

import (
	"fmt"
	"sync/atomic"

	"github.com/mlxgen/mlxgen/mlx/internal/shim"
)

// PoolSpec describes a pool of pages for keys and values.
type PoolSpec struct {
	Name     string // in errors and traces; "" is pool and a number
	Pages    int    // with page 0, the null page: padding is written there, nothing is read
	PageSize int    // positions of one page
	Heads    int
	KeyDim   int
	ValueDim int
	DType    DType // f32, bf16 or f16
	// Shared: the values are the first ValueDim features of the keys (latent
	// attention) and take no memory.
	Shared bool
	// Functional: stock operations instead of our own in-place kernels. The
	// oracle in tests, and the only way on GPUs so far.
	Functional bool
}

// Pool holds the paged keys and values of one attention layer. It is state that
// the runtime owns, outside of scopes: PagedAppend writes it in place and
// PagedAttend reads it. All pages are zero at first.
type Pool struct {
	dev    *Device
	spec   PoolSpec
	id     int // of the library's pool; an attribute of the operations
	closed atomic.Bool
}

// NewPool makes a pool.
func (d *Device) NewPool(s PoolSpec) (*Pool, error) {
	if s.Name == "" {
		s.Name = "pool"
	}
	if d.opts.FunctionalPools || d.kind == GPU {
		s.Functional = true
	}
	p := &Pool{dev: d, spec: s}
	switch {
	case s.Pages < 2 || s.PageSize < 1 || s.Heads < 1 || s.KeyDim < 1 || s.ValueDim < 1:
		return nil, fmt.Errorf("mlx: pool %s: %d pages of %d, %d heads, dims %d and %d", s.Name, s.Pages, s.PageSize, s.Heads, s.KeyDim, s.ValueDim)
	case s.DType != Float32 && s.DType != BFloat16 && s.DType != Float16:
		return nil, fmt.Errorf("mlx: pool %s of %v: f32, bf16 and f16 only", s.Name, s.DType)
	case s.Shared && s.ValueDim > s.KeyDim:
		return nil, fmt.Errorf("mlx: pool %s: shared values of %d in keys of %d", s.Name, s.ValueDim, s.KeyDim)
	case int64(s.Pages)*int64(s.PageSize) >= 1<<31:
		return nil, fmt.Errorf("mlx: pool %s: more than 2³¹ positions", s.Name)
	}
	var err error
	if e := d.Do(func() {
		if d.nat != nil {
			spec := []int64{int64(s.Pages), int64(s.PageSize), int64(s.Heads), int64(s.KeyDim), int64(s.ValueDim), int64(s.DType) - 1, b2i(s.Shared), b2i(s.Functional)}
			id, code := d.nat.PoolNew(spec)
			if code != shim.OK {
				err = fmt.Errorf("mlx: pool %s: %s", s.Name, d.nat.LastError())
				return
			}
			p.id = id
		}
	}); e != nil {
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Spec returns what the pool was made from.
func (p *Pool) Spec() PoolSpec { return p.spec }

// Device returns the pool's device.
func (p *Pool) Device() *Device { return p.dev }

// PageBytes is the size of one page's keys and values.
func (p *Pool) PageBytes() int {
	n := p.spec.KeyDim
	if !p.spec.Shared {
		n += p.spec.ValueDim
	}
	return n * p.spec.Heads * p.spec.PageSize * p.spec.DType.Size()
}

// Close frees the pool when work in flight no longer needs it.
func (p *Pool) Close() {
	p.dev.must(func() {
		if !p.closed.Swap(true) && p.dev.nat != nil {
			p.dev.nat.PoolFree(p.id)
		}
	})
}

// do runs f on the owner when the pool is open and the pages exist.
func (p *Pool) do(pages []int, f func() int) error {
	for _, g := range pages {
		if g < 0 || g >= p.spec.Pages {
			return fmt.Errorf("mlx: pool %s: page %d of %d", p.spec.Name, g, p.spec.Pages)
		}
	}
	var err error
	if e := p.dev.Do(func() {
		switch {
		case p.closed.Load():
			err = fmt.Errorf("mlx: pool %s is %w", p.spec.Name, ErrClosed)
		case p.dev.nat != nil:
			if code := f(); code != shim.OK {
				err = fmt.Errorf("mlx: pool %s: %w", p.spec.Name, p.dev.evalFailed(nil, code))
			}
		}
	}); e != nil {
		return e
	}
	return err
}

// ZeroPages clears pages, after the work that is in flight.
func (p *Pool) ZeroPages(pages ...int) error {
	ids := make([]int32, len(pages))
	for i, g := range pages {
		ids[i] = int32(g)
	}
	return p.do(pages, func() int { return p.dev.nat.PoolZero(p.id, ids) })
}

// CopyPage copies a page, after the work that is in flight.
func (p *Pool) CopyPage(src, dst int) error {
	return p.do([]int{src, dst}, func() int { return p.dev.nat.PoolCopy(p.id, src, dst) })
}

// ReadPage waits for the work in flight and copies a page to dst (PageBytes
// long): keys [heads, page size, key dim], then values in the same way.
func (p *Pool) ReadPage(page int, dst []byte) error {
	if len(dst) != p.PageBytes() {
		return fmt.Errorf("mlx: pool %s: %d bytes for a page of %d", p.spec.Name, len(dst), p.PageBytes())
	}
	if p.dev.trace != nil {
		return fmt.Errorf("mlx: %w", ErrTracing)
	}
	return p.do([]int{page}, func() int { return p.dev.nat.PoolRead(p.id, page, dst) })
}

// WritePage fills a page with what ReadPage gave, after the work in flight.
func (p *Pool) WritePage(page int, src []byte) error {
	if len(src) != p.PageBytes() {
		return fmt.Errorf("mlx: pool %s: %d bytes for a page of %d", p.spec.Name, len(src), p.PageBytes())
	}
	return p.do([]int{page}, func() int { return p.dev.nat.PoolWrite(p.id, page, src) })
}

// PagedAppend writes row t of k [T, H, Dk] and v [T, H, Dv] (the zero Array when
// the pool shares values) to slot page·PageSize + offset of slots [T] i32. Rows
// of padding go to slots of page 0. The token that it returns orders what
// follows: give it to PagedAttend, or as after to the next PagedAppend.
func PagedAppend(p *Pool, k, v, slots, after Array) (token Array) {
	return newCallOn(p.dev, OpPagedAppend, k, v, slots, after).i(p.id).of(p).one()
}

// AttendOptions are the options of [PagedAttend].
type AttendOptions struct {
	Scale   float64
	Window  int     // 0: all positions; otherwise the last Window of them
	Chunk   int     // 0: none; otherwise only positions of the query's own chunk
	Softcap float64 // 0: none; otherwise scores are cap·tanh(score/cap)
	Sinks   Array   // [Hq] or the zero Array: joins the softmax without a value
}

// PagedAttend is attention over the pool for q [T, Hq, Dk], of which the pool's
// heads divide Hq. Token t of row r = rows[t] at position p = positions[t] sees
// the positions j with max(0, p−Window+1) ≤ j ≤ p. Position j is in page
// tables[r][j/PageSize − first[r]] (tables [R, P], first [R]: the first page that
// is still kept). All are i32. The zero token sees what earlier evaluations left.
// The result is [T, Hq, Dv] of q's dtype. A row
// that sees only the null page, such as padding, gives zeros. The order of each
// sum depends on absolute positions only, so that a row's result does not depend
// on its neighbours or on how the prefill was cut.
func PagedAttend(p *Pool, q, rows, positions, tables, first, token Array, o AttendOptions) Array {
	return newCallOn(p.dev, OpPagedAttend, q, rows, positions, tables, first, token, o.Sinks).
		i(p.id, o.Window, o.Chunk).f(o.Scale, o.Softcap).of(p).one()
}

func (c *call) of(p *Pool) *call {
	c.pool, c.name = p, p.spec.Name
	return c
}
