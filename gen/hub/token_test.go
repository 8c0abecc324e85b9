package hub

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/internal/fakehub"
)

func TestTokenGoesToTheHubOnly(t *testing.T) {
	h, _ := serve(t)
	h.Gate("org/name", "secret")
	c := client(t, h, func(o *Options) { o.Token = "secret" })
	if _, err := c.Checkpoint(t.Context(), "org/name", ""); err != nil {
		t.Fatal(err)
	}
	servers := map[string]int{}
	for _, r := range h.Requests() {
		servers[r.Server]++
		want := ""
		if r.Server == "hub" {
			want = "secret"
		}
		if r.Token != want {
			t.Errorf("%+v", r)
		}
	}
	if servers["hub"] == 0 || servers["content"] == 0 {
		t.Errorf("asked %v", servers)
	}
}

func TestGatedRepository(t *testing.T) {
	h, _ := serve(t)
	h.Gate("org/name", "secret")
	_, err := client(t, h, nil).Checkpoint(t.Context(), "org/name", "")
	refused(t, err, "MG3012", "401", "HF_TOKEN")
	_, err = client(t, h, func(o *Options) { o.Token = "wrong" }).Checkpoint(t.Context(), "org/name", "")
	refused(t, err, "MG3012", "403", "the token in use")
	if strings.Contains(err.Error(), "wrong\"") || strings.Contains(err.Error(), "Bearer") {
		t.Errorf("the token is shown: %v", err)
	}
	_, err = client(t, h, nil).Checkpoint(t.Context(), "org/absent", "")
	refused(t, err, "MG3012", "the name is wrong")
	if n := len(h.Requests()); n != 3 {
		t.Errorf("%d requests: a refusal is asked again", n)
	}
}

func TestOffline(t *testing.T) {
	h, _ := serve(t)
	_, err := client(t, h, func(o *Options) { o.Offline = true }).Checkpoint(t.Context(), "org/name", "")
	refused(t, err, "MG3010", "HF_HUB_OFFLINE")
	if n := len(h.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestCancel(t *testing.T) {
	h, _ := serve(t)
	h.Fail("", "", 1<<30, fakehub.Status(500, ""))
	stop := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	c := client(t, h, nil)
	cancel(stop)
	if _, err := c.Checkpoint(ctx, "org/name", ""); !errors.Is(err, stop) && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		text string
	}{
		"no address":      {Options{Endpoint: "huggingface.co"}, "address"},
		"another scheme":  {Options{Endpoint: "ftp://hub"}, "address"},
		"user in address": {Options{Endpoint: "https://me:pw@hub"}, "address"},
		"query":           {Options{Endpoint: "https://hub?x=1"}, "address"},
		"clear text":      {Options{Endpoint: "http://hub.example", Token: "secret"}, "clear text"},
		"newline":         {Options{Token: "a\nb"}, "characters"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(c.o)
			refused(t, err, "MG3011", c.text)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the token is shown: %v", err)
			}
		})
	}
	for _, o := range []Options{{}, {Endpoint: "https://hub.example/mirror/"}, {Endpoint: "http://127.0.0.1:80", Token: "x"}, {Endpoint: "http://localhost", Token: "x"}} {
		if _, err := New(o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	dir := t.TempDir()
	token := filepath.Join(dir, "huggingface", "token")
	if err := os.MkdirAll(filepath.Dir(token), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(token, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, "long")
	if err := os.WriteFile(long, make([]byte, maxToken+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want Options
	}{
		"nothing":        {nil, Options{}},
		"token":          {map[string]string{"HF_TOKEN": " abc\n", "XDG_CACHE_HOME": dir}, Options{Token: "abc"}},
		"token file":     {map[string]string{"HF_TOKEN_PATH": token}, Options{Token: "from-file"}},
		"HF_HOME":        {map[string]string{"HF_HOME": filepath.Dir(token)}, Options{Token: "from-file"}},
		"cache":          {map[string]string{"XDG_CACHE_HOME": dir, "HOME": "/nowhere"}, Options{Token: "from-file"}},
		"home":           {map[string]string{"HOME": "/nowhere"}, Options{}},
		"a folder":       {map[string]string{"HF_TOKEN_PATH": dir}, Options{}},
		"a long file":    {map[string]string{"HF_TOKEN_PATH": long}, Options{}},
		"offline":        {map[string]string{"HF_HUB_OFFLINE": "true"}, Options{Offline: true}},
		"not offline":    {map[string]string{"HF_HUB_OFFLINE": "0"}, Options{}},
		"other endpoint": {map[string]string{"HF_ENDPOINT": "https://mirror"}, Options{Endpoint: "https://mirror"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := FromEnvironment(func(key string) string { return c.env[key] })
			if got.Endpoint != c.want.Endpoint || got.Token != c.want.Token || got.Offline != c.want.Offline {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
