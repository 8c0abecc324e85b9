package contract

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// Dropped is a tensor that no parameter takes, and why.
type Dropped struct {
	Tensor *Tensor
	Reason string
}

// programme runs a layout's operations on logical parameters.
type programme struct {
	config  *Config
	params  map[string]*logical
	dropped []Dropped
}

// apply runs one operation. The error names the operation.
func (p *programme) apply(op *Op) error {
	matches, err := p.take(op)
	if err != nil {
		return fmt.Errorf("%s %s: %w", op.Kind, op.Match, err)
	}
	if op.Kind == Stack {
		return p.stack(op, matches)
	}
	for _, m := range matches {
		if err := p.one(op, m); err != nil {
			return fmt.Errorf("%s %s: %s: %w", op.Kind, op.Match, m.from.path, err)
		}
	}
	return nil
}

// match is a parameter that an operation applies to, and what stood for its pattern's placeholders.
type match struct {
	from  *logical
	bound map[string]string
}

// take takes out all parameters that an operation applies to, so that a new name may be an old one.
func (p *programme) take(op *Op) ([]match, error) {
	var matches []match
	for _, path := range slices.Sorted(maps.Keys(p.params)) {
		bound, ok := matchPath(op.Match, path)
		if !ok {
			continue
		}
		if op.When != "" {
			applies, err := evalBool(op.When, p.env(bound))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			if !applies {
				continue
			}
		}
		matches = append(matches, match{p.params[path], bound})
	}
	for _, m := range matches {
		delete(p.params, m.from.path)
	}
	return matches, nil
}

// env is the environment of a match's expressions: the facts, {i} as i, and layer.X of its row, where there is one.
func (p *programme) env(bound map[string]string) Env {
	i, err := strconv.Atoi(bound["i"])
	if err != nil {
		return p.config
	}
	return EnvFunc(func(name string) (Value, bool) {
		if _, column := cutLayer(name); column && i >= len(p.config.Layers) {
			return Value{}, false
		}
		return p.config.Row(i).Lookup(name)
	})
}

// one applies an operation to one match.
func (p *programme) one(op *Op, m match) error {
	switch op.Kind {
	case Drop:
		p.drop(m.from, op.Reason)
		return nil
	case Rename:
		return p.put(op.To, m.bound, m.from.parts, m.from.stored())
	case Split:
		return p.split(op, m)
	case Transpose, Reshape:
		return p.reshape(op, m)
	}
	return fmt.Errorf("unknown operation")
}

func (p *programme) drop(l *logical, reason string) {
	for _, suffix := range append([]string{""}, partSuffixes...) {
		if t := l.parts[suffix]; t != nil {
			for _, tensor := range t.Tensors() {
				p.dropped = append(p.dropped, Dropped{tensor, reason})
			}
		}
	}
}

// put adds a parameter under a new name. origin lists the paths that it was stored under.
func (p *programme) put(pattern string, bound map[string]string, parts map[string]*Term, origin []string) error {
	to := fillPath(pattern, bound)
	if have := p.params[to]; have != nil {
		return fmt.Errorf("%s is there already", to)
	}
	p.params[to] = &logical{path: to, parts: parts, origin: origin}
	return nil
}

// stack joins the parameters that differ in {e} only.
func (p *programme) stack(op *Op, matches []match) error {
	type member struct {
		index int
		from  *logical
	}
	groups := map[string][]member{}
	for _, m := range matches {
		index, err := strconv.Atoi(m.bound["e"])
		if err != nil {
			return fmt.Errorf("stack %s: %s has no number for {e}", op.Match, m.from.path)
		}
		to := fillPath(op.To, m.bound)
		groups[to] = append(groups[to], member{index, m.from})
	}
	for _, to := range slices.Sorted(maps.Keys(groups)) {
		members := groups[to]
		slices.SortFunc(members, func(a, b member) int { return a.index - b.index })
		parts := map[string]*Term{}
		var origin []string
		for i, m := range members {
			origin = append(origin, m.from.stored()...)
			if m.index != i {
				return fmt.Errorf("stack %s: part %d of %s is missing", op.Match, i, to)
			}
			if len(m.from.parts) != len(members[0].from.parts) {
				return fmt.Errorf("stack %s: %s has other parts than %s", op.Match, m.from.path, members[0].from.path)
			}
			for _, suffix := range slices.Sorted(maps.Keys(m.from.parts)) {
				term := m.from.parts[suffix]
				if members[0].from.parts[suffix] == nil {
					return fmt.Errorf("stack %s: %s has other parts than %s", op.Match, m.from.path, members[0].from.path)
				}
				if parts[suffix] == nil {
					parts[suffix] = &Term{Op: StackTerms, DType: term.DType, Shape: append([]int{len(members)}, term.Shape...)}
				}
				s := parts[suffix]
				if !slices.Equal(s.Shape[1:], term.Shape) || s.DType != term.DType {
					return fmt.Errorf("stack %s: %s.%s is %s%v, others are %s%v", op.Match, m.from.path, suffix, term.DType, term.Shape, s.DType, s.Shape[1:])
				}
				s.Args = append(s.Args, term)
			}
		}
		if err := p.put(to, nil, parts, origin); err != nil {
			return fmt.Errorf("stack %s: %w", op.Match, err)
		}
	}
	return nil
}

