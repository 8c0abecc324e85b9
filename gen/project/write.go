package project

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/mlxgen/mlxgen/gen/facts"
	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/runtime/diag"
	"github.com/mlxgen/mlxgen/runtime/snapshot"
)

// Changes is what differs between a tree in memory and the disk. Paths have slashes and are sorted.
type Changes struct {
	root   string
	New    []string
	Edit   []string
	Remove []string
	files  map[string][]byte
}

// Empty says whether there is nothing to do.
func (c *Changes) Empty() bool { return len(c.New)+len(c.Edit)+len(c.Remove) == 0 }

// Compare holds the output against the disk. Files under generated/ that the output lacks are to be removed.
func (p *Project) Compare(out *Output) (*Changes, error) {
	c := &Changes{root: p.Root, files: out.Files}
	for _, name := range slices.Sorted(maps.Keys(out.Files)) {
		have, err := os.ReadFile(filepath.Join(p.Root, filepath.FromSlash(name)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			c.New = append(c.New, name)
		case err != nil:
			return nil, err
		case !bytes.Equal(have, out.Files[name]):
			c.Edit = append(c.Edit, name)
		}
	}
	err := filepath.WalkDir(filepath.Join(p.Root, generatedDir), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		relative, err := filepath.Rel(p.Root, file)
		if err != nil {
			return err
		}
		if name := filepath.ToSlash(relative); out.Files[name] == nil {
			c.Remove = append(c.Remove, name)
		}
		return nil
	})
	return c, err
}

// Apply writes the changes: first every new text to a temporary file, then all into place. When a write fails, nothing has changed.
func (c *Changes) Apply() error {
	return commit(c.root, c.files, append(slices.Clone(c.New), c.Edit...), c.Remove)
}

// Record writes a lock and the facts of one checkpoint, together. Facts that the checkpoint no longer has go. The lock comes last.
func (p *Project) Record(lock *lockfile.Lock, id string, tree map[string][]byte) error {
	files := map[string][]byte{lockfile.Name: lock.Format()}
	for name, data := range tree {
		files[FactsDir(id)+"/"+name] = data
	}
	var write, remove []string
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(files))) {
		have, err := os.ReadFile(filepath.Join(p.Root, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(have, files[name]) {
			write = append(write, name)
		}
	}
	for _, name := range p.factsOf(id) {
		if _, stays := files[name]; !stays {
			remove = append(remove, name)
		}
	}
	if err := commit(p.Root, files, write, remove); err != nil {
		return err
	}
	p.Lock = lock
	return nil
}

// Forget writes a lock without a checkpoint and removes the checkpoint's facts. Where the checkpoint itself lies among its facts, its own files stay.
func (p *Project) Forget(id string) error {
	lock, remove := p.Lock.Without(id), p.factsOf(id)
	if _, err := snapshot.Shards(filepath.Join(p.Root, filepath.FromSlash(FactsDir(id)))); err == nil {
		remove = slices.DeleteFunc(remove, func(name string) bool { return path.Base(name) != facts.TensorsFile })
	}
	if err := commit(p.Root, map[string][]byte{lockfile.Name: lock.Format()}, []string{lockfile.Name}, remove); err != nil {
		return err
	}
	p.Lock = lock
	return nil
}

// factsOf lists the facts of a checkpoint that are on disk.
func (p *Project) factsOf(id string) []string {
	var names []string
	for _, name := range append(slices.Clone(facts.SmallFiles), facts.TensorsFile) {
		name = FactsDir(id) + "/" + name
		if isFile(filepath.Join(p.Root, filepath.FromSlash(name))) {
			names = append(names, name)
		}
	}
	return names
}

// Find finds a project's root from a folder inside it: the nearest folder above with a go.mod and templates/.
func Find(dir string) (string, error) {
	start := dir
	for {
		if isFile(filepath.Join(dir, "go.mod")) && isDir(filepath.Join(dir, "templates")) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", diag.List{diag.Errorf("MG3004", start, "this is no mlxgen project: no folder above it has go.mod and templates/").
				WithHint("run the command in a checkout of mlxgen, or name one with --root")}
		}
		dir = parent
	}
}

func isFile(path string) bool { info, err := os.Stat(path); return err == nil && !info.IsDir() }
func isDir(path string) bool  { info, err := os.Stat(path); return err == nil && info.IsDir() }
