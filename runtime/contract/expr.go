package contract

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Expr is a parsed expression of the language that policies and tags use:
//
//	names             hidden_size, layer.heads
//	numbers, strings  12, 1e-5, 'silu'; true, false, null
//	operators         ?? || && == != < <= > >= + - * / % ! and unary -, in this order of binding; parentheses
//	index, calls      layer_types[i], len(x), min(a, b), max(a, b), sqrt(x), pow(a, b), if(cond, a, b), has(x)
//
// Division of integers must come out even: it is an error otherwise, so that a head_dim is never cut. Integers are 64 bits and checked for overflow;
// a float that is no finite number is an error. Values of different kinds are never compared, except with null. has(x) is false where x is null or
// unknown; any other use of an unknown name is an error. &&, ||, ?? and if evaluate only what they need.
type Expr struct {
	Op   ExprOp
	Text string  // name of a Name or Call, text of an operator
	Val  Value   // of a Literal
	Args []*Expr // operands
}

// ExprOp is the kind of a node.
type ExprOp uint8

// The kinds of nodes.
const (
	Literal ExprOp = iota
	Name
	Unary
	Binary
	Index
	Call
)

const (
	maxExprLength = 4096
	maxExprDepth  = 64
)

// Env gives names their values.
type Env interface {
	// Lookup returns the value of a name; false where the name does not exist.
	Lookup(name string) (Value, bool)
}

// EnvFunc is a function as an Env.
type EnvFunc func(name string) (Value, bool)

// Lookup calls the function.
func (f EnvFunc) Lookup(name string) (Value, bool) { return f(name) }

// Names lists the names that the expression reads, each once, in order of appearance.
func (e *Expr) Names() []string {
	var names []string
	seen := map[string]bool{}
	var visit func(*Expr)
	visit = func(e *Expr) {
		if e.Op == Name && !seen[e.Text] {
			seen[e.Text] = true
			names = append(names, e.Text)
		}
		for _, a := range e.Args {
			visit(a)
		}
	}
	visit(e)
	return names
}

// Eval computes the expression. Errors name the sub-expression that failed.
func (e *Expr) Eval(env Env) (Value, error) {
	switch e.Op {
	case Literal:
		return e.Val, nil
	case Name:
		v, ok := env.Lookup(e.Text)
		if !ok {
			return Value{}, fmt.Errorf("there is no value %q", e.Text)
		}
		return v, nil
	case Unary:
		return e.unary(env)
	case Binary:
		return e.binary(env)
	case Index:
		return e.index(env)
	default:
		return e.call(env)
	}
}

func (e *Expr) fail(format string, args ...any) (Value, error) {
	return Value{}, fmt.Errorf("%s: %s", e, fmt.Sprintf(format, args...))
}

func (e *Expr) unary(env Env) (Value, error) {
	x, err := e.Args[0].Eval(env)
	if err != nil {
		return Value{}, err
	}
	switch {
	case e.Text == "!" && x.Kind == Bool:
		return BoolValue(!x.B), nil
	case e.Text == "-" && x.Kind == Int && x.I != math.MinInt64:
		return IntValue(-x.I), nil
	case e.Text == "-" && x.Kind == Float:
		return FloatValue(-x.F), nil
	}
	return e.fail("%s does not apply to %s", e.Text, x)
}

func (e *Expr) binary(env Env) (Value, error) {
	x, err := e.Args[0].Eval(env)
	if err != nil {
		return Value{}, err
	}
	switch e.Text {
	case "??":
		if x.Kind != Null {
			return x, nil
		}
		return e.Args[1].Eval(env)
	case "&&", "||":
		if x.Kind != Bool {
			return e.fail("%s is no truth value", x)
		}
		if x.B == (e.Text == "||") {
			return x, nil
		}
		y, err := e.Args[1].Eval(env)
		if err == nil && y.Kind != Bool {
			return e.fail("%s is no truth value", y)
		}
		return y, err
	}
	y, err := e.Args[1].Eval(env)
	if err != nil {
		return Value{}, err
	}
	switch e.Text {
	case "==", "!=":
		if !related(x, y) {
			return e.fail("%s and %s are never equal: %s and %s", x, y, kindNames[x.Kind], kindNames[y.Kind])
		}
		return BoolValue(x.Equal(y) == (e.Text == "==")), nil
	case "<", "<=", ">", ">=":
		return e.compare(x, y)
	}
	if x.Kind == Int && y.Kind == Int {
		return e.integers(x.I, y.I)
	}
	a, okA := x.Number()
	b, okB := y.Number()
	if !okA || !okB {
		return e.fail("%s and %s are no numbers", x, y)
	}
	switch e.Text {
	case "+":
		return e.finite(a + b)
	case "-":
		return e.finite(a - b)
	case "*":
		return e.finite(a * b)
	case "/":
		if b == 0 {
			return e.fail("division by zero")
		}
		return e.finite(a / b)
	}
	return e.fail("%% wants integers")
}

