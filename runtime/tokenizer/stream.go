package tokenizer

import "strings"

// maxHeld bounds how many tokens a windowed stream holds back for a character to become whole.
const maxHeld = 8

const replacement = "\uFFFD"

// Stream turns tokens into text as they come. It belongs to one goroutine.
//
// What it returns never ends inside a character and is never taken back, and all of it together is
// what Decode returns for all the tokens. One case cannot be both: where a run of byte tokens holds
// valid characters and later turns out invalid, Decode replaces the whole run, the stream only what
// it has not yet returned.
type Stream struct {
	t           *Tokenizer
	skipSpecial bool

	pending []byte // bytes of an incomplete character
	run     bool   // pending are byte tokens rather than bytes of a token
	strips  int    // leading characters that may still be dropped

	// Of a windowed stream: tokens whose text is out, then tokens whose text is not.
	window []int32
	out    int
}

// NewStream starts a text. With skipSpecial special tokens are left out.
func (t *Tokenizer) NewStream(skipSpecial bool) *Stream {
	return &Stream{t: t, skipSpecial: skipSpecial, strips: t.decoder.strips}
}

// Push takes the next token and returns the text that is now certain, often none. It fails after
// the tokenizer was closed and where the decoder fails.
func (s *Stream) Push(id int32) (string, error) {
	if s.t.decoder.kind == windowDecoder {
		return s.pushWindow(id)
	}
	p, err := s.t.piece(id)
	if err != nil {
		return "", err
	}
	if p.text == "" || p.special && s.skipSpecial {
		return "", nil
	}
	var out strings.Builder
	if s.t.decoder.kind == byteDecoder || p.isByte {
		s.pending = append(s.pending, p.text...)
		s.settle(&out, false)
	} else {
		s.settle(&out, true)
		out.WriteString(p.text)
	}
	return s.strip(out.String()), nil
}

// Flush returns what Push still held back and starts anew.
func (s *Stream) Flush() string {
	var text string
	if s.t.decoder.kind == windowDecoder {
		text, _ = s.advance(true)
	} else {
		var out strings.Builder
		s.settle(&out, true)
		text = s.strip(out.String())
	}
	*s = *s.t.NewStream(s.skipSpecial)
	return text
}

// settle moves the characters that are whole from pending to out, with U+FFFD for bytes that can
// no longer become one. At the end of a run of bytes nothing stays.
func (s *Stream) settle(out *strings.Builder, end bool) {
	rest := s.pending
	for len(rest) > 0 {
		n, state := nextChar(rest)
		switch {
		case state == whole:
			out.Write(rest[:n])
		case state == partial && !end:
			s.pending = append(s.pending[:0], rest...)
			return
		case s.t.decoder.kind == byteDecoder:
			out.WriteString(replacement)
		default:
			out.WriteString(strings.Repeat(replacement, n))
		}
		rest = rest[n:]
	}
	s.pending = s.pending[:0]
}

// strip drops what the decoder drops from the start of a text.
func (s *Stream) strip(text string) string {
	for s.strips > 0 && text != "" {
		rest, ok := strings.CutPrefix(text, s.t.decoder.strip)
		if !ok {
			s.strips = 0
			break
		}
		s.strips--
		text = rest
	}
	return text
}

// charState says what the start of some bytes is.
type charState int

const (
	whole   charState = iota // a character
	partial                  // the start of one that may yet come
	broken                   // neither
)

// nextChar looks at the start of b. Of bytes that are no character, those count that could have
// been the start of one, as in the Unicode standard's practice for U+FFFD.
func nextChar(b []byte) (n int, state charState) {
	low, high, size := byte(0x80), byte(0xbf), 0
	switch c := b[0]; {
	case c < 0x80:
		return 1, whole
	case c >= 0xc2 && c <= 0xdf:
		size = 2
	case c >= 0xe0 && c <= 0xef:
		size = 3
		switch c {
		case 0xe0:
			low = 0xa0
		case 0xed:
			high = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		size = 4
		switch c {
		case 0xf0:
			low = 0x90
		case 0xf4:
			high = 0x8f
		}
	default:
		return 1, broken
	}
	for n = 1; n < size; n++ {
		if n == len(b) {
			return n, partial
		}
		if b[n] < low || b[n] > high {
			return n, broken
		}
		low, high = 0x80, 0xbf
	}
	return size, whole
}

func (s *Stream) pushWindow(id int32) (string, error) {
	s.window = append(s.window, id)
	return s.advance(false)
}

// advance returns the text that the tokens after s.out add to those before it. The tokens before
// give the decoder its context: whether a space belongs between two words, for instance.
func (s *Stream) advance(end bool) (string, error) {
	if len(s.window) == s.out {
		return "", nil
	}
	before, err := s.t.Decode(s.window[:s.out], s.skipSpecial)
	if err != nil {
		return "", err
	}
	all, err := s.t.Decode(s.window, s.skipSpecial)
	if err != nil {
		return "", err
	}
	held := len(s.window) - s.out
	if !end && held < maxHeld && (all == before || strings.HasSuffix(all, replacement)) {
		return "", nil
	}
	if all == before {
		// Tokens without text of their own are no context for what follows.
		s.window = s.window[:s.out]
		return "", nil
	}
	text, ok := strings.CutPrefix(all, before)
	if !ok {
		// The decoder changed its mind about text that is out; go on with the new tokens alone.
		if text, err = s.t.Decode(s.window[s.out:], s.skipSpecial); err != nil {
			return "", err
		}
	}
	s.window = append(s.window[:0], s.window[s.out:]...)
	s.out = len(s.window)
	return text, nil
}
