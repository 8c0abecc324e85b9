package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Conversation is what a chat template is applied to.
type Conversation struct {
	// Messages are JSON objects with at least a role; all their keys reach the template, in order.
	Messages []json.RawMessage
	// Tools are the schemas of the tools, in order and with the order of their keys; nil for none.
	Tools []json.RawMessage
	// Documents are what a template for retrieval may quote; nil for none.
	Documents []json.RawMessage
	// AddGenerationPrompt asks for the start of the answer after the last message.
	AddGenerationPrompt bool
	// ContinueFinal leaves the last message open, so that the model continues it.
	ContinueFinal bool
	// ContinueField is the key of the last message that ContinueFinal leaves open; "" means "content".
	ContinueField string
	// Vars are further variables: the special tokens (bos_token and so on) and what a request adds.
	Vars map[string]any
	// Now is what strftime_now sees; the zero time means the current one.
	Now time.Time
}

// continueTag marks where the last message ends in the rendered text. Its space shows whether the
// template trims its messages.
const continueTag = "CONTINUE_FINAL_MESSAGE_TAG "

// reasoningKeys are the names under which clients pass a message's reasoning; templates read the first.
var reasoningKeys = []string{"reasoning_content", "thinking", "reasoning"}

// Apply renders the conversation, as Transformers' apply_chat_template does: keys of messages whose
// value is null are left out, a message's reasoning goes by all its usual names, and tools and
// documents are none where not given.
//
// It fails as [Template.Render] does, on a conversation without messages, on messages that are no
// objects, and where the last message cannot be continued.
func (t *Template) Apply(c Conversation) (string, error) {
	text, err := t.apply(c)
	var failed *Error
	var raised *RaisedError
	if err != nil && !errors.As(err, &failed) && !errors.As(err, &raised) {
		return "", fmt.Errorf("chat template %s: %w", t.name, err)
	}
	return text, err
}

func (t *Template) apply(c Conversation) (string, error) {
	if len(c.Messages) == 0 {
		return "", errors.New("the conversation has no messages")
	}
	if c.ContinueFinal && c.AddGenerationPrompt {
		return "", errors.New("a conversation is either continued in its last message or prompts for a new one")
	}
	messages := make([]object, len(c.Messages))
	for i, data := range c.Messages {
		message, err := parseObject(data)
		if err != nil {
			return "", fmt.Errorf("message %d: %w", i, err)
		}
		messages[i] = withReasoning(message.withoutNulls())
	}
	var final string
	if c.ContinueFinal {
		var err error
		last := &messages[len(messages)-1]
		if *last, final, err = t.open(*last, c.ContinueField); err != nil {
			return "", err
		}
	}
	vars, err := variables(c, messages)
	if err != nil {
		return "", err
	}
	if c.Now.IsZero() {
		c.Now = time.Now()
	}
	text, err := t.RenderAt(vars, c.Now)
	if err != nil || !c.ContinueFinal {
		return text, err
	}
	return cut(text, final)
}

// variables returns everything that the template sees.
func variables(c Conversation, messages []object) (object, error) {
	var vars object
	add := func(name string, value any) error {
		data, err := encode(value)
		if err != nil {
			return fmt.Errorf("variable %s: %w", name, err)
		}
		vars = vars.set(name, data)
		return nil
	}
	own := map[string]any{
		"messages":              messages,
		"tools":                 c.Tools,
		"documents":             c.Documents,
		"add_generation_prompt": c.AddGenerationPrompt,
	}
	for _, name := range slices.Sorted(maps.Keys(c.Vars)) {
		if _, ok := own[name]; ok {
			return nil, fmt.Errorf("variable %s is not for Vars to set", name)
		}
		if err := add(name, c.Vars[name]); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if err := add(name, own[name]); err != nil {
			return nil, err
		}
	}
	return vars, nil
}

// withReasoning gives a message's reasoning all its names but the rarest.
func withReasoning(message object) object {
	for _, key := range reasoningKeys {
		reasoning := message.get(key)
		if reasoning == nil {
			continue
		}
		if message.get("thinking") == nil {
			message = append(object{{"thinking", reasoning}}, message...)
		} else {
			// Transformers builds the message anew, with this key first.
			thinking := message.get("thinking")
			rest := slices.DeleteFunc(slices.Clone(message), func(f field) bool { return f.key == "thinking" })
			message = append(object{{"thinking", thinking}}, rest...)
		}
		return message.set("reasoning_content", reasoning)
	}
	return message
}

// open marks the end of the field of the last message that is to be continued, and returns the
// field's text.
func (t *Template) open(message object, key string) (object, string, error) {
	if key == "" {
		key = "content"
	}
	content := message.get(key)
	if content == nil {
		return nil, "", fmt.Errorf("the last message has no %s to continue", key)
	}
	keys := []string{key}
	if slices.Contains(reasoningKeys, key) {
		keys = slices.DeleteFunc(slices.Clone(reasoningKeys), func(other string) bool {
			return string(message.get(other)) != string(content)
		})
	}
	if !slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(t.source, key) }) {
		return nil, "", fmt.Errorf("the template does not read %s, so it cannot be continued", key)
	}
	var parts []json.RawMessage
	if json.Unmarshal(content, &parts) == nil {
		parts, text, err := openPart(parts)
		if err != nil {
			return nil, "", err
		}
		data, err := encode(parts)
		return message.set(key, data), text, err
	}
	var text string
	if err := json.Unmarshal(content, &text); err != nil {
		return nil, "", fmt.Errorf("the %s of the last message is neither a text nor a list of parts", key)
	}
	marked, err := encode(text + continueTag)
	for _, key := range keys {
		message = message.set(key, marked)
	}
	return message, text, err
}

// openPart marks the end of the last part that has a text, and returns that text.
func openPart(parts []json.RawMessage) ([]json.RawMessage, string, error) {
	for i, data := range slices.Backward(parts) {
		part, err := parseObject(data)
		if err != nil {
			return nil, "", fmt.Errorf("part %d of the last message: %w", i, err)
		}
		if part.get("text") == nil {
			continue
		}
		var text string
		if err := json.Unmarshal(part.get("text"), &text); err != nil {
			return nil, "", fmt.Errorf("part %d of the last message: its text is none", i)
		}
		marked, err := encode(text + continueTag)
		if err != nil {
			return nil, "", err
		}
		parts = slices.Clone(parts)
		parts[i], err = encode(part.set("text", marked))
		return parts, text, err
	}
	return nil, "", errors.New("the last message has no text to continue")
}

// cut ends the rendered text where the last message ends.
func cut(text, final string) (string, error) {
	at := strings.LastIndex(text, strings.TrimSpace(continueTag))
	if at < 0 || !strings.Contains(text, strings.TrimFunc(final, isSpace)) {
		return "", errors.New("the last message cannot be continued: the template changes it")
	}
	if strings.HasPrefix(text[at:], continueTag) {
		return text[:at], nil
	}
	// The template trims its messages.
	return strings.TrimRightFunc(text[:at], isSpace), nil
}

// isSpace is what Python's strip takes for white space.
func isSpace(c rune) bool {
	return unicode.IsSpace(c) || '\x1c' <= c && c <= '\x1f'
}
