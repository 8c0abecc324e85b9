package hub

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlxgen/mlxgen/internal/fakehub"
	"github.com/mlxgen/mlxgen/runtime/diag"
	"github.com/mlxgen/mlxgen/runtime/snapshot"
)

// weights makes a safetensors file of n tensors [rows] of zeros; its header is some hundred bytes a tensor.
func weights(n, rows int) []byte {
	header := map[string]any{}
	for i := range n {
		header[fmt.Sprintf("model.layers.%d.mlp.up_proj.weight", i)] = map[string]any{
			"dtype": "F32", "shape": []int{rows}, "data_offsets": []int{4 * rows * i, 4 * rows * (i + 1)},
		}
	}
	text, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(file, text...), make([]byte, 4*rows*n)...)
}

// files is a small checkpoint with one weight file in git and two outside of it, of which one has a header of several ranges.
func files() map[string][]byte {
	return map[string][]byte{
		"config.json":                      []byte(`{"model_type": "llama"}`),
		"chat_template.jinja":              []byte("{{ messages }}"),
		"README.md":                        []byte("# not asked for"),
		"pytorch_model.bin":                make([]byte, 5000),
		"model-00001-of-00003.safetensors": weights(1, 1),
		"model-00002-of-00003.safetensors": weights(3, 10_000),
		"model-00003-of-00003.safetensors": weights(800, 16),
	}
}

func serve(t *testing.T) (*fakehub.Hub, string) {
	t.Helper()
	h := fakehub.New(t)
	return h, h.Commit("org/name", files())
}

