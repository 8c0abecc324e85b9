//go:build cgo

package tokenizer_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mlxgen/mlxgen/runtime/tokenizer"
)

// stream pushes ids through a stream and returns all of its text.
func stream(t testing.TB, tok *tokenizer.Tokenizer, ids []int32, skip bool) string {
	t.Helper()
	var out strings.Builder
	s := tok.NewStream(skip)
	for _, id := range ids {
		text, err := s.Push(id)
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(text) {
			t.Fatalf("%v: a push returned %q, which splits a character", ids, text)
		}
		out.WriteString(text)
	}
	out.WriteString(s.Flush())
	if s.Flush() != "" {
		t.Fatal("a second flush returned text")
	}
	return out.String()
}

// TestStreamOfAnyTokens streams tokens in any order, as a model may generate them.
func TestStreamOfAnyTokens(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			tok, _ := load(t, kind)
			random := rand.New(rand.NewPCG(1, 2))
			for range 3000 {
				ids := make([]int32, random.IntN(12))
				for i := range ids {
					ids[i] = int32(random.IntN(tok.VocabSize() + 3))
				}
				skip := random.IntN(2) == 0
				want, err := tok.Decode(ids, skip)
				if err != nil {
					t.Fatal(err)
				}
				got := stream(t, tok, ids, skip)
				if kind == "spm" && strings.Contains(want, "\uFFFD") {
					// A run of byte tokens that turns out invalid: the stream may know better.
					got, want = strings.ReplaceAll(got, "\uFFFD", ""), strings.ReplaceAll(want, "\uFFFD", "")
					if len(got) < len(want) {
						t.Errorf("%v: streamed %q lost text of %q", ids, got, want)
					}
					continue
				}
				if got != want {
					t.Errorf("%v, skip=%v: streamed %q, decoded %q", ids, skip, got, want)
				}
			}
		})
	}
}

// TestStreamHoldsNothingNeedlessly shows that text comes with the token that completes it.
func TestStreamHoldsNothingNeedlessly(t *testing.T) {
	for _, kind := range []string{"bytelevel", "spm"} {
		tok, _ := load(t, kind)
		ids, err := tok.Encode("a東é b😀", false)
		if err != nil {
			t.Fatal(err)
		}
		s := tok.NewStream(true)
		var sofar string
		for i, id := range ids {
			text, err := s.Push(id)
			if err != nil {
				t.Fatal(err)
			}
			sofar += text
			whole, err := tok.Decode(ids[:i+1], true)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.TrimRight(whole, "\uFFFD"); len(sofar) < len(want) {
				t.Errorf("%s: after %d tokens %q of %q", kind, i+1, sofar, want)
			}
		}
		if sofar != "a東é b😀" {
			t.Errorf("%s: %q before the flush", kind, sofar)
		}
	}
}

// TestStreamOfInvalidBytes shows that a model stuck in bytes costs no more per token than another.
func TestStreamOfInvalidBytes(t *testing.T) {
	for kind, token := range map[string]string{"bytelevel": "ÿ", "spm": "<0xE2>"} {
		tok, _ := load(t, kind)
		id, ok := tok.TokenToID(token)
		if !ok {
			t.Fatalf("%s has no token %q", kind, token)
		}
		s := tok.NewStream(false)
		var out strings.Builder
		const n = 20000
		for range n {
			text, err := s.Push(id)
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString(text)
		}
		out.WriteString(s.Flush())
		if got := strings.Count(out.String(), "\uFFFD"); got != n || out.Len() != 3*n {
			t.Errorf("%s: %d replacements for %d bytes", kind, got, n)
		}
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte{0, 1, 2, 200, 255, 17, 3}, true)
	f.Add([]byte("\xe2\x82\xac and \xff"), false)
	toks := map[string]*tokenizer.Tokenizer{}
	for _, kind := range kinds {
		toks[kind], _ = load(f, kind)
	}
	f.Fuzz(func(t *testing.T, data []byte, skip bool) {
		if len(data) > 200 {
			data = data[:200]
		}
		for kind, tok := range toks {
			ids := make([]int32, len(data))
			for i, b := range data {
				ids[i] = int32(int(b) * tok.VocabSize() / 256)
			}
			want, err := tok.Decode(ids, skip)
			if err != nil {
				t.Fatal(err)
			}
			if got := stream(t, tok, ids, skip); got != want && !(kind == "spm" && strings.Contains(want, "\uFFFD")) {
				t.Errorf("%s %v: streamed %q, decoded %q", kind, ids, got, want)
			}
		}
	})
}

func BenchmarkStream(b *testing.B) {
	for _, kind := range []string{"bytelevel", "spm", "wordpiece"} {
		b.Run(kind, func(b *testing.B) {
			tok, g := load(b, kind)
			ids := g.Cases[0].IDs
			s := tok.NewStream(true)
			for i := 0; b.Loop(); i++ {
				if _, err := s.Push(ids[i%len(ids)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
