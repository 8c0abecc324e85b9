package contract

// Guard is one fact that specialised code relies on: wherever When holds (a path condition; empty = always), Want must hold. Both are expressions
// over the normalised config; with PerLayer they are asked of every row (layer.X). A checkpoint runs iff all of its points satisfy all guards.
type Guard struct {
	Name     string // stable: type.field or type.trait, e.g. Attention.QNorm
	PerLayer bool
	When     string
	Want     string
	Pos      string // template position of the decided condition
}
