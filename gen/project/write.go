package project

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/runtime/diag"
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
	err := filepath.WalkDir(filepath.Join(p.Root, generatedDir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		relative, err := filepath.Rel(p.Root, path)
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

// commit writes some of the files and removes others.
func commit(root string, files map[string][]byte, write, remove []string) (err error) {
	staged := map[string]string{} // path -> temporary file
	defer func() {
		for _, temporary := range staged {
			os.Remove(temporary)
		}
	}()
	for _, name := range write {
		target := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		temporary, err := stage(target, files[name])
		if err != nil {
			return err
		}
		staged[name] = temporary
	}
	for _, name := range write {
		if err := os.Rename(staged[name], filepath.Join(root, filepath.FromSlash(name))); err != nil {
			return fmt.Errorf("%w; run the command again to complete the change", err)
		}
		delete(staged, name)
	}
	for _, name := range remove {
		target := filepath.Join(root, filepath.FromSlash(name))
		if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		// An emptied folder goes too; a folder with other files stays.
		os.Remove(filepath.Dir(target))
	}
	return nil
}

// stage writes data beside its target.
func stage(target string, data []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(target), ".mlxgen-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// Record writes a lock and the facts of one checkpoint, together. tree is nil where the facts stay as they are.
func (p *Project) Record(lock *lockfile.Lock, id string, tree map[string][]byte) error {
	files := map[string][]byte{lockfile.Name: lock.Format()}
	for name, data := range tree {
		files[FactsDir(id)+"/"+name] = data
	}
	var write []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		have, err := os.ReadFile(filepath.Join(p.Root, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(have, files[name]) {
			write = append(write, name)
		}
	}
	if err := commit(p.Root, files, write, nil); err != nil {
		return err
	}
	p.Lock = lock
	return nil
}

// Forget writes a lock without a checkpoint and removes the checkpoint's facts, but never weights.
func (p *Project) Forget(id string, names []string) error {
	lock := p.Lock.Without(id)
	var remove []string
	for _, name := range names {
		if !strings.HasSuffix(name, ".safetensors") {
			remove = append(remove, FactsDir(id)+"/"+name)
		}
	}
	if err := commit(p.Root, map[string][]byte{lockfile.Name: lock.Format()}, []string{lockfile.Name}, remove); err != nil {
		return err
	}
	p.Lock = lock
	return nil
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
