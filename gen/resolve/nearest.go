package resolve

import (
	"fmt"
	"strings"

	"github.com/mlxgen/mlxgen/gen/facts"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Codes of other packages that are handled here.
const (
	unknownFamily = "MG1303"
	unreadKey     = "MG1104"
)

// maxDifferences bounds what is told of the nearest policy.
const maxDifferences = 16

// withNearest adds to the report about an unknown model type which policy comes nearest to the checkpoint, and everything in which they differ.
func withNearest(d diag.Diagnostic, f *facts.Facts, policies []*contract.Policy, blueprints Blueprints, inert []contract.Inert) diag.Diagnostic {
	var nearest *contract.Policy
	var least diag.List
	for _, p := range policies {
		found := differences(f, p, blueprints, inert)
		if nearest == nil || len(found) < len(least) {
			nearest, least = p, found
		}
	}
	if nearest == nil {
		return d
	}
	if len(least) == 0 {
		return d.Note("nearest: policy %s takes all of it: every config key is read, every tensor is taken", nearest.Name).
			WithHint("if the arithmetic is the same too, add the model type to templates/policy/%s.go and lock the checkpoint; a new family is one policy file: docs/adding-a-family.md", nearest.Name)
	}
	count := "one difference"
	if len(least) > 1 {
		count = fmt.Sprintf("%d differences", len(least))
	}
	d = d.Note("nearest: policy %s takes it but for %s:", nearest.Name, count)
	for i, x := range least {
		if i == maxDifferences {
			return d.Note("  and %d more", len(least)-i)
		}
		d = d.Note("  %s %s", x.Code, difference(x))
	}
	return d
}

// difference is one finding on one line, with its first evidence.
func difference(d diag.Diagnostic) string {
	text := d.Message
	if d.Code != unreadKey && d.Pos != "" && !strings.Contains(text, d.Pos) {
		text = fmt.Sprintf("%s (%s)", text, d.Pos)
	}
	if len(d.Notes) > 0 {
		text += ": " + strings.TrimSpace(d.Notes[0])
	}
	return text
}

// differences is all in which a checkpoint differs from what a policy wants. Config keys that nothing reads do not keep the tensors from being compared.
func differences(f *facts.Facts, p *contract.Policy, blueprints Blueprints, inert []contract.Inert) diag.List {
	_, diags := against(f, p, blueprints, inert)
	unread, keys := unreadKeys(f.Raw, errorsOf(diags))
	if len(keys) == 0 || len(unread) < len(errorsOf(diags)) {
		return errorsOf(diags)
	}
	_, diags = against(f, p, blueprints, append(keys, inert...))
	return append(unread, errorsOf(diags)...)
}

// unreadKeys picks the findings about unread keys at the top of the config, and the keys as if they were known to change nothing.
func unreadKeys(raw *contract.Raw, diags diag.List) (unread diag.List, keys []contract.Inert) {
	for _, d := range diags {
		key := strings.TrimPrefix(d.Pos, raw.Pointer(""))
		if d.Code == unreadKey && raw.Root.Object[key] != nil {
			unread, keys = append(unread, d), append(keys, contract.Inert{Key: key, Reason: "counted as a difference"})
		}
	}
	return unread, keys
}

func errorsOf(diags diag.List) diag.List {
	var errs diag.List
	for _, d := range diags {
		if d.Severity == diag.Error {
			errs = append(errs, d)
		}
	}
	return errs
}
