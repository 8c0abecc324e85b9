//go:build cgo && !race

package mlx

import (
	"testing"
	"unsafe"
)

// TestBuildingAllocatesNothing: with the race detector, pools drop at random.
func TestBuildingAllocatesNothing(t *testing.T) {
	if n := unsafe.Sizeof(Array{}); n != 16 {
		t.Fatalf("an Array has %d bytes", n)
	}
	d := open(t, Options{})
	s := d.NewScope()
	defer s.Close()
	n := 0
	allocs := testing.AllocsPerRun(20, func() {
		if err := s.Run(func() {
			x := d.Full(1, Float32, 4, 8)
			for range 100 {
				y := Linear(x, d.Full(1, Float32, 8, 8), Array{}).Unflatten(1, 2, -1)
				x = RMSNorm(y, Array{}, 1e-5).MulScalar(2).Slice(1, 0, End).Reshape(-1, 8).Add(x)
				n += 8
			}
		}); err != nil {
			t.Fatal(err)
		}
		s.Reset()
	})
	if allocs > 20 {
		t.Fatalf("%v allocations for %d operations", allocs, 800)
	}
}
