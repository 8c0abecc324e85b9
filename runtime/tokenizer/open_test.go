//go:build cgo

package tokenizer_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlxgen/mlxgen/runtime/tokenizer"
)

func TestChatTemplates(t *testing.T) {
	write := func(t *testing.T, files map[string]string) *tokenizer.Config {
		t.Helper()
		dir := t.TempDir()
		for name, text := range files {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		config, err := tokenizer.ReadConfig(dir)
		if err != nil {
			t.Fatal(err)
		}
		return config
	}
	const single = `{"chat_template": "config"}`
	const named = `{"chat_template": [{"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"}]}`
	for _, c := range []struct {
		name, template string // what is asked for
		tools          bool
		files          map[string]string
		want           string
	}{
		{"config", "", false, map[string]string{"tokenizer_config.json": single}, "config"},
		{"file before config", "", false, map[string]string{"tokenizer_config.json": single, "chat_template.jinja": "file\n"}, "file\n"},
		{"list", "", false, map[string]string{"tokenizer_config.json": named}, "d"},
		{"list with tools", "", true, map[string]string{"tokenizer_config.json": named}, "t"},
		{"list by name", "tool_use", false, map[string]string{"tokenizer_config.json": named}, "t"},
		{"files by name", "rag", false, map[string]string{"tokenizer_config.json": named, "chat_template.jinja": "f", "additional_chat_templates/rag.jinja": "r"}, "r"},
		{"files hide the list", "", true, map[string]string{"tokenizer_config.json": named, "chat_template.jinja": "f", "additional_chat_templates/rag.jinja": "r"}, "f"},
		{"processor", "", false, map[string]string{"tokenizer_config.json": `{"chat_template": null}`, "chat_template.json": `{"chat_template": "p"}`}, "p"},
		{"config before processor", "", false, map[string]string{"tokenizer_config.json": single, "chat_template.json": `{"chat_template": "p"}`}, "config"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := write(t, c.files).ChatTemplate(c.template, c.tools)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
	if _, err := write(t, nil).ChatTemplate("", false); !errors.Is(err, tokenizer.ErrNoChatTemplate) {
		t.Errorf("no template: %v", err)
	}
	config := write(t, map[string]string{"tokenizer_config.json": named})
	if _, err := config.ChatTemplate("rag", false); err == nil || !strings.Contains(err.Error(), "default, tool_use") {
		t.Errorf("an unknown name: %v", err)
	}
}

func TestOpenFailures(t *testing.T) {
	valid, err := os.ReadFile("testdata/bytelevel/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"nothing", nil, "no tokenizer.json"},
		{"sentencepiece", map[string]string{"tokenizer.model": "x", "config.json": "{}"}, "tokenizer.model but no tokenizer.json"},
		{"tiktoken", map[string]string{"qwen.tiktoken": "x"}, "qwen.tiktoken but no tokenizer.json"},
		{"empty", map[string]string{"tokenizer.json": ""}, "empty"},
		{"no JSON", map[string]string{"tokenizer.json": "{"}, "tokenizer.json"},
		{"no model", map[string]string{"tokenizer.json": "{}"}, "tokenizer.json"},
		{"charsmap", map[string]string{"tokenizer.json": strings.Replace(string(valid), `"normalizer":null`, `"normalizer":{"type":"Precompiled","precompiled_charsmap":""}`, 1)}, "tokenizer.json"},
		{"config", map[string]string{"tokenizer.json": string(valid), "tokenizer_config.json": "{"}, "tokenizer_config.json"},
		{"special token", map[string]string{"tokenizer.json": string(valid), "tokenizer_config.json": `{"eos_token": 5}`}, "eos_token"},
		{"template", map[string]string{"tokenizer.json": string(valid), "tokenizer_config.json": `{"chat_template": 5}`}, "chat_template"},
		{"id", map[string]string{"tokenizer.json": string(valid), "tokenizer_config.json": `{"added_tokens_decoder": {"x": "y"}}`}, "added_tokens_decoder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			_, err := tokenizer.Open(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			if _, ok := c.files["tokenizer.json"]; ok == errors.Is(err, fs.ErrNotExist) {
				t.Errorf("errors.Is(%v, fs.ErrNotExist) is wrong", err)
			}
		})
	}
}

// TestMutatedFiles opens and uses damaged files: any may fail, none may end the process.
func TestMutatedFiles(t *testing.T) {
	for _, kind := range kinds {
		valid, err := os.ReadFile(filepath.Join("testdata", kind, "tokenizer.json"))
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(3, 4))
		opened := 0
		for i := range 400 {
			data := mutate(random, valid)
			if i%4 > 0 {
				data = rearrange(t, random, valid)
			}
			if exercise(data) {
				opened++
			}
		}
		if opened < 25 {
			t.Errorf("%s: only %d of 400 damaged files opened, too few to show anything", kind, opened)
		}
	}
}

