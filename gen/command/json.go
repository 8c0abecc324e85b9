package command

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/gen/resolve"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// writeJSON prints a result for machines, on one line.
func writeJSON(cmd *cobra.Command, v any) error {
	encoder := json.NewEncoder(cmd.OutOrStdout())
	encoder.SetEscapeHTML(false) // the output holds code
	return encoder.Encode(v)
}

// forMachines is an error that is to be printed as JSON.
type forMachines struct{ error }

func (e forMachines) Unwrap() error { return e.error }

// render prints any error as a list of diagnostics.
func (e forMachines) render(w io.Writer) {
	var list diag.List
	if !errors.As(e.error, &list) {
		list = diag.List{{Severity: diag.Error, Message: e.Error()}}
	}
	list.RenderJSON(w)
}

// proven is what was proven of a checkpoint, as JSON.
type proven struct {
	Checkpoint string `json:"checkpoint"`
	Policy     string `json:"policy"`
	Layout     string `json:"layout"`
	Source     string `json:"source,omitempty"`
	Revision   string `json:"revision,omitempty"`
	Layers     int    `json:"layers"`
	Tensors    int    `json:"tensors"`
	Bytes      int64  `json:"bytes"`
	Numbers    int64  `json:"numbers"` // of the model
}

func proofJSON(r *resolve.Resolved, locked *lockfile.Checkpoint) proven {
	p := proven{Checkpoint: r.ID, Policy: r.Policy.Name, Layout: r.Proof.Layout, Layers: len(r.Config.Layers)}
	p.Tensors, p.Bytes, p.Numbers = counts(r)
	if locked != nil {
		p.Source, p.Revision = locked.Source.Kind, locked.Source.Revision
	}
	return p
}

// factJSON is a fact with its provenance.
type factJSON struct {
	Value string `json:"value"`
	From  string `json:"from"`
}

func factsJSON(facts contract.Facts) map[string]factJSON {
	m := map[string]factJSON{}
	for name, f := range facts {
		m[name] = factJSON{f.Value.String(), f.From}
	}
	return m
}

// some is a list that is [] where it is empty.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
