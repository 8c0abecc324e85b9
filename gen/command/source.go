package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/gen/facts"
	"github.com/mlxgen/mlxgen/gen/hub"
	"github.com/mlxgen/mlxgen/gen/lockfile"
)

// find reads a checkpoint's facts from a folder or, where the name is none, from the hub.
func (o *options) find(cmd *cobra.Command, root, name, as string, whole bool) (*hub.Checkpoint, error) {
	info, err := os.Stat(name)
	id, revision, isHub := splitRevision(name)
	switch {
	case err == nil && !info.IsDir():
		return nil, fmt.Errorf("%s is a file; want the folder of a checkpoint", name)
	case err != nil && !isHub:
		return nil, fmt.Errorf("there is no folder %s; a checkpoint of the hub is named ORG/NAME or ORG/NAME@REVISION", name)
	case err != nil && as != "" && as != id:
		return nil, fmt.Errorf("--as %s: a checkpoint of the hub is locked under its own name, %s", as, id)
	case err != nil && whole:
		return nil, fmt.Errorf("--hash is for folders; the hub says what its files' digests are")
	case err != nil:
		return o.ask(cmd, id, revision)
	}
	if id, err = folderID(root, name, as); err != nil {
		return nil, err
	}
	f, files, err := facts.FromFolder(name, whole)
	if err != nil {
		return nil, err
	}
	return &hub.Checkpoint{Facts: f, Lock: lockfile.Checkpoint{ID: id, Source: lockfile.Source{Kind: "folder"}, Files: files}}, nil
}

// splitRevision reads ORG/NAME[@REVISION].
func splitRevision(name string) (id, revision string, ok bool) {
	id, revision, at := strings.Cut(name, "@")
	return id, revision, lockfile.ValidID(id) && (!at || revision != "")
}

// folderID is the id to lock a folder under.
func folderID(root, dir, as string) (string, error) {
	if as == "" {
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return "", err
		}
		if root, err = filepath.Abs(root); err != nil {
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

// ask asks the hub, telling on stderr how far it is.
func (o *options) ask(cmd *cobra.Command, id, revision string) (*hub.Checkpoint, error) {
	choice := hub.FromEnvironment(os.Getenv)
	tell := &progress{cmd: cmd, silent: o.json, line: isTerminal(cmd.ErrOrStderr())}
	choice.Progress, choice.Waiting = tell.headers, tell.waiting
	c, err := hub.New(choice)
	if err != nil {
		return nil, err
	}
	if !choice.Offline {
		tell.printf("%s: asking %s\n", id, c.Host())
	}
	defer tell.end()
	return c.Checkpoint(cmd.Context(), id, revision)
}

// progress tells how far long work is: on one changing line of a terminal, or in few lines.
type progress struct {
	cmd    *cobra.Command
	silent bool
	line   bool
	mu     sync.Mutex
	open   bool // the line is not ended
}

func (p *progress) printf(format string, args ...any) {
	if !p.silent {
		fmt.Fprintf(p.cmd.ErrOrStderr(), format, args...)
	}
}

func (p *progress) headers(done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.line:
		p.printf("\r  %d of %d headers", done, total)
		p.open = true
	case done == total:
		p.printf("  %d of %d headers\n", done, total)
	}
}

func (p *progress) waiting(about string, pause time.Duration, why error) {
	p.end()
	p.printf("  %s: %v; asking again in %v\n", about, why, pause.Round(100*time.Millisecond))
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		p.printf("\n")
	}
	p.open = false
}
