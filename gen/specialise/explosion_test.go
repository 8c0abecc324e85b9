package specialise

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// TestManyPaths checks that a function with many partial exits, which has a path for every combination of its conditions, is folded in reasonable time.
func TestManyPaths(t *testing.T) {
	var fields, body strings.Builder
	for i := range 30 {
		fmt.Fprintf(&fields, "\tB%d bool `trait:\"layer.b%d\"`\n", i, i)
		fmt.Fprintf(&body, "\tif l.B%d {\n\t\tx = x.Add(x)\n\t\tif n > %d {\n\t\t\treturn x\n\t\t}\n\t}\n", i, i)
	}
	source := standIn(t)
	source["templates/t/t.go"] = &fstest.MapFile{Data: fmt.Appendf(nil, `// Package t has many paths.
package t

import (
	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/nn"
)

// Model is the root.
//
//mlxgen:root
type Model struct {
	Layers []*Layer %[3]sparam:"layers" each:"layers"%[3]s
}

// Body runs.
func (m *Model) Body(s *nn.Step, x mlx.Array, n int) mlx.Array {
	for _, l := range m.Layers {
		x = l.forward(s, x, n)
	}
	return x
}

// Layer has many traits.
type Layer struct {
	P *nn.Linear %[3]sparam:"p" dims:"n, n"%[3]s
%[1]s}

func (l *Layer) forward(s *nn.Step, x mlx.Array, n int) mlx.Array {
%[2]s	return l.P.Forward(s, x)
}
`, fields.String(), body.String(), "`")}
	ts, _ := Load(Options{Source: source, lax: true})
	res, diags := ts.Specialise(Request{Template: "t", Package: "t", Evidence: ts.invented("t")})
	if res == nil {
		t.Fatal(diags)
	}
	if len(res.Guards) > 0 {
		t.Errorf("%d guards although nothing is decided", len(res.Guards))
	}
}
