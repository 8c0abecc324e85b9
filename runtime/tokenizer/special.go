package tokenizer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// standardNames are the special tokens that Transformers knows by name, in its order.
var standardNames = []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}

// specialToken is a token as a configuration file writes it: its text alone, or with properties.
type specialToken struct {
	AddedToken
	plain bool // written as text alone
}

// UnmarshalJSON reads a text, or an object with at least the content.
func (s *specialToken) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &s.Content) == nil {
		s.plain = true
		return nil
	}
	var fields struct {
		AddedToken
		Normalized *bool `json:"normalized"`
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		return fmt.Errorf("a token is neither a text nor an object: %w", err)
	}
	s.AddedToken = fields.AddedToken
	s.Normalized = !s.Special
	if fields.Normalized != nil {
		s.Normalized = *fields.Normalized
	}
	return nil
}

// declaredToken is an entry of added_tokens_decoder.
type declaredToken struct {
	id    int
	token specialToken
}

// readTokens finds the special tokens and the added tokens that the configuration files name.
func (c *Config) readTokens(dir string) error {
	c.named = map[string]specialToken{}
	decoder, ok := c.Raw["added_tokens_decoder"]
	if err := c.readNamed(c.Raw, false); err != nil {
		return fmt.Errorf("tokenizer: %s: tokenizer_config.json: %w", dir, err)
	}
	if ok {
		var byID map[string]specialToken
		if err := json.Unmarshal(decoder, &byID); err != nil {
			return fmt.Errorf("tokenizer: %s: tokenizer_config.json: added_tokens_decoder: %w", dir, err)
		}
		for id, token := range byID {
			number, err := strconv.Atoi(id)
			if err != nil {
				return fmt.Errorf("tokenizer: %s: tokenizer_config.json: added_tokens_decoder: %w", dir, err)
			}
			c.declared = append(c.declared, declaredToken{number, token})
		}
	} else if err := c.readLegacy(dir); err != nil {
		return err
	}
	slices.SortFunc(c.declared, func(a, b declaredToken) int { return a.id - b.id })
	c.resolve()
	return nil
}

// readLegacy reads the files that older checkpoints keep their tokens in.
func (c *Config) readLegacy(dir string) error {
	var special map[string]json.RawMessage
	if err := readJSON(dir, "special_tokens_map.json", &special); err != nil {
		return err
	}
	if err := c.readNamed(special, true); err != nil {
		return fmt.Errorf("tokenizer: %s: special_tokens_map.json: %w", dir, err)
	}
	var added map[string]int
	if err := readJSON(dir, "added_tokens.json", &added); err != nil {
		return err
	}
	specials := map[string]bool{}
	for _, token := range c.named {
		specials[token.Content] = true
	}
	for _, token := range c.extra {
		specials[token.Content] = true
	}
	for content, id := range added {
		token := AddedToken{Content: content, Special: specials[content], Normalized: !specials[content]}
		c.declared = append(c.declared, declaredToken{id, specialToken{AddedToken: token}})
	}
	return nil
}

// readNamed reads the special tokens among the fields of a file; what special_tokens_map.json
// describes is special whatever it says.
func (c *Config) readNamed(fields map[string]json.RawMessage, special bool) error {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !strings.HasSuffix(name, "_token") || string(fields[name]) == "null" {
			continue
		}
		var token specialToken
		if err := json.Unmarshal(fields[name], &token); err != nil {
			if slices.Contains(standardNames, name) {
				return fmt.Errorf("%s: %w", name, err)
			}
			continue // add_bos_token and its like
		}
		token.Special = token.Special || special && !token.plain
		c.named[name] = token
	}
	for _, name := range []string{"additional_special_tokens", "extra_special_tokens"} {
		raw, ok := fields[name]
		if !ok || string(raw) == "null" {
			continue
		}
		var byName map[string]specialToken
		if json.Unmarshal(raw, &byName) == nil {
			maps.Copy(c.named, byName)
			continue
		}
		var list []specialToken
		if err := json.Unmarshal(raw, &list); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, token := range list {
			token.Special = token.Special || special && !token.plain
			if !slices.ContainsFunc(c.extra, func(other specialToken) bool { return other.Content == token.Content }) {
				c.extra = append(c.extra, token)
			}
		}
	}
	return nil
}

// resolve fills what the outside sees of the special tokens.
func (c *Config) resolve() {
	for name, token := range c.named {
		c.SpecialTokens[name] = token.Content
	}
	for _, token := range c.extra {
		c.ExtraSpecialTokens = append(c.ExtraSpecialTokens, token.Content)
	}
}

// missingTokens returns the tokens that the configuration has and tokenizer.json lacks, or has with
// other properties, in the order in which Transformers adds them.
func (c *Config) missingTokens(added []AddedToken) []AddedToken {
	known := map[string]AddedToken{}
	for _, token := range added {
		known[token.Content] = token
	}
	var missing []AddedToken
	queued := map[string]bool{}
	add := func(token AddedToken) {
		queued[token.Content] = true
		token.ID = 0
		missing = append(missing, token)
	}
	declared := map[string]AddedToken{}
	for _, d := range c.declared {
		token := d.token.AddedToken
		declared[token.Content] = token
		same, ok := known[token.Content]
		token.ID = same.ID
		if !ok || token != same {
			add(token)
		}
	}
	var names []string
	for name := range c.named {
		if !slices.Contains(standardNames, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var specials []specialToken
	for _, name := range append(slices.Clone(standardNames), names...) {
		if token, ok := c.named[name]; ok {
			specials = append(specials, token)
		}
	}
	named := map[string]bool{}
	for _, token := range specials {
		named[token.Content] = true
	}
	for _, special := range append(specials, c.extra...) {
		_, have := known[special.Content]
		if special.Content == "" || have || queued[special.Content] {
			continue
		}
		token := special.AddedToken
		if other, ok := declared[special.Content]; ok {
			token = other
		} else if special.plain {
			token.Special, token.Normalized = true, false
		}
		token.Special = token.Special || named[token.Content]
		add(token)
	}
	for i, token := range missing {
		missing[i].Special = token.Special || named[token.Content]
	}
	return missing
}
