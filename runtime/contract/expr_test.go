package contract

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

// names are the values of the expressions in these tests.
var names = map[string]Value{
	"heads": IntValue(32), "hidden_size": IntValue(4096), "zero": IntValue(0), "big": IntValue(math.MaxInt64), "small": IntValue(math.MinInt64),
	"eps": FloatValue(1e-5), "half": FloatValue(0.5), "inf": FloatValue(math.Inf(1)), "nan": FloatValue(math.NaN()), "huge": FloatValue(1e308),
	"two63": FloatValue(1 << 63), "odd": IntValue(1<<53 + 1), "even": FloatValue(1 << 53),
	"yes": BoolValue(true), "no": BoolValue(false), "act": StringValue("silu"), "nothing": {}, "object": {Kind: Object},
	"list":       {Kind: List, L: []Value{IntValue(1), StringValue("two"), {}}},
	"empty":      {Kind: List},
	"layer.kind": StringValue("full"), "rope": {Kind: RopePlan, Rope: &Rope{Kind: "default", Theta: 1e4}},
}

var testEnv = EnvFunc(func(name string) (Value, bool) { v, ok := names[name]; return v, ok })

func TestEval(t *testing.T) {
	for src, want := range map[string]string{
		// arithmetic
		"1 + 2 * 3": "7", "(1 + 2) * 3": "9", "7 - 2 - 1": "4", "8 / 2 / 2": "2", "-3 + 5": "2", "--3": "3", "7 % 4": "3", "-7 % 4": "-3",
		"hidden_size / heads": "128", "hidden_size/heads*2": "256", "1 / 2.0": "0.5", "1.0 / 2": "0.5", "1 + 0.5": "1.5", "1e2": "100", "2 * half": "1",
		"big - 1": "9223372036854775806", "small + 1": "-9223372036854775807", "-big": "-9223372036854775807", "1.5 - 0.5": "1",
		// comparison
		"1 < 2": "true", "2 <= 2": "true", "3 > 4": "false", "4 >= 4.0": "true", "1 == 1.0": "true", "1 != 1.0": "false", "big > big - 1": "true",
		"odd > even": "true", "odd == even": "false", "even < odd": "true", "two63 > big": "true", "big < two63": "true", "big == two63": "false",
		"act == 'silu'": "true", "act != 'gelu'": "true", "nothing == null": "true", "heads == null": "false", "act != null": "true", "list == list": "true",
		"list == empty": "false", "rope == rope": "true", "yes == true": "true", "layer.kind == 'full'": "true", "nothing != 1": "true",
		"inf > huge": "true", "object == null": "false",
		// logic
		"yes && no": "false", "yes || no": "true", "!yes || no == false": "true", "no && missing": "false", "yes || missing": "true",
		// nothing
		"nothing ?? 3": "3", "heads ?? missing": "32", "nothing ?? nothing ?? 5": "5", "has(heads)": "true", "has(nothing)": "false",
		"has(missing)": "false", "has(layer.kind)": "true", "has(object)": "true", "null": "null", "true": "true",
		// calls and indices
		"if(yes, 1, missing)": "1", "if(no, missing, 'x')": `"x"`, "len(list)": "3", "len(empty)": "0", "list[0]": "1", "list[1]": `"two"`, "list[len(list)-1]": "null",
		"min(3, 2)": "2", "max(3, 2.5)": "3", "min(2, 2.0)": "2", "sqrt(16)": "4", "1 / sqrt(4)": "0.5", "pow(2, 10)": "1024", "min(odd, even)": "9.007199254740992e+15",
		"max(inf, 1)": "+Inf", "len( list )": "3",
		// binding
		"1 + 2 == 3 && 2 < 3": "true", "!no && !no": "true", "-list[0]": "-1", "yes == (1 < 2)": "true", "nothing ?? yes && no": "false",
	} {
		e, err := ParseExpr(src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		v, err := e.Eval(testEnv)
		if err != nil || v.String() != want {
			t.Errorf("%s = %s, %v; want %s", src, v, err, want)
		}
	}
}

func TestEvalErrors(t *testing.T) {
	for src, want := range map[string]string{
		"missing": `there is no value "missing"`, "layer.heads": `there is no value "layer.heads"`, "hidden_size / 3": "4096 is not divisible by 3", "1 / zero": "division by zero",
		"1 % zero": "division by zero", "1.5 / zero": "division by zero", "1.5 % 2": "% wants integers", "big + 1": "too large", "small - 1": "too large", "big * 2": "too large",
		"small * -1": "too large", "-1 * small": "too large", "small / -1": "too large", "-small": "does not apply", "!heads": "! does not apply to 32", "-act": "does not apply",
		"yes + 1": "are no numbers", "act + 'x'": "are no numbers", "yes && 1": "1 is no truth value", "1 || yes": "1 is no truth value", "act < 'z'": "have no order", "nothing < 1": "have no order",
		"nan < 1": "have no order", "nan + 1": "no number", "inf - inf": "no number", "huge * 10": "no number", "sqrt(-1)": "no number", "pow(0, -1)": "no number", "pow(10, 400)": "no number",
		"min(nan, 1)": "no order", "min(act, 1)": "wants numbers", "sqrt(yes)": "wants numbers", "len(act)": "is no list", "heads[0]": "heads is no list", "list[3]": "index 3 in a list of 3",
		"list[-1]": "index -1", "list[0.0]": "index 0", "list['two']": `index "two"`, "if(1, 2, 3)": "1 is no truth value", "act == 1": "never equal", "heads != 'x'": "never equal",
		"yes == 1": "never equal", "list == 1": "never equal", "if(yes, missing, 1)": `"missing"`, "nothing ?? missing": `"missing"`, "(heads + 1) / 32": "not divisible", "object == 'x'": "never equal",
	} {
		e, err := ParseExpr(src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if v, err := e.Eval(testEnv); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %s, %v; want an error with %q", src, v, err, want)
		}
	}
}

// An error names the part that failed, not the whole.
func TestEvalErrorsNameThePart(t *testing.T) {
	_, err := MustExpr("1 + (hidden_size / 3) * 2").Eval(testEnv)
	if err == nil || err.Error() != "hidden_size / 3: 4096 is not divisible by 3" {
		t.Errorf("got %v", err)
	}
}

func TestParseErrors(t *testing.T) {
	for src, want := range map[string]string{
		"": "ends too early", "  ": "ends too early", "1 +": "ends too early", "(1": "ends too early", "1)": `unexpected ")" at character 2`, "a b": `unexpected "b" at character 3`, "'x": "has no end",
		"'": "has no end", "a.": "unexpected", "a..b": "unexpected", ".a": "unexpected", "1 = 2": `unexpected "="`, "a & b": `unexpected "&"`, "f(x)": `there is no function "f"`, "len()": "takes 1 arguments, not 0",
		"len(a, b)": "takes 1", "if(a, b)": "takes 3", "min(a,)": `unexpected ")"`, "min(a b)": "unexpected", "has(1)": "has takes a name", "has(a[0])": "has takes a name", "a[]": "unexpected", "a[1": "ends too early",
		"1.2.3": "is no number", "1e": "is no number", "1e400": "is no number", "9223372036854775808": "too large", "99999999999999999999": "too large", "é": `unexpected "é"`, "a\x00": "unexpected",
		"\"x\"": "unexpected", "12a": "unexpected", "0x10": "unexpected", "a ? b : c": "unexpected", "$a": "unexpected", "*": "unexpected", "a()": "there is no function", "??": "unexpected",
	} {
		if e, err := ParseExpr(src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want an error with %q", src, e, err, want)
		}
	}
}

func TestParseIsBounded(t *testing.T) {
	for name, src := range map[string]string{
		"length": strings.Repeat(" ", maxExprLength) + "1", "parentheses": strings.Repeat("(", 100) + "1" + strings.Repeat(")", 100), "minus": strings.Repeat("-", 200) + "1",
		"not": strings.Repeat("!", 200) + "a", "calls": strings.Repeat("len(", 100) + "a" + strings.Repeat(")", 100), "indices": strings.Repeat("a[", 100) + "1" + strings.Repeat("]", 100),
	} {
		if _, err := ParseExpr(src); err == nil {
			t.Errorf("%s: no limit", name)
		}
	}
	e, err := ParseExpr(strings.Repeat("1+", 2000) + "1")
	if err != nil {
		t.Fatalf("a long sum: %v", err)
	}
	if v, err := e.Eval(testEnv); err != nil || v.I != 2001 {
		t.Errorf("a long sum is %s, %v", v, err)
	}
}

func TestString(t *testing.T) {
	for src, want := range map[string]string{
		"a+b*c": "a + b * c", "(a+b)*c": "(a + b) * c", "a-(b-c)": "a - (b - c)", "(a-b)-c": "a - b - c", "a/(b*c)": "a / (b * c)", "-(a+b)": "-(a + b)", "(-a)[0]": "(-a)[0]", "-a[0]": "-a[0]",
		"!(a&&b)||c": "!(a && b) || c", "if( a ,b,c )": "if(a, b, c)", "1.0/2": "1.0 / 2", "1e5": "100000.0", "1e-5": "1e-05", "1e30": "1e+30", "'x'": "'x'", "a??b??c": "a ?? b ?? c",
		"a??(b??c)": "a ?? (b ?? c)", "(a==b)==c": "a == b == c", "a==(b==c)": "a == (b == c)", "((x))": "x", "(a+b)[i]": "(a + b)[i]", "007": "7", "- -a": "--a",
	} {
		e, err := ParseExpr(src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if e.String() != want {
			t.Errorf("%s is written %s, want %s", src, e, want)
		}
	}
}

func TestNames(t *testing.T) {
	got := MustExpr("if(has(a), layer.b * c, a + len(d)) + c").Names()
	if want := []string{"a", "layer.b", "c", "d"}; !reflect.DeepEqual(got, want) {
		t.Errorf("names %v, want %v", got, want)
	}
}

func TestMustExpr(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a bad expression is accepted")
		}
	}()
	MustExpr("1 +")
}

