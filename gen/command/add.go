package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/gen/facts"
	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/gen/project"
	"github.com/mlxgen/mlxgen/gen/resolve"
	"github.com/mlxgen/mlxgen/runtime/contract"
)

func newAdd(o *options) *cobra.Command {
	var as string
	var inert []string
	var whole bool
	cmd := &cobra.Command{
		Use:   "add FOLDER",
		Short: "prove a checkpoint and pin it in checkpoints.lock",
		Long: `Add reads config.json and the safetensors headers of a checkpoint (never weights), proves that a family takes every tensor and
every config key, and records what was proven: a block in checkpoints.lock and the facts under checkpoints/ORG/NAME. When the
proof fails nothing is written.`,
		Example: `  mlxgen add ~/models/Qwen3-0.6B --as Qwen/Qwen3-0.6B
  mlxgen add checkpoints/mlxgen/demo
  mlxgen add ./folder --as me/tune --inert my_note="written by my trainer, read by nothing"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.open()
			if err != nil {
				return err
			}
			id, err := checkpointID(p.Root, args[0], as)
			if err != nil {
				return err
			}
			f, files, err := facts.FromFolder(args[0], whole)
			if err != nil {
				return err
			}
			locked := lockfile.Checkpoint{ID: id, Source: lockfile.Source{Kind: "folder"}, Files: files}
			if locked.Inert, err = parseInert(inert); err != nil {
				return err
			}
			r, diags := p.ResolveOne(id, f, locked.Inert)
			if err := diags.Err(); err != nil {
				return err
			}
			warn(cmd, diags)
			if err := p.Record(p.Lock.With(locked), id, f.Tree()); err != nil {
				return err
			}
			printProof(cmd, r)
			fmt.Fprintln(cmd.OutOrStdout(), "next: mlxgen gen")
			return nil
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "the `org/name` to pin it under (default: the folder's place below checkpoints/)")
	cmd.Flags().StringArrayVar(&inert, "inert", nil, "record that a config key changes no arithmetic: `key=reason`")
	cmd.Flags().BoolVar(&whole, "hash", false, "hash weights whole, not only their headers")
	return cmd
}

// checkpointID is the id to pin a folder under.
func checkpointID(root, dir, as string) (string, error) {
	if as == "" {
		if _, err := os.Stat(dir); err != nil && lockfile.ValidID(dir) {
			return "", fmt.Errorf("there is no folder %s; download the checkpoint first and add its folder with --as %s", dir, dir)
		}
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return "", err
		}
		relative, err := filepath.Rel(filepath.Join(root, "checkpoints"), absolute)
		if err != nil || !lockfile.ValidID(filepath.ToSlash(relative)) {
			return "", fmt.Errorf("%s: name the checkpoint with --as org/name", dir)
		}
		as = filepath.ToSlash(relative)
	}
	if !lockfile.ValidID(as) {
		return "", fmt.Errorf("--as %s: want org/name of letters, digits, '.', '_' and '-'", as)
	}
	return as, nil
}

func parseInert(pairs []string) ([]lockfile.Inert, error) {
	var inert []lockfile.Inert
	for _, pair := range pairs {
		key, reason, ok := strings.Cut(pair, "=")
		reason = strings.Join(strings.Fields(reason), " ")
		if !ok || key == "" || reason == "" || strings.ContainsAny(key, " \t\n") {
			return nil, fmt.Errorf("--inert %q: want key=reason", pair)
		}
		inert = append(inert, lockfile.Inert{Key: key, Reason: reason})
	}
	return inert, nil
}

// printProof says what was proven.
func printProof(cmd *cobra.Command, r *resolve.Resolved) {
	w := cmd.OutOrStdout()
	tensors, parameters := 0, 0
	var bytes int64
	for _, h := range r.Facts.Headers {
		tensors += len(h.Tensors)
		for _, t := range h.Tensors {
			elements := int64(1)
			for _, d := range t.Shape {
				elements *= int64(d)
			}
			bytes += elements * t.DType.Bits() / 8
		}
	}
	for _, p := range r.Params {
		n := 1
		for _, d := range p.Shape {
			n *= d
		}
		parameters += n
	}
	fmt.Fprintf(w, "%s: proven as %s (layout %s)\n", r.ID, r.Policy.Name, r.Proof.Layout)
	fmt.Fprintf(w, "  %d tensors, %s, %d layers: every one is taken by one of %d parameters (%.1f M numbers)", tensors, size(bytes), len(r.Config.Layers), len(r.Params), float64(parameters)/1e6)
	if n := len(r.Proof.Dropped); n > 0 {
		fmt.Fprintf(w, ", but for %d dropped with a reason", n)
	}
	fmt.Fprintf(w, "\n  %d config keys, every one read or known to change nothing\n", len(r.Facts.Raw.Root.Keys))
	for format, n := range formats(r.Proof) {
		fmt.Fprintf(w, "  %d parameters are stored as %s\n", n, format)
	}
}

func formats(p *contract.Proof) map[contract.Format]int {
	counts := map[contract.Format]int{}
	for _, b := range p.Bindings {
		if b.Quant != nil {
			counts[b.Quant.Format]++
		}
	}
	return counts
}

func size(bytes int64) string {
	switch {
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
}

func newRemove(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "remove ORG/NAME",
		Short:   "unpin a checkpoint and delete its recorded facts (never weights)",
		Example: "  mlxgen remove me/tune && mlxgen gen",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.open()
			if err != nil {
				return err
			}
			if p.Lock.Find(args[0]) == nil {
				return unknownCheckpoint(p, args[0])
			}
			f, err := facts.ReadDir(filepath.Join(p.Root, filepath.FromSlash(project.FactsDir(args[0]))))
			var names []string
			if err == nil {
				for name := range f.Tree() {
					names = append(names, name)
				}
			}
			if err := p.Forget(args[0], names); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: removed\nnext: mlxgen gen\n", args[0])
			return nil
		},
	}
}

func unknownCheckpoint(p *project.Project, id string) error {
	var ids []string
	for _, c := range p.Lock.Checkpoints {
		ids = append(ids, c.ID)
	}
	return fmt.Errorf("%s is not locked; locked are: %s", id, strings.Join(ids, ", "))
}
