package command

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/gen/project"
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
			out, changes, err := generate(cmd, p)
			if err != nil {
				return err
			}
			printGenerated(cmd, out, changes)
			if changes.Empty() {
				return nil
			}
			if only {
				return ErrDifference
			}
			return changes.Apply()
		},
	}
	cmd.Flags().BoolVar(&only, "check", false, "write nothing; exit 1 when the tree is not up to date")
	return cmd
}

// generate makes the tree and compares it with the disk.
func generate(cmd *cobra.Command, p *project.Project) (*project.Output, *project.Changes, error) {
	out, diags := p.Generate()
	if err := diags.Err(); err != nil {
		return nil, nil, err
	}
	warn(cmd, diags)
	changes, err := p.Compare(out)
	return out, changes, err
}

func printGenerated(cmd *cobra.Command, out *project.Output, changes *project.Changes) {
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
			out, changes, err := generate(cmd, p)
			if err != nil || changes.Empty() {
				return err
			}
			printDiff(cmd, p.Root, out, changes)
			return ErrDifference
		},
	}
}

// printDiff prints a unified diff of each file; files that change in the same way are named together.
func printDiff(cmd *cobra.Command, root string, out *project.Output, changes *project.Changes) {
	var texts []string
	names := map[string][]string{}
	for _, list := range [][]string{changes.New, changes.Edit, changes.Remove} {
		for _, name := range list {
			old, _ := os.ReadFile(filepath.Join(root, filepath.FromSlash(name))) // a new file has no old text
			text := string(diff.Diff("a", old, "b", out.Files[name]))
			// The first lines hold the names, which differ.
			if at := bytes.Index([]byte(text), []byte("@@")); at >= 0 {
				text = text[at:]
			}
			if names[text] == nil {
				texts = append(texts, text)
			}
			names[text] = append(names[text], name)
		}
	}
	for _, text := range texts {
		for _, name := range names[text] {
			fmt.Fprintln(cmd.OutOrStdout(), "===", name)
		}
		fmt.Fprintln(cmd.OutOrStdout(), text)
	}
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
			fmt.Fprintf(cmd.OutOrStdout(), "templates and %d policies are clean\n", len(p.Policies))
			return nil
		},
	}
}
