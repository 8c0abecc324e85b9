// Package tokenizer turns text into token ids and back, exactly as Transformers does for the same
// checkpoint folder.
//
// It reads tokenizer.json with the Hugging Face library (through daulet/tokenizers, which no other
// package imports) and applies the rules that Transformers adds to it: which special tokens there are,
// which of them tokenizer.json lacks, and which chat template counts. Truncation and padding stored in
// the file are ignored, as Transformers ignores them unless asked.
package tokenizer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mlxgen/mlxgen/runtime/internal/native"
)

// ErrClosed says that the tokenizer was used after Close.
var ErrClosed = errors.New("tokenizer: already closed")

// AddedToken is a token that was added to a vocabulary: a special one, or a user-defined one that
// is matched before the model sees the text.
type AddedToken = native.AddedToken

// Tokenizer is the tokenizer of a checkpoint. Its methods may be called from several goroutines.
type Tokenizer struct {
	config  *Config
	added   []AddedToken
	size    int
	bos     optionalID
	eos     optionalID
	pad     optionalID
	decoder decoder
	pieces  sync.Map // id → piece

	mu     sync.RWMutex // held for reading while the library works
	handle *handle      // nil when closed
}

type optionalID struct {
	id int32
	ok bool
}

// Open reads the tokenizer of a checkpoint folder: tokenizer.json, and where they exist
// tokenizer_config.json, special_tokens_map.json, added_tokens.json and the chat templates.
//
// It fails where a file cannot be read or is malformed; where there is no tokenizer.json, the error
// names the files that hold the tokenizer instead and how to convert them.
func Open(dir string) (*Tokenizer, error) {
	data, err := os.ReadFile(filepath.Join(dir, "tokenizer.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, missing(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	config, err := ReadConfig(dir)
	if err != nil {
		return nil, err
	}
	t, err := New(data, config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, "tokenizer.json"), err)
	}
	return t, nil
}

// New makes a tokenizer of the bytes of a tokenizer.json and a configuration, which may be nil.
// It fails on malformed bytes; no bytes can make it panic.
func New(tokenizerJSON []byte, config *Config) (*Tokenizer, error) {
	if config == nil {
		config = &Config{}
	}
	h, err := open(tokenizerJSON)
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{config: config, handle: h}
	if err := t.prepare(); err != nil {
		h.close()
		return nil, err
	}
	return t, nil
}

// prepare adds the tokens that only the configuration names and caches what never changes.
func (t *Tokenizer) prepare() error {
	added, err := t.handle.AddedTokens()
	if err != nil {
		return err
	}
	if more := t.config.missingTokens(added); len(more) > 0 {
		if err := t.handle.AddTokens(more); err != nil {
			return fmt.Errorf("adding the tokens of tokenizer_config.json: %w", err)
		}
		if added, err = t.handle.AddedTokens(); err != nil {
			return err
		}
	}
	t.added = added
	if t.size, err = t.handle.VocabSize(true); err != nil {
		return err
	}
	for _, special := range []struct {
		id   *optionalID
		name string
	}{{&t.bos, "bos_token"}, {&t.eos, "eos_token"}, {&t.pad, "pad_token"}} {
		if token, ok := t.config.SpecialTokens[special.name]; ok {
			if special.id.id, special.id.ok, err = t.handle.TokenToID(token); err != nil {
				return err
			}
		}
	}
	spec, err := t.handle.Decoder()
	if err != nil {
		return err
	}
	t.decoder, err = readDecoder(spec)
	return err
}

// missing says why a folder without tokenizer.json cannot be opened.
func missing(dir string) error {
	var found []string
	for _, name := range []string{"tokenizer.model", "tekken.json", "tiktoken.model", "vocab.json", "merges.txt", "vocab.txt", "spiece.model"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			found = append(found, name)
		}
	}
	if more, _ := filepath.Glob(filepath.Join(dir, "*.tiktoken")); len(more) > 0 {
		found = append(found, filepath.Base(more[0]))
	}
	if len(found) == 0 {
		return fmt.Errorf("tokenizer: %s holds no tokenizer.json: %w", dir, os.ErrNotExist)
	}
	return fmt.Errorf("tokenizer: %[1]s holds %[2]s but no tokenizer.json, the one format that is read; make one with Transformers: "+
		"AutoTokenizer.from_pretrained(%[1]q).save_pretrained(%[1]q): %[3]w", dir, strings.Join(found, ", "), os.ErrNotExist)
}

// with runs work while the tokenizer is open.
func (t *Tokenizer) with(work func(*handle) error) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.handle == nil {
		return ErrClosed
	}
	return work(t.handle)
}

// Encode returns the ids of text; text that looks like an added token becomes that token. With
// addSpecial the tokenizer's template adds its tokens, as for a plain prompt; a rendered chat
// template has its own and is encoded without.
//
// It fails on text that is not valid UTF-8 and where the model has no token for a part of it.
func (t *Tokenizer) Encode(text string, addSpecial bool) (ids []int32, err error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("tokenizer: the text is not valid UTF-8")
	}
	err = t.with(func(h *handle) error {
		ids, err = h.encode(text, addSpecial)
		return err
	})
	return ids, err
}

// Decode returns the text of ids. With skipSpecial special tokens are left out; ids that have no token
// always are. Bytes that are no valid UTF-8 become U+FFFD. It fails where the decoder does.
func (t *Tokenizer) Decode(ids []int32, skipSpecial bool) (text string, err error) {
	err = t.with(func(h *handle) error {
		text, err = h.Decode(ids, skipSpecial)
		return err
	})
	return text, err
}

// TokenToID returns the id of a token as the vocabulary spells it, and whether there is one.
func (t *Tokenizer) TokenToID(token string) (id int32, ok bool) {
	err := t.with(func(h *handle) (err error) {
		id, ok, err = h.TokenToID(token)
		return err
	})
	return id, ok && err == nil
}

// IDToToken returns the token of an id as the vocabulary spells it, and whether there is one.
func (t *Tokenizer) IDToToken(id int32) (token string, ok bool) {
	err := t.with(func(h *handle) (err error) {
		token, ok, err = h.IDToToken(id)
		return err
	})
	return token, ok && err == nil
}

// AddedTokens returns the added tokens by id. The caller must not change them.
func (t *Tokenizer) AddedTokens() []AddedToken { return t.added }

// VocabSize counts the tokens, added ones included. Ids may have gaps, so the largest may be larger.
func (t *Tokenizer) VocabSize() int { return t.size }

// BOS returns the id of the token that starts a text, and whether there is one.
func (t *Tokenizer) BOS() (int32, bool) { return t.bos.id, t.bos.ok }

// EOS returns the id of the token that ends a text, and whether there is one. What ends a
// generation is the generation configuration's to say.
func (t *Tokenizer) EOS() (int32, bool) { return t.eos.id, t.eos.ok }

// PAD returns the id of the token that fills a batch, and whether there is one.
func (t *Tokenizer) PAD() (int32, bool) { return t.pad.id, t.pad.ok }

// Config returns what the folder says beside tokenizer.json. The caller must not change it.
func (t *Tokenizer) Config() *Config { return t.config }

// Close frees the tokenizer after the calls in progress. Later calls fail with ErrClosed, as do
// streams. Closing again does nothing.
func (t *Tokenizer) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.handle != nil {
		t.handle.close()
		t.handle = nil
	}
	return nil
}
