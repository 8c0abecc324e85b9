// Package mlxgen loads checkpoints and answers with them, on Apple's MLX. It is the face of the library; the commands use it too.
//
//	m, err := mlxgen.Load(ctx, "checkpoints/mlxgen/demo", mlxgen.LoadOptions{})
//	if err != nil { … }
//	defer m.Close()
//	for text, err := range m.Chat(ctx, mlxgen.User("What is 12 + 30?"), mlxgen.Options{}) { … }
//
// Load runs a checkpoint on the code that was generated for its family, after proving that this code takes every tensor and every config key of it.
// A Model is used from one goroutine at a time.
package mlxgen

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/mlxgen/mlxgen/generated/registry"
	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/chat"
	"github.com/mlxgen/mlxgen/runtime/device"
	"github.com/mlxgen/mlxgen/runtime/engine"
	"github.com/mlxgen/mlxgen/runtime/generation"
	"github.com/mlxgen/mlxgen/runtime/model"
	"github.com/mlxgen/mlxgen/runtime/sample"
	"github.com/mlxgen/mlxgen/runtime/snapshot"
	"github.com/mlxgen/mlxgen/runtime/tokenizer"
	"github.com/mlxgen/mlxgen/templates/unlocked"
)

// LoadOptions choose how a checkpoint is loaded.
type LoadOptions struct {
	// Device is "cpu", "gpu", or "" for the best one.
	Device string
	// Unlocked runs the family's template by reflection instead of generated code: for a checkpoint whose traits no locked checkpoint has. The proof
	// is the same.
	Unlocked bool
}

// Model is a loaded checkpoint on a device of its own.
type Model struct {
	*model.Model
	Device   *mlx.Device
	Dir      string
	Defaults *generation.Defaults

	tokenizer *tokenizer.Tokenizer
}

// Load proves and loads the checkpoint in the folder dir. A refusal is a diag.List.
func Load(ctx context.Context, dir string, o LoadOptions) (*Model, error) {
	s, err := snapshot.Open(dir)
	if err != nil {
		return nil, err
	}
	entries := registry.Entries()
	if o.Unlocked {
		entries = unlocked.Entries()
	}
	proven, err := model.Prove(s, entries)
	if err != nil {
		return nil, err
	}
	defaults, err := generation.Read(dir, s.Raw)
	if err != nil {
		return nil, err
	}
	dev, err := device.Open(o.Device)
	if err != nil {
		return nil, err
	}
	loaded, err := model.Load(ctx, dev, proven)
	if err != nil {
		dev.Close()
		return nil, err
	}
	return &Model{Model: loaded, Device: dev, Dir: dir, Defaults: defaults}, nil
}

// Vocab is the number of token ids.
func (m *Model) Vocab() int { return m.Config.Int("vocab_size") }

// Close frees the model and its device.
func (m *Model) Close() error {
	m.Model.Close()
	m.Device.Close()
	if m.tokenizer == nil {
		return nil
	}
	return m.tokenizer.Close()
}

// Tokenizer opens the checkpoint's tokenizer on first use.
func (m *Model) Tokenizer() (*tokenizer.Tokenizer, error) {
	if m.tokenizer == nil {
		t, err := tokenizer.Open(m.Dir)
		if err != nil {
			return nil, err
		}
		m.tokenizer = t
	}
	return m.tokenizer, nil
}

// Options choose an answer. The zero value samples as the checkpoint's generation_config.json asks for (greedy without one), at most 512 tokens.
type Options struct {
	MaxTokens int
	Sample    *sample.Options
	// Tools are the JSON schemas of the tools that the model may call, for templates that know tools; keys keep their order.
	Tools []json.RawMessage
}

const defaultMaxTokens = 512

// Message is one turn of a conversation: a JSON object as clients and templates have it, with at least a role. All its keys reach the template, in order.
type Message = json.RawMessage

// Say makes a message of a role ("system", "user", "assistant", "tool") and a text.
func Say(role, text string) Message {
	message, err := json.Marshal(struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}{role, text})
	if err != nil {
		panic(err) // two strings always encode
	}
	return message
}

// User is a conversation of one user message.
func User(text string) []Message { return []Message{Say("user", text)} }

// Chat yields the answer to a conversation, piece by piece, as the checkpoint's own chat template renders it. Pieces never split a character.
func (m *Model) Chat(ctx context.Context, messages []Message, o Options) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		prompt, err := m.Render(messages, o.Tools)
		if err != nil {
			yield("", err)
			return
		}
		m.answer(ctx, prompt, false, o, yield)
	}
}

// Generate yields a continuation of plain text.
func (m *Model) Generate(ctx context.Context, prompt string, o Options) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { m.answer(ctx, prompt, true, o, yield) }
}

// Render is the prompt that the checkpoint's chat template makes of a conversation.
func (m *Model) Render(messages []Message, tools []json.RawMessage) (string, error) {
	t, err := m.Tokenizer()
	if err != nil {
		return "", err
	}
	source, err := t.Config().ChatTemplate("", len(tools) > 0)
	if err != nil {
		return "", err
	}
	template, err := chat.Compile(m.Dir, source)
	if err != nil {
		return "", err
	}
	conversation := chat.Conversation{Messages: messages, Tools: tools, AddGenerationPrompt: true, Vars: map[string]any{}}
	for name, token := range t.Config().SpecialTokens {
		conversation.Vars[name] = token
	}
	return template.Apply(conversation)
}

// answer streams the text that follows a prompt.
func (m *Model) answer(ctx context.Context, prompt string, addSpecial bool, o Options, yield func(string, error) bool) {
	fail := func(err error) { yield("", err) }
	t, err := m.Tokenizer()
	if err != nil {
		fail(err)
		return
	}
	ids, err := t.Encode(prompt, addSpecial)
	if err != nil {
		fail(err)
		return
	}
	if o.MaxTokens == 0 {
		o.MaxTokens = defaultMaxTokens
	}
	if o.Sample == nil {
		o.Sample = &m.Defaults.Sample
	}
	eng, err := engine.New(m.Device, m.Model, m.Handles, engine.Options{Tokens: len(ids) + o.MaxTokens, Vocab: m.Vocab()})
	if err != nil {
		fail(err)
		return
	}
	defer eng.Close()

	text := t.NewStream(true)
	request := engine.Request{Prompt: ids, Max: o.MaxTokens, Stop: m.Defaults.Stop, Sample: *o.Sample}
	for id, err := range eng.Generate(ctx, request) {
		if err != nil {
			fail(err)
			return
		}
		piece, err := text.Push(id)
		if err != nil {
			fail(fmt.Errorf("token %d: %w", id, err))
			return
		}
		if piece != "" && !yield(piece, nil) {
			return
		}
	}
	if rest := text.Flush(); rest != "" {
		yield(rest, nil)
	}
}
