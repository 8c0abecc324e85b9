// Package module uses mlxgen as another project would: as a module that was downloaded as a zip, with the libraries in the per-user folder.
package module

import (
	"archive/zip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	path    = "github.com/mlxgen/mlxgen"
	version = "v0.0.0"
)

// program is under ten lines of Go, and answers.
const program = `package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/mlxgen/mlxgen"
)

func main() {
	m, err := mlxgen.Load(context.Background(), os.Args[1], mlxgen.LoadOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	for text, err := range m.Chat(context.Background(), mlxgen.User(os.Args[2]), mlxgen.Options{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(text)
	}
}
`

func TestAnotherModuleAnswers(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	proxy := filepath.Join(work, "proxy")
	publish(t, root, filepath.Join(proxy, filepath.FromSlash(path), "@v"))

	goEnv := environment(t)
	env := append(os.Environ(),
		"GOPROXY=file://"+filepath.ToSlash(proxy)+",file://"+filepath.ToSlash(filepath.Join(goEnv["GOMODCACHE"], "cache", "download")),
		"GOMODCACHE="+filepath.Join(work, "modules"), "GOCACHE="+goEnv["GOCACHE"], "GOFLAGS=-mod=mod -modcacherw", "GONOSUMDB=*", "GONOSUMCHECK=1", "GOSUMDB=off", "GOWORK=off",
		"XDG_CACHE_HOME="+filepath.Join(work, "cache"), "HOME="+work,
	)
	command := func(dir, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}

	// Install the libraries as a user would, by the program of a checkout.
	installer := filepath.Join(work, "mlxgen")
	build := exec.Command("go", "build", "-o", installer, "./cmd/mlxgen")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	command(root, "cp", "-r", filepath.Join(root, "checkpoints", "mlxgen", "demo"), filepath.Join(work, "demo"))
	t.Setenv("MLXGEN_LIB_DIR", "")
	said := command(root, installer, "setup")
	_, flag, ok := strings.Cut(said, "export CGO_LDFLAGS=")
	if !ok {
		t.Fatalf("setup names no link flag:\n%s", said)
	}
	env = append(env, "CGO_LDFLAGS="+strings.TrimSpace(flag))

	// The empty module.
	app := filepath.Join(work, "app")
	if err := os.MkdirAll(app, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.mod":  "module example.com/app\n\ngo 1.26\n\nrequire " + path + " " + version + "\n",
		"main.go": program,
	} {
		if err := os.WriteFile(filepath.Join(app, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command(app, "go", "build", "-o", "app", ".")
	if got := command(app, "./app", filepath.Join(work, "demo"), "What is 12 + 30?"); !strings.Contains(got, "42") {
		t.Errorf("the other module answers %q", got)
	}
}

// publish writes the module as a proxy serves it: the files that git tracks or would track, zipped.
func publish(t *testing.T, root, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"list": []byte(version + "\n"), version + ".mod": mod, version + ".info": []byte(`{"Version":"` + version + `"}`),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	for _, name := range strings.Split(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if err := add(w, root, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// add writes one file; what git lists but the tree lacks is left out, as are weights, which a module does not need.
func add(w *zip.Writer, root, name string) error {
	from := filepath.Join(root, filepath.FromSlash(name))
	info, err := os.Lstat(from)
	if os.IsNotExist(err) || err == nil && !info.Mode().IsRegular() || strings.HasSuffix(name, ".safetensors") {
		return nil
	}
	if err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := w.Create(path + "@" + version + "/" + name)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return err
}

// environment is what `go env` says.
func environment(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "env", "-json", "GOMODCACHE", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	var env map[string]string
	if err := json.Unmarshal(out, &env); err != nil {
		t.Fatal(err)
	}
	return env
}
