package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

func TestHelp(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range All() {
		t.Run(c.Name(), func(t *testing.T) {
			if seen[c.Name()] {
				t.Error("there twice")
			}
			seen[c.Name()] = true
			if c.Short == "" || strings.HasSuffix(c.Short, ".") {
				t.Errorf("short help %q", c.Short)
			}
			if !strings.Contains(c.Example, "  mlxgen "+c.Name()) {
				t.Errorf("no example of its own: %q", c.Example)
			}
			for _, line := range strings.Split(c.Example, "\n") {
				if !strings.HasPrefix(line, "  mlxgen ") {
					t.Errorf("an example that starts otherwise: %q", line)
				}
			}
			var out bytes.Buffer
			c.SetOut(&out)
			c.SetArgs([]string{"--help"})
			if err := c.Execute(); err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{"Usage:", "Examples:", "--json", "--root folder"} {
				if !strings.Contains(out.String(), text) {
					t.Errorf("the help lacks %s:\n%s", text, &out)
				}
			}
		})
	}
	for _, name := range strings.Fields("add remove list update inspect gen diff verify lint explain") {
		if !seen[name] {
			t.Errorf("there is no command %s", name)
		}
	}
}

func TestReport(t *testing.T) {
	refused := diag.List{diag.Errorf("MG1203", "a.safetensors:x", "no parameter takes it").WithHint("do something")}
	for name, c := range map[string]struct {
		err  error
		code int
		text string
	}{
		"nothing":     {nil, ExitDone, ""},
		"difference":  {ErrDifference, ExitDifference, ""},
		"wrapped":     {fmt.Errorf("x: %w", ErrDifference), ExitDifference, ""},
		"diagnostics": {refused, ExitError, "error MG1203: no parameter takes it"},
		"plain":       {errors.New("no luck"), ExitError, "error: no luck\n"},
		"interrupt":   {context.Canceled, ExitError, "error: interrupted\n"},
		"machines":    {forMachines{refused}, ExitError, `{"diagnostics":[{"code":"MG1203"`},
		"plain json":  {forMachines{errors.New("no luck")}, ExitError, `"message":"no luck"`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if got := Report(&out, c.err); got != c.code {
				t.Errorf("exit code %d, want %d", got, c.code)
			}
			if c.text == "" && out.Len() > 0 || !strings.Contains(out.String(), c.text) {
				t.Errorf("want %q, got %q", c.text, &out)
			}
		})
	}
}

func TestSplitRevision(t *testing.T) {
	for name, want := range map[string]string{
		"org/name": "org/name ", "org/name@v1": "org/name v1", "org/name@refs/pr/1": "org/name refs/pr/1", "org/name@a@b": "org/name a@b",
		"org/name@": "", "name": "", "./org/name": "", "org/name/x": "", "/org/name": "", "org/..": "", "@x": "", "": "",
	} {
		id, revision, ok := splitRevision(name)
		if got := id + " " + revision; ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", name, got, ok)
		}
	}
}
