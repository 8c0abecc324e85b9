// Package chat renders conversations with a checkpoint's own chat template, byte for byte as Transformers does.
package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mlxgen/mlxgen/runtime/internal/native"
)

// Template is a compiled chat template. It is safe for use by several goroutines.
type Template struct {
	name   string
	native *native.Template
}

// Compile compiles a template; name stands in its errors.
func Compile(name, source string) (*Template, error) {
	t, err := native.CompileTemplate(source)
	if err != nil {
		return nil, fmt.Errorf("chat template %s: %w", name, err)
	}
	return &Template{name, t}, nil
}

// Render renders the template with the variables of a JSON object, whose keys keep their order, at a moment.
func (t *Template) Render(vars []byte, now time.Time) (string, error) {
	text, err := t.native.Render(vars, now)
	if err != nil {
		return "", fmt.Errorf("chat template %s: %w", t.name, err)
	}
	return text, nil
}

// Message is one turn of a conversation. Content is a string, or a list of parts as the template expects them.
type Message struct {
	Role       string          `json:"role"`
	Content    any             `json:"content"`
	ToolCalls  json.RawMessage `json:"tool_calls,omitempty"`
	ToolCallID string          `json:"tool_call_id,omitempty"`
	Name       string          `json:"name,omitempty"`
}

// Conversation is what a template renders.
type Conversation struct {
	Messages []Message
	// Tools are the schemas of the tools, whose keys keep their order.
	Tools []json.RawMessage
	// AddGenerationPrompt ends the prompt where the model's answer begins.
	AddGenerationPrompt bool
	// Vars are further variables, such as bos_token.
	Vars map[string]any
	// Now is the moment that strftime_now sees; the present where zero.
	Now time.Time
}

// ErrNoMessages says that there is nothing to render.
var ErrNoMessages = errors.New("chat: the conversation has no messages")

// Apply renders the conversation.
func (c *Conversation) Apply(t *Template) (string, error) {
	if len(c.Messages) == 0 {
		return "", ErrNoMessages
	}
	vars := map[string]any{"messages": c.Messages, "add_generation_prompt": c.AddGenerationPrompt}
	if c.Tools != nil {
		vars["tools"] = c.Tools
	}
	for name, v := range c.Vars {
		if _, taken := vars[name]; taken {
			return "", fmt.Errorf("chat: the variable %s is given by the conversation itself", name)
		}
		vars[name] = v
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(vars); err != nil {
		return "", fmt.Errorf("chat: %w", err)
	}
	now := c.Now
	if now.IsZero() {
		now = time.Now()
	}
	return t.Render(b.Bytes(), now)
}
