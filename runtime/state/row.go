package state

// Row is one sequence's place in the cache.
type Row struct {
	length  int
	planned int
	pages   []rowPages // by group
}

// rowPages is the part of a row's table that is still kept.
type rowPages struct {
	first int     // index of the first page kept
	table []int32 // pages of indices first, first+1, …
}

// Len is the number of positions that the row remembers or has dropped behind its windows.
func (r *Row) Len() int { return r.length }

// NewRow admits a sequence. planned is its expected final length in tokens; rope plans that depend on the length are fixed by it.
func (c *Cache) NewRow(planned int) *Row {
	return &Row{planned: planned, pages: make([]rowPages, len(c.groups))}
}

// Free gives the row's pages back. The row must not be used again.
func (c *Cache) Free(r *Row) {
	for i := range r.pages {
		for _, page := range r.pages[i].table {
			c.groups[i].release(page)
		}
	}
	r.pages = nil
}

// Fork copies a row: full pages are shared, the page that is still being written is copied.
// It returns ErrFull when there is no page for the copy.
func (c *Cache) Fork(r *Row) (*Row, error) {
	partial := r.length%c.pageSize != 0
	if partial && c.FreePages() == 0 {
		return nil, ErrFull
	}
	fork := &Row{length: r.length, planned: r.planned, pages: make([]rowPages, len(r.pages))}
	for i, from := range r.pages {
		g := c.groups[i]
		to := rowPages{first: from.first, table: append([]int32(nil), from.table...)}
		for j, page := range from.table {
			if last := j == len(from.table)-1; !partial || !last {
				g.refs[page]++
				continue
			}
			copied, err := g.take()
			if err != nil {
				return nil, err
			}
			for _, p := range g.pools {
				if err := p.CopyPage(int(page), int(copied)); err != nil {
					return nil, err
				}
			}
			to.table[j] = copied
		}
		fork.pages[i] = to
	}
	return fork, nil
}

// Truncate forgets all but the first n positions: the way back from tokens that were tentative. Positions that a window has already dropped stay
// dropped, so n must not lie more than the tentative tokens behind.
func (c *Cache) Truncate(r *Row, n int) {
	keep := (n + c.pageSize - 1) / c.pageSize
	for i := range r.pages {
		p := &r.pages[i]
		for p.first+len(p.table) > keep && len(p.table) > 0 {
			c.groups[i].release(p.table[len(p.table)-1])
			p.table = p.table[:len(p.table)-1]
		}
	}
	r.length = n
}

// dropBehind releases the pages that no later token of the row can see.
func (c *Cache) dropBehind(r *Row) {
	for i, g := range c.groups {
		if g.window == 0 {
			continue
		}
		oldest := max(0, r.length-g.window+1) // the next token is at position r.length
		p := &r.pages[i]
		for len(p.table) > 0 && (p.first+1)*c.pageSize <= oldest {
			g.release(p.table[0])
			p.table = p.table[1:]
			p.first++
		}
	}
}
