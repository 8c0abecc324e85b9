// Package fakehub is a model hub for tests: it answers the few requests that the generator makes as the real one does, and fails on command. Weights are
// redirected to a second server of another host, as the real hub sends them to a content network.
package fakehub

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Hub is a running fake. It is closed with the test.
type Hub struct {
	// URL is the endpoint.
	URL string

	content *httptest.Server

	mu       sync.Mutex
	repos    map[string]*repo
	faults   []*rule
	requests []Request
}

// Request is one request as a server saw it.
type Request struct {
	Server string // "hub" or "content"
	Path   string
	Range  string
	Token  string // of the Authorization header, without "Bearer "
}

// repo is one repository.
type repo struct {
	head      string
	revisions map[string]map[string][]byte // by commit: files by name
	token     string                       // that reading needs; "" = public
	movedTo   string
}

// largeAt is the size from which a file is stored outside of git, as the hub does with weights.
const largeAt = 4 << 10

// New starts a hub.
func New(t testing.TB) *Hub {
	h := &Hub{repos: map[string]*repo{}}
	hub := httptest.NewServer(h.watch("hub", http.HandlerFunc(h.serveHub)))
	t.Cleanup(hub.Close)
	h.content = httptest.NewServer(h.watch("content", http.HandlerFunc(h.serveContent)))
	t.Cleanup(h.content.Close)
	h.URL = hub.URL
	return h
}

// Commit adds a revision of a repository, whose branch main it becomes, and returns its commit.
func (h *Hub) Commit(id string, files map[string][]byte) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.repos[id]
	if r == nil {
		r = &repo{revisions: map[string]map[string][]byte{}}
		h.repos[id] = r
	}
	sum := sha1.Sum(fmt.Appendf(nil, "%s %d", id, len(r.revisions)))
	r.head = hex.EncodeToString(sum[:])
	r.revisions[r.head] = files
	return r.head
}

// Gate makes a repository readable with a token only.
func (h *Hub) Gate(id, token string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.repos[id].token = token
}

// Move makes the hub answer requests for one id with a redirect to another.
func (h *Hub) Move(from, to string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.repos[from] = &repo{movedTo: to}
}

// Requests lists what was asked so far.
func (h *Hub) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.requests)
}

// watch notes requests and applies faults before next answers.
func (h *Hub) watch(server string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.requests = append(h.requests, Request{server, r.URL.Path, r.Header.Get("Range"), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")})
		fault := h.fault(server, r)
		h.mu.Unlock()
		if fault != nil {
			fault(next).ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *Hub) serveHub(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	switch {
	case len(parts) == 6 && parts[0] == "api" && parts[1] == "models" && parts[4] == "revision":
		h.serveRevision(w, r, parts[2]+"/"+parts[3], parts[5])
	case len(parts) == 5 && parts[2] == "resolve":
		h.serveFile(w, r, parts[0]+"/"+parts[1], parts[3], parts[4])
	default:
		http.NotFound(w, r)
	}
}

// open finds a repository that the request may read, or answers.
func (h *Hub) open(w http.ResponseWriter, r *http.Request, id string) *repo {
	h.mu.Lock()
	defer h.mu.Unlock()
	found := h.repos[id]
	switch {
	case found == nil:
		http.Error(w, `{"error":"Invalid username or password."}`, http.StatusUnauthorized) // so the real one answers, to tell nothing of private ones
	case found.movedTo != "":
		http.Redirect(w, r, strings.Replace(r.URL.Path, id, found.movedTo, 1)+"?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
	case found.token != "" && r.Header.Get("Authorization") == "":
		http.Error(w, `{"error":"Access to model is restricted."}`, http.StatusUnauthorized)
	case found.token != "" && r.Header.Get("Authorization") != "Bearer "+found.token:
		http.Error(w, `{"error":"Access to model is restricted."}`, http.StatusForbidden)
	default:
		return found
	}
	return nil
}

// Sibling is a file as the hub lists it.
type Sibling struct {
	Name   string `json:"rfilename"`
	Size   int64  `json:"size"`
	BlobID string `json:"blobId"`
	LFS    *LFS   `json:"lfs,omitempty"`
}

// LFS says that a file is stored outside of git.
type LFS struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

func (h *Hub) serveRevision(w http.ResponseWriter, r *http.Request, id, revision string) {
	found := h.open(w, r, id)
	if found == nil {
		return
	}
	commit := revision
	if revision == "main" {
		commit = found.head
	}
	files, ok := found.revisions[commit]
	if !ok {
		http.Error(w, `{"error":"Invalid rev id"}`, http.StatusNotFound)
		return
	}
	answer := map[string]any{"id": id, "modelId": id, "sha": commit, "private": false, "gated": false}
	siblings := []Sibling{}
	for name, data := range files {
		s := Sibling{Name: name, Size: int64(len(data)), BlobID: blobID(data)}
		if len(data) >= largeAt {
			sum := sha256.Sum256(data)
			s.LFS = &LFS{hex.EncodeToString(sum[:]), s.Size}
		}
		siblings = append(siblings, s)
	}
	answer["siblings"] = siblings
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}

// blobID is the name that git gives to a file's bytes.
func blobID(data []byte) string {
	sum := sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(data)), data...))
	return hex.EncodeToString(sum[:])
}

func (h *Hub) serveFile(w http.ResponseWriter, r *http.Request, id, commit, name string) {
	found := h.open(w, r, id)
	if found == nil {
		return
	}
	data, ok := found.revisions[commit][name]
	switch {
	case !ok:
		http.Error(w, "Entry not found", http.StatusNotFound)
	case len(data) >= largeAt:
		http.Redirect(w, r, h.content.URL+"/"+id+"/"+commit+"/"+name+"?signature=x", http.StatusFound)
	default:
		serveBytes(w, r, name, data)
	}
}

func (h *Hub) serveContent(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if len(parts) != 4 {
		http.NotFound(w, r)
		return
	}
	h.mu.Lock()
	data := h.repos[parts[0]+"/"+parts[1]].revisions[parts[2]][parts[3]]
	h.mu.Unlock()
	serveBytes(w, r, parts[3], data)
}
