package command

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/gen/project"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

func newGen(o *options) *cobra.Command {
	var only, strict bool
	cmd := &cobra.Command{
		Use:   "gen",
		Short: "write the Go packages of all locked checkpoints",
		Long: `Gen proves every locked checkpoint on its recorded facts, specialises the templates on this evidence, type-checks the result in
memory and writes what changed, whole or not at all. It needs no network and no weights.`,
		Example: `  mlxgen gen
  mlxgen gen --check    # exit 1 when the tree is not up to date
  mlxgen gen --strict   # refuse combinations of traits that no locked checkpoint has`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := o.open()
			if err != nil {
				return err
			}
			out, changes, err := o.generate(cmd, p)
			if err != nil {
				return err
			}
			if strict {
				if err := unseen(out).Err(); err != nil {
					return err
				}
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
	cmd.Flags().BoolVar(&strict, "strict", false, "make combinations of traits that no locked checkpoint has an error")
	return cmd
}

// unseen are the combinations of traits that generated code would run, and that no locked checkpoint has.
func unseen(out *project.Output) diag.List {
	var diags diag.List
	for _, g := range out.Packages {
		for _, combination := range g.Unseen {
			diags = append(diags, diag.Errorf("MG3006", "generated/"+g.Policy.Name, "no locked checkpoint has: %s", combination).
				WithHint("lock a checkpoint that has it: mlxgen add ORG/NAME"))
		}
	}
	return diags
}

func init() {
	diag.Register(map[string]string{"MG3006": "Generated code would run a combination of traits that no locked checkpoint has."})
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
		for _, combination := range g.Unseen {
			fmt.Fprintln(w, "  no locked checkpoint has:", combination)
		}
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

// hunk is a change that some places share.
type hunk struct {
	Places []string `json:"places"` // file:line
	Diff   string   `json:"diff"`
}

// hunkHead is the first line of a hunk; the line in the new text, or in the old one of a file that goes, is what people look up.
var hunkHead = regexp.MustCompile(`(?m)^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@\n`)

// hunksOf lists what changes; what changes in the same way in several places stands there once.
func hunksOf(root string, out *project.Output, changes *project.Changes) ([]hunk, error) {
	hunks := []hunk{}
	at := map[string]int{}
	for _, list := range [][]string{changes.New, changes.Edit, changes.Remove} {
		for _, name := range list {
			old, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // a new file has no old text
				return nil, err
			}
			text := string(diff.Diff("a", old, "b", out.Files[name]))
			heads := hunkHead.FindAllStringSubmatchIndex(text, -1)
			for i, head := range heads {
				end := len(text)
				if i+1 < len(heads) {
					end = heads[i+1][0]
				}
				line := text[head[4]:head[5]]
				if line == "0" {
					line = text[head[2]:head[3]]
				}
				body := text[head[1]:end]
				n, ok := at[body]
				if !ok {
					n, at[body] = len(hunks), len(hunks)
					hunks = append(hunks, hunk{Diff: body})
				}
				hunks[n].Places = append(hunks[n].Places, name+":"+line)
			}
		}
	}
	return hunks, nil
}

// printDiff prints hunks, each once, under the places that share it.
func (o *options) printDiff(cmd *cobra.Command, root string, out *project.Output, changes *project.Changes) error {
	hunks, err := hunksOf(root, out, changes)
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(cmd, map[string]any{"new": some(changes.New), "changed": some(changes.Edit), "gone": some(changes.Remove), "hunks": hunks})
	}
	for _, e := range evidence(root, out) {
		fmt.Fprintln(cmd.OutOrStdout(), e)
	}
	for _, h := range hunks {
		for _, place := range h.Places {
			fmt.Fprintln(cmd.OutOrStdout(), "===", place)
		}
		fmt.Fprintln(cmd.OutOrStdout(), h.Diff)
	}
	return nil
}

// evidence tells, per package, which checkpoints came and went since its tree was generated. A package that is new has all of its checkpoints anew.
func evidence(root string, out *project.Output) []string {
	var lines []string
	for _, g := range out.Packages {
		name := path.Join("generated", g.Policy.Name, g.Policy.Name+"_test.go")
		before, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			before = nil
		}
		var changes []string
		for _, id := range g.Checkpoints {
			if !bytes.Contains(before, []byte("\n\t"+strconv.Quote(id)+",\n")) {
				changes = append(changes, "+"+id)
			}
		}
		for _, m := range listedID.FindAllSubmatch(before, -1) {
			if id := string(m[1]); !slices.Contains(g.Checkpoints, id) {
				changes = append(changes, "-"+id)
			}
		}
		if len(changes) > 0 {
			lines = append(lines, fmt.Sprintf("generated/%s: checkpoints %s", g.Policy.Name, strings.Join(changes, " ")))
		}
	}
	return lines
}

// listedID is a line of the list of checkpoints in a generated test.
var listedID = regexp.MustCompile(`(?m)^\t"([\w.-]+/[\w.-]+)",$`)

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
