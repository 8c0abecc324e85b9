package command

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/gen/facts"
	"github.com/mlxgen/mlxgen/gen/hub"
	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/gen/project"
	"github.com/mlxgen/mlxgen/gen/resolve"
)

func newUpdate(o *options) *cobra.Command {
	var inert []string
	var only bool
	cmd := &cobra.Command{
		Use:   "update ORG/NAME[@REVISION]",
		Short: "pin a locked checkpoint to what the hub has now",
		Long: `Update asks the hub what a locked checkpoint's branch main, or the revision named, is now, shows what changed since it was locked,
proves it and records it. When the proof fails nothing is written.`,
		Example: `  mlxgen update Qwen/Qwen3-0.6B
  mlxgen update Qwen/Qwen3-0.6B --check   # write nothing; exit 1 when the hub has something else`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.open()
			if err != nil {
				return err
			}
			id, revision, ok := splitRevision(args[0])
			before := p.Lock.Find(id)
			switch {
			case !ok:
				return fmt.Errorf("%s: want ORG/NAME or ORG/NAME@REVISION", args[0])
			case before == nil:
				return unknownCheckpoint(p, id)
			case before.Source.Kind != "hub":
				return fmt.Errorf("%s was added from a folder: mlxgen add FOLDER --as %s", id, id)
			}
			found, err := o.ask(cmd, id, revision)
			if err != nil {
				return err
			}
			r, diags, err := o.prove(p, found, before, inert)
			if err != nil {
				return err
			}
			o.warn(cmd, diags)
			u := compare(p, before, found, r)
			if err := u.print(cmd, o.json); err != nil {
				return err
			}
			if u.From == u.To && !u.Changed && len(inert) == 0 {
				return nil
			}
			if only {
				return ErrDifference
			}
			if err := p.Record(p.Lock.With(found.Lock), id, found.Facts.Tree()); err != nil || o.json {
				return err
			}
			return o.printAdded(cmd, r, &found.Lock)
		},
	}
	cmd.Flags().StringArrayVar(&inert, "inert", nil, "record that a config key changes no arithmetic: `key=reason`")
	cmd.Flags().BoolVar(&only, "check", false, "write nothing; exit 1 when the hub has something else")
	return cmd
}

// update is what changed since a checkpoint was locked.
type update struct {
	Checkpoint string       `json:"checkpoint"`
	From       string       `json:"from"`
	To         string       `json:"to"`
	Changed    bool         `json:"changed"` // more than the revision
	Facts      []factChange `json:"facts"`
	Files      []fileChange `json:"files"`
}

type factChange struct {
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
}

type fileChange struct {
	Name   string `json:"name"`
	Change string `json:"change"` // new, changed or gone
	diff   []byte
}

// compare holds what was found against what is locked. Recorded facts that cannot be read or proven any more count as nothing.
func compare(p *project.Project, before *lockfile.Checkpoint, found *hub.Checkpoint, r *resolve.Resolved) *update {
	u := &update{Checkpoint: before.ID, From: before.Source.Revision, To: found.Lock.Source.Revision, Facts: []factChange{}, Files: []fileChange{}}
	old, diags := p.Facts(before)
	if diags.HasErrors() {
		old = &facts.Facts{}
	}
	var was *resolve.Resolved
	if old.Raw != nil {
		was, _ = p.ResolveOne(before.ID, old, before.Inert)
	}
	u.Facts = append(u.Facts, changedFacts(was, r)...)

	digests := func(c *lockfile.Checkpoint) map[string]string {
		m := map[string]string{}
		for _, f := range c.Files {
			m[f.Name] = fmt.Sprint(f.Size, " ", f.Digest)
		}
		return m
	}
	have, want := digests(before), digests(&found.Lock)
	texts, now := old.Tree(), found.Facts.Tree()
	if a, b := texts[facts.TensorsFile], now[facts.TensorsFile]; !bytes.Equal(a, b) {
		have[facts.TensorsFile], want[facts.TensorsFile] = string(a), string(b)
	}
	names := maps.Clone(have)
	maps.Copy(names, want)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		_, wasThere := have[name]
		_, isThere := want[name]
		c := fileChange{Name: name, Change: "changed"}
		switch {
		case have[name] == want[name]:
			continue
		case !wasThere:
			c.Change = "new"
		case !isThere:
			c.Change = "gone"
		}
		c.diff = diff.Diff("locked", texts[name], "hub", now[name])
		u.Files = append(u.Files, c)
	}
	u.Changed = len(u.Facts)+len(u.Files) > 0
	return u
}

// changedFacts compares normalised facts; those of the layer table are named layer.N.X.
func changedFacts(was, is *resolve.Resolved) []factChange {
	flat := func(r *resolve.Resolved) map[string]string {
		m := map[string]string{}
		if r == nil {
			return m
		}
		for name, f := range r.Config.Facts {
			m[name] = f.Value.String()
		}
		for i, row := range r.Config.Layers {
			for name, f := range row {
				m[fmt.Sprintf("layer.%d.%s", i, name)] = f.Value.String()
			}
		}
		return m
	}
	a, b := flat(was), flat(is)
	if was == nil {
		return nil
	}
	names := maps.Clone(a)
	maps.Copy(names, b)
	var changes []factChange
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if a[name] != b[name] {
			changes = append(changes, factChange{name, orNone(a[name]), orNone(b[name])})
		}
	}
	return changes
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// longestDiff bounds the lines shown of one file.
const longestDiff = 60

func (u *update) print(cmd *cobra.Command, asJSON bool) error {
	if asJSON {
		return writeJSON(cmd, u)
	}
	w := cmd.OutOrStdout()
	switch {
	case u.From == u.To && !u.Changed:
		fmt.Fprintf(w, "%s: up to date at %s\n", u.Checkpoint, u.To)
		return nil
	case !u.Changed:
		fmt.Fprintf(w, "%s: %s -> %s, nothing that matters here changed\n", u.Checkpoint, u.From, u.To)
		return nil
	}
	fmt.Fprintf(w, "%s: %s -> %s\n", u.Checkpoint, u.From, u.To)
	for _, c := range u.Facts {
		fmt.Fprintf(w, "  fact %s: %s -> %s\n", c.Name, c.From, c.To)
	}
	for _, c := range u.Files {
		fmt.Fprintf(w, "  %s %s\n", c.Change, c.Name)
		lines := bytes.SplitAfter(c.diff, []byte("\n"))
		for i, line := range lines {
			if i < 3 || len(line) == 0 { // the names
				continue
			}
			if i == longestDiff {
				fmt.Fprintf(w, "    … %d more lines\n", len(lines)-1-i)
				break
			}
			fmt.Fprintf(w, "    %s", line)
		}
	}
	return nil
}
