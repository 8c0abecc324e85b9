package contract

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// precedence of the binary operators, loosest first.
var precedence = map[string]int{
	"??": 1, "||": 2, "&&": 3, "==": 4, "!=": 4, "<": 5, "<=": 5, ">": 5, ">=": 5, "+": 6, "-": 6, "*": 7, "/": 7, "%": 7,
}

const unaryLevel = 8

// ParseExpr parses an expression. The error shows the place.
func ParseExpr(src string) (*Expr, error) {
	if len(src) > maxExprLength {
		return nil, fmt.Errorf("the expression has %d characters; at most %d are read", len(src), maxExprLength)
	}
	p := &exprParser{src: src}
	p.next()
	e, err := p.binary(1, 0)
	if err == nil && p.token != "" {
		err = p.unexpected()
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// MustExpr parses an expression of the project's own; it panics on an error.
func MustExpr(src string) *Expr {
	e, err := ParseExpr(src)
	if err != nil {
		panic(err)
	}
	return e
}

// exprParser reads one token ahead.
type exprParser struct {
	src   string
	pos   int    // behind token
	start int    // of token
	token string // "" at the end
}

func (p *exprParser) unexpected() error {
	if p.token == "" {
		return fmt.Errorf("%q: the expression ends too early", p.src)
	}
	return fmt.Errorf("%q: unexpected %q at character %d", p.src, p.token, p.start+1)
}

func isLetter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// next reads the token that follows.
func (p *exprParser) next() {
	for p.pos < len(p.src) && (p.src[p.pos] == ' ' || p.src[p.pos] == '\t' || p.src[p.pos] == '\n') {
		p.pos++
	}
	p.start = p.pos
	rest := p.src[p.pos:]
	size := 0
	switch {
	case rest == "":
	case isLetter(rest[0]):
		for size < len(rest) && (isLetter(rest[size]) || isDigit(rest[size]) || rest[size] == '.') {
			size++
		}
	case isDigit(rest[0]):
		size = numberLength(rest)
	case rest[0] == '\'':
		if size = strings.IndexByte(rest[1:], '\'') + 2; size == 1 {
			size = len(rest) // without end: primary refuses it
		}
	default:
		_, size = utf8.DecodeRuneInString(rest)
		if len(rest) > 1 {
			if _, ok := precedence[rest[:2]]; ok {
				size = 2
			}
		}
	}
	p.pos += size
	p.token = rest[:size]
}

func numberLength(s string) int {
	n := 0
	for n < len(s) && (isDigit(s[n]) || s[n] == '.' || s[n] == 'e' || s[n] == 'E' || (s[n] == '+' || s[n] == '-') && (s[n-1] == 'e' || s[n-1] == 'E')) {
		n++
	}
	return n
}

func (p *exprParser) take(token string) bool {
	if p.token != token {
		return false
	}
	p.next()
	return true
}

func (p *exprParser) binary(level, depth int) (*Expr, error) {
	if depth > maxExprDepth {
		return nil, fmt.Errorf("%q: nested deeper than %d", p.src, maxExprDepth)
	}
	left, err := p.unary(depth)
	if err != nil {
		return nil, err
	}
	for {
		op := p.token
		own, ok := precedence[op]
		if !ok || own < level {
			return left, nil
		}
		p.next()
		right, err := p.binary(own+1, depth+1)
		if err != nil {
			return nil, err
		}
		left = &Expr{Op: Binary, Text: op, Args: []*Expr{left, right}}
	}
}

func (p *exprParser) unary(depth int) (*Expr, error) {
	if depth > maxExprDepth {
		return nil, fmt.Errorf("%q: nested deeper than %d", p.src, maxExprDepth)
	}
	if op := p.token; op == "!" || op == "-" {
		p.next()
		x, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		return &Expr{Op: Unary, Text: op, Args: []*Expr{x}}, nil
	}
	e, err := p.primary(depth)
	for err == nil && p.take("[") {
		var at *Expr
		if at, err = p.binary(1, depth+1); err == nil {
			e = &Expr{Op: Index, Args: []*Expr{e, at}}
			if !p.take("]") {
				err = p.unexpected()
			}
		}
	}
	return e, err
}

func (p *exprParser) primary(depth int) (*Expr, error) {
	token := p.token
	if token == "" {
		return nil, p.unexpected()
	}
	switch {
	case token == "(":
		p.next()
		e, err := p.binary(1, depth+1)
		if err == nil && !p.take(")") {
			err = p.unexpected()
		}
		return e, err
	case isDigit(token[0]):
		return p.number()
	case token[0] == '\'':
		if len(token) < 2 || token[len(token)-1] != '\'' {
			return nil, fmt.Errorf("%q: the string at character %d has no end", p.src, p.start+1)
		}
		p.next()
		return &Expr{Op: Literal, Val: StringValue(token[1 : len(token)-1])}, nil
	case isLetter(token[0]) && token[len(token)-1] != '.' && !strings.Contains(token, ".."):
		p.next()
		switch token {
		case "true", "false":
			return &Expr{Op: Literal, Val: BoolValue(token == "true")}, nil
		case "null":
			return &Expr{Op: Literal}, nil
		}
		if p.token == "(" {
			return p.callTo(token, depth)
		}
		return &Expr{Op: Name, Text: token}, nil
	}
	return nil, p.unexpected()
}

func (p *exprParser) number() (*Expr, error) {
	token := p.token
	if i, err := strconv.ParseInt(token, 10, 64); err == nil {
		p.next()
		return &Expr{Op: Literal, Val: IntValue(i)}, nil
	}
	if !strings.ContainsAny(token, ".eE") {
		return nil, fmt.Errorf("%q: the integer %.40s is too large", p.src, token)
	}
	f, err := strconv.ParseFloat(token, 64)
	if err != nil {
		return nil, fmt.Errorf("%q: %q is no number", p.src, token)
	}
	p.next()
	return &Expr{Op: Literal, Val: FloatValue(f)}, nil
}

func (p *exprParser) callTo(name string, depth int) (*Expr, error) {
	want, ok := arity[name]
	if !ok {
		return nil, fmt.Errorf("%q: there is no function %q", p.src, name)
	}
	p.next()
	e := &Expr{Op: Call, Text: name}
	for !p.take(")") {
		if len(e.Args) > 0 && !p.take(",") {
			return nil, p.unexpected()
		}
		a, err := p.binary(1, depth+1)
		if err != nil {
			return nil, err
		}
		e.Args = append(e.Args, a)
	}
	if len(e.Args) != want {
		return nil, fmt.Errorf("%q: %s takes %d arguments, not %d", p.src, name, want, len(e.Args))
	}
	if name == "has" && e.Args[0].Op != Name {
		return nil, fmt.Errorf("%q: has takes a name", p.src)
	}
	return e, nil
}
