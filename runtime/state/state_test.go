package state

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// newCache makes a cache on a tracer: pages are handed out as on a device, without memory behind them.
func newCache(t *testing.T, pages int, windows ...int) *Cache {
	t.Helper()
	dev := mlx.NewTracer()
	t.Cleanup(dev.Close)
	var handles []*nn.KV
	for i, w := range windows {
		handles = append(handles, &nn.KV{Path: "kv", Index: i, Heads: 1, KeyDim: 2, ValueDim: 2, Window: w})
	}
	c, err := New(dev, handles, Options{PageSize: 4, Pages: pages, DType: mlx.Float32})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// advance adds n tokens to a row.
func advance(t *testing.T, c *Cache, r *Row, n int) {
	t.Helper()
	b, err := c.Prepare([]Chunk{{r, make([]int32, n)}}, Exact)
	if err != nil {
		t.Fatal(err)
	}
	b.Commit()
}

// check verifies what must always hold: every page is free or held as often as its count says, and tables cover what their windows need.
func check(t *testing.T, c *Cache, rows []*Row) {
	t.Helper()
	for i, g := range c.groups {
		held := make([]int32, len(g.refs))
		for _, r := range rows {
			p := r.pages[i]
			for _, page := range p.table {
				held[page]++
			}
			oldest := 0
			if g.window > 0 {
				oldest = max(0, r.length-g.window+1)
			}
			if end := (p.first + len(p.table)) * c.pageSize; end < r.length {
				t.Fatalf("a row of %d has pages up to %d", r.length, end)
			}
			if r.length > 0 && p.first*c.pageSize > oldest {
				t.Fatalf("window %d, length %d: pages start at %d, position %d is needed", g.window, r.length, p.first*c.pageSize, oldest)
			}
			if g.window > 0 && len(p.table) > (g.window+c.pageSize-1)/c.pageSize+2 {
				t.Fatalf("window %d keeps %d pages", g.window, len(p.table))
			}
		}
		if !slices.Equal(held, g.refs) {
			t.Fatalf("pages are held %v, counted %v", held, g.refs)
		}
		free := slices.Clone(g.free)
		slices.Sort(free)
		for page := 1; page < len(held); page++ {
			if _, isFree := slices.BinarySearch(free, int32(page)); isFree != (held[page] == 0) {
				t.Fatalf("page %d: free %v, held %d times", page, isFree, held[page])
			}
		}
		if held[0] != 0 || slices.Contains(free, 0) {
			t.Fatal("the null page is in use")
		}
	}
}

func TestRandomRowsKeepTheBooks(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		c := newCache(t, 40, 0, 6, 6, 13)
		var rows []*Row
		for range 300 {
			switch pick := random.IntN(10); {
			case pick == 0 || len(rows) == 0:
				rows = append(rows, c.NewRow(50))
			case pick == 1:
				at := random.IntN(len(rows))
				c.Free(rows[at])
				rows = slices.Delete(rows, at, at+1)
			case pick == 2:
				fork, err := c.Fork(rows[random.IntN(len(rows))])
				if err == nil {
					rows = append(rows, fork)
				} else if !errors.Is(err, ErrFull) {
					t.Fatal(err)
				}
			default:
				var chunks []Chunk
				for _, r := range rows {
					if random.IntN(2) == 0 {
						chunks = append(chunks, Chunk{r, make([]int32, 1+random.IntN(9))})
					}
				}
				if chunks == nil {
					continue
				}
				before := c.FreePages()
				b, err := c.Prepare(chunks, Buckets)
				switch {
				case errors.Is(err, ErrFull):
					if c.FreePages() != before {
						t.Fatal("a full cache gave pages away")
					}
				case err != nil:
					t.Fatal(err)
				case random.IntN(5) == 0:
					b.Discard()
				default:
					b.Commit()
				}
			}
			check(t, c, rows)
		}
		for _, r := range rows {
			c.Free(r)
		}
		check(t, c, nil)
		if c.FreePages() != 40 {
			t.Fatalf("%d of 40 pages are free at the end", c.FreePages())
		}
	}
}

func TestSlotsLeadToTheTables(t *testing.T) {
	c := newCache(t, 20, 0)
	a, b := c.NewRow(0), c.NewRow(0)
	advance(t, c, a, 6)
	batch, err := c.Prepare([]Chunk{{a, []int32{1, 2, 3}}, {b, []int32{4, 5, 6, 7, 8}}}, Buckets)
	if err != nil {
		t.Fatal(err)
	}
	if batch.Tokens != 8 || len(batch.tokens) != 8 {
		t.Fatalf("%d tokens laid out as %d", batch.Tokens, len(batch.tokens))
	}
	g := batch.groups[0]
	for i := range batch.Tokens {
		row, position := batch.rows[i], batch.positions[i]
		page := g.tables[int(row)*g.width+int(position)/4-int(g.first[row])]
		if want := page*4 + position%4; g.slots[i] != want {
			t.Errorf("token %d goes to slot %d, its table says %d", i, g.slots[i], want)
		}
	}
	if want := []int32{6, 7, 8, 0, 1, 2, 3, 4}; !slices.Equal(batch.positions, want) {
		t.Errorf("positions %v", batch.positions)
	}
}

func TestPaddingGoesToTheNullRow(t *testing.T) {
	c := newCache(t, 20, 0)
	rows := []Chunk{{c.NewRow(0), []int32{5, 5, 5}}, {c.NewRow(0), []int32{6, 6}}}
	b, err := c.Prepare(rows, Buckets)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.tokens) != 8 || b.tableRows <= 2 {
		t.Fatalf("%d tokens, %d table rows", len(b.tokens), b.tableRows)
	}
	g := b.groups[0]
	for i := b.Tokens; i < len(b.tokens); i++ {
		if b.rows[i] != 2 || g.slots[i] != 0 || b.tokens[i] != 0 {
			t.Errorf("padding %d: row %d, slot %d", i, b.rows[i], g.slots[i])
		}
	}
	for _, page := range g.tables[2*g.width:] {
		if page != 0 {
			t.Errorf("the null row has page %d", page)
		}
	}
}

func TestBucketsWasteAtMostAnEighth(t *testing.T) {
	for n := 1; n < 5000; n++ {
		size := Buckets(n)
		if size < n || n > 16 && size-n > n/8 || Buckets(size) != size {
			t.Fatalf("%d tokens are padded to %d", n, size)
		}
	}
}

func TestTruncateIsTheWayBack(t *testing.T) {
	c := newCache(t, 10, 0)
	r := c.NewRow(0)
	advance(t, c, r, 6)
	free := c.FreePages()
	advance(t, c, r, 9) // tentative
	c.Truncate(r, 6)
	if c.FreePages() != free || r.Len() != 6 {
		t.Errorf("%d pages free, were %d; length %d", c.FreePages(), free, r.Len())
	}
	check(t, c, []*Row{r})
}

func TestEmptyChunkAndEmptyCacheAreRefused(t *testing.T) {
	c := newCache(t, 10, 0)
	if _, err := c.Prepare([]Chunk{{c.NewRow(0), nil}}, Exact); err == nil {
		t.Error("a chunk without tokens is taken")
	}
	if _, err := New(mlx.NewTracer(), nil, Options{}); err == nil {
		t.Error("a cache without pages is made")
	}
}
