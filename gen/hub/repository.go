package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Repository is one revision of a repository.
type Repository struct {
	ID       string
	Revision string // the commit
	Files    []File // those at the top, by name
}

// File is a file as the hub lists it.
type File struct {
	Name   string
	Size   int64
	SHA256 string // of files outside of git
	Blob   string // git's name of the file's bytes; for a file outside of git, of a pointer to it
}

const (
	maxListing = 64 << 20
	maxFiles   = 100_000
	maxShard   = 1 << 50
)

var (
	commitForm = regexp.MustCompile(`^[0-9a-f]{40}$`)
	sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)
	refForm    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$`)
	nameForm   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$`)
)

// listing is the hub's answer about a revision.
type listing struct {
	ID       string `json:"id"`
	SHA      string `json:"sha"`
	Siblings []struct {
		Name string `json:"rfilename"`
		Size *int64 `json:"size"`
		Blob string `json:"blobId"`
		LFS  *struct {
			SHA256 string `json:"sha256"`
			Size   *int64 `json:"size"`
		} `json:"lfs"`
	} `json:"siblings"`
}

// Resolve finds the commit that a branch, tag or commit names ("" is main), and its files.
func (c *Client) Resolve(ctx context.Context, id, revision string) (*Repository, error) {
	if revision == "" {
		revision = "main"
	}
	about := id + "@" + revision
	if !lockfile.ValidID(id) || !refForm.MatchString(revision) || strings.Contains(revision, "..") {
		return nil, diag.List{diag.Errorf("MG3013", about, "this is no name of a revision of a repository").WithHint("want ORG/NAME or ORG/NAME@REVISION")}
	}
	org, name, _ := strings.Cut(id, "/")
	var repo *Repository
	err := c.get(ctx, about, c.at("api", "models", org, name, "revision", revision)+"?blobs=true", nil, func(answer *http.Response) error {
		data, err := readAll(answer, maxListing)
		if err != nil {
			return err
		}
		var l listing
		if err := json.Unmarshal(data, &l); err != nil {
			return permanent{fmt.Errorf("the listing of the repository cannot be read: %w", err)}
		}
		repo, err = l.repository()
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case repo.ID != id:
		return nil, diag.List{diag.Errorf("MG3016", about, "the repository is now %s", repo.ID).WithHint("mlxgen add %s", repo.ID)}
	case commitForm.MatchString(revision) && repo.Revision != revision:
		return nil, diag.List{diag.Errorf("MG3014", about, "the hub answers with commit %s", repo.Revision)}
	}
	return repo, nil
}

// repository checks a listing. Files in folders are none of a checkpoint's.
func (l *listing) repository() (*Repository, error) {
	if !lockfile.ValidID(l.ID) || !commitForm.MatchString(l.SHA) || len(l.Siblings) > maxFiles {
		return nil, permanent{fmt.Errorf("the listing of the repository is not what a hub answers: id %.100q, commit %.50q, %d files", l.ID, l.SHA, len(l.Siblings))}
	}
	r := &Repository{ID: l.ID, Revision: l.SHA}
	for _, s := range l.Siblings {
		if !nameForm.MatchString(s.Name) {
			continue
		}
		f := File{Name: s.Name, Blob: s.Blob}
		size := s.Size
		if s.LFS != nil {
			f.SHA256 = s.LFS.SHA256
			if size == nil {
				size = s.LFS.Size
			}
			if !sha256Form.MatchString(f.SHA256) || size == nil || s.LFS.Size != nil && *s.LFS.Size != *size {
				return nil, permanent{fmt.Errorf("the hub lists %s without a proper size and digest", s.Name)}
			}
		}
		if size == nil || *size < 0 || *size > maxShard {
			return nil, permanent{fmt.Errorf("the hub lists %s without a proper size", s.Name)}
		}
		f.Size = *size
		r.Files = append(r.Files, f)
	}
	slices.SortFunc(r.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(r.Files); i++ {
		if r.Files[i].Name == r.Files[i-1].Name {
			return nil, permanent{fmt.Errorf("the hub lists %s twice", r.Files[i].Name)}
		}
	}
	return r, nil
}

// Find is a file by name, or nil.
func (r *Repository) Find(name string) *File {
	i, ok := slices.BinarySearchFunc(r.Files, name, func(f File, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return nil
	}
	return &r.Files[i]
}

// Shards are the weight files at the top, as the loader chooses them.
func (r *Repository) Shards() []File {
	var shards []File
	for _, f := range r.Files {
		if strings.HasPrefix(f.Name, "model") && strings.HasSuffix(f.Name, ".safetensors") {
			shards = append(shards, f)
		}
	}
	return shards
}
