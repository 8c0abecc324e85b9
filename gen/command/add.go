package command

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/gen/hub"
	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/gen/project"
	"github.com/mlxgen/mlxgen/gen/resolve"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

func newAdd(o *options) *cobra.Command {
	var as string
	var inert []string
	var whole bool
	cmd := &cobra.Command{
		Use:   "add ORG/NAME[@REVISION] | FOLDER",
		Short: "prove a checkpoint and pin it in checkpoints.lock",
		Long: `Add reads config.json and the safetensors headers of a checkpoint (never weights), proves that a family takes every tensor and
every config key, and records what was proven: a block in checkpoints.lock and the facts under checkpoints/ORG/NAME. When the
proof fails nothing is written.

A name that is no folder is asked of the hub: of HF_ENDPOINT if that is set, with the token of HF_TOKEN. Some hundred kilobytes
are read, also of the largest models. Decisions that were recorded with --inert before stay.`,
		Example: `  mlxgen add Qwen/Qwen3-0.6B
  mlxgen add Qwen/Qwen3-0.6B@c1899de289a04d12100db370d81485cdf75e47ca
  mlxgen add ~/models/Qwen3-0.6B --as Qwen/Qwen3-0.6B
  mlxgen add ./folder --as me/tune --inert my_note="written by my trainer, read by nothing"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.open()
			if err != nil {
				return err
			}
			found, err := o.find(cmd, p.Root, args[0], as, whole)
			if err != nil {
				return err
			}
			before := p.Lock.Find(found.Lock.ID)
			r, diags, err := o.prove(p, found, before, inert)
			if err != nil {
				return err
			}
			o.warn(cmd, diags)
			if err := p.Record(p.Lock.With(found.Lock), r.ID, found.Facts.Tree()); err != nil {
				return err
			}
			return o.printAdded(cmd, r, &found.Lock)
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "the `org/name` to pin a folder under (default: its place below checkpoints/)")
	cmd.Flags().StringArrayVar(&inert, "inert", nil, "record that a config key changes no arithmetic: `key=reason`")
	cmd.Flags().BoolVar(&whole, "hash", false, "hash a folder's weights whole, not only their headers")
	return cmd
}

// prove proves a checkpoint with the decisions that were recorded before, where they still concern it, and those of the command line.
func (o *options) prove(p *project.Project, found *hub.Checkpoint, before *lockfile.Checkpoint, pairs []string) (*resolve.Resolved, diag.List, error) {
	decided, err := parseInert(pairs)
	if err != nil {
		return nil, nil, err
	}
	for _, i := range decided {
		if found.Facts.Raw.At(i.Key) == nil {
			return nil, nil, fmt.Errorf("--inert %s: the config has no such key", i.Key)
		}
	}
	if before != nil {
		for _, i := range before.Inert {
			again := slices.ContainsFunc(decided, func(d lockfile.Inert) bool { return d.Key == i.Key })
			if !again && found.Facts.Raw.At(i.Key) != nil {
				decided = append(decided, i)
			}
		}
	}
	r, diags := p.ResolveOne(found.Lock.ID, found.Facts, decided)
	if err := diags.Err(); err != nil {
		return nil, nil, err
	}
	for n, i := range decided[:len(pairs)] {
		without := slices.Delete(slices.Clone(decided), n, n+1)
		if _, d := p.ResolveOne(found.Lock.ID, found.Facts, without); !d.HasErrors() {
			return nil, nil, fmt.Errorf("--inert %s: no decision is needed, the key is read or known to change nothing", i.Key)
		}
	}
	found.Lock.Inert = decided
	return r, diags, nil
}

func (o *options) printAdded(cmd *cobra.Command, r *resolve.Resolved, locked *lockfile.Checkpoint) error {
	if o.json {
		return writeJSON(cmd, proofJSON(r, locked))
	}
	printProof(cmd, r)
	if locked.Source.Kind == "hub" {
		fmt.Fprintf(cmd.OutOrStdout(), "  revision %s\n", locked.Source.Revision)
	}
	fmt.Fprintln(cmd.OutOrStdout(), "next: mlxgen gen")
	return nil
}

func parseInert(pairs []string) ([]lockfile.Inert, error) {
	var inert []lockfile.Inert
	for _, pair := range pairs {
		key, reason, ok := strings.Cut(pair, "=")
		if slices.ContainsFunc(inert, func(i lockfile.Inert) bool { return i.Key == key }) {
			return nil, fmt.Errorf("--inert %s: given twice", key)
		}
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
	tensors, bytes, parameters := counts(r)
	fmt.Fprintf(w, "%s: proven as %s (layout %s)\n", r.ID, r.Policy.Name, r.Proof.Layout)
	fmt.Fprintf(w, "  %d tensors, %s, %d layers: every one is taken by one of %d parameters (%.1f M numbers)", tensors, size(bytes), len(r.Config.Layers), len(r.Params), float64(parameters)/1e6)
	if n := len(r.Proof.Dropped); n > 0 {
		fmt.Fprintf(w, ", but for %d dropped with a reason", n)
	}
	fmt.Fprintf(w, "\n  %d config keys, every one read or known to change nothing\n", len(r.Facts.Raw.Root.Keys))
	stored := formats(r.Proof)
	for _, format := range slices.Sorted(maps.Keys(stored)) {
		fmt.Fprintf(w, "  %d parameters are stored as %s\n", stored[format], format)
	}
}

// counts counts tensors, their bytes, and the numbers of the model.
func counts(r *resolve.Resolved) (tensors int, bytes int64, numbers int64) {
	for _, h := range r.Facts.Headers {
		tensors += len(h.Tensors)
		for _, t := range h.Tensors {
			bytes += elements(t.Shape) * t.DType.Bits() / 8
		}
	}
	for _, p := range r.Params {
		numbers += elements(p.Shape)
		if p.Bias {
			numbers += int64(p.Shape[0])
		}
	}
	return tensors, bytes, numbers
}

func elements(shape []int) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= int64(d)
	}
	return n
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
			if err := p.Forget(args[0]); err != nil {
				return err
			}
			if o.json {
				return writeJSON(cmd, map[string]string{"removed": args[0]})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: removed\nnext: mlxgen gen\n", args[0])
			return nil
		},
	}
}

func unknownCheckpoint(p *project.Project, id string) error {
	if len(p.Lock.Checkpoints) == 0 {
		return fmt.Errorf("%s is not locked; nothing is, as yet: mlxgen add ORG/NAME", id)
	}
	var ids []string
	for _, c := range p.Lock.Checkpoints {
		ids = append(ids, c.ID)
	}
	return fmt.Errorf("%s is not locked; locked are: %s", id, strings.Join(ids, ", "))
}
