//go:build cgo

package tokenizer_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlxgen/mlxgen/runtime/tokenizer"
)

// The tokenizers of testdata, made by its generate.py.
var kinds = []string{"bytelevel", "spm", "wordpiece", "unigram"}

// goldens is what Transformers makes of one tokenizer.
type goldens struct {
	Tokenizer struct {
		Size          int               `json:"size"`
		SpecialTokens map[string]string `json:"special_tokens"`
		Added         map[string]int32  `json:"added"`
		AddedSpecial  []string          `json:"added_special"`
		BOS, EOS, PAD *int32
	} `json:"tokenizer"`
	Cases []struct {
		Text          string  `json:"text"`
		IDs           []int32 `json:"ids"`
		Before, After []int32
		Decoded       string `json:"decoded"`
		Skipped       string `json:"skipped"`
	} `json:"cases"`
}

func load(t testing.TB, kind string) (*tokenizer.Tokenizer, *goldens) {
	t.Helper()
	dir := filepath.Join("testdata", kind)
	tok, err := tokenizer.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tok.Close() })
	data, err := os.ReadFile(filepath.Join(dir, "goldens.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g goldens
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return tok, &g
}

func TestEqualsTransformers(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			tok, g := load(t, kind)
			for _, c := range g.Cases {
				ids, err := tok.Encode(c.Text, false)
				if err != nil {
					t.Fatalf("%q: %v", c.Text, err)
				}
				if !slices.Equal(ids, c.IDs) {
					t.Errorf("%q: ids (-want +got)\n%s", c.Text, cmp.Diff(c.IDs, ids))
				}
				all, err := tok.Encode(c.Text, true)
				if want := slices.Concat(c.Before, c.IDs, c.After); err != nil || !slices.Equal(all, want) {
					t.Errorf("%q with special tokens: %v, want %v (%v)", c.Text, all, want, err)
				}
				for _, skip := range []bool{false, true} {
					want := c.Decoded
					if skip {
						want = c.Skipped
					}
					if got, err := tok.Decode(all, skip); err != nil || got != want {
						t.Errorf("decoding %q, skip=%v: %q, want %q (%v)", c.Text, skip, got, want, err)
					}
					if got := stream(t, tok, all, skip); got != want {
						t.Errorf("streaming %q, skip=%v: %q, want %q", c.Text, skip, got, want)
					}
				}
			}
		})
	}
}

func TestTokensEqualTransformers(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			tok, g := load(t, kind)
			if got := tok.VocabSize(); got != g.Tokenizer.Size {
				t.Errorf("size %d, want %d", got, g.Tokenizer.Size)
			}
			added, special := map[string]int32{}, []string{}
			for _, token := range tok.AddedTokens() {
				added[token.Content] = token.ID
				if token.Special {
					special = append(special, token.Content)
				}
			}
			slices.Sort(special)
			if diff := cmp.Diff(g.Tokenizer.Added, added); diff != "" {
				t.Errorf("added tokens (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(g.Tokenizer.AddedSpecial, special); diff != "" {
				t.Errorf("special tokens (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(g.Tokenizer.SpecialTokens, tok.Config().SpecialTokens); diff != "" {
				t.Errorf("named tokens (-want +got)\n%s", diff)
			}
			for name, c := range map[string]struct {
				want *int32
				get  func() (int32, bool)
			}{"bos": {g.Tokenizer.BOS, tok.BOS}, "eos": {g.Tokenizer.EOS, tok.EOS}, "pad": {g.Tokenizer.PAD, tok.PAD}} {
				got, ok := c.get()
				if ok != (c.want != nil) || ok && got != *c.want {
					t.Errorf("%s: %d, %v", name, got, ok)
				}
			}
			for _, token := range slices.Sorted(maps.Keys(added)) {
				if id, ok := tok.TokenToID(token); !ok || id != added[token] {
					t.Errorf("TokenToID(%q) = %d, %v", token, id, ok)
				}
				if got, ok := tok.IDToToken(added[token]); !ok || got != token {
					t.Errorf("IDToToken(%d) = %q, %v", added[token], got, ok)
				}
			}
			if _, ok := tok.TokenToID("no such token"); ok {
				t.Error("found a token that does not exist")
			}
			for _, id := range []int32{-1, 1 << 30} {
				if token, ok := tok.IDToToken(id); ok {
					t.Errorf("id %d has the token %q", id, token)
				}
			}
		})
	}
}
