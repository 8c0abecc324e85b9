package tokenizer

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// decoderKind says how the texts of single tokens make up the text of all.
type decoderKind int

const (
	// windowDecoder: only the library knows; the stream decodes a few tokens at a time.
	windowDecoder decoderKind = iota
	// byteDecoder: every token stands for bytes (ByteLevel).
	byteDecoder
	// fallbackDecoder: tokens are text, but for those that stand for one byte (ByteFallback).
	fallbackDecoder
)

// decoder is what the stream needs to know of a tokenizer's decoder.
type decoder struct {
	kind     decoderKind
	replace  []string // pairs: what is replaced in a token, and by what
	fallback bool     // tokens like <0x0A> stand for a byte
	strip    string   // the character that is dropped from the start …
	strips   int      // … at most so many times
}

// readDecoder reads the decoder's part of a tokenizer.json.
func readDecoder(spec []byte) (decoder, error) {
	var root *decoderPart
	if err := json.Unmarshal(spec, &root); err != nil {
		return decoder{}, fmt.Errorf("tokenizer: reading the decoder: %w", err)
	}
	if root == nil {
		return decoder{}, nil
	}
	parts := []decoderPart{*root}
	if root.Type == "Sequence" {
		parts = root.Decoders
	}
	if len(parts) == 1 && parts[0].Type == "ByteLevel" {
		return decoder{kind: byteDecoder}, nil
	}
	d := decoder{kind: fallbackDecoder}
	for i, part := range parts {
		ok := false
		switch part.Type {
		case "Replace":
			// An empty pattern matches between all characters, which is nobody's intention.
			ok = i == len(d.replace)/2 && part.Pattern.String != nil && *part.Pattern.String != ""
			if ok {
				d.replace = append(d.replace, *part.Pattern.String, part.Content)
			}
		case "ByteFallback":
			ok = i == len(d.replace)/2
			d.fallback = true
		case "Fuse":
			ok = i == len(parts)-1 || i == len(parts)-2 && parts[i+1].Type == "Strip"
		case "Strip":
			ok = i == len(parts)-1 && i > 0 && parts[i-1].Type == "Fuse" && part.Stop == 0
			d.strip, d.strips = part.Content, part.Start
		}
		if !ok {
			return decoder{}, nil
		}
	}
	return d, nil
}

// decoderPart is one step of a decoder, with the fields of all kinds of steps.
type decoderPart struct {
	Type    string `json:"type"`
	Content string `json:"content"`
	Start   int    `json:"start"`
	Stop    int    `json:"stop"`
	Pattern struct {
		String *string `json:"String"`
	} `json:"pattern"`
	Decoders []decoderPart `json:"decoders"`
}

// piece is what one token contributes to a text.
type piece struct {
	text    string // for a byteDecoder bytes, which need not be valid UTF-8
	isByte  bool   // text is one byte of a run of them
	special bool
}

// piece returns what a token contributes; nothing for ids that have no token.
func (t *Tokenizer) piece(id int32) (piece, error) {
	if p, ok := t.pieces.Load(id); ok {
		return p.(piece), nil
	}
	var p piece
	err := t.with(func(h *handle) error {
		token, ok, err := h.IDToToken(id)
		if err != nil || !ok {
			return err
		}
		p = t.decoder.piece(token)
		for _, added := range t.added {
			p.special = p.special || added.Special && added.Content == token
		}
		return nil
	})
	if err != nil {
		return piece{}, err
	}
	t.pieces.Store(id, p)
	return p, nil
}

// piece returns what a token contributes by its spelling.
func (d *decoder) piece(token string) piece {
	if d.kind == byteDecoder {
		return piece{text: bytesOfLevel(token)}
	}
	for i := 0; i < len(d.replace); i += 2 {
		token = strings.ReplaceAll(token, d.replace[i], d.replace[i+1])
	}
	if d.fallback && len(token) == 6 && strings.HasPrefix(token, "<0x") && token[5] == '>' {
		if b, err := strconv.ParseUint(strings.TrimPrefix(token[3:5], "+"), 16, 8); err == nil {
			return piece{text: string([]byte{byte(b)}), isByte: true}
		}
	}
	return piece{text: token}
}

// levelBytes maps the characters that ByteLevel writes for bytes back to them: printable Latin-1
// characters stand for themselves, the other bytes for U+0100 onwards.
var levelBytes = func() map[rune]byte {
	table := map[rune]byte{}
	next := rune(0x100)
	for b := range 256 {
		c := rune(b)
		if !('!' <= c && c <= '~' || '¡' <= c && c <= '¬' || '®' <= c && c <= 'ÿ') {
			c = next
			next++
		}
		table[c] = byte(b)
	}
	return table
}()

// bytesOfLevel returns the bytes that a ByteLevel token stands for; a token with other characters,
// such as an added one, stands for itself.
func bytesOfLevel(token string) string {
	out := make([]byte, 0, len(token))
	for _, c := range token {
		b, ok := levelBytes[c]
		if !ok {
			return token
		}
		out = append(out, b)
	}
	return string(out)
}
