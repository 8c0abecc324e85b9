// Package state owns what sequences remember: pools of pages for keys and values, the page tables of each row, and the arrays of a step made from
// them. Models are immutable and only name their state (nn.KV); everything that varies lives here.
//
// Memory is paged. A page holds PageSize positions of one layer; layers with the same window form a group and share page numbers, so that one table
// serves them all. A window drops the pages behind it. Page 0 of every pool is the null page: padding writes there, and nothing reads it. Pages are
// zeroed before they are used again, so that garbage of one row (a NaN, say) cannot reach another through a masked slot.
//
// A Cache is used from one goroutine at a time.
package state

import (
	"errors"
	"fmt"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// ErrFull says that no page is left for a step; nothing was allocated.
var ErrFull = errors.New("state: the cache has no free page left")

// Options are the sizes of a cache.
type Options struct {
	PageSize int       // positions a page; 64 where zero
	Pages    int       // pages of each group, without the null page
	DType    mlx.DType // of keys and values
	Stock    bool      // use MLX's stock operations instead of our own primitives: slow, and the oracle in tests
}

// Cache is the sequence state of one model on one device.
type Cache struct {
	pageSize int
	groups   []*group
	pools    []*mlx.Pool
	stores   []nn.Store
}

// group is the pages of all layers with one window.
type group struct {
	window int
	pools  []*mlx.Pool
	refs   []int32 // rows that hold each page
	free   []int32 // a stack, lowest page on top at first
	dirty  []bool  // written since it was last zeroed
}

// New allocates the pools for the handles of a model.
func New(dev *mlx.Device, handles []*nn.KV, o Options) (*Cache, error) {
	if o.PageSize == 0 {
		o.PageSize = 64
	}
	if o.Pages <= 0 {
		return nil, fmt.Errorf("state: a cache of %d pages", o.Pages)
	}
	c := &Cache{pageSize: o.PageSize}
	byWindow := map[int]int{}
	for _, kv := range handles {
		index, ok := byWindow[kv.Window]
		if !ok {
			index = len(c.groups)
			byWindow[kv.Window] = index
			c.groups = append(c.groups, newGroup(kv.Window, o.Pages))
		}
		pool, err := dev.NewPool(mlx.PoolSpec{
			Name: kv.Path, Pages: o.Pages + 1, PageSize: o.PageSize,
			Heads: kv.Heads, KeyDim: kv.KeyDim, ValueDim: kv.ValueDim, DType: o.DType, Functional: o.Stock,
		})
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("state: %s: %w", kv.Path, err)
		}
		c.pools = append(c.pools, pool)
		c.groups[index].pools = append(c.groups[index].pools, pool)
		c.stores = append(c.stores, nn.Store{Pool: pool, Group: index})
	}
	return c, nil
}

func newGroup(window, pages int) *group {
	g := &group{window: window, refs: make([]int32, pages+1), dirty: make([]bool, pages+1)}
	for page := pages; page >= 1; page-- {
		g.free = append(g.free, int32(page))
	}
	return g
}

// Close frees the pools.
func (c *Cache) Close() {
	for _, p := range c.pools {
		p.Close()
	}
	c.pools, c.stores, c.groups = nil, nil, nil
}

// FreePages is the number of free pages of the fullest group.
func (c *Cache) FreePages() int {
	if len(c.groups) == 0 {
		return 0
	}
	least := len(c.groups[0].free)
	for _, g := range c.groups[1:] {
		least = min(least, len(g.free))
	}
	return least
}

// take hands out a zeroed page. The caller has checked that one is free.
func (g *group) take() (int32, error) {
	page := g.free[len(g.free)-1]
	if g.dirty[page] {
		for _, p := range g.pools {
			if err := p.ZeroPages(int(page)); err != nil {
				return 0, err
			}
		}
	}
	g.free = g.free[:len(g.free)-1]
	g.refs[page], g.dirty[page] = 1, true
	return page, nil
}

func (g *group) release(page int32) {
	if g.refs[page]--; g.refs[page] == 0 {
		g.free = append(g.free, page)
	}
}
