// Package lockfile reads and writes checkpoints.lock: which checkpoints the generated code was proven on. It holds upstream facts only (and the
// decisions that someone recorded about config keys), one block a checkpoint, sorted by id, so that branches merge line by line:
//
//	checkpoint Qwen/Qwen3-0.6B
//	  source hub c1899de289a04d12100db370d81485cdf75e47ca
//	  inert tokenizer_note written by the publisher, read by nothing
//	  file config.json 726 sha256:…
//	  file model.safetensors 1503300328 header:…
//
// A file's digest is that of all its bytes (sha256:) or, for weights that were not hashed whole, that of its header (header:).
package lockfile

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Name is the file's name in a project's root.
const Name = "checkpoints.lock"

// Lock is the parsed file.
type Lock struct {
	Checkpoints []Checkpoint // sorted by ID
}

// Checkpoint is one block.
type Checkpoint struct {
	ID     string // org/name
	Source Source
	Files  []File  // sorted by name
	Inert  []Inert // sorted by key
}

// Source is where a checkpoint came from: a revision on the hub, or a folder of the project or the machine (then Revision is empty).
type Source struct {
	Kind     string // "hub" or "folder"
	Revision string
}

// File is one file of a checkpoint.
type File struct {
	Name   string
	Size   int64
	Digest string // sha256:… or header:…
}

// Inert is a recorded decision that a config key changes no arithmetic.
type Inert struct{ Key, Reason string }

var (
	idForm       = regexp.MustCompile(`^[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}$`)
	revisionForm = regexp.MustCompile(`^[0-9a-f]{40}$`)
	digestForm   = regexp.MustCompile(`^(sha256|header):[0-9a-f]{64}$`)
	fileForm     = regexp.MustCompile(`^[\w][\w.-]{0,254}$`)
)

// ValidID says whether an id has the form org/name. It is also a safe relative path.
func ValidID(id string) bool { return idForm.MatchString(id) && !strings.Contains(id, "..") }

// Find returns the checkpoint with an id, or nil.
func (l *Lock) Find(id string) *Checkpoint {
	for i := range l.Checkpoints {
		if l.Checkpoints[i].ID == id {
			return &l.Checkpoints[i]
		}
	}
	return nil
}

// With returns a copy of the lock in which c replaces the checkpoint of its id, or is added.
func (l *Lock) With(c Checkpoint) *Lock {
	without := l.Without(c.ID)
	without.Checkpoints = append(without.Checkpoints, c)
	without.sort()
	return without
}

// Without returns a copy of the lock without a checkpoint.
func (l *Lock) Without(id string) *Lock {
	return &Lock{Checkpoints: slices.DeleteFunc(slices.Clone(l.Checkpoints), func(c Checkpoint) bool { return c.ID == id })}
}

