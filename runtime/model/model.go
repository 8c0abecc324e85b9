// Package model chooses, proves and loads models. A generated package registers one Entry; a checkpoint's folder is matched against the entries, proven
// against the chosen one by the same code that proved it when it was added, and only then loaded.
package model

import (
	"context"
	"fmt"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/nn"
	"github.com/mlxgen/mlxgen/runtime/snapshot"
	"github.com/mlxgen/mlxgen/runtime/weights"
)

// Entry is one family's generated package as the registry sees it.
type Entry struct {
	Policy contract.Policy
	Guards []contract.Guard
	// New builds the model from a normalised config and the parameters that b holds.
	New func(b *weights.Builder, c *contract.Config) (nn.Model, error)
}

// Proven is a checkpoint that an entry understands whole: every tensor, every config key.
type Proven struct {
	Snapshot *snapshot.Snapshot
	Entry    *Entry
	Proof    *contract.Proof
}

// Prove chooses the entry of a checkpoint and proves that the entry takes all of it. No weights are read. The error is a diag.List: an unknown model
// type, a config key that nothing reads, a violated guard, a missing, extra or misshapen tensor.
func Prove(s *snapshot.Snapshot, entries []Entry) (*Proven, error) {
	policies := make([]*contract.Policy, len(entries))
	for i := range entries {
		policies[i] = &entries[i].Policy
	}
	index, diags := contract.Detect(s.Raw, policies)
	if diags.HasErrors() {
		return nil, diags
	}
	entry := &entries[index]
	config, diags := contract.Normalise(&entry.Policy, s.Raw, nil)
	if diags.HasErrors() {
		return nil, diags
	}
	if diags := contract.CheckGuards(entry.Guards, config); diags.HasErrors() {
		return nil, diags
	}
	params, err := weights.Describe(func(b *weights.Builder) error {
		_, err := entry.New(b, config)
		return err
	})
	if err != nil {
		return nil, err
	}
	proof, diags := contract.Prove(&entry.Policy, params, config, s.Raw, s.Headers)
	if diags.HasErrors() {
		return nil, diags
	}
	return &Proven{Snapshot: s, Entry: entry, Proof: proof}, nil
}

// Model is a loaded model. It is immutable; sequence state lives in an engine.
type Model struct {
	nn.Model
	Config  *contract.Config
	Handles []*nn.KV // the state that the model declared
	Proof   *contract.Proof
	scope   *mlx.Scope
}

// Load reads the weights of a proven checkpoint to a device. Cancelling ctx stops between tensors.
func Load(ctx context.Context, dev *mlx.Device, p *Proven) (*Model, error) {
	m := &Model{Config: p.Proof.Config, Proof: p.Proof, scope: dev.NewScope()}
	handles, err := weights.Load(ctx, dev, m.scope, p.Proof, p.Snapshot.Path, func(b *weights.Builder) (err error) {
		m.Model, err = p.Entry.New(b, p.Proof.Config)
		return err
	})
	if err != nil {
		m.scope.Close()
		return nil, fmt.Errorf("loading %s: %w", p.Snapshot.Dir, err)
	}
	m.Handles = handles
	return m, nil
}

// Close frees the weights.
func (m *Model) Close() { m.scope.Close() }
