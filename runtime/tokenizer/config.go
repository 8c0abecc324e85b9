package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Config is what a checkpoint folder says about its tokenizer beside tokenizer.json.
type Config struct {
	// Class is the name of the Transformers class, such as "Qwen2Tokenizer".
	Class string
	// SpecialTokens maps the names that chat templates see, such as "bos_token", to tokens.
	SpecialTokens map[string]string
	// ExtraSpecialTokens are special tokens without a name.
	ExtraSpecialTokens []string
	// ChatTemplates maps names to templates; the usual one is named "default".
	ChatTemplates map[string]string
	// Raw is tokenizer_config.json as it is.
	Raw map[string]json.RawMessage

	// What the files say about tokens, until they are compared with tokenizer.json.
	declared []declaredToken         // by id
	named    map[string]specialToken // by name
	extra    []specialToken
}

// ReadConfig reads the configuration of a checkpoint folder. Files that do not exist say nothing;
// it fails on files that cannot be read or are malformed.
//
// The files count as in Transformers: chat_template.jinja and additional_chat_templates/*.jinja before
// the chat_template of tokenizer_config.json, and special_tokens_map.json and added_tokens.json only
// where tokenizer_config.json has no added_tokens_decoder.
func ReadConfig(dir string) (*Config, error) {
	c := &Config{SpecialTokens: map[string]string{}}
	if err := readJSON(dir, "tokenizer_config.json", &c.Raw); err != nil {
		return nil, err
	}
	_ = json.Unmarshal(c.Raw["tokenizer_class"], &c.Class)
	if err := c.readTemplates(dir); err != nil {
		return nil, err
	}
	if err := c.readTokens(dir); err != nil {
		return nil, err
	}
	return c, nil
}

// readJSON reads a file of the folder into v; a file that does not exist leaves v alone.
func readJSON(dir, name string, v any) error {
	data, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("tokenizer: %s: %w", filepath.Join(dir, name), err)
	}
	return nil
}

// readTemplates finds the chat templates.
func (c *Config) readTemplates(dir string) error {
	files, err := templateFiles(dir)
	if err != nil {
		return err
	}
	if len(files) > 0 {
		c.ChatTemplates = files
		return nil
	}
	raw, ok := c.Raw["chat_template"]
	if !ok || string(raw) == "null" {
		// Processors of vision models used to keep their template in a file of its own.
		var legacy map[string]json.RawMessage
		if err := readJSON(dir, "chat_template.json", &legacy); err != nil {
			return err
		}
		if raw, ok = legacy["chat_template"]; !ok {
			return nil
		}
	}
	templates, err := parseTemplates(raw)
	if err != nil {
		return fmt.Errorf("tokenizer: %s: chat_template: %w", dir, err)
	}
	c.ChatTemplates = templates
	return nil
}

// templateFiles returns the templates that are files, by name.
func templateFiles(dir string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(escapeGlob(dir), "additional_chat_templates", "*.jinja"))
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	templates := map[string]string{}
	for _, path := range append(paths, filepath.Join(dir, "chat_template.jinja")) {
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("tokenizer: %w", err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".jinja")
		if name == "chat_template" && filepath.Dir(path) == filepath.Clean(dir) {
			name = "default"
		}
		templates[name] = string(data)
	}
	return templates, nil
}

// escapeGlob makes a folder's name match itself alone.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// parseTemplates reads a chat_template: a text, a list of names and texts, or a map of them.
func parseTemplates(raw json.RawMessage) (map[string]string, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return map[string]string{"default": text}, nil
	}
	var list []struct {
		Name     string `json:"name"`
		Template string `json:"template"`
	}
	if json.Unmarshal(raw, &list) == nil {
		templates := map[string]string{}
		for _, item := range list {
			templates[item.Name] = item.Template
		}
		return templates, nil
	}
	var templates map[string]string
	if err := json.Unmarshal(raw, &templates); err != nil {
		return nil, errors.New("neither a text nor a list of named templates")
	}
	return templates, nil
}

// ErrNoChatTemplate says that a checkpoint has no chat template.
var ErrNoChatTemplate = errors.New("tokenizer: the checkpoint has no chat template")

// ChatTemplate returns the template that Transformers would use: the one named, or without a name
// "tool_use" where tools are given and there is one, or else "default".
//
// It fails with ErrNoChatTemplate where there is none, and where the name is unknown.
func (c *Config) ChatTemplate(name string, tools bool) (string, error) {
	if len(c.ChatTemplates) == 0 {
		return "", ErrNoChatTemplate
	}
	names := []string{name}
	if name == "" {
		names = []string{"default"}
		if tools {
			names = []string{"tool_use", "default"}
		}
	}
	for _, name := range names {
		if template, ok := c.ChatTemplates[name]; ok {
			return template, nil
		}
	}
	var known []string
	for name := range c.ChatTemplates {
		known = append(known, name)
	}
	slices.Sort(known)
	return "", fmt.Errorf("tokenizer: no chat template %q; there are %s", names[len(names)-1], strings.Join(known, ", "))
}
