// Package evidence writes what a locked checkpoint amounts to as text: its normalised config with the origin of every fact, the layer table, the parameters
// and how they are stored, the state, the tensors that are dropped. These texts stand beside the generated code, so that a change of a policy or of the
// contract shows in a review as what it does to every checkpoint.
package evidence

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/gen/resolve"
	"github.com/mlxgen/mlxgen/runtime/contract"
)

// Text is the evidence of one checkpoint. It depends on nothing but the argument.
func Text(r *resolve.Resolved) []byte {
	w := &writer{}
	fmt.Fprintf(&w.b, "%s is %s, in layout %s.\n", r.ID, r.Policy.Name, r.Proof.Layout)
	w.table("facts", factRows(r.Config.Facts))
	w.table(fmt.Sprintf("layers (%d)", len(r.Config.Layers)), layerRows(r.Config.Layers))
	w.table(fmt.Sprintf("parameters (%d)", len(r.Proof.Bindings)), parameterRows(r.Proof.Bindings))
	w.table("state", stateRows(r.States))
	w.table("dropped tensors", droppedRows(r.Proof.Dropped))
	return []byte(w.b.String())
}

type writer struct{ b strings.Builder }

// table writes rows under a title, in columns that are as wide as they need to be.
func (w *writer) table(title string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(&w.b, "\n%s\n", title)
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		line := " "
		for i, cell := range row {
			line += fmt.Sprintf(" %-*s ", widths[i], cell)
		}
		w.b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func factRows(facts contract.Facts) [][]string {
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		rows = append(rows, []string{name, value(facts[name].Value), facts[name].From})
	}
	return rows
}

// layerRows joins the layers that are alike in a column.
func layerRows(layers []contract.Facts) [][]string {
	if len(layers) == 0 {
		return nil
	}
	var rows [][]string
	for _, column := range slices.Sorted(maps.Keys(layers[0])) {
		g := &groups{}
		for i, row := range layers {
			g.add(fmt.Sprint(i), value(row[column].Value), row[column].From)
		}
		for _, row := range g.rows() {
			rows = append(rows, append([]string{column, strings.Trim(row[0], "{}")}, row[1:]...))
		}
	}
	return rows
}

func parameterRows(bindings []contract.Binding) [][]string {
	g := &groups{}
	for _, b := range bindings {
		shape := fmt.Sprint(b.Param.Shape)
		if b.Param.Bias {
			shape += " with bias"
		}
		g.add(b.Param.Path, b.Param.Type, shape, stored(&b))
	}
	return g.rows()
}

// stored is how the weight of a parameter is kept.
func stored(b *contract.Binding) string {
	if b.Quant == nil {
		return string(b.Weight.DType)
	}
	text := string(b.Quant.Format)
	if b.Quant.Bits > 0 {
		text += fmt.Sprintf(", %d bits", b.Quant.Bits)
	}
	if b.Quant.Block[0] > 0 {
		text += fmt.Sprintf(", blocks of %d by %d", b.Quant.Block[0], b.Quant.Block[1])
	}
	if b.Quant.Group > 0 {
		text += fmt.Sprintf(", groups of %d", b.Quant.Group)
	}
	return text
}

func stateRows(states []contract.StateSpec) [][]string {
	g := &groups{}
	for _, s := range states {
		window := "all positions"
		if s.Window > 0 {
			window = fmt.Sprintf("window of %d", s.Window)
		}
		g.add(s.Path, s.Kind, fmt.Sprint(s.Dims), window)
	}
	return g.rows()
}

func droppedRows(dropped []contract.Dropped) [][]string {
	g := &groups{}
	for _, d := range dropped {
		g.add(d.Tensor.Name, d.Reason)
	}
	return g.rows()
}

// groups collects names by what is said of them, in order of first appearance.
type groups struct {
	order []string
	names map[string][]string
	cells map[string][]string
}

func (g *groups) add(name string, cells ...string) {
	if g.names == nil {
		g.names, g.cells = map[string][]string{}, map[string][]string{}
	}
	key := strings.Join(cells, "\x00")
	if g.names[key] == nil {
		g.order = append(g.order, key)
		g.cells[key] = cells
	}
	g.names[key] = append(g.names[key], name)
}

// rows has one row a folded name.
func (g *groups) rows() [][]string {
	var rows [][]string
	for _, key := range g.order {
		for _, name := range contract.FoldNames(g.names[key]) {
			rows = append(rows, append([]string{name}, g.cells[key]...))
		}
	}
	return rows
}

// value is a value with all of its parts: a rope plan in full.
func value(v contract.Value) string {
	if v.Kind != contract.RopePlan || v.Rope == nil {
		return v.String()
	}
	var parts []string
	rope := reflect.ValueOf(*v.Rope)
	for i := range rope.NumField() {
		if field := rope.Field(i); !field.IsZero() {
			parts = append(parts, fmt.Sprintf("%s %v", rope.Type().Field(i).Name, field.Interface()))
		}
	}
	return strings.Join(parts, ", ")
}