// client asks h, without pauses. pauses collects what it would have waited.
func client(t *testing.T, h *fakehub.Hub, change func(*Options)) *Client {
	t.Helper()
	o := Options{Endpoint: h.URL, Timeout: 10 * time.Second, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// refused checks that an error is one diagnostic of a code that says some texts.
func refused(t *testing.T, err error, code string, texts ...string) {
	t.Helper()
	var list diag.List
	if !errors.As(err, &list) {
		t.Fatalf("got %v, want a diagnostic %s", err, code)
	}
	if !slices.Equal(list.Codes(), []string{code}) {
		t.Errorf("got %v, want %s", list, code)
	}
	for _, text := range texts {
		if !strings.Contains(list.Error(), text) {
			t.Errorf("want %q in\n%v", text, list)
		}
	}
	if _, ok := diag.Explain(code); !ok {
		t.Errorf("%s is not explained", code)
	}
}

func TestCheckpoint(t *testing.T) {
	h, commit := serve(t)
	var progress []string
	c := client(t, h, func(o *Options) {
		o.Progress = func(done, total int) { progress = append(progress, fmt.Sprintf("%d/%d", done, total)) }
	})
	got, err := c.Checkpoint(t.Context(), "org/name", "")
	if err != nil {
		t.Fatal(err)
	}
	if got.Lock.Source.Revision != commit || got.Lock.Source.Kind != "hub" {
		t.Errorf("source %+v", got.Lock.Source)
	}
	if got.Facts.Raw.Text("model_type") != "llama" || len(got.Facts.Files) != 2 {
		t.Errorf("facts %+v", got.Facts)
	}
	var counts []int
	for _, header := range got.Facts.Headers {
		counts = append(counts, len(header.Tensors))
	}
	if !slices.Equal(counts, []int{1, 3, 800}) {
		t.Errorf("tensors a shard: %v", counts)
	}
	all := files()
	for _, f := range got.Lock.Files {
		data := all[f.Name]
		kind, want := "sha256:", data
		if f.Name == "model-00001-of-00003.safetensors" { // the hub knows no sha256 of what is in git
			kind, want = "header:", data[:8+binary.LittleEndian.Uint64(data)]
		}
		sum := sha256.Sum256(want)
		if f.Size != int64(len(data)) || f.Digest != kind+hex.EncodeToString(sum[:]) {
			t.Errorf("%+v", f)
		}
	}
	if len(got.Lock.Files) != 5 {
		t.Errorf("%d files are locked", len(got.Lock.Files))
	}
	if !slices.Equal(progress, []string{"1/3", "2/3", "3/3"}) {
		t.Errorf("progress %v", progress)
	}
	for _, r := range h.Requests() {
		if strings.Contains(r.Path, "safetensors") && r.Range == "" || strings.Contains(r.Path, "README") || strings.Contains(r.Path, "pytorch") {
			t.Errorf("asked for %+v", r)
		}
	}
}

// What the hub calls a weight file must be what the loader calls one.
func TestShardsAreThoseOfTheLoader(t *testing.T) {
	dir := t.TempDir()
	h := fakehub.New(t)
	tree := map[string][]byte{}
	for _, name := range []string{"model.safetensors", "model-1.safetensors", "consolidated.safetensors", "model.safetensors.index.json", "adapter_model.safetensors", "model_x.safetensors"} {
		tree[name] = []byte("x")
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree["onnx/model.safetensors"] = []byte("x")
	h.Commit("org/name", tree)
	repo, err := client(t, h, nil).Resolve(t.Context(), "org/name", "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range repo.Shards() {
		got = append(got, f.Name)
	}
	want, err := snapshot.Shards(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("hub %v, loader %v", got, want)
	}
}

func TestRevisions(t *testing.T) {
	h, first := serve(t)
	second := h.Commit("org/name", map[string][]byte{"config.json": []byte("{}")})
	c := client(t, h, nil)
	for revision, want := range map[string]string{"": second, "main": second, first: first, second: second} {
		repo, err := c.Resolve(t.Context(), "org/name", revision)
		if err != nil {
			t.Fatal(err)
		}
		if repo.Revision != want {
			t.Errorf("%q is %s, want %s", revision, repo.Revision, want)
		}
	}
	for _, revision := range []string{"v9", strings.Repeat("0", 40)} {
		_, err := c.Resolve(t.Context(), "org/name", revision)
		refused(t, err, "MG3013", revision)
	}
	before := len(h.Requests())
	for _, bad := range [][2]string{{"org/name", "../x"}, {"org/name", "a b"}, {"org/name", "a?b"}, {"name", ""}, {"../x", ""}, {"org/a..b", ""}, {"org/name", "a/../b"}} {
		_, err := c.Resolve(t.Context(), bad[0], bad[1])
		refused(t, err, "MG3013")
	}
	if len(h.Requests()) != before {
		t.Error("a bad name was asked for")
	}
}

func TestMovedRepository(t *testing.T) {
	h, _ := serve(t)
	h.Move("old/name", "org/name")
	_, err := client(t, h, nil).Checkpoint(t.Context(), "old/name", "")
	refused(t, err, "MG3016", "org/name")
}

func TestNothingToAdd(t *testing.T) {
	h := fakehub.New(t)
	h.Commit("org/name", map[string][]byte{"config.json": []byte("{}"), "pytorch_model.bin": nil})
	_, err := client(t, h, nil).Checkpoint(t.Context(), "org/name", "")
	refused(t, err, "MG3017", "safetensors")
}

func TestRetries(t *testing.T) {
	for name, c := range map[string]struct {
		server, path string
		times        int
		fault        fakehub.Fault
	}{
		"429":         {"", "/api/", 2, fakehub.Status(http.StatusTooManyRequests, "7")},
		"500":         {"", "/resolve/", 3, fakehub.Status(http.StatusInternalServerError, "")},
		"503":         {"", "/api/", 4, fakehub.Status(http.StatusServiceUnavailable, "")},
		"cut listing": {"", "/api/", 1, fakehub.Cut},
		"cut config":  {"", "config.json", 1, fakehub.Cut},
		"cut header":  {"content", "model-00003", 3, fakehub.Cut},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := serve(t)
			h.Fail(c.server, c.path, c.times, c.fault)
			waits := 0
			client := client(t, h, func(o *Options) {
				o.Wait = func(ctx context.Context, d time.Duration) error {
					waits++
					if d > longPause || name == "429" && d < 7*time.Second {
						t.Errorf("a pause of %v", d)
					}
					return ctx.Err()
				}
			})
			if _, err := client.Checkpoint(t.Context(), "org/name", ""); err != nil {
				t.Fatal(err)
			}
			if waits != c.times {
				t.Errorf("%d pauses, want %d", waits, c.times)
			}
		})
	}
}

func TestPausesGrow(t *testing.T) {
	last := time.Duration(0)
	for attempt := 1; attempt < 12; attempt++ {
		d := pause(attempt, errors.New("x"))
		if d > longPause || d < last && d < longPause {
			t.Errorf("attempt %d: %v after %v", attempt, d, last)
		}
		last = d
	}
	for text, want := range map[string]time.Duration{"": 0, "3": 3 * time.Second, "-1": 0, "99999999": longPause, "Wed, 21 Oct 2015 07:28:00 GMT": 0} {
		if got := retryAfter(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	const always = 1 << 30
	for name, c := range map[string]struct {
		server, path string
		fault        fakehub.Fault
		code, text   string
	}{
		"no config":            {"", "config.json", fakehub.Status(http.StatusNotFound, ""), "MG3013", "org/name/config.json"},
		"teapot":               {"", "/api/", fakehub.Status(http.StatusTeapot, ""), "MG3014", "418"},
		"always busy":          {"", "/api/", fakehub.Status(http.StatusTooManyRequests, ""), "MG3010", "429"},
		"always cut":           {"", "model-00003", fakehub.Cut, "MG3010", "unexpected EOF"},
		"listing is no JSON":   {"", "/api/", fakehub.Body(`{`, `[`), "MG3014", "cannot be read"},
		"listing without ids":  {"", "/api/", fakehub.Body(`"sha":`, `"sh":`), "MG3014", "commit"},
		"size without number":  {"", "/api/", fakehub.Body(`"size":23`, `"size":null`), "MG3014", "config.json"},
		"negative size":        {"", "/api/", fakehub.Body(`"size":23`, `"size":-1`), "MG3014", "config.json"},
		"bad digest in lfs":    {"", "/api/", fakehub.Body(`"sha256":"`, `"sha256":"x`), "MG3014", "digest"},
		"listed twice":         {"", "/api/", fakehub.Body(`README.md`, `config.json`), "MG3014", "twice"},
		"another config":       {"", "config.json", fakehub.Body(`llama`, `lhama`), "MG3015", "git's"},
		"short config":         {"", "config.json", fakehub.Short, "MG3015", "11 bytes came"},
		"long config":          {"", "config.json", fakehub.Body(`llama`, `llamallama`), "MG3014", "longer"},
		"other range":          {"content", "model-00002", fakehub.OtherRange, "MG3014", "bytes 1-"},
		"short range":          {"content", "model-00002", fakehub.Header("Content-Range", "bytes 0-1/120247"), "MG3014", "bytes 0-1/"},
		"no range":             {"content", "model-00002", fakehub.Header("Content-Range", ""), "MG3014", "asked for"},
		"whole file, later on": {"content", "model-00003", fakehub.WholeFile, "MG3014", "whole file"},
		"redirect loop":        {"hub", "config.json", fakehub.Redirect("config.json"), "MG3014", "too often"},
		"redirect to a file":   {"hub", "config.json", fakehub.Redirect("file:///etc/passwd"), "MG3010", "scheme"},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := serve(t)
			h.Fail(c.server, c.path, always, c.fault)
			_, err := client(t, h, nil).Checkpoint(t.Context(), "org/name", "")
			refused(t, err, c.code, c.text)
			if strings.Contains(err.Error(), "signature=") {
				t.Errorf("a signed address is shown: %v", err)
			}
			if len(h.Requests()) > 40 {
				t.Errorf("%d requests", len(h.Requests()))
			}
		})
	}
}

// A server that ignores ranges will do for a header at the beginning of the file.
func TestWholeFileForItsBeginning(t *testing.T) {
	h, _ := serve(t)
	h.Fail("", "model-00002", 1<<30, fakehub.WholeFile)
	if _, err := client(t, h, nil).Checkpoint(t.Context(), "org/name", ""); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedHeaders(t *testing.T) {
	good := weights(2, 4)
	huge := slices.Clone(good)
	binary.LittleEndian.PutUint64(huge, 1<<40)
	for name, c := range map[string]struct {
		data []byte
		code string
	}{
		"empty":     {nil, "MG1001"},
		"truncated": {good[:len(good)-1], "MG1001"},
		"too long":  {append(slices.Clone(good), 0), "MG1005"},
		"huge":      {huge, "MG1003"},
		"a page":    {bytes.Repeat([]byte("<html>"), 100), "MG1003"},
	} {
		t.Run(name, func(t *testing.T) {
			h := fakehub.New(t)
			h.Commit("org/name", map[string][]byte{"config.json": []byte("{}"), "model.safetensors": c.data})
			_, err := client(t, h, nil).Checkpoint(t.Context(), "org/name", "")
			refused(t, err, c.code, "model.safetensors")
		})
	}
}

// Of several failures the one of the first shard is told, whatever the order of arrival.
func TestFirstFailureCounts(t *testing.T) {
	for range 20 {
		h := fakehub.New(t)
		tree := map[string][]byte{"config.json": []byte("{}")}
		for i := range 12 {
			tree[fmt.Sprintf("model-%02d.safetensors", i)] = []byte("nonsense, too short")
		}
		h.Commit("org/name", tree)
		_, err := client(t, h, nil).Checkpoint(t.Context(), "org/name", "")
		var list diag.List
		if !errors.As(err, &list) || list[0].Code != "MG1003" {
			t.Fatalf("got %v", err)
		}
	}
}
