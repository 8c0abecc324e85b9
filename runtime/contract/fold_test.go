package contract

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestFoldNames(t *testing.T) {
	for _, c := range []struct{ names, want string }{
		{"", ""},
		{"a", "a"},
		{"a.0", "a.0"},
		{"a.0.w a.1.w", "a.{0..1}.w"},
		{"a.0.w a.1.w a.2.w a.7.w", "a.{0..2,7}.w"},
		{"a.3.w a.1.w a.2.w", "a.{1..3}.w"},
		{"a.0.w a.2.w", "a.{0,2}.w"},
		{"a.0.e.0.w a.0.e.1.w a.1.e.0.w a.1.e.1.w", "a.{0..1}.e.{0..1}.w"},
		{"a.0.e.0.w a.0.e.1.w a.1.e.0.w", "a.0.e.{0..1}.w a.1.e.0.w"},
		{"a.0.w a.0.b a.1.w a.1.b", "a.{0..1}.w a.{0..1}.b"},
		{"a.00.w a.01.w", "a.00.w a.01.w"},
		{"a.0.w a.00.w", "a.0.w a.00.w"},
		{"0 1 2", "{0..2}"},
		{"a1 a2", "a1 a2"},
		{"a.+1 a.1 a.-1", "a.+1 a.1 a.-1"},
		{"a.10000000000.w a.10000000001.w", "a.10000000000.w a.10000000001.w"},
		{"h.9.w x h.10.w", "h.{9..10}.w x"},
		{"a. a.0", "a. a.0"},
		{"=a.0 a.0 a.1", "=a.0 a.{0..1}"},
		{"0.0 0.1 1.0 1.1", "{0..1}.{0..1}"},
	} {
		got := FoldNames(strings.Fields(c.names))
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s folds to %q, want %q", c.names, got, c.want)
		}
	}
}

func TestExpandName(t *testing.T) {
	for folded, want := range map[string]string{
		"a": "a", "": "", "a.{0..2}.w": "a.0.w a.1.w a.2.w", "{0..1}.{3,5}": "0.3 0.5 1.3 1.5", "a.{4}": "a.4", "x{0..1}y": "x0y x1y", "{0..2,7,9..10}": "0 1 2 7 9 10",
	} {
		got, err := ExpandName(folded)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s expands to %q, %v", folded, got, err)
		}
	}
	for _, folded := range []string{
		"a.{", "a.}", "a.{0..1", "a.{}", "a.{a}", "a.{1..0}", "a.{1..1}", "a.{0..}", "a.{..1}", "a.{01}", "a.{-1}", "a.{0,0}", "a.{3,1}", "a.{0..3,2}", "a.{0,}", "a.{0..1}}", "a.{{0}}", "a.{0...2}", "a.{0..99999999}", "{0..1048576}",
		"{0..2000}.{0..2000}", strings.Repeat("{0..1048575}", 1000), strings.Repeat("{0}", 100000), "a.{0 ..1}", "{9999999999}",
	} {
		if got, err := ExpandName(folded); err == nil {
			t.Errorf("%.40s expands to %d names", folded, len(got))
		}
	}
}

// expandAll is the inverse of FoldNames, sorted.
func expandAll(t testing.TB, folded []string) []string {
	t.Helper()
	var all []string
	for _, name := range folded {
		names, err := ExpandName(name)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		all = append(all, names...)
	}
	slices.Sort(all)
	return all
}

// Folding loses nothing, invents nothing and does not depend on anything but the names.
func TestFoldIsLossless(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	segments := []string{"0", "1", "2", "3", "10", "11", "007", "a", "layers", "w", "", "=", "1000000001"}
	for range 2000 {
		set := map[string]bool{}
		var names []string
		for range r.IntN(30) + 1 {
			parts := make([]string, r.IntN(4)+1)
			for i := range parts {
				parts[i] = segments[r.IntN(len(segments))]
			}
			if name := strings.Join(parts, "."); !set[name] {
				set[name] = true
				names = append(names, name)
			}
		}
		folded := FoldNames(names)
		slices.Sort(names)
		if got := expandAll(t, folded); !slices.Equal(got, names) {
			t.Fatalf("%q folds to %q, which is %q", names, folded, got)
		}
	}
}

func TestFoldOfARealModel(t *testing.T) {
	var names []string
	for layer := range 61 {
		for expert := range 256 {
			for _, w := range []string{"gate_proj", "up_proj", "down_proj"} {
				names = append(names, fmt.Sprintf("model.layers.%d.mlp.experts.%d.%s.weight", layer, expert, w))
			}
		}
	}
	folded := FoldNames(names)
	if len(folded) != 3 || folded[0] != "model.layers.{0..60}.mlp.experts.{0..255}.gate_proj.weight" {
		t.Errorf("folded to %d names: %q", len(folded), folded[:min(3, len(folded))])
	}
	if got := some([]string{"a.0", "a.1", "b", "c", "d"}, 2); got != "a.{0..1}, b and 2 more" {
		t.Errorf("some: %q", got)
	}
}

// Hostile names of thousands of segments are folded in their first ones only, and stay what they are.
func TestFoldOfDeepNames(t *testing.T) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("a.%d.%s%d.x", i, strings.Repeat("0.", 1000), i))
	}
	folded := FoldNames(names)
	slices.Sort(names)
	if got := expandAll(t, folded); !slices.Equal(got, names) {
		t.Error("deep names are not what they were")
	}
}

func FuzzFold(f *testing.F) {
	f.Add("a.0.w a.1.w a.10.w b")
	f.Add("0.0 0.1 1.0 1.1 .0 0.")
	f.Fuzz(func(t *testing.T, text string) {
		var names []string
		for _, name := range strings.Fields(text) {
			if !strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '{' || c == '}' }) && !slices.Contains(names, name) && len(name) < 100 {
				names = append(names, name)
			}
		}
		folded := FoldNames(names)
		slices.Sort(names)
		if got := expandAll(t, folded); !slices.Equal(got, names) {
			t.Fatalf("%q folds to %q, which is %q", names, folded, got)
		}
	})
}

func FuzzExpandName(f *testing.F) {
	f.Add("a.{0..2,5}.{1}")
	f.Fuzz(func(t *testing.T, folded string) {
		names, err := ExpandName(folded)
		if err == nil && (len(names) == 0 || len(names) > maxExpanded) {
			t.Fatalf("%q stands for %d names", folded, len(names))
		}
	})
}
