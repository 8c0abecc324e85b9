package contract

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// FoldNames folds dotted names that differ in numbers only: model.layers.{0..35}.mlp.up_proj.weight, experts.{0..3,7}.w1. The folded names stand in
// the order of their first members. ExpandName is the inverse.
func FoldNames(names []string) []string {
	folded := slices.Clone(names)
	depth := 0
	for _, name := range names {
		depth = max(depth, strings.Count(name, ".")+1)
	}
	for segment := min(depth, maxFolded) - 1; segment >= 0; segment-- {
		folded = foldSegment(folded, segment)
	}
	return folded
}

// maxFolded is how many segments of a name are folded; published ones have about ten.
const maxFolded = 32

// foldSegment joins names that differ in one segment only, where that is a number.
func foldSegment(names []string, segment int) []string {
	type group struct {
		parts   []string
		numbers []int
	}
	var order []string
	groups := map[string]*group{}
	for _, name := range names {
		parts := strings.Split(name, ".")
		number := -1
		if segment < len(parts) {
			number = plainNumber(parts[segment])
		}
		if number < 0 {
			key := "=" + name
			groups[key] = nil
			order = append(order, key)
			continue
		}
		parts[segment] = "\x00"
		key := strings.Join(parts, ".")
		if have := groups[key]; have != nil {
			have.numbers = append(have.numbers, number)
			continue
		}
		groups[key] = &group{parts: parts, numbers: []int{number}}
		order = append(order, key)
	}
	folded := make([]string, 0, len(order))
	for _, key := range order {
		g := groups[key]
		if g == nil {
			folded = append(folded, key[1:])
			continue
		}
		g.parts[segment] = strconv.Itoa(g.numbers[0])
		if len(g.numbers) > 1 {
			g.parts[segment] = "{" + foldNumbers(g.numbers) + "}"
		}
		folded = append(folded, strings.Join(g.parts, "."))
	}
	return folded
}

// plainNumber is the value of a canonical decimal; -1 for anything else.
func plainNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1e9 || strconv.Itoa(n) != s {
		return -1
	}
	return n
}

// foldNumbers writes numbers as runs: 0..3,7.
func foldNumbers(numbers []int) string {
	sorted := slices.Clone(numbers)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	var runs []string
	for i := 0; i < len(sorted); {
		j := i
		for j+1 < len(sorted) && sorted[j+1] == sorted[j]+1 {
			j++
		}
		if i == j {
			runs = append(runs, strconv.Itoa(sorted[i]))
		} else {
			runs = append(runs, fmt.Sprintf("%d..%d", sorted[i], sorted[j]))
		}
		i = j + 1
	}
	return strings.Join(runs, ",")
}

// maxExpanded bounds what one folded name may stand for.
const maxExpanded = maxTensors

// ExpandName lists the names that a folded name stands for.
func ExpandName(folded string) ([]string, error) {
	open := strings.IndexByte(folded, '{')
	if len(folded) > 4*maxTensorName {
		return nil, fmt.Errorf("a folded name of %d bytes", len(folded))
	}
	if open < 0 {
		if strings.IndexByte(folded, '}') >= 0 {
			return nil, fmt.Errorf("%q: a brace is closed that was not opened", folded)
		}
		return []string{folded}, nil
	}
	end := strings.IndexByte(folded[open:], '}')
	if end < 0 {
		return nil, fmt.Errorf("%q: a brace is not closed", folded)
	}
	rests, err := ExpandName(folded[open+end+1:]) // first: a product that is too large must not hold all of its factors
	if err != nil {
		return nil, err
	}
	numbers, err := expandNumbers(folded[open+1 : open+end])
	if err != nil {
		return nil, fmt.Errorf("%q: %w", folded, err)
	}
	if len(numbers)*len(rests) > maxExpanded {
		return nil, fmt.Errorf("%q stands for more than %d names", folded, maxExpanded)
	}
	names := make([]string, 0, len(numbers)*len(rests))
	for _, n := range numbers {
		for _, rest := range rests {
			names = append(names, folded[:open]+strconv.Itoa(n)+rest)
		}
	}
	return names, nil
}

func expandNumbers(runs string) ([]int, error) {
	var numbers []int
	for _, run := range strings.Split(runs, ",") {
		first, last, isRun := strings.Cut(run, "..")
		from := plainNumber(first)
		to := from
		if isRun {
			to = plainNumber(last)
		}
		if from < 0 || to < from || isRun && to == from || len(numbers) > 0 && from <= numbers[len(numbers)-1] {
			return nil, fmt.Errorf("%q is no ascending list of runs", runs)
		}
		if to-from >= maxExpanded || len(numbers)+to-from >= maxExpanded {
			return nil, fmt.Errorf("%q stands for more than %d numbers", runs, maxExpanded)
		}
		for n := from; n <= to; n++ {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

// some lists the first few folded names of a set, for a message.
func some(names []string, limit int) string {
	folded := FoldNames(names)
	if len(folded) > limit {
		return strings.Join(folded[:limit], ", ") + fmt.Sprintf(" and %d more", len(folded)-limit)
	}
	return strings.Join(folded, ", ")
}
