package contract

// Layout is one published arrangement of a family's tensors (hub, mlx, …) and the programme that leads from it to the parameters. Exactly one
// layout of a policy must match a checkpoint.
type Layout struct {
	Name    string
	Program []Op
}

// OpKind is an operation of the tensor programme; the set is closed.
type OpKind string

// The operations. Match and To are patterns over dotted names: {i} stands for one number, * for one segment, ** for the rest of the name. Operands are
// logical parameters: a rule that moves model.x moves model.x.weight with its bias, scales, biases, zeros and g_idx.
const (
	Drop      OpKind = "drop"      // consume tensors for the stated Reason, optionally only When an expression over the config holds
	Rename    OpKind = "rename"    // Match -> To
	Stack     OpKind = "stack"     // parts numbered {e} along a new first axis
	Split     OpKind = "split"     // along Axis into Parts (names), sizes by expressions
	Transpose OpKind = "transpose" // swap the last two axes
	Reshape   OpKind = "reshape"   // to Dims (expressions)
)

// Op is one operation of a layout's programme.
type Op struct {
	Kind   OpKind
	Match  string
	To     string
	When   string
	Reason string
	Axis   int
	Parts  []Part
	Dims   []string
}

// Part is one piece of a Split.
type Part struct {
	To   string
	Size string // expression
}
