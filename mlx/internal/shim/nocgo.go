//go:build !cgo

package shim

import "errors"

// Available says whether this build can open the library.
const Available = false

var errNoCgo = errors.New("built with CGO_ENABLED=0")

// Lib is an opened library.
type Lib struct{}

// Ctx is a device of the library.
type Ctx struct{}

// Open fails without cgo; no other function of this file is reached.
func Open(string) (*Lib, error) { return nil, errNoCgo }

func (*Lib) Path() string                                 { return "" }
func (*Lib) MLXVersion() string                           { return "" }
func (*Lib) OpCount() int                                 { return 0 }
func (*Lib) OpName(int) string                            { return "" }
func (*Lib) NewContext(bool, int64, int64) (*Ctx, error)  { return nil, errNoCgo }
func (*Ctx) Close()                                       {}
func (*Ctx) OnOwner() bool                                { return false }
func (*Ctx) LastError() string                            { return "" }
func (*Ctx) Live() int                                    { return 0 }
func (*Ctx) Free([]uint32)                                {}
func (*Ctx) Info(uint32) (dt, rank int, dims [8]int32)    { return 0, 0, dims }
func (*Ctx) Eval([]uint32, bool) int                      { return Failed }
func (*Ctx) Wait(uint32) int                              { return Failed }
func (*Ctx) Ready(uint32) bool                            { return false }
func (*Ctx) Read(uint32, []byte) int                      { return Failed }
func (*Ctx) Synchronize() int                             { return Failed }
func (*Ctx) Memory(int, int64) int64                      { return 0 }
func (*Ctx) PoolNew([]int64) (int, int)                   { return 0, Failed }
func (*Ctx) PoolFree(int)                                 {}
func (*Ctx) PoolZero(int, []int32) int                    { return Failed }
func (*Ctx) PoolCopy(_, _, _ int) int                     { return Failed }
func (*Ctx) PoolRead(_, _ int, _ []byte) int              { return Failed }
func (*Ctx) PoolWrite(_, _ int, _ []byte) int             { return Failed }
func (*Ctx) FromBytes([]byte, int, []int32) (uint32, int) { return 0, Failed }
func (*Ctx) LoadFile(string, int64, int, []int32) (uint32, int) {
	return 0, Failed
}

func (*Ctx) Op(int, []uint32, []int64, []float64, []uint32) int { return Failed }
