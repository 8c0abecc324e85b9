package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// commit writes some of the files, in their order, and removes others. Paths have slashes and are relative to the root. All of it happens, or, where an
// error is returned, nothing.
func commit(root string, files map[string][]byte, write, remove []string) error {
	t := &transaction{root: root}
	if err := t.run(files, write, remove); err != nil {
		return errors.Join(err, t.undo())
	}
	t.finish()
	return nil
}

// transaction changes files so that the changes can be taken back.
type transaction struct {
	root   string
	folder []string // made, outer ones first
	staged []string // temporary files
	moved  []move
}

// move is a target that was replaced, made or removed. before is where its old bytes are, or "" where it was not there.
type move struct{ target, before string }

func (t *transaction) run(files map[string][]byte, write, remove []string) error {
	var staged []string
	for _, name := range write {
		target := t.path(name)
		if err := t.makeFolder(filepath.Dir(target)); err != nil {
			return err
		}
		temporary, err := t.stage(target, files[name])
		if err != nil {
			return err
		}
		staged = append(staged, temporary)
	}
	for i, name := range write {
		if err := t.setAside(t.path(name)); err != nil {
			return err
		}
		if err := os.Rename(staged[i], t.path(name)); err != nil {
			return err
		}
	}
	for _, name := range remove {
		if err := t.setAside(t.path(name)); err != nil {
			return err
		}
		if err := os.Remove(t.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (t *transaction) path(name string) string {
	return filepath.Join(t.root, filepath.FromSlash(name))
}

// makeFolder makes a folder and those above it, and notes which.
func (t *transaction) makeFolder(dir string) error {
	var missing []string
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(at); !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			break
		}
		missing = append(missing, at)
	}
	for _, at := range slices.Backward(missing) {
		if err := os.Mkdir(at, 0o755); err != nil {
			return err
		}
		t.folder = append(t.folder, at)
	}
	return nil
}

// stage writes data beside its target.
func (t *transaction) stage(target string, data []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(target), ".mlxgen-*")
	if err != nil {
		return "", err
	}
	t.staged = append(t.staged, f.Name())
	_, err = f.Write(data)
	return f.Name(), errors.Join(err, f.Chmod(0o644), f.Close())
}

// setAside keeps the old bytes of a target, which stays where it is.
func (t *transaction) setAside(target string) error {
	info, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.moved = append(t.moved, move{target, ""})
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder where a file belongs", target)
	}
	f, err := os.CreateTemp(filepath.Dir(target), ".mlxgen-*")
	if err != nil {
		return err
	}
	before := f.Name()
	t.staged = append(t.staged, before)
	if err := errors.Join(f.Close(), os.Remove(before)); err != nil {
		return err
	}
	if os.Link(target, before) != nil { // a file system without hard links: the target is gone for a moment
		if err := os.Rename(target, before); err != nil {
			return err
		}
	}
	t.moved = append(t.moved, move{target, before})
	return nil
}

// undo takes everything back.
func (t *transaction) undo() error {
	var failed []error
	for _, m := range slices.Backward(t.moved) {
		if m.before != "" {
			failed = append(failed, os.Rename(m.before, m.target))
			continue
		}
		if err := os.Remove(m.target); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	for _, path := range t.staged {
		os.Remove(path) // most are in place, or back in it
	}
	for _, dir := range slices.Backward(t.folder) {
		os.Remove(dir)
	}
	return errors.Join(failed...)
}

// finish forgets the old bytes, and folders that were emptied.
func (t *transaction) finish() {
	for _, path := range t.staged {
		os.Remove(path)
	}
	for _, m := range t.moved {
		if _, err := os.Lstat(m.target); err == nil {
			continue
		}
		for dir := filepath.Dir(m.target); dir != filepath.Clean(t.root) && os.Remove(dir) == nil; {
			dir = filepath.Dir(dir)
		}
	}
}
