package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/gen/project"
	"github.com/mlxgen/mlxgen/runtime/contract"
)

func newGen(o *options) *cobra.Command {
	var only bool
	cmd := &cobra.Command{
		Use:   "gen",
		Short: "write the Go packages of all locked checkpoints",
		Long: `Gen proves every locked checkpoint on its recorded facts, specialises the templates on this evidence, type-checks the result in
memory and writes what changed, whole or not at all. It needs no network and no weights.`,
		Example: "  mlxgen gen\n  mlxgen gen --check   # exit 1 when the tree is not up to date",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := o.open()
			if err != nil {
				return err
			}
			out, changes, err := o.generate(cmd, p)
			if err != nil {
				return err
			}
			if !only {
				if err := changes.Apply(); err != nil {
					return err
				}
			}
			if err := o.printGenerated(cmd, out, changes); err != nil {
				return err
			}
			if only && !changes.Empty() {
				return ErrDifference
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&only, "check", false, "write nothing; exit 1 when the tree is not up to date")
	return cmd
}

// generate makes the tree and compares it with the disk.
func (o *options) generate(cmd *cobra.Command, p *project.Project) (*project.Output, *project.Changes, error) {
	out, diags := p.Generate()
	if err := diags.Err(); err != nil {
		return nil, nil, err
	}
	o.warn(cmd, diags)
	changes, err := p.Compare(out)
	return out, changes, err
}

func (o *options) printGenerated(cmd *cobra.Command, out *project.Output, changes *project.Changes) error {
	if o.json {
		type made struct {
			Name        string           `json:"name"`
			Checkpoints []string         `json:"checkpoints"`
			Guards      []contract.Guard `json:"guards"`
			Unseen      []string         `json:"unseen"`
		}
		packages := []made{}
		for _, g := range out.Packages {
			packages = append(packages, made{g.Policy.Name, some(g.Checkpoints), some(g.Guards), some(g.Unseen)})
		}
		return writeJSON(cmd, map[string]any{"packages": packages, "new": some(changes.New), "changed": some(changes.Edit), "gone": some(changes.Remove)})
	}
	w := cmd.OutOrStdout()
	for _, g := range out.Packages {
		fmt.Fprintf(w, "generated/%s: %d checkpoints, %d guards\n", g.Policy.Name, len(g.Checkpoints), len(g.Guards))
	}
	for _, name := range changes.New {
		fmt.Fprintln(w, "  new    ", name)
	}
	for _, name := range changes.Edit {
		fmt.Fprintln(w, "  changed", name)
	}
	for _, name := range changes.Remove {
		fmt.Fprintln(w, "  gone   ", name)
	}
	if changes.Empty() {
		fmt.Fprintf(w, "%d files, all up to date\n", len(out.Files))
	}
	return nil
}

func newDiff(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "diff",
		Short:   "show what gen would change, and exit 1 when that is something",
		Example: "  mlxgen diff",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := o.open()
			if err != nil {
				return err
			}
			out, changes, err := o.generate(cmd, p)
			if err != nil {
				return err
			}
			if err := o.printDiff(cmd, p.Root, out, changes); err != nil {
				return err
			}
			if changes.Empty() {
				return nil
			}
			return ErrDifference
		},
	}
}

// hunk is a change that some files share.
type hunk struct {
	Files []string `json:"files"`
	Diff  string   `json:"diff"`
}

// printDiff prints a unified diff of each file; files that change in the same way are named together.
func (o *options) printDiff(cmd *cobra.Command, root string, out *project.Output, changes *project.Changes) error {
	hunks := []hunk{}
	at := map[string]int{}
	for _, list := range [][]string{changes.New, changes.Edit, changes.Remove} {
		for _, name := range list {
			old, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // a new file has no old text
				return err
			}
			text := string(diff.Diff("a", old, "b", out.Files[name]))
			// The first lines hold the names, which differ.
			if start := strings.Index(text, "@@"); start >= 0 {
				text = text[start:]
			}
			i, ok := at[text]
			if !ok {
				i, at[text] = len(hunks), len(hunks)
				hunks = append(hunks, hunk{Diff: text})
			}
			hunks[i].Files = append(hunks[i].Files, name)
		}
	}
	if o.json {
		return writeJSON(cmd, map[string]any{"new": some(changes.New), "changed": some(changes.Edit), "gone": some(changes.Remove), "hunks": hunks})
	}
	for _, h := range hunks {
		for _, name := range h.Files {
			fmt.Fprintln(cmd.OutOrStdout(), "===", name)
		}
		fmt.Fprintln(cmd.OutOrStdout(), h.Diff)
	}
	return nil
}

func newLint(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "lint",
		Short:   "check that templates keep to the subset of Go that can be specialised",
		Example: "  mlxgen lint",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := o.open() // opening lints
			if err != nil {
				return err
			}
			for _, x := range p.Policies {
				if err := x.Validate(); err != nil {
					return err
				}
			}
			if o.json {
				return writeJSON(cmd, map[string]int{"policies": len(p.Policies)})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "templates and %d policies are clean\n", len(p.Policies))
			return nil
		},
	}
}