// split cuts a parameter along its first axis, which biases and scales share.
func (p *programme) split(op *Op, m match) error {
	from := m.from
	if op.Axis != 0 {
		return fmt.Errorf("only axis 0 can be split")
	}
	if from.parts["weight_scale_inv"] != nil {
		return fmt.Errorf("FP8 blocks cannot be split yet")
	}
	start := 0
	for _, part := range op.Parts {
		size, err := evalDims([]string{part.Size}, p.env(m.bound))
		if err != nil {
			return err
		}
		parts := map[string]*Term{}
		for _, suffix := range slices.Sorted(maps.Keys(from.parts)) {
			term := from.parts[suffix]
			if len(term.Shape) == 0 || start+size[0] > term.Shape[0] {
				return fmt.Errorf("part %s ends at %d of %v", part.To, start+size[0], term.Shape)
			}
			shape := slices.Clone(term.Shape)
			shape[0] = size[0]
			parts[suffix] = &Term{Op: SliceTerm, Args: []*Term{term}, From: start, DType: term.DType, Shape: shape}
		}
		if err := p.put(part.To, m.bound, parts, from.stored()); err != nil {
			return err
		}
		start += size[0]
	}
	for _, suffix := range slices.Sorted(maps.Keys(from.parts)) {
		if shape := from.parts[suffix].Shape; len(shape) == 0 || shape[0] != start {
			return fmt.Errorf("the parts take %d rows of %s, which is %v", start, suffix, shape)
		}
	}
	return nil
}

// reshape changes the form of a dense weight; a quantised one has no such form.
func (p *programme) reshape(op *Op, m match) error {
	from := m.from
	parts := maps.Clone(from.parts)
	weight := "weight"
	if parts[weight] == nil {
		weight = ""
	}
	term := parts[weight]
	if term == nil || len(from.parts) > 2 || len(from.parts) == 2 && from.parts["bias"] == nil {
		return fmt.Errorf("only a dense weight can change its form")
	}
	changed := &Term{Op: TransposeTerm, Args: []*Term{term}, DType: term.DType, Shape: slices.Clone(term.Shape)}
	if op.Kind == Transpose {
		n := len(term.Shape)
		if n < 2 {
			return fmt.Errorf("%v has no two axes", term.Shape)
		}
		changed.Shape[n-1], changed.Shape[n-2] = term.Shape[n-2], term.Shape[n-1]
	} else {
		dims, err := evalDims(op.Dims, p.env(m.bound))
		if err != nil {
			return err
		}
		if n := product(dims); n < 0 || n != product(term.Shape) {
			return fmt.Errorf("%v cannot become %v", term.Shape, dims)
		}
		changed.Op, changed.Shape = ReshapeTerm, dims
	}
	parts[weight] = changed
	to := op.To
	if to == "" {
		to = op.Match
	}
	return p.put(to, m.bound, parts, from.stored())
}

// product is the number of elements; -1 where it is too large.
func product(dims []int) int {
	n := uint64(1)
	for _, d := range dims {
		high, low := bits.Mul64(n, uint64(d))
		if high != 0 || low > 1<<62 {
			return -1
		}
		n = low
	}
	return int(n)
}

// matchPath matches a dotted path against a pattern: {name} is one number, * one segment, ** the rest. bound holds what stood there.
func matchPath(pattern, path string) (bound map[string]string, ok bool) {
	bound = map[string]string{}
	want, have := strings.Split(pattern, "."), strings.Split(path, ".")
	stars := 0
	for i, w := range want {
		if w == "**" {
			bound["**"] = strings.Join(have[min(i, len(have)):], ".")
			return bound, len(have) > i
		}
		if i >= len(have) {
			return nil, false
		}
		switch {
		case w == "*":
			bound["*"+strconv.Itoa(stars)] = have[i]
			stars++
		case strings.HasPrefix(w, "{"):
			if plainNumber(have[i]) < 0 {
				return nil, false
			}
			name := strings.Trim(w, "{}")
			if before, twice := bound[name]; twice && before != have[i] {
				return nil, false
			}
			bound[name] = have[i]
		case w != have[i]:
			return nil, false
		}
	}
	return bound, len(want) == len(have)
}

// fillPath puts what a match has bound into another pattern.
func fillPath(pattern string, bound map[string]string) string {
	parts := strings.Split(pattern, ".")
	stars := 0
	for i, w := range parts {
		switch {
		case w == "**":
			parts[i] = bound["**"]
		case w == "*":
			parts[i] = bound["*"+strconv.Itoa(stars)]
			stars++
		case strings.HasPrefix(w, "{"):
			parts[i] = bound[strings.Trim(w, "{}")]
		}
	}
	return strings.Join(parts, ".")
}
