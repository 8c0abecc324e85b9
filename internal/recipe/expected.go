package recipe

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
)

// Expected is the content of expected.json: what a reference computed.
type Expected struct {
	Sequences []Sequence
	Vocab     int
	// DecodeCheck says whether feeding a sequence in two or more parts must give the same logits as in one. Dynamic NTK
	// scaling is one where, in the reference, it does not.
	DecodeCheck bool
	Tolerance   Tolerance
}

// A Sequence is a row of tokens and the reference's logits for it.
type Sequence struct {
	Tokens []int
	// Prefill is how many tokens a test of decoding prefills before it feeds the rest one at a time.
	Prefill int
	// Rows are the positions, ascending, whose logits are kept.
	Rows []int
	// Logits has one row of Vocab values for each of Rows.
	Logits [][]float32
}

// The file's form.
type expectedFile struct {
	Vocab       int            `json:"vocab"`
	TolRel      float64        `json:"tol_rel"`
	BadRowsOK   float64        `json:"bad_rows_ok"`
	DecodeCheck bool           `json:"decode_check"`
	Sequences   []sequenceFile `json:"sequences"`
}

type sequenceFile struct {
	Tokens  []int  `json:"tokens"`
	Prefill int    `json:"prefill"`
	Rows    []int  `json:"rows"` // absent: every position
	Shape   []int  `json:"shape"`
	Logits  string `json:"logits_f32le_b64"`
}

// Expected reads the recipe's expected.json.
func (r *Recipe) Expected() (*Expected, error) {
	path := filepath.Join(r.Dir, "expected.json")
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	e, err := parseExpected(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

func parseExpected(data []byte) (*Expected, error) {
	var f expectedFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	switch {
	case f.Vocab < 1 || f.Vocab > maxTokens:
		return nil, fmt.Errorf("vocab: %d", f.Vocab)
	case !(f.TolRel > 0 && f.TolRel < 1):
		return nil, fmt.Errorf("tol_rel: %g", f.TolRel)
	case !(f.BadRowsOK >= 0 && f.BadRowsOK < 1):
		return nil, fmt.Errorf("bad_rows_ok: %g", f.BadRowsOK)
	case len(f.Sequences) == 0:
		return nil, fmt.Errorf("sequences: none")
	}
	e := &Expected{Vocab: f.Vocab, DecodeCheck: f.DecodeCheck, Tolerance: Tolerance{Rel: f.TolRel, BadRows: f.BadRowsOK}}
	for i, file := range f.Sequences {
		seq, err := file.sequence(f.Vocab)
		if err != nil {
			return nil, fmt.Errorf("sequences[%d].%w", i, err)
		}
		e.Sequences = append(e.Sequences, seq)
	}
	return e, nil
}

// sequence validates the file's form of a sequence; its errors begin with the field's name.
func (f sequenceFile) sequence(vocab int) (Sequence, error) {
	seq := Sequence{Tokens: f.Tokens, Prefill: f.Prefill, Rows: f.Rows}
	if len(f.Tokens) == 0 || len(f.Tokens) > maxTokens {
		return seq, fmt.Errorf("tokens: %d of them", len(f.Tokens))
	}
	for i, token := range f.Tokens {
		if token < 0 || token >= vocab {
			return seq, fmt.Errorf("tokens[%d]: %d is not in the vocabulary", i, token)
		}
	}
	if f.Prefill < 1 || f.Prefill > len(f.Tokens) {
		return seq, fmt.Errorf("prefill: %d of %d tokens", f.Prefill, len(f.Tokens))
	}
	if f.Rows == nil {
		for i := range f.Tokens {
			seq.Rows = append(seq.Rows, i)
		}
	}
	if len(seq.Rows) == 0 {
		return seq, fmt.Errorf("rows: none")
	}
	last := -1
	for i, row := range seq.Rows {
		if row <= last || row >= len(f.Tokens) {
			return seq, fmt.Errorf("rows[%d]: %d is not an ascending position", i, row)
		}
		last = row
	}
	if len(f.Shape) != 2 || f.Shape[0] != len(seq.Rows) || f.Shape[1] != vocab {
		return seq, fmt.Errorf("shape: %v instead of [%d %d]", f.Shape, len(seq.Rows), vocab)
	}
	raw, err := base64.StdEncoding.DecodeString(f.Logits)
	if err != nil {
		return seq, fmt.Errorf("logits_f32le_b64: %w", err)
	}
	if len(raw) != 4*vocab*len(seq.Rows) {
		return seq, fmt.Errorf("logits_f32le_b64: %d bytes for shape %v", len(raw), f.Shape)
	}
	for r := range seq.Rows {
		row := make([]float32, vocab)
		for i := range row {
			row[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*(r*vocab+i):]))
			if !finite(row[i]) {
				return seq, fmt.Errorf("logits_f32le_b64: row %d, value %d is not finite", r, i)
			}
		}
		seq.Logits = append(seq.Logits, row)
	}
	return seq, nil
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