// FuzzParseExpr checks that no text breaks the parser, that what is printed parses to the same tree, and that evaluation answers.
func FuzzParseExpr(f *testing.F) {
	for _, src := range []string{"a+b*c", "if(has(layer.x), x[i], 'y') ?? null", "-(-1.0e5)", "1.0/2", "!a&&b||c", "min(sqrt(2),pow(a,b))%3", "'\xff'", "(-a)[0]", "9223372036854775807"} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		e, err := ParseExpr(src)
		if err != nil {
			return
		}
		text := e.String()
		if len(text) > maxExprLength {
			return
		}
		again, err := ParseExpr(text)
		if err != nil {
			t.Fatalf("%q is printed %q, which does not parse: %v", src, text, err)
		}
		if !reflect.DeepEqual(e, again) {
			t.Fatalf("%q is printed %q, which is another expression", src, text)
		}
		v, err := e.Eval(testEnv)
		w, errAgain := again.Eval(testEnv)
		if (err == nil) != (errAgain == nil) || err == nil && v.String() != w.String() {
			t.Fatalf("%q is %s, %v; printed and read again it is %s, %v", src, v, err, w, errAgain)
		}
	})
}

// FuzzOrder checks that the order of numbers is one.
func FuzzOrder(f *testing.F) {
	f.Add(int64(1<<53+1), float64(1<<53), int64(1<<53))
	f.Add(int64(math.MaxInt64), float64(1<<63), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, a int64, b float64, c int64) {
		x, y, z := IntValue(a), FloatValue(b), IntValue(c)
		n, ok := order(x, y)
		m, _ := order(y, x)
		if ok != (b == b) || n != -m {
			t.Fatalf("%v and %v: %d and %d", a, b, n, m)
		}
		if k, _ := order(y, z); ok && n <= 0 && k <= 0 {
			if l, _ := order(x, z); l > 0 {
				t.Fatalf("%v <= %v <= %v, but not %v <= %v", a, b, c, a, c)
			}
		}
		if x.Equal(y) != (ok && n == 0) {
			t.Fatalf("%v == %v is %t", a, b, x.Equal(y))
		}
	})
}
