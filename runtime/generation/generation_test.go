package generation

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/sample"
)

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		config, generation string // generation "": no file
		stop               []int32
		sample             sample.Options
		err                string
	}{
		"nothing":                 {config: `{}`},
		"config's id":             {config: `{"eos_token_id": 7}`, stop: []int32{7}},
		"generation config wins":  {config: `{"eos_token_id": 7}`, generation: `{"eos_token_id": [3, 4, 3]}`, stop: []int32{3, 4}},
		"empty generation config": {config: `{"eos_token_id": 7}`, generation: `{}`, stop: []int32{7}},
		"null":                    {config: `{"eos_token_id": 7}`, generation: `{"eos_token_id": null}`, stop: []int32{7}},
		"greedy without do_sample": {
			config: `{}`, generation: `{"temperature": 0.6, "top_p": 0.9}`,
		},
		"sampling": {
			config: `{}`, generation: `{"do_sample": true, "temperature": 0.6, "top_p": 0.95, "top_k": 20}`,
			sample: sample.Options{Temperature: 0.6, TopP: 0.95, TopK: 20},
		},
		"sampling, plain":   {config: `{}`, generation: `{"do_sample": true}`, sample: sample.Options{Temperature: 1}},
		"bad id":            {config: `{"eos_token_id": "x"}`, err: "eos_token_id"},
		"negative id":       {config: `{}`, generation: `{"eos_token_id": -1}`, err: "eos_token_id"},
		"bad temperature":   {config: `{}`, generation: `{"do_sample": true, "temperature": -1}`, err: "temperature"},
		"malformed":         {config: `{}`, generation: `{"do_sample":`, err: "generation_config.json"},
		"text for a number": {config: `{}`, generation: `{"do_sample": true, "top_p": "x"}`, err: "top_p"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.generation != "" {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(c.generation), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			raw, err := contract.ParseRaw("config.json", []byte(c.config))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Read(dir, raw)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got %v, want an error with %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Stop, c.stop) || got.Sample != c.sample {
				t.Errorf("got %+v", got)
			}
		})
	}
}
