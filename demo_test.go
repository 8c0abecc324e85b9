package mlxgen_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen"
)

const demo = "checkpoints/mlxgen/demo"

// question is a line of the demo model's questions.jsonl.
type question struct {
	Task     string
	Messages []mlxgen.Message
	Tools    []json.RawMessage
	Expected string
}

func questions(t *testing.T) []question {
	t.Helper()
	f, err := os.Open(demo + "/questions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []question
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			t.Fatal(err)
		}
		all = append(all, q)
	}
	if err := lines.Err(); err != nil || len(all) < 50 {
		t.Fatalf("%d questions, %v", len(all), err)
	}
	return all
}

func load(t *testing.T, o mlxgen.LoadOptions) *mlxgen.Model {
	t.Helper()
	m, err := mlxgen.Load(t.Context(), demo, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// answer collects a streamed answer.
func answer(t *testing.T, m *mlxgen.Model, q question) string {
	t.Helper()
	var b strings.Builder
	for text, err := range m.Chat(t.Context(), q.Messages, mlxgen.Options{Tools: q.Tools}) {
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(text)
	}
	return b.String()
}

// The demo model answers its held-out questions through the whole path: chat template, tokenizer, generated code, stop tokens, streaming.
func TestDemoAnswersItsQuestions(t *testing.T) {
	m := load(t, mlxgen.LoadOptions{})
	for _, q := range questions(t) {
		if got := answer(t, m, q); got != q.Expected {
			t.Errorf("%s: %s\n got %q\nwant %q", q.Task, q.Messages[len(q.Messages)-1], got, q.Expected)
		}
	}
}

func TestUnlockedAnswersAlike(t *testing.T) {
	m := load(t, mlxgen.LoadOptions{Unlocked: true})
	for _, q := range questions(t)[:10] {
		if got := answer(t, m, q); got != q.Expected {
			t.Errorf("%s: got %q, want %q", q.Task, got, q.Expected)
		}
	}
}

func TestLoadSaysWhatIsMissing(t *testing.T) {
	for dir, want := range map[string]string{
		"checkpoints/none":                      "no config.json",
		"checkpoints/mlxgen-recipes/llama__gqa": "no model*.safetensors",
	} {
		if _, err := mlxgen.Load(t.Context(), dir, mlxgen.LoadOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", dir, err, want)
		}
	}
}
