package lockfile

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	digestA = "sha256:" + strings.Repeat("a", 64)
	digestB = "header:" + strings.Repeat("b", 64)
	commit  = strings.Repeat("0123456789", 4)
)

func sample() *Lock {
	return &Lock{Checkpoints: []Checkpoint{
		{ID: "z/last", Source: Source{Kind: "folder"}, Files: []File{{"config.json", 2, digestA}}},
		{
			ID: "a/first", Source: Source{"hub", commit},
			Files: []File{{"model.safetensors", 123, digestB}, {"config.json", 7, digestA}},
			Inert: []Inert{{"odd_key", "read by nothing, it seems"}},
		},
	}}
}

func TestFormatIsCanonicalAndParses(t *testing.T) {
	text := sample().Format()
	lock, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if again := lock.Format(); !bytes.Equal(text, again) {
		t.Errorf("not canonical:\n%s", cmp.Diff(string(text), string(again)))
	}
	if lock.Checkpoints[0].ID != "a/first" || lock.Checkpoints[0].Files[0].Name != "config.json" {
		t.Errorf("not sorted: %+v", lock)
	}
}

func TestWithAndWithoutLeaveTheLockAlone(t *testing.T) {
	lock, err := Parse(sample().Format())
	if err != nil {
		t.Fatal(err)
	}
	before := string(lock.Format())
	changed := lock.With(Checkpoint{ID: "m/middle", Source: Source{Kind: "folder"}, Files: []File{{"config.json", 1, digestA}}})
	if got := changed.Checkpoints[1].ID; got != "m/middle" {
		t.Errorf("second is %s", got)
	}
	if back := changed.Without("m/middle"); string(back.Format()) != before || string(lock.Format()) != before {
		t.Error("With or Without changed the lock it was called on")
	}
}

func TestParseRefuses(t *testing.T) {
	file := "  file config.json 1 " + digestA + "\n"
	head := "checkpoint a/b\n  source folder\n"
	for name, c := range map[string]struct{ text, want string }{
		"no checkpoint":    {"  source folder\n", "lock:1"},
		"id":               {"checkpoint ../x\n", "org/name"},
		"id with dots":     {"checkpoint a/b..c\n", "org/name"},
		"twice":            {head + file + head, "twice"},
		"revision":         {"checkpoint a/b\n  source hub main\n" + file, "commit"},
		"no revision":      {"checkpoint a/b\n  source hub\n" + file, "commit"},
		"source twice":     {head + "  source folder\n" + file, "twice"},
		"unknown source":   {"checkpoint a/b\n  source ftp x\n", "source hub"},
		"digest":           {head + "  file config.json 1 md5:00\n", "lock:3"},
		"size":             {head + "  file config.json -1 " + digestA + "\n", "size"},
		"size with zeros":  {head + "  file config.json 01 " + digestA + "\n", "size"},
		"path":             {head + "  file ../config.json 1 " + digestA + "\n", "want: file"},
		"file twice":       {head + file + file, "twice"},
		"inert, no reason": {head + "  inert key\n" + file, "inert KEY REASON"},
		"unknown field":    {head + "  colour red\n" + file, "colour"},
		"not indented":     {head + "file config.json 1 " + digestA + "\n", "cannot read"},
		"no files":         {head, "no files"},
		"merge conflict":   {head + "<<<<<<< ours\n" + file, "cannot read"},
		"trailing \\r":     {"checkpoint a/b\r\n", "org/name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample().Format())
	f.Add([]byte("checkpoint a/b\n  source folder\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lock, err := Parse(data)
		if err != nil {
			return
		}
		text := lock.Format()
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("what was printed does not parse: %v\n%s", err, text)
		}
		if !bytes.Equal(again.Format(), text) {
			t.Fatalf("not canonical:\n%s", text)
		}
	})
}
