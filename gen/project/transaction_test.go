package project

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree reads a folder: files with their content, folders as "/".
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		all[filepath.ToSlash(name)] = "/"
		if !d.IsDir() {
			data, err := os.ReadFile(path)
			all[filepath.ToSlash(name)] = string(data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// plant makes a folder with files; a name that ends in / is an empty folder.
func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			name += "x"
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, filepath.FromSlash(name))), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/x") {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestCommit(t *testing.T) {
	root := plant(t, map[string]string{"a": "1", "old/deep/b": "2", "old/c": "3", "lost/d": "4"})
	files := map[string][]byte{"a": []byte("10"), "new/deep/e": []byte("5"), "old/c": []byte("30")}
	if err := commit(root, files, []string{"new/deep/e", "a", "old/c"}, []string{"old/deep/b", "lost/d", "was/never"}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a": "10", "new": "/", "new/deep": "/", "new/deep/e": "5", "old": "/", "old/c": "30"}
	if got := tree(t, root); !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// Whatever fails, and wherever: the tree is as before.
func TestCommitFails(t *testing.T) {
	for name, c := range map[string]struct {
		write, remove []string
	}{
		"folder where a file belongs":           {[]string{"a", "new/x", "folder", "z"}, nil},
		"full folder where a file belongs":      {[]string{"a", "new/x", "full", "z"}, nil},
		"file where a folder belongs":           {[]string{"a", "new/deep/x", "b/c"}, nil},
		"file where a folder belongs, deeper":   {[]string{"new/x", "a", "b/c/d/e"}, nil},
		"removed is a folder":                   {[]string{"a", "new/x"}, []string{"b", "folder"}},
		"removed is a full folder":              {[]string{"a", "new/x"}, []string{"b", "full"}},
		"removed lies in a file":                {[]string{"a"}, []string{"b", "a/x"}},
		"first thing fails":                     {[]string{"folder"}, nil},
		"a name that no file system would take": {[]string{"a", "new/" + strings.Repeat("x", 300)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			root := plant(t, map[string]string{"a": "1", "b": "2", "folder/": "", "full/c": "3"})
			before := tree(t, root)
			files := map[string][]byte{}
			for _, name := range c.write {
				files[name] = []byte("changed")
			}
			if err := commit(root, files, c.write, c.remove); err == nil {
				t.Fatal("no error")
			}
			if got := tree(t, root); !maps.Equal(got, before) {
				t.Errorf("got %v, want %v", got, before)
			}
		})
	}
}

// A link in the tree is replaced by a file; what it pointed to is not touched.
func TestCommitReplacesLinks(t *testing.T) {
	root := plant(t, map[string]string{"target": "1"})
	if err := os.Symlink("target", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	if err := commit(root, map[string][]byte{"link": []byte("2")}, []string{"link"}, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := tree(t, root), map[string]string{"target": "1", "link": "2"}; !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestCompare(t *testing.T) {
	root := plant(t, map[string]string{"generated/a/same.go": "1", "generated/a/edit.go": "2", "generated/b/gone.go": "3", "generated/.mlxgen-1": "", "mine.go": "4"})
	p := &Project{Root: root}
	out := &Output{Files: map[string][]byte{
		"generated/a/same.go": []byte("1"), "generated/a/edit.go": []byte("20"), "generated/c/new.go": []byte("5"), "docs/support.md": []byte("6"),
	}}
	c, err := p.Compare(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []struct{ got, want []string }{
		{c.New, []string{"docs/support.md", "generated/c/new.go"}},
		{c.Edit, []string{"generated/a/edit.go"}},
		{c.Remove, []string{"generated/.mlxgen-1", "generated/b/gone.go"}},
	} {
		if !slices.Equal(list.got, list.want) {
			t.Errorf("got %v, want %v", list.got, list.want)
		}
	}
	if err := c.Apply(); err != nil {
		t.Fatal(err)
	}
	if c, err = p.Compare(out); err != nil || !c.Empty() {
		t.Errorf("after applying: %+v, %v", c, err)
	}
	if got := tree(t, root)["mine.go"]; got != "4" {
		t.Errorf("a file outside of generated is %q", got)
	}
}

func TestFind(t *testing.T) {
	root := plant(t, map[string]string{"go.mod": "", "templates/x.go": "", "a/b/": "", "other/go.mod": ""})
	for _, below := range []string{"", "a", "a/b", "templates", "other"} {
		if got, err := Find(filepath.Join(root, below)); err != nil || got != root {
			t.Errorf("%q: %q, %v", below, got, err)
		}
	}
	if got, err := Find(t.TempDir()); err == nil || !strings.Contains(err.Error(), "MG3004") {
		t.Errorf("%q, %v", got, err)
	}
}
