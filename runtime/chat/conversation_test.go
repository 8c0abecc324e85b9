//go:build cgo

package chat_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlxgen/mlxgen/runtime/chat"
)

// applyCase is a conversation and what Transformers makes of it, by way of testdata/generate_apply.py.
type applyCase struct {
	Template            string
	Messages            []json.RawMessage
	Tools               []json.RawMessage
	Documents           []json.RawMessage
	AddGenerationPrompt bool            `json:"add_generation_prompt"`
	Continue            json.RawMessage `json:"continue_final_message"`
	Vars                map[string]json.RawMessage
	Want                *string
}

func (c *applyCase) conversation() chat.Conversation {
	conversation := chat.Conversation{
		Messages:            c.Messages,
		Tools:               c.Tools,
		Documents:           c.Documents,
		AddGenerationPrompt: c.AddGenerationPrompt,
		ContinueFinal:       c.Continue != nil,
		Vars:                map[string]any{"bos_token": "<s>"},
		Now:                 now,
	}
	_ = json.Unmarshal(c.Continue, &conversation.ContinueField) // true stays ""
	for name, value := range c.Vars {
		conversation.Vars[name] = value
	}
	return conversation
}

func TestAppliesAsTransformers(t *testing.T) {
	var cases []applyCase
	readJSON(t, "apply.json", &cases)
	for i, c := range cases {
		template, err := chat.Compile("test", c.Template)
		if err != nil {
			t.Fatal(err)
		}
		got, err := template.Apply(c.conversation())
		switch {
		case c.Want == nil && err == nil:
			t.Errorf("case %d: no error, but %q", i, got)
		case c.Want != nil && err != nil:
			t.Errorf("case %d: %v", i, err)
		case c.Want != nil && got != *c.Want:
			t.Errorf("case %d (-want +got)\n%s", i, cmp.Diff(*c.Want, got))
		}
	}
}

func TestApplyFailures(t *testing.T) {
	template, err := chat.Compile("test", "{{ messages }}{{ x }}")
	if err != nil {
		t.Fatal(err)
	}
	user := json.RawMessage(`{"role":"user","content":"x"}`)
	for want, c := range map[string]chat.Conversation{
		"no messages":                       {},
		"message 1":                         {Messages: []json.RawMessage{user, json.RawMessage(`[]`)}},
		"EOF":                               {Messages: []json.RawMessage{json.RawMessage(`{"a":1`)}},
		"variable messages is not for Vars": {Messages: []json.RawMessage{user}, Vars: map[string]any{"messages": 1}},
		"variable x":                        {Messages: []json.RawMessage{user}, Vars: map[string]any{"x": func() {}}},
		"does not read content":             {Messages: []json.RawMessage{user}, ContinueFinal: true},
	} {
		_, err := template.Apply(c)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "chat template test") {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

func TestSchemasKeepTheirKeys(t *testing.T) {
	template, err := chat.Compile("test", "{{ tools[0] | tojson }}")
	if err != nil {
		t.Fatal(err)
	}
	const schema = `{"type": "function", "function": {"name": "f", "z": 1, "a": [1.0, 1e20, "é<"], "m": {}}}`
	got, err := template.Apply(chat.Conversation{
		Messages: []json.RawMessage{json.RawMessage(`{}`)},
		Tools:    []json.RawMessage{json.RawMessage(schema)},
	})
	if want := strings.Replace(schema, "1e20", "1e+20", 1); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}