// rearrange replaces, removes or adds parts of a file that stays JSON.
func rearrange(t *testing.T, random *rand.Rand, valid []byte) []byte {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(valid, &root); err != nil {
		t.Fatal(err)
	}
	parts := []string{
		"null", "true", "-1", "0", "1e9", "1e300", `""`, `"\u0000"`, `"a"`, `"▁"`, `"<unk>"`, "[]", "{}", `"Removed"`, `"Isolated"`, `"["`, `"(a+)+$"`,
		`{"type":"Precompiled","precompiled_charsmap":"AAAA"}`, `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`,
		`{"type":"FixedLength","length":0}`, `{"type":"Replace","pattern":{"Regex":"(x*)*y"},"content":"zz"}`, `{"type":"Strip","content":"a","start":9,"stop":9}`,
		`{"type":"CTC","pad_token":"a","word_delimiter_token":"b","cleanup":true}`, `{"type":"BPEDecoder","suffix":"</w>"}`, `{"type":"WordPiece","prefix":"##","cleanup":true}`,
		`{"type":"ByteFallback"}`, `{"type":"Fuse"}`, `{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}`, `{"type":"Sequence","decoders":[],"normalizers":[],"pretokenizers":[],"processors":[]}`,
	}
	for range 1 + random.IntN(3) {
		var node any = root
		for range 1 + random.IntN(6) {
			var part any
			if err := json.Unmarshal([]byte(parts[random.IntN(len(parts))]), &part); err != nil {
				t.Fatal(err)
			}
			switch at := node.(type) {
			case map[string]any:
				if len(at) == 0 {
					break
				}
				key := slices.Sorted(maps.Keys(at))[random.IntN(len(at))]
				switch random.IntN(5) {
				case 0:
					at[key] = part
				case 1:
					delete(at, key)
				default:
					node = at[key]
				}
			case []any:
				if len(at) == 0 {
					break
				}
				i := random.IntN(len(at))
				if random.IntN(3) == 0 {
					at[i] = part
				} else {
					node = at[i]
				}
			}
		}
	}
	data, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// mutate damages a file in a few places.
func mutate(random *rand.Rand, valid []byte) []byte {
	data := slices.Clone(valid)
	words := []string{"null", "true", "-1", "99999999999", "1e308", `""`, "[]", "{}", `"ByteLevel"`, `"Metaspace"`, `"Precompiled"`, "0", `"\u0000"`, "}", "]", ","}
	for range 1 + random.IntN(3) {
		// Most of a file is vocabulary: aim at the ends, where the structure is.
		at := random.IntN(len(data))
		switch random.IntN(3) {
		case 0:
			at = random.IntN(min(len(data), 3000))
		case 1:
			at = len(data) - 1 - random.IntN(min(len(data), 300))
		}
		switch random.IntN(4) {
		case 0:
			data[at] = byte(random.IntN(256))
		case 1:
			data = slices.Delete(data, at, min(at+1+random.IntN(20), len(data)))
		case 2:
			data = slices.Insert(data, at, []byte(words[random.IntN(len(words))])...)
		default:
			end := min(at+1+random.IntN(8), len(data))
			data = slices.Replace(data, at, end, []byte(words[random.IntN(len(words))])...)
		}
		if len(data) == 0 {
			break
		}
	}
	return data
}

// exercise uses a file for whatever it is good for and reports whether it opened.
func exercise(data []byte) bool {
	tok, err := tokenizer.New(data, nil)
	if err != nil {
		return false
	}
	defer tok.Close()
	for _, text := range []string{"", "Hello, 東京 <s> 123  \x00 é\u0301", strings.Repeat(" a", 50)} {
		ids, err := tok.Encode(text, true)
		if err != nil {
			continue
		}
		_, _ = tok.Decode(ids, true)
		s := tok.NewStream(false)
		for _, id := range ids {
			if _, err := s.Push(id); err != nil {
				break
			}
		}
		s.Flush()
	}
	tok.AddedTokens()
	return true
}

func FuzzOpen(f *testing.F) {
	for _, kind := range kinds {
		data, err := os.ReadFile(filepath.Join("testdata", kind, "tokenizer.json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(_ *testing.T, data []byte) { exercise(data) })
}

func TestInvalidText(t *testing.T) {
	tok, _ := load(t, "bytelevel")
	if _, err := tok.Encode("a\xffb", false); err == nil {
		t.Error("invalid UTF-8 was encoded")
	}
}

func TestDecodeNothing(t *testing.T) {
	for _, kind := range kinds {
		tok, _ := load(t, kind)
		for _, ids := range [][]int32{nil, {}, {-1}, {1 << 30}} {
			if text, err := tok.Decode(ids, false); err != nil || text != "" {
				t.Errorf("%s: Decode(%v) = %q, %v", kind, ids, text, err)
			}
		}
	}
}

func TestConcurrentUseAndClose(t *testing.T) {
	tok, g := load(t, "bytelevel")
	var wait sync.WaitGroup
	for worker := range 8 {
		wait.Go(func() {
			for i := range 200 {
				c := g.Cases[(i*7+worker)%len(g.Cases)]
				ids, err := tok.Encode(c.Text, false)
				if errors.Is(err, tokenizer.ErrClosed) {
					return
				}
				if err != nil || !slices.Equal(ids, c.IDs) {
					t.Errorf("%q: %v, %v", c.Text, ids, err)
					return
				}
				s := tok.NewStream(true)
				for _, id := range ids {
					if _, err := s.Push(id); err != nil && !errors.Is(err, tokenizer.ErrClosed) {
						t.Error(err)
					}
				}
				if worker == 0 && i == 150 {
					_ = tok.Close()
				}
			}
		})
	}
	wait.Wait()
	if _, err := tok.Decode([]int32{1}, false); !errors.Is(err, tokenizer.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, ok := tok.TokenToID("a"); ok {
		t.Error("found a token after Close")
	}
	if err := tok.Close(); err != nil {
		t.Error(err)
	}
}

func TestExtraSpecialTokens(t *testing.T) {
	tok, _ := load(t, "bytelevel")
	if diff := cmp.Diff([]string{"<|im_start|>", "<|im_end|>"}, tok.Config().ExtraSpecialTokens); diff != "" {
		t.Error(diff)
	}
	if got := tok.Config().Class; got != "PreTrainedTokenizerFast" {
		t.Errorf("class %q", got)
	}
}