// finite is a computed number; one that is none is an error, so that it never becomes a fact.
func (e *Expr) finite(f float64) (Value, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return e.fail("the result is no number")
	}
	return FloatValue(f), nil
}

// related says whether == means something: kinds are equal, both are numbers, or one is null.
func related(x, y Value) bool {
	_, a := x.Number()
	_, b := y.Number()
	return x.Kind == y.Kind || a && b || x.Kind == Null || y.Kind == Null
}

// order compares numbers exactly, whatever their kinds. NaN has none.
func order(x, y Value) (int, bool) {
	a, okA := x.Number()
	b, okB := y.Number()
	switch {
	case !okA || !okB || a != a || b != b:
		return 0, false
	case x.Kind == Int && y.Kind == Int:
		return cmp.Compare(x.I, y.I), true
	case a != b || x.Kind == y.Kind:
		return cmp.Compare(a, b), true
	case y.Kind == Int:
		n, ok := order(y, x)
		return -n, ok
	case b >= 1<<63: // the integer x became b by rounding up
		return -1, true
	}
	return cmp.Compare(x.I, int64(b)), true
}

func (e *Expr) compare(x, y Value) (Value, error) {
	n, ok := order(x, y)
	if !ok {
		return e.fail("%s and %s have no order", x, y)
	}
	switch e.Text {
	case "<":
		return BoolValue(n < 0), nil
	case "<=":
		return BoolValue(n <= 0), nil
	case ">":
		return BoolValue(n > 0), nil
	}
	return BoolValue(n >= 0), nil
}

var errOverflow = errors.New("the number is too large")

func (e *Expr) integers(a, b int64) (Value, error) {
	var r int64
	ok := true
	switch e.Text {
	case "+":
		r = a + b
		ok = (r > a) == (b > 0)
	case "-":
		r = a - b
		ok = (r < a) == (b > 0)
	case "*":
		r = a * b
		ok = a == 0 || r/a == b && !(a == -1 && b == math.MinInt64)
	case "/", "%":
		if b == 0 {
			return e.fail("division by zero")
		}
		if a == math.MinInt64 && b == -1 {
			return e.fail("%v", errOverflow)
		}
		if e.Text == "%" {
			return IntValue(a % b), nil
		}
		if a%b != 0 {
			return e.fail("%d is not divisible by %d", a, b)
		}
		return IntValue(a / b), nil
	}
	if !ok {
		return e.fail("%v", errOverflow)
	}
	return IntValue(r), nil
}

func (e *Expr) index(env Env) (Value, error) {
	list, err := e.Args[0].Eval(env)
	if err != nil {
		return Value{}, err
	}
	at, err := e.Args[1].Eval(env)
	if err != nil {
		return Value{}, err
	}
	switch {
	case list.Kind != List:
		return e.fail("%s is no list", e.Args[0])
	case at.Kind != Int || at.I < 0 || at.I >= int64(len(list.L)):
		return e.fail("index %s in a list of %d", at, len(list.L))
	}
	return list.L[at.I], nil
}

// arity is the number of arguments of each function.
var arity = map[string]int{"len": 1, "sqrt": 1, "has": 1, "min": 2, "max": 2, "pow": 2, "if": 3}

