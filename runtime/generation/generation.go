// Package generation reads how a checkpoint wants to be sampled: the tokens that end an answer, and the publisher's sampling defaults. The order of
// precedence is request, command flag, generation_config.json, and then the neutral default (greedy).
package generation

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/sample"
)

// Defaults are a checkpoint's own wishes.
type Defaults struct {
	// Stop are the tokens that end an answer: eos_token_id of generation_config.json, or of config.json where the former has none.
	Stop []int32
	// Sample is how the publisher samples; greedy unless do_sample is true.
	Sample sample.Options
}

// file is the name of the publisher's wishes.
const file = "generation_config.json"

// Read reads the defaults of the checkpoint in dir, whose config is raw.
func Read(dir string, raw *contract.Raw) (*Defaults, error) {
	d := &Defaults{}
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		config, err := contract.ParseRaw(file, text)
		if err != nil {
			return nil, err
		}
		if err := d.read(config); err != nil {
			return nil, err
		}
	}
	if len(d.Stop) == 0 {
		d.Stop, err = tokens(raw, "eos_token_id")
	}
	return d, err
}

func (d *Defaults) read(c *contract.Raw) error {
	var err error
	if d.Stop, err = tokens(c, "eos_token_id"); err != nil {
		return err
	}
	if v := c.At("do_sample"); v == nil || !v.Value.B {
		return nil
	}
	d.Sample.Temperature = 1
	for key, to := range map[string]*float64{"temperature": &d.Sample.Temperature, "top_p": &d.Sample.TopP, "min_p": &d.Sample.MinP} {
		if v := c.At(key); v != nil && !v.IsNull() {
			x, ok := v.Value.Number()
			if !ok {
				return fmt.Errorf("%s: %s is no number", c.Pointer(key), v.Value)
			}
			*to = x
		}
	}
	if v := c.At("top_k"); v != nil && v.Value.Kind == contract.Int {
		d.Sample.TopK = int(v.Value.I)
	}
	if err := d.Sample.Validate(); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return nil
}

// tokens reads a token id or a list of them.
func tokens(c *contract.Raw, key string) ([]int32, error) {
	v := c.At(key)
	if v == nil || v.IsNull() {
		return nil, nil
	}
	values := []contract.Value{v.Value}
	if v.Array != nil {
		values = v.Value.L
	}
	var ids []int32
	for _, x := range values {
		if x.Kind != contract.Int || x.I < 0 || x.I > 1<<30 {
			return nil, fmt.Errorf("%s: %s is no token id", c.Pointer(key), x)
		}
		if id := int32(x.I); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
