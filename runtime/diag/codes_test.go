package diag

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	codeText = regexp.MustCompile(`"(MG\d{4})"`)
	codeLine = regexp.MustCompile(`"(MG\d{4})":\s+"([^"]+)"`)
)

// Every code that is reported anywhere in the project stands in a table of codes, and every code of the table is reported somewhere.
func TestCodesAreDocumented(t *testing.T) {
	used, documented := map[string][]string{}, map[string]bool{}
	for path, text := range sources(t, filepath.Join("..", "..")) {
		for _, line := range codeLine.FindAllStringSubmatch(text, -1) {
			documented[line[1]] = true
		}
		for _, code := range codeText.FindAllStringSubmatch(codeLine.ReplaceAllString(text, ""), -1) {
			used[code[1]] = append(used[code[1]], path)
		}
	}
	if len(used) < 20 {
		t.Fatalf("only %d codes were found", len(used))
	}
	for code, paths := range used {
		if !documented[code] {
			t.Errorf("%s of %s stands in no table: document it with diag.Register", code, paths[0])
		}
	}
	for code := range documented {
		if used[code] == nil {
			t.Errorf("nothing reports %s", code)
		}
	}
}

// sources are the Go files of the project without tests.
func sources(t *testing.T, root string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path == filepath.Join(root, "gen", "specialise") { // registers and checks its own
				return filepath.SkipDir
			}
			if path != root && (strings.HasPrefix(name, ".") || slices.Contains([]string{"testdata", "build", "target", "generated", "checkpoints"}, name)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestTable(t *testing.T) {
	codes := Known()
	if !slices.IsSorted(codes) || len(codes) < 30 {
		t.Fatalf("%d codes, sorted: %t", len(codes), slices.IsSorted(codes))
	}
	for _, code := range codes {
		text, ok := Explain(code)
		if !ok || !codeText.MatchString(`"`+code+`"`) || !strings.HasSuffix(text, ".") || strings.Contains(text, "\n") {
			t.Errorf("%s: %q is no sentence of one line", code, text)
		}
	}
	if _, ok := Explain("MG0000"); ok {
		t.Error("an unknown code is explained")
	}
}

func TestRegister(t *testing.T) {
	const code = "MG9999"
	defer delete(codes, code)
	Register(map[string]string{code: "A test."})
	Register(map[string]string{code: "A test."})
	if text, _ := Explain(code); text != "A test." {
		t.Errorf("got %q", text)
	}
	defer func() {
		if recover() == nil {
			t.Error("a second meaning is accepted")
		}
	}()
	Register(map[string]string{code: "Another."})
}
