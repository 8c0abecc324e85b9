package command

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/gen/facts"
	"github.com/mlxgen/mlxgen/gen/project"
	"github.com/mlxgen/mlxgen/gen/resolve"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

func newList(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "list the locked checkpoints with their families",
		Example: "  mlxgen list\n  mlxgen list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := o.open()
			if err != nil {
				return err
			}
			resolved, diags := p.Resolve()
			if err := diags.Err(); err != nil {
				return err
			}
			if o.json {
				rows := []proven{}
				for _, r := range resolved {
					rows = append(rows, proofJSON(r, p.Lock.Find(r.ID)))
				}
				return writeJSON(cmd, rows)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "CHECKPOINT\tFAMILY\tLAYOUT\tLAYERS\tPARAMETERS")
			for _, r := range resolved {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", r.ID, r.Policy.Name, r.Proof.Layout, len(r.Config.Layers), len(r.Params))
			}
			return w.Flush()
		},
	}
}

func newInspect(o *options) *cobra.Command {
	var brief bool
	cmd := &cobra.Command{
		Use:   "inspect ORG/NAME | FOLDER",
		Short: "show what a checkpoint amounts to, and where each fact comes from",
		Example: `  mlxgen inspect mlxgen/demo
  mlxgen inspect ./folder --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.open()
			if err != nil {
				return err
			}
			r, err := o.resolve(p, args[0])
			if err != nil {
				return err
			}
			switch {
			case o.json:
				return inspectJSON(cmd, r)
			case brief:
				printProof(cmd, r)
			default:
				inspect(cmd, r)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&brief, "brief", false, "show the outcome of the proof only")
	return cmd
}

// resolve proves a locked checkpoint or a folder.
func (o *options) resolve(p *project.Project, name string) (*resolve.Resolved, error) {
	if c := p.Lock.Find(name); c != nil {
		f, diags := p.Facts(c)
		if err := diags.Err(); err != nil {
			return nil, err
		}
		r, diags := p.ResolveOne(name, f, c.Inert)
		return r, diags.Err()
	}
	if _, err := os.Stat(name); err != nil {
		return nil, unknownCheckpoint(p, name)
	}
	f, _, err := facts.FromFolder(name, false)
	if err != nil {
		return nil, err
	}
	r, diags := p.ResolveOne(name, f, nil)
	return r, diags.Err()
}

func inspect(cmd *cobra.Command, r *resolve.Resolved) {
	printProof(cmd, r)
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nFACT\tVALUE\tFROM")
	for _, name := range slices.Sorted(maps.Keys(r.Config.Facts)) {
		f := r.Config.Facts[name]
		fmt.Fprintf(w, "%s\t%s\t%s\n", name, f.Value, f.From)
	}
	if len(r.Config.Layers) > 0 {
		fmt.Fprintf(w, "\nLAYER 0 OF %d\tVALUE\tFROM\n", len(r.Config.Layers))
		for _, name := range slices.Sorted(maps.Keys(r.Config.Layers[0])) {
			f := r.Config.Layers[0][name]
			fmt.Fprintf(w, "%s\t%s\t%s\n", name, f.Value, f.From)
		}
	}
	fmt.Fprintln(w, "\nPARAMETER\tTYPE\tSHAPE")
	shapes := map[string][]string{}
	var order []string
	for _, p := range r.Params {
		key := fmt.Sprintf("%s\t%v", describe(p), p.Shape)
		if shapes[key] == nil {
			order = append(order, key)
		}
		shapes[key] = append(shapes[key], p.Path)
	}
	for _, key := range order {
		for _, name := range contract.FoldNames(shapes[key]) {
			fmt.Fprintf(w, "%s\t%s\n", name, key)
		}
	}
	for _, d := range r.Proof.Dropped {
		fmt.Fprintf(w, "%s\tdropped\t%s\n", d.Tensor.Name, d.Reason)
	}
	w.Flush()
}

func describe(p contract.Param) string {
	if p.Bias {
		return p.Type + " with bias"
	}
	return p.Type
}

func inspectJSON(cmd *cobra.Command, r *resolve.Resolved) error {
	type parameter struct {
		Path  string `json:"path"`
		Type  string `json:"type"`
		Shape []int  `json:"shape"`
		Bias  bool   `json:"bias"`
	}
	type drop struct {
		Tensor string `json:"tensor"`
		Reason string `json:"reason"`
	}
	layers := []map[string]factJSON{}
	for _, row := range r.Config.Layers {
		layers = append(layers, factsJSON(row))
	}
	parameters, dropped := []parameter{}, []drop{}
	for _, p := range r.Params {
		parameters = append(parameters, parameter{p.Path, p.Type, p.Shape, p.Bias})
	}
	for _, d := range r.Proof.Dropped {
		dropped = append(dropped, drop{d.Tensor.Name, d.Reason})
	}
	return writeJSON(cmd, map[string]any{
		"checkpoint": r.ID, "policy": r.Policy.Name, "layout": r.Proof.Layout,
		"facts": factsJSON(r.Config.Facts), "layers": layers, "parameters": parameters, "dropped": dropped,
	})
}

func newVerify(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "verify ORG/NAME FOLDER",
		Short:   "compare a folder's files with the sizes and digests of the lock",
		Example: "  mlxgen verify mlxgen/demo checkpoints/mlxgen/demo",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.open()
			if err != nil {
				return err
			}
			c := p.Lock.Find(args[0])
			if c == nil {
				return unknownCheckpoint(p, args[0])
			}
			diags, err := facts.Verify(args[1], c.Files)
			if err != nil {
				return err
			}
			if o.json {
				if err := writeJSON(cmd, map[string]any{"checkpoint": c.ID, "files": len(c.Files), "differences": some(diags)}); err != nil {
					return err
				}
			} else {
				o.warn(cmd, diags)
			}
			if len(diags) > 0 {
				return ErrDifference
			}
			if o.json {
				return nil
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d files are what the lock says\n", args[0], len(c.Files))
			return nil
		},
	}
}

func newExplain(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "explain CODE",
		Short:   "say what a diagnostic's code means",
		Example: "  mlxgen explain MG1203",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, ok := diag.Explain(args[0])
			if !ok {
				return fmt.Errorf("there is no code %s", args[0])
			}
			if o.json {
				return writeJSON(cmd, map[string]string{"code": args[0], "meaning": text})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", args[0], text)
			return nil
		},
	}
}
