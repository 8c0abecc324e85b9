// Package resolve proves a checkpoint against the policies: it finds the family, normalises the config, asks the template what it wants and binds every
// tensor. It is a pure function of its arguments.
package resolve

import (
	"slices"

	"github.com/mlxgen/mlxgen/gen/facts"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Resolved is a checkpoint that a policy understands whole.
type Resolved struct {
	ID     string
	Policy *contract.Policy
	Facts  *facts.Facts
	Config *contract.Config
	Params []contract.Param
	States []contract.StateSpec
	Proof  *contract.Proof
}

// Blueprints gives a template's blueprint.
type Blueprints interface {
	Blueprint(template string) (*contract.Blueprint, diag.List)
}

// Checkpoint proves one checkpoint. The config keys in inert are known to change nothing. Warnings may come with a result.
func Checkpoint(id string, f *facts.Facts, policies []*contract.Policy, blueprints Blueprints, inert []contract.Inert) (*Resolved, diag.List) {
	index, diags := contract.Detect(f.Raw, policies)
	if diags.HasErrors() {
		if i := slices.IndexFunc(diags, func(d diag.Diagnostic) bool { return d.Code == unknownFamily }); i >= 0 && f.Raw.Text("model_type") != "" {
			diags[i] = withNearest(diags[i], f, policies, blueprints, inert)
		}
		return nil, about(id, diags)
	}
	r, diags := against(f, policies[index], blueprints, inert)
	if diags.HasErrors() {
		return nil, about(id, diags)
	}
	r.ID = id
	return r, about(id, diags)
}

// against proves a checkpoint against one policy.
func against(f *facts.Facts, p *contract.Policy, blueprints Blueprints, inert []contract.Inert) (*Resolved, diag.List) {
	config, diags := contract.Normalise(p, f.Raw, inert)
	if diags.HasErrors() {
		return nil, diags
	}
	blueprint, found := blueprints.Blueprint(p.Template)
	if found.HasErrors() {
		return nil, found
	}
	if found := blueprint.Decide(p, config, f.Raw, f.Headers); found.HasErrors() {
		return nil, found
	}
	params, states, found := blueprint.Expand(config)
	if found.HasErrors() {
		return nil, found
	}
	proof, found := contract.Prove(p, params, config, f.Raw, f.Headers)
	diags = append(diags, found...)
	if diags.HasErrors() {
		return nil, diags
	}
	return &Resolved{Policy: p, Facts: f, Config: config, Params: params, States: states, Proof: proof}, diags
}

// about puts the checkpoint's id before positions, so that findings of several checkpoints can be told apart.
func about(id string, diags diag.List) diag.List {
	for i := range diags {
		if diags[i].Pos == "" {
			diags[i].Pos = id
		} else {
			diags[i].Pos = id + "/" + diags[i].Pos
		}
	}
	return diags
}
