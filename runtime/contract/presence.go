package contract

import (
	"fmt"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// presencePrefix starts the names of the facts that say whether an all-or-none field is there: present.model.layers.self_attn.sinks.
const presencePrefix = "present."

// decided looks up whether an all-or-none field is there.
func (w *walker) decided(class string) (bool, error) {
	f, ok := w.config.Facts[presencePrefix+class]
	if !ok || f.Value.Kind != Bool {
		return false, fmt.Errorf("%s is there all or none, which headers decide: Blueprint.Decide comes first", class)
	}
	return f.Value.B, nil
}

// Decide adds to the config whether the checkpoint has each field that the blueprint marks all-or-none. The facts are called present.CLASS, so that
// guards can name them. A field of which some layers have parts and others do not is an error. It must be called between Normalise and Walk; it does
// nothing for a blueprint without such fields.
func (b *Blueprint) Decide(p *Policy, c *Config, raw *Raw, headers []*Header) diag.List {
	var order []string
	wanted := map[string][]Param{}
	w := &walker{blueprint: b, config: c, deciding: func(class string, p Param) {
		if wanted[class] == nil {
			order = append(order, class)
		}
		wanted[class] = append(wanted[class], p)
	}}
	root, ok := b.Types[b.Root]
	if !ok {
		return diag.List{diag.Errorf("MG1201", "template "+b.Template, "there is no root struct %q", b.Root)}
	}
	if err := w.enter(nil, root, place{env: c, layer: -1}, -1); err != nil {
		return diag.List{diag.Errorf("MG1201", "template "+b.Template, "%v", err)}
	}
	if len(order) == 0 {
		return nil
	}
	stored, diags := storedPaths(p, c, raw, headers)
	if diags.HasErrors() {
		return diags
	}
	for _, class := range order {
		var have, lack []string
		for _, param := range wanted[class] {
			if stored[param.Path] {
				have = append(have, param.Path)
			} else {
				lack = append(lack, param.Path)
			}
		}
		from := fmt.Sprintf("headers: no tensor of %s", some(lack, 2))
		if len(have) > 0 {
			from = fmt.Sprintf("headers: %s", some(have, 2))
		}
		if len(have) > 0 && len(lack) > 0 {
			diags = append(diags, diag.Errorf("MG1208", lack[0], "the checkpoint has %s, but lacks %s", some(have, 4), some(lack, 4)).
				Note("the template wants all of them or none").WithHint("the checkpoint is damaged or incomplete; download it again"))
			continue
		}
		c.Facts[presencePrefix+class] = Fact{Value: BoolValue(len(have) > 0), From: from}
	}
	return diags
}

// storedPaths are the parameters that a checkpoint has under any layout that it may be in.
func storedPaths(p *Policy, c *Config, raw *Raw, headers []*Header) (map[string]bool, diag.List) {
	stored, err := group(headers)
	if err != nil {
		return nil, diag.List{diag.Errorf("MG1202", "", "%v", err).WithHint("a tensor must stand in one shard only")}
	}
	quant, diags := newQuantReader(raw)
	if diags.HasErrors() {
		return nil, diags
	}
	layouts, diags := candidates(p, quant, stored)
	if diags.HasErrors() {
		return nil, diags
	}
	paths := map[string]bool{}
	var failed diag.List
	for _, layout := range layouts {
		run, d := runLayout(p, layout, c, stored)
		if d != nil {
			failed = append(failed, *d)
			continue
		}
		for path := range run.params {
			paths[path] = true
		}
	}
	if len(failed) == len(layouts) {
		return nil, failed
	}
	return paths, nil
}
