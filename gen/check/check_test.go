package check

import (
	"go/build"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

const module = "example.com/m"

// run checks packages in memory on top of a module on disk. Files are given by path from the root.
func run(t *testing.T, disk, memory map[string]string) diag.List {
	t.Helper()
	root := t.TempDir()
	for name, text := range disk {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packages := map[string]map[string][]byte{}
	for name, text := range memory {
		dir, file := filepath.Split(name)
		importPath := module + "/" + strings.TrimSuffix(dir, "/")
		if packages[importPath] == nil {
			packages[importPath] = map[string][]byte{}
		}
		packages[importPath][file] = []byte(text)
	}
	return New(root, module, packages).All()
}

func TestAll(t *testing.T) {
	lib := "package lib\n\nfunc Twice(n int) int { return 2 * n }\n"
	for name, c := range map[string]struct {
		disk, memory map[string]string
		code, want   string
	}{
		"good": {
			map[string]string{"lib/lib.go": lib},
			map[string]string{"gen/a.go": "package gen\n\nimport (\n\t\"math/bits\"\n\n\t\"example.com/m/lib\"\n)\n\nfunc F() int { return bits.Len(uint(lib.Twice(2))) }\n"},
			"", "",
		},
		"memory before disk": {
			map[string]string{"gen/a.go": "nonsense", "gen/old.go": "package other"},
			map[string]string{"gen/a.go": "package gen\n", "gen/registry/r.go": "package registry\n\nimport _ \"example.com/m/gen\"\n"},
			"", "",
		},
		"tests and texts are not looked at": {nil, map[string]string{"gen/a.go": "package gen\n", "gen/note.txt": "text", "gen/a_test.go": "package gen\n\nvar x int = \"\"\n"}, "", ""},
		"wrong argument": {
			map[string]string{"lib/lib.go": lib},
			map[string]string{"gen/a.go": "package gen\n\nimport \"example.com/m/lib\"\n\nfunc F() int { return lib.Twice(\"x\") }\n"},
			"MG2202", "gen/a.go:5:",
		},
		"unused variable": {nil, map[string]string{"gen/a.go": "package gen\n\nfunc F() { x := 1 }\n"}, "MG2202", "declared and not used"},
		"unused import":   {nil, map[string]string{"gen/a.go": "package gen\n\nimport \"math/bits\"\n"}, "MG2202", "imported and not used"},
		"syntax":          {nil, map[string]string{"gen/a.go": "package gen\n\nfunc {\n"}, "MG2202", "gen/a.go:3:"},
		"two packages":    {nil, map[string]string{"gen/a.go": "package gen\n", "gen/b.go": "package other\n"}, "MG2202", "other"},
		"no such package": {nil, map[string]string{"gen/a.go": "package gen\n\nimport _ \"example.com/m/none\"\n"}, "MG2204", "none"},
		"cycle": {nil, map[string]string{
			"gen/a/a.go": "package a\n\nimport _ \"example.com/m/gen/b\"\n", "gen/b/b.go": "package b\n\nimport _ \"example.com/m/gen/a\"\n",
		}, "MG2202", "import cycle"},
		"broken library": {
			map[string]string{"lib/lib.go": lib + "var x undefined\n", "mid/mid.go": "package mid\n\nimport \"example.com/m/lib\"\n\nvar X = lib.Twice(1)\n"},
			map[string]string{"gen/a.go": "package gen\n\nimport \"example.com/m/mid\"\n\nvar Y int = mid.X\n"},
			"MG2204", "lib/lib.go:4:",
		},
		"cgo is off": {
			map[string]string{
				"lib/on.go":  "//go:build cgo\n\npackage lib\n\nimport \"C\"\n\nfunc Twice(s string) string { return s }\n",
				"lib/off.go": "//go:build !cgo\n\npackage lib\n\nfunc Twice(n int) int { return 2 * n }\n",
			},
			map[string]string{"gen/a.go": "package gen\n\nimport \"example.com/m/lib\"\n\nvar X int = lib.Twice(1)\n"},
			"", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			diags := run(t, c.disk, c.memory)
			if c.code == "" {
				if len(diags) > 0 {
					t.Fatal(diags)
				}
				return
			}
			if len(diags) == 0 || diags[0].Code != c.code || !strings.Contains(diags.Error(), c.want) {
				t.Fatalf("got %v, want %s with %q", diags, c.code, c.want)
			}
			if _, ok := diag.Explain(c.code); !ok {
				t.Errorf("%s is not explained", c.code)
			}
			if strings.Contains(diags.Error(), os.TempDir()) {
				t.Errorf("a path of this machine is told: %v", diags)
			}
		})
	}
}

// A fault in a library is told once, however many generated packages import it.
func TestBrokenLibraryIsToldOnce(t *testing.T) {
	diags := run(t, map[string]string{"lib/lib.go": "package lib\n\nvar x undefined\n"}, map[string]string{
		"gen/a/a.go": "package a\n\nimport _ \"example.com/m/lib\"\n", "gen/b/b.go": "package b\n\nimport _ \"example.com/m/lib\"\n",
	})
	if len(diags) != 1 || diags[0].Pos != "lib" {
		t.Errorf("got %v", diags)
	}
}

func TestBuildContextIsLeftAlone(t *testing.T) {
	before := build.Default.CgoEnabled
	New(t.TempDir(), module, nil)
	if build.Default.CgoEnabled != before {
		t.Error("cgo was switched for everyone")
	}
}