func (e *Expr) call(env Env) (Value, error) {
	switch e.Text {
	case "has":
		v, ok := env.Lookup(e.Args[0].Text)
		return BoolValue(ok && v.Kind != Null), nil
	case "if":
		cond, err := e.Args[0].Eval(env)
		if err != nil {
			return Value{}, err
		}
		if cond.Kind != Bool {
			return e.fail("%s is no truth value", cond)
		}
		if cond.B {
			return e.Args[1].Eval(env)
		}
		return e.Args[2].Eval(env)
	}
	args := make([]Value, len(e.Args))
	for i, a := range e.Args {
		v, err := a.Eval(env)
		if err != nil {
			return Value{}, err
		}
		args[i] = v
	}
	if e.Text == "len" {
		if args[0].Kind != List {
			return e.fail("%s is no list", args[0])
		}
		return IntValue(int64(len(args[0].L))), nil
	}
	a, ok := args[0].Number()
	b := a
	if len(args) == 2 {
		var okB bool
		b, okB = args[1].Number()
		ok = ok && okB
	}
	if !ok {
		return e.fail("wants numbers")
	}
	switch e.Text {
	case "sqrt":
		return e.finite(math.Sqrt(a))
	case "pow":
		return e.finite(math.Pow(a, b))
	}
	n, ok := order(args[0], args[1])
	switch {
	case !ok:
		return e.fail("%s and %s have no order", args[0], args[1])
	case (e.Text == "min") == (n <= 0):
		return args[0], nil
	}
	return args[1], nil
}

// String is the expression in canonical form.
func (e *Expr) String() string { return e.text(0) }

func (e *Expr) text(outer int) string {
	switch e.Op {
	case Literal:
		return e.Val.source()
	case Name:
		return e.Text
	case Unary:
		s := e.Text + e.Args[0].text(unaryLevel)
		if unaryLevel < outer {
			return "(" + s + ")"
		}
		return s
	case Binary:
		level := precedence[e.Text]
		s := e.Args[0].text(level) + " " + e.Text + " " + e.Args[1].text(level+1)
		if level < outer {
			return "(" + s + ")"
		}
		return s
	case Index:
		return e.Args[0].text(unaryLevel+1) + "[" + e.Args[1].text(0) + "]"
	}
	s := e.Text + "("
	for i, a := range e.Args {
		if i > 0 {
			s += ", "
		}
		s += a.text(0)
	}
	return s + ")"
}

func (v Value) source() string {
	switch s := v.String(); {
	case v.Kind == String:
		return "'" + v.S + "'"
	case v.Kind == Float && !strings.ContainsAny(s, ".e"):
		return s + ".0" // a float stays one: 1.0 / 2 is no 1 / 2
	default:
		return s
	}
}

// The constructors of values.

// IntValue is an integer value.
func IntValue(i int64) Value { return Value{Kind: Int, I: i} }

// FloatValue is a floating-point value.
func FloatValue(f float64) Value { return Value{Kind: Float, F: f} }

// BoolValue is a truth value.
func BoolValue(b bool) Value { return Value{Kind: Bool, B: b} }

// StringValue is a text value.
func StringValue(s string) Value { return Value{Kind: String, S: s} }

// Number is the value as a float; false for values that are no numbers.
func (v Value) Number() (float64, bool) {
	switch v.Kind {
	case Int:
		return float64(v.I), true
	case Float:
		return v.F, true
	}
	return 0, false
}

// Equal compares values; an integer and a float are equal when their numbers are.
func (v Value) Equal(w Value) bool {
	if _, ok := v.Number(); ok {
		n, ok := order(v, w)
		return ok && n == 0
	}
	if v.Kind != w.Kind {
		return false
	}
	switch v.Kind {
	case Bool:
		return v.B == w.B
	case String:
		return v.S == w.S
	case List:
		if len(v.L) != len(w.L) {
			return false
		}
		for i := range v.L {
			if !v.L[i].Equal(w.L[i]) {
				return false
			}
		}
		return true
	case RopePlan:
		return v.Rope == w.Rope || v.Rope != nil && w.Rope != nil && fmt.Sprint(*v.Rope) == fmt.Sprint(*w.Rope)
	}
	return true
}

// String shows the value as JSON would.
func (v Value) String() string {
	switch v.Kind {
	case Int:
		return strconv.FormatInt(v.I, 10)
	case Float:
		return strconv.FormatFloat(v.F, 'g', -1, 64)
	case Bool:
		return strconv.FormatBool(v.B)
	case String:
		return strconv.Quote(v.S)
	case List:
		s := "["
		for i, x := range v.L {
			if i > 0 {
				s += ", "
			}
			s += x.String()
		}
		return s + "]"
	case RopePlan:
		if v.Rope != nil {
			return fmt.Sprintf("%s rope, theta %v", v.Rope.Kind, v.Rope.Theta)
		}
	case Object:
		return "an object"
	}
	return "null"
}
