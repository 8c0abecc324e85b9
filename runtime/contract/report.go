package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// report makes diagnostics of the findings: one for all layers and experts of which the same is to be said.
func (b *binder) report() diag.List {
	groups := map[string][]finding{}
	var order []string
	for _, f := range b.findings {
		key := f.code + "\x00" + f.text + "\x00" + withoutNumbers(f.name()) + "\x00" + f.form()
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], f)
	}
	for _, key := range order {
		switch fs := groups[key]; {
		case fs[0].tensor != nil:
			b.diags = append(b.diags, b.unclaimed(fs))
		case fs[0].term == nil:
			b.diags = append(b.diags, b.lacking(fs))
		default:
			b.diags = append(b.diags, b.unfit(fs))
		}
	}
	b.diags.Sort()
	return b.diags
}

// name is the tensor that a finding is about.
func (f *finding) name() string {
	switch {
	case f.tensor != nil:
		return f.tensor.Name
	case f.term != nil:
		return f.term.Tensors()[0].Name
	case f.part == "":
		return f.param.Path
	}
	return f.param.Path + "." + f.part
}

// form is the shape that is wanted, so that findings of different shapes stay apart.
func (f *finding) form() string {
	if f.param == nil {
		return ""
	}
	return fmt.Sprint(f.param.Shape)
}

// place is where a finding is: file:tensor.
func (f *finding) place() string {
	t := f.tensor
	if f.term != nil {
		t = f.term.Tensors()[0]
	}
	if t == nil {
		return f.name()
	}
	return t.place()
}

func namesOf(fs []finding) []string {
	var names []string
	for i := range fs {
		names = append(names, fs[i].name())
	}
	return names
}

// lacking is about parts of parameters that the checkpoint does not have.
func (b *binder) lacking(fs []finding) diag.Diagnostic {
	first := fs[0]
	shape := first.param.Shape
	if first.part == "bias" {
		shape = shape[:1]
	}
	total := 0
	for i := range b.params {
		if p := &b.params[i]; p.class() == first.param.class() && (first.part != "bias" || p.Bias) {
			total++
		}
	}
	code := first.code
	if code == "MG1204" && len(fs) < total {
		code = "MG1208"
	}
	d := diag.Errorf(code, FoldNames(namesOf(fs))[0], "the checkpoint lacks %s, %v", some(namesOf(fs), 4), shape)
	if len(fs) < total {
		d = d.Note("%d of %d layers have it: a parameter is there in all of them or, by the policy's rule, in none", total-len(fs), total)
		return d.WithHint("the checkpoint is damaged or incomplete; download it again")
	}
	for _, note := range b.dims(first.param) {
		d = d.Note("%s", note)
	}
	return d.WithHint("policy %s wants it by its rule; if the checkpoint is right, another policy or a corrected rule is (docs/adding-a-family.md#optional-parameters)", b.policy.Name)
}

// hints say what to do about parts that do not fit, by code.
var hints = map[string]string{
	"MG1203": "if the family has it, its template or policy lacks a parameter; if it changes nothing, the policy's layout drops it with a reason",
	"MG1205": "either the config or the tensor belongs to another checkpoint",
	"MG1206": "the checkpoint is stored in a form that weights do not have; take another conversion of it",
	"MG1211": "the config.json of the same conversion says how; take it from where the tensors come from",
	"MG1212": "the config and the tensors come from different conversions; download one of them whole",
}

// unfit is about parts that are there in another form than wanted.
func (b *binder) unfit(fs []finding) diag.Diagnostic {
	first := fs[0]
	text := first.text
	for one, many := range map[string]string{"is ": "are ", "has ": "have ", "holds ": "hold "} {
		if rest, ok := strings.CutPrefix(first.text, one); ok && len(fs) > 1 {
			text = many + rest
		}
	}
	d := diag.Errorf(first.code, first.place(), "%s %s", some(namesOf(fs), 4), text)
	if first.code == "MG1205" {
		for _, note := range b.dims(first.param) {
			d = d.Note("%s", note)
		}
	}
	return d.WithHint("%s", hints[first.code])
}

// unclaimed is about tensors that no parameter takes.
func (b *binder) unclaimed(fs []finding) diag.Diagnostic {
	first := fs[0]
	var files []string
	for _, f := range fs {
		if !slices.Contains(files, f.tensor.File) {
			files = append(files, f.tensor.File)
		}
	}
	subject := fmt.Sprintf("%d tensors", len(fs))
	if len(fs) == 1 {
		subject = "a tensor"
	}
	d := diag.Errorf(first.code, first.place(), "no parameter takes %s", subject).
		Note("%s\t%s\t%s", some(namesOf(fs), 4), first.text, some(files, 2))
	beside := "policy " + b.policy.Name + ", template " + b.policy.Template
	if near := b.neighbours(first.tensor.Name); near != "" {
		beside += ", takes there: " + near
	}
	return d.Note("%s", beside).WithHint("%s (docs/adding-a-family.md#optional-parameters)", hints["MG1203"])
}

// neighbours lists what the policy takes from the same place in the tree as a tensor.
func (b *binder) neighbours(tensor string) string {
	path, _ := splitPart(tensor)
	at := strings.LastIndexByte(path, '.')
	if at < 0 {
		return ""
	}
	home := withoutNumbers(path[:at])
	var names []string
	for i := range b.params {
		class := b.params[i].class()
		if name, ok := strings.CutPrefix(class, home+"."); ok && !strings.Contains(name, ".") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// dims explains where the dimensions of a parameter come from: its expressions, and what they read. The generated loader does not know the expressions;
// there the widths that divide a dimension stand for them.
func (b *binder) dims(p *Param) []string {
	var notes, names []string
	for i, src := range p.Dims {
		e, err := ParseExpr(src)
		if err != nil || len(e.Args) > 0 { // a name alone is explained below, a number needs no word
			notes = append(notes, fmt.Sprintf("%s\t= %d", src, p.Shape[i]))
		}
		if err == nil {
			names = append(names, e.Names()...)
		}
	}
	if p.Dims == nil {
		for _, name := range []string{"hidden_size", "num_attention_heads", "num_key_value_heads", "head_dim", "intermediate_size", "vocab_size"} {
			f := b.config.Facts[name]
			if f.Value.Kind == Int && f.Value.I > 0 && slices.ContainsFunc(p.Shape, func(n int) bool { return n%int(f.Value.I) == 0 }) {
				names = append(names, name)
			}
		}
	}
	for i, name := range names {
		f, ok := b.config.Facts[name]
		if column, row := cutLayer(name); row && p.Layer >= 0 && p.Layer < len(b.config.Layers) {
			f, ok = b.config.Layers[p.Layer][column]
		}
		if ok && !slices.Contains(names[:i], name) {
			notes = append(notes, fmt.Sprintf("%s\t= %s\t%s", name, f.Value, f.From))
		}
	}
	return notes
}
