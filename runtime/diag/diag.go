// Package diag holds the one diagnostic type of mlxgen. The generator, the linter, the proof and the loader all answer with it, so that a
// refusal reads the same wherever it is raised: a stable code, a place, a reason, the evidence and the way out.
package diag

// Severity says whether a diagnostic stops the work.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Diagnostic is one finding.
//
// Codes are grouped by stage: MG10xx files and headers, MG11xx config, MG12xx tensors against parameters, MG13xx detection and guards, MG20xx template
// subset, MG21xx specialisation, MG22xx emission, MG30xx lock and hub, MG40xx running.
type Diagnostic struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// Pos is a config pointer (config.json#/rope_scaling/factor), a tensor (model-00001-of-00005.safetensors:model.layers.3.mlp.up_proj.weight) or
	// a source position (decoder.go:31:2).
	Pos     string   `json:"pos,omitempty"`
	Message string   `json:"message"`
	Notes   []string `json:"notes,omitempty"`
	// Hint says what to do.
	Hint string `json:"hint,omitempty"`
}

// List is a collection of findings; it is an error when it holds one of severity Error.
type List []Diagnostic
