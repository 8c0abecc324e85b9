package command

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mlxgen/mlxgen/internal/fakehub"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mlxgen-gen": func() { os.Exit(Main(os.Args[1:])) }})
}

// TestScripts runs the scenarios in testdata/script. Beside testscript's own commands they have:
//
//	project DIR                 make a project without checkpoints: templates, runtime and mlx of this one
//	checkpoint DIR KIND WORD…   write a small random checkpoint; see [recipe]
//	exits N COMMAND…            run a command that must exit with N
//	tree DIR, same DIR          remember a folder; check that nothing in it changed
//	json TEXT…                  stdout is JSON, a value a line, and holds the texts
//	scramble DIR                put a syntax error into every Go file
//	flip FILE                   change the last byte of a file
//	subst FILE OLD NEW          replace a text that must be there
//	hub                         start a hub that HF_ENDPOINT names
//	commit ORG/NAME DIR         commit a folder to it; $commit is the revision
//	gate ORG/NAME TOKEN         make a repository readable with a token only
//	fail SERVER PATH N STATUS   answer the next N requests with a status
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HF_ENDPOINT", "http://127.0.0.1:1") // no scenario asks the real one
			env.Values[hubKey{}] = &hubOf{t: env.T().(testing.TB)}
			env.Values[treesKey{}] = map[string]map[string]string{}
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond != "root" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"project":    func(ts *testscript.TestScript, _ bool, args []string) { makeProject(ts, root, args) },
			"checkpoint": makeCheckpoint,
			"exits":      exits,
			"tree":       rememberTree,
			"same":       sameTree,
			"json":       checkJSON,
			"scramble":   scramble,
			"flip":       flip,
			"subst":      subst,
			"hub":        startHub,
			"commit":     commitToHub,
			"gate":       gate,
			"fail":       failHub,
		},
	})
}

type (
	hubKey   struct{}
	treesKey struct{}
)

type hubOf struct {
	t testing.TB
	*fakehub.Hub
}

func makeProject(ts *testscript.TestScript, root string, args []string) {
	want(ts, args, 1, "project DIR")
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module github.com/mlxgen/mlxgen\n\ngo 1.26.0\n"), 0o644))
	for _, name := range []string{"templates", "runtime", "mlx"} {
		ts.Check(os.Symlink(filepath.Join(root, name), filepath.Join(dir, name)))
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND…")
	}
	code, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case err == nil && code == 0:
	case err == nil:
		ts.Fatalf("exit code 0, want %d", code)
	case !errors.As(err, &exit):
		ts.Fatalf("%v", err)
	case exit.ExitCode() != code:
		ts.Fatalf("exit code %d, want %d", exit.ExitCode(), code)
	}
}

// treeOf describes everything in a folder; links are not followed.
func treeOf(ts *testscript.TestScript, dir string) map[string]string {
	tree := map[string]string{}
	ts.Check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := info.Mode().String()
		if d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %x", sha256.Sum256(data))
		}
		tree[path] = text
		return nil
	}))
	return tree
}

func rememberTree(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "tree DIR")
	ts.Value(treesKey{}).(map[string]map[string]string)[args[0]] = treeOf(ts, ts.MkAbs(args[0]))
}

func sameTree(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, 1, "same DIR")
	before, now := ts.Value(treesKey{}).(map[string]map[string]string)[args[0]], treeOf(ts, ts.MkAbs(args[0]))
	if before == nil {
		ts.Fatalf("the tree %s was not remembered", args[0])
	}
	all := maps.Clone(before)
	maps.Copy(all, now)
	var changed []string
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if before[path] != now[path] {
			changed = append(changed, fmt.Sprintf("%s: %q, was %q", path, now[path], before[path]))
		}
	}
	if len(changed) > 0 != neg {
		ts.Fatalf("changes in %s: %s", args[0], strings.Join(changed, "\n"))
	}
}

func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile("stdout")
	if neg {
		ts.Fatalf("usage: json TEXT…")
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, line := range lines {
		if !json.Valid([]byte(line)) || line == "" {
			ts.Fatalf("stdout is no JSON: %q", line)
		}
	}
	for _, arg := range args {
		if !strings.Contains(text, arg) {
			ts.Fatalf("no %s in %s", arg, text)
		}
	}
}

func scramble(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "scramble DIR")
	n := 0
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		n++
		return os.WriteFile(path, []byte("package {{\n<<<<<<< HEAD\n"), 0o644)
	}))
	if n == 0 {
		ts.Fatalf("no Go files in %s", args[0])
	}
}

func flip(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "flip FILE")
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	data[len(data)-1] ^= 1
	ts.Check(os.WriteFile(path, data, 0o644))
}

func subst(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 3, "subst FILE OLD NEW")
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if !strings.Contains(string(data), args[1]) {
		ts.Fatalf("no %q in %s", args[1], args[0])
	}
	ts.Check(os.WriteFile(path, []byte(strings.ReplaceAll(string(data), args[1], args[2])), 0o644))
}

func startHub(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 0, "hub")
	h := ts.Value(hubKey{}).(*hubOf)
	h.Hub = fakehub.New(h.t)
	ts.Setenv("HF_ENDPOINT", h.URL)
}

func commitToHub(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "commit ORG/NAME DIR")
	entries, err := os.ReadDir(ts.MkAbs(args[1]))
	ts.Check(err)
	files := map[string][]byte{}
	for _, e := range entries {
		files[e.Name()], err = os.ReadFile(filepath.Join(ts.MkAbs(args[1]), e.Name()))
		ts.Check(err)
	}
	ts.Setenv("commit", ts.Value(hubKey{}).(*hubOf).Commit(args[0], files))
}

func gate(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "gate ORG/NAME TOKEN")
	ts.Value(hubKey{}).(*hubOf).Gate(args[0], args[1])
}

func failHub(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 4, "fail SERVER PATH N STATUS")
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	status, err := strconv.Atoi(args[3])
	ts.Check(err)
	if http.StatusText(status) == "" {
		ts.Fatalf("no status %d", status)
	}
	ts.Value(hubKey{}).(*hubOf).Fail(args[0], args[1], n, fakehub.Status(status, ""))
}

func want(ts *testscript.TestScript, args []string, n int, usage string) {
	if len(args) != n {
		ts.Fatalf("usage: %s", usage)
	}
}