func (l *Lock) sort() {
	slices.SortFunc(l.Checkpoints, func(a, b Checkpoint) int { return strings.Compare(a.ID, b.ID) })
	for i := range l.Checkpoints {
		c := &l.Checkpoints[i]
		slices.SortFunc(c.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(c.Inert, func(a, b Inert) int { return strings.Compare(a.Key, b.Key) })
	}
}

const preamble = `# What the generated code was proven on. Written by mlxgen add, remove and update; sorted; safe to merge line by line.
`

// Format is the canonical text.
func (l *Lock) Format() []byte {
	sorted := &Lock{Checkpoints: slices.Clone(l.Checkpoints)}
	sorted.sort()
	var b strings.Builder
	b.WriteString(preamble)
	for _, c := range sorted.Checkpoints {
		fmt.Fprintf(&b, "\ncheckpoint %s\n", c.ID)
		fmt.Fprintf(&b, "  source %s\n", strings.TrimSpace(c.Source.Kind+" "+c.Source.Revision))
		for _, i := range c.Inert {
			fmt.Fprintf(&b, "  inert %s %s\n", i.Key, i.Reason)
		}
		for _, f := range c.Files {
			fmt.Fprintf(&b, "  file %s %d %s\n", f.Name, f.Size, f.Digest)
		}
	}
	return []byte(b.String())
}

// maxSize bounds the file.
const maxSize = 64 << 20

// Parse reads the file strictly; every error has its line. Order does not matter, so that a merge needs no sorting.
func Parse(data []byte) (*Lock, error) {
	if len(data) > maxSize {
		return nil, diag.List{diag.Errorf("MG3001", Name, "the file has %d bytes; at most %d are read", len(data), maxSize)}
	}
	p := &parser{lock: &Lock{}}
	for i, line := range strings.Split(string(data), "\n") {
		p.line = i + 1
		if err := p.read(line); err != nil {
			return nil, diag.List{diag.Errorf("MG3001", fmt.Sprintf("%s:%d", Name, p.line), "%v", err).
				WithHint("the file is written by mlxgen add, remove and update; after a merge both sides' lines may stay")}
		}
	}
	for _, c := range p.lock.Checkpoints {
		if c.Source.Kind == "" || len(c.Files) == 0 {
			return nil, diag.List{diag.Errorf("MG3001", Name, "checkpoint %s has no source or no files", c.ID)}
		}
	}
	p.lock.sort()
	return p.lock, nil
}

type parser struct {
	lock *Lock
	line int
}

func (p *parser) read(line string) error {
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	if id, ok := strings.CutPrefix(line, "checkpoint "); ok {
		if !ValidID(id) {
			return fmt.Errorf("%.200q is no checkpoint id; want org/name", id)
		}
		if p.lock.Find(id) != nil {
			return fmt.Errorf("checkpoint %s stands here twice", id)
		}
		p.lock.Checkpoints = append(p.lock.Checkpoints, Checkpoint{ID: id})
		return nil
	}
	if len(p.lock.Checkpoints) == 0 {
		return fmt.Errorf("want a line: checkpoint org/name")
	}
	c := &p.lock.Checkpoints[len(p.lock.Checkpoints)-1]
	field, rest, ok := strings.Cut(strings.TrimPrefix(line, "  "), " ")
	if !ok || !strings.HasPrefix(line, "  ") {
		return fmt.Errorf("cannot read %.200q", line)
	}
	switch field {
	case "source":
		return c.readSource(rest)
	case "file":
		return c.readFile(rest)
	case "inert":
		key, reason, _ := strings.Cut(rest, " ")
		if key == "" || strings.TrimSpace(reason) == "" {
			return fmt.Errorf("want: inert KEY REASON")
		}
		if slices.ContainsFunc(c.Inert, func(i Inert) bool { return i.Key == key }) {
			return fmt.Errorf("the key %s stands here twice", key)
		}
		c.Inert = append(c.Inert, Inert{key, reason})
		return nil
	}
	return fmt.Errorf("unknown field %.200q", field)
}

func (c *Checkpoint) readSource(text string) error {
	kind, revision, _ := strings.Cut(text, " ")
	switch {
	case c.Source.Kind != "":
		return fmt.Errorf("the source stands here twice")
	case kind == "hub" && !revisionForm.MatchString(revision):
		return fmt.Errorf("%.100q is no revision; want the 40 digits of a commit", revision)
	case kind == "folder" && revision != "", kind != "hub" && kind != "folder":
		return fmt.Errorf("want: source hub REVISION, or source folder")
	}
	c.Source = Source{kind, revision}
	return nil
}

func (c *Checkpoint) readFile(text string) error {
	parts := strings.Split(text, " ")
	if len(parts) != 3 || !fileForm.MatchString(parts[0]) || !digestForm.MatchString(parts[2]) {
		return fmt.Errorf("want: file NAME SIZE sha256:… or header:…")
	}
	size, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != parts[1] {
		return fmt.Errorf("%.100q is no size", parts[1])
	}
	if slices.ContainsFunc(c.Files, func(f File) bool { return f.Name == parts[0] }) {
		return fmt.Errorf("the file %s stands here twice", parts[0])
	}
	c.Files = append(c.Files, File{parts[0], size, parts[2]})
	return nil
}
