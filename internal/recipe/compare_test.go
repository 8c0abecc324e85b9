package recipe

import (
	"math"
	"strings"
	"testing"
)

// sequence has two rows kept of three; the largest logit is 4.
func sequence() Sequence {
	return Sequence{
		Tokens: []int{0, 1, 2}, Prefill: 1, Rows: []int{0, 2},
		Logits: [][]float32{{1, 2, 4}, {0.5, 0.4999, -4}},
	}
}

func TestCompare(t *testing.T) {
	tol := Tolerance{Rel: 1e-3}
	for _, test := range []struct {
		name   string
		tol    Tolerance
		change func(got [][]float32) [][]float32
		worst  float64
		want   string
	}{
		{"equal", tol, func(g [][]float32) [][]float32 { return g }, 0, ""},
		{"within", tol, func(g [][]float32) [][]float32 { g[0][1] += 0.0039; return g }, 0.0039 / 4, ""},
		{"a close second leads", tol, func(g [][]float32) [][]float32 { g[2][1] = 0.501; return g }, 0.0011 / 4, ""},
		{"another position", tol, func(g [][]float32) [][]float32 { g[1][1] = 99; return g }, 0, ""},
		{"beyond", tol, func(g [][]float32) [][]float32 { g[0][1] += 0.0041; return g }, 0.0041 / 4, "1 of 2 rows"},
		{"beyond, allowed", Tolerance{1e-3, 0.5}, func(g [][]float32) [][]float32 { g[0][1] += 1; return g }, 0.25, ""},
		{"another leads, allowed", Tolerance{1e-3, 0.5}, func(g [][]float32) [][]float32 { g[0][1] += 3; return g }, 0.75, "token 1 leads"},
		{"not a number", tol, func(g [][]float32) [][]float32 { g[1][0] = float32(math.NaN()); return g }, math.Inf(1), "position 1"},
		{"infinite", tol, func(g [][]float32) [][]float32 { g[0][0] = float32(math.Inf(-1)); return g }, math.Inf(1), "-Inf"},
		{"short", tol, func(g [][]float32) [][]float32 { return g[:2] }, math.Inf(1), "2 rows"},
		{"narrow", tol, func(g [][]float32) [][]float32 { g[1] = g[1][:2]; return g }, math.Inf(1), "position 1: 2 logits"},
	} {
		t.Run(test.name, func(t *testing.T) {
			seq := sequence()
			worst, err := Compare(test.change(everyRow(seq)), seq, test.tol)
			if math.Abs(worst-test.worst) > 1e-6 {
				t.Errorf("worst %g instead of %g", worst, test.worst)
			}
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v instead of %q", err, test.want)
			}
		})
	}
}

func TestExpectedErrors(t *testing.T) {
	good := `{"vocab": 2, "tol_rel": 1e-4, "bad_rows_ok": 0, "decode_check": true, "sequences": [` +
		`{"tokens": [1, 0], "prefill": 1, "rows": [1], "shape": [1, 2], "logits_f32le_b64": "AACAPwAAAEA="}]}`
	e, err := parseExpected([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if row := e.Sequences[0].Logits[0]; row[0] != 1 || row[1] != 2 || !e.DecodeCheck {
		t.Errorf("read %+v", e)
	}
	for _, test := range []struct{ old, new, want string }{
		{`"vocab": 2`, `"vocab": 0`, "vocab"},
		{`1e-4`, `0`, "tol_rel"},
		{`"bad_rows_ok": 0`, `"bad_rows_ok": 1`, "bad_rows_ok"},
		{`[1, 0]`, `[1, 2]`, "sequences[0].tokens[1]"},
		{`[1, 0]`, `[]`, "tokens"},
		{`"prefill": 1`, `"prefill": 3`, "prefill"},
		{`"rows": [1]`, `"rows": [2]`, "rows[0]"},
		{`"rows": [1]`, `"rows": []`, "rows"},
		{`"rows": [1], `, ``, "shape"},
		{`[1, 2]`, `[1, 3]`, "shape"},
		{`AACAPwAAAEA=`, `AACAPw==`, "4 bytes"},
		{`AACAPwAAAEA=`, `?`, "logits_f32le_b64"},
		{`AACAPwAAAEA=`, `AADAfwAAAEA=`, "not finite"},
	} {
		if !strings.Contains(good, test.old) {
			t.Fatalf("%q is not in the input", test.old)
		}
		if _, err := parseExpected([]byte(strings.Replace(good, test.old, test.new, 1))); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s for %s: %v", test.new, test.old, err)
		}
	}
}
