package state

import (
	"fmt"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// Chunk is the tokens that a step adds to one row.
type Chunk struct {
	Row    *Row
	Tokens []int32
}

// Batch is a prepared step: pages are allocated, the rows' lengths are not advanced yet.
type Batch struct {
	cache  *Cache
	chunks []Chunk
	Tokens int // real tokens; padding follows them

	tokens, positions, rows, lengths []int32 // [T]
	groups                           []batchGroup
	tableRows                        int // R
}

type batchGroup struct {
	slots, tables, first []int32
	width                int // P
}

// Padding chooses the sizes of a step from the sizes it needs, so that steps fall into few classes.
type Padding func(n int) int

// Exact pads nothing.
func Exact(n int) int { return n }

// Buckets pads to the next power of two up to 16, then to multiples of an eighth of it: at most an eighth is wasted.
func Buckets(n int) int {
	size := 1
	for size < n {
		size *= 2
	}
	if size <= 16 {
		return size
	}
	step := size / 16
	return (n + step - 1) / step * step
}

// Prepare allocates pages for the chunks and lays the step out. Every chunk has at least one token and its own row. On ErrFull or any other error
// nothing has changed.
func (c *Cache) Prepare(chunks []Chunk, pad Padding) (*Batch, error) {
	b := &Batch{cache: c, chunks: chunks}
	for _, chunk := range chunks {
		if len(chunk.Tokens) == 0 {
			return nil, fmt.Errorf("state: a chunk without tokens")
		}
		b.Tokens += len(chunk.Tokens)
	}
	if err := c.grow(chunks); err != nil {
		return nil, err
	}
	b.layTokens(pad)
	for i := range c.groups {
		b.groups = append(b.groups, b.layGroup(i, pad))
	}
	return b, nil
}

// grow gives every row the pages for its new tokens, or none to any.
func (c *Cache) grow(chunks []Chunk) error {
	need := func(i int, chunk Chunk) int {
		p := &chunk.Row.pages[i]
		end := chunk.Row.length + len(chunk.Tokens)
		return (end+c.pageSize-1)/c.pageSize - p.first - len(p.table)
	}
	for i, g := range c.groups {
		total := 0
		for _, chunk := range chunks {
			total += max(need(i, chunk), 0)
		}
		if total > len(g.free) {
			return ErrFull
		}
	}
	for i, g := range c.groups {
		for _, chunk := range chunks {
			p := &chunk.Row.pages[i]
			for range max(need(i, chunk), 0) {
				page, err := g.take()
				if err != nil {
					return err
				}
				p.table = append(p.table, page)
			}
		}
	}
	return nil
}

// layTokens fills the arrays that all groups share. Padding tokens belong to a null row behind the real ones, whose pages are all the null page.
func (b *Batch) layTokens(pad Padding) {
	for r, chunk := range b.chunks {
		for t, token := range chunk.Tokens {
			b.tokens = append(b.tokens, token)
			b.positions = append(b.positions, int32(chunk.Row.length+t))
			b.rows = append(b.rows, int32(r))
			b.lengths = append(b.lengths, int32(max(chunk.Row.planned, chunk.Row.length+len(chunk.Tokens))))
		}
	}
	padded := pad(b.Tokens)
	b.tableRows = pad(len(b.chunks))
	if padded > b.Tokens && b.tableRows == len(b.chunks) {
		b.tableRows = pad(len(b.chunks) + 1)
	}
	for len(b.tokens) < padded {
		b.tokens = append(b.tokens, 0)
		b.positions = append(b.positions, 0)
		b.rows = append(b.rows, int32(len(b.chunks)))
		b.lengths = append(b.lengths, 1)
	}
}

func (b *Batch) layGroup(i int, pad Padding) batchGroup {
	size := b.cache.pageSize
	var g batchGroup
	for _, chunk := range b.chunks {
		g.width = max(g.width, len(chunk.Row.pages[i].table))
	}
	g.width = pad(g.width)
	g.tables = make([]int32, b.tableRows*g.width)
	g.first = make([]int32, b.tableRows)
	g.slots = make([]int32, len(b.tokens))
	token := 0
	for r, chunk := range b.chunks {
		p := chunk.Row.pages[i]
		copy(g.tables[r*g.width:], p.table)
		g.first[r] = int32(p.first)
		for range chunk.Tokens {
			position := int(b.positions[token])
			g.slots[token] = p.table[position/size-p.first]*int32(size) + int32(position%size)
			token++
		}
	}
	return g
}

// Step makes the step's arrays on the device, in its current scope.
func (b *Batch) Step(dev *mlx.Device) *nn.Step {
	return b.step(func(_ string, values []int32, dims ...int) mlx.Array { return dev.FromInt32s(values, dims...) })
}

// TraceStep makes the step's arrays as named leaves of a tracing device, so that traces do not depend on their values.
func (b *Batch) TraceStep(dev *mlx.Device) *nn.Step {
	return b.step(func(name string, values []int32, dims ...int) mlx.Array {
		if dims == nil {
			dims = []int{len(values)}
		}
		return dev.Leaf("step."+name, mlx.Int32, dims...)
	})
}

func (b *Batch) step(array func(name string, values []int32, dims ...int) mlx.Array) *nn.Step {
	in := nn.StepInput{
		Tokens:    array("tokens", b.tokens),
		Positions: array("positions", b.positions),
		Rows:      array("rows", b.rows),
		Lengths:   array("lengths", b.lengths),
		Stores:    b.cache.stores,
	}
	for i, g := range b.groups {
		name := fmt.Sprintf("window%d.", b.cache.groups[i].window)
		in.Groups = append(in.Groups, nn.PageGroup{
			Slots:  array(name+"slots", g.slots),
			Tables: array(name+"tables", g.tables, b.tableRows, g.width),
			First:  array(name+"first", g.first),
		})
	}
	return nn.NewStep(in)
}

// Commit makes the step's tokens part of their rows. Call it after the step was evaluated.
func (b *Batch) Commit() {
	for _, chunk := range b.chunks {
		chunk.Row.length += len(chunk.Tokens)
		b.cache.dropBehind(chunk.Row)
	}
}

// Discard takes the step back: the rows are as before Prepare. Call it when the step failed.
func (b *Batch) Discard() {
	for _, chunk := range b.chunks {
		b.cache.Truncate(chunk.Row, chunk.Row.length)
	}
}
