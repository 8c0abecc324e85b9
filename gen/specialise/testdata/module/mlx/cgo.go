//go:build cgo

package mlx

import "C"

// Array must not be seen: the importer reads the variant without cgo.
type Array struct{ broken C.int }
