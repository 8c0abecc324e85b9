package specialise

import (
	"go/ast"
	"go/token"
	"strings"
	"unicode"
)

// docText prints a doc comment: directives are dropped, and the declared name in it follows a renaming.
func (r *renderer) docText(doc *ast.CommentGroup, from, to string) string {
	if doc == nil {
		return ""
	}
	var lines []string
	for _, c := range doc.List {
		if strings.HasPrefix(c.Text, directivePrefix) && !(r.keep && r.keepsDirective(c.Text)) {
			continue
		}
		lines = append(lines, c.Text)
	}
	for len(lines) > 0 && strings.TrimSpace(strings.TrimPrefix(lines[len(lines)-1], "//")) == "" {
		lines = lines[:len(lines)-1]
	}
	text := ""
	for n, l := range lines {
		if from != to {
			if rest, ok := strings.CutPrefix(l, "// "+from); ok && n == 0 && (rest == "" || !identifierRune(rune(rest[0]))) {
				l = "// " + to + rest
			}
			l = strings.ReplaceAll(l, "["+from+"]", "["+to+"]")
			l = strings.ReplaceAll(l, "["+from+".", "["+to+".")
		}
		text += l + "\n"
	}
	return text
}

// keepsDirective reports whether a directive still means something: that of a trait parameter goes with the parameter.
func (r *renderer) keepsDirective(text string) bool {
	name, ok := strings.CutPrefix(text, directivePrefix+"trait ")
	if !ok || r.inst == nil {
		return !ok
	}
	for v := range r.inst.fn.traits {
		if v.Name() == name {
			return r.vars[varKey{r.inst, v}]
		}
	}
	return false
}

func identifierRune(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }

// packageDoc is the package comment of the output.
func (r *renderer) packageDoc(req *Request, root *structInfo) string {
	text := req.Doc
	if text == "" {
		text = "Package " + req.Package + " is generated from the template " + r.t.short(root.pkg) + "."
		for _, f := range root.pkg.files {
			if f.ast.Doc == nil {
				continue
			}
			doc := strings.TrimSpace(f.ast.Doc.Text())
			if rest, ok := strings.CutPrefix(doc, "Package "+root.pkg.types.Name()+" is the template of "); ok {
				text = "Package " + req.Package + " holds " + rest
			} else if rest, ok := strings.CutPrefix(doc, "Package "+root.pkg.types.Name()+" "); ok {
				text = "Package " + req.Package + " " + rest
			}
		}
	}
	var b strings.Builder
	for l := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		b.WriteString(strings.TrimRight("// "+l, " ") + "\n")
	}
	return b.String()
}

// shapeComment is the comment behind a parameter: its shape over normalised names, and when it is there if that stays open.
func (r *renderer) shapeComment(o *outType, f *fieldInfo) string {
	text := ""
	if len(f.spec.Dims) > 0 && f.isParam() {
		text = "[" + readable(strings.Join(agreed(o, f.spec.Dims), ", ")) + "]"
	}
	if f.optional() && r.fate(o, f) == someHave {
		where := "where the checkpoint has it"
		if !f.allOrNone() {
			where = "where " + readable(agreed(o, []string{f.spec.When})[0])
			if rest, ok := strings.CutPrefix(where, "where !"); ok && !strings.ContainsAny(rest, " (") {
				where = "unless " + rest
			}
		}
		if text != "" {
			text += ", "
		}
		text += where
	}
	return text
}

// agreed substitutes named dims where all classes of an output type bind them alike.
func agreed(o *outType, list []string) []string {
	out := make([]string, len(list))
	for n, src := range list {
		out[n] = substitute(src, o.classes[0].with)
		for _, c := range o.classes[1:] {
			if substitute(src, c.with) != out[n] {
				out[n] = src
				break
			}
		}
	}
	return out
}

// readable shortens an expression for a comment.
func readable(src string) string {
	src = strings.ReplaceAll(src, "layer.", "")
	return strings.NewReplacer(" * ", "*", " / ", "/").Replace(src)
}

// fieldComment joins the generated comment of a field with the author's; that of an optional field speaks of when it is absent and goes.
func (r *renderer) fieldComment(o *outType, f *fieldInfo) string {
	text := ""
	if !r.keep {
		text = r.shapeComment(o, f)
	}
	if f.ast.Comment != nil && !f.optional() {
		own := strings.TrimSpace(f.ast.Comment.Text())
		if text != "" {
			text += "; "
		}
		text += own
	}
	if text == "" {
		return ""
	}
	return " // " + text
}

// commentBefore returns the comments that stand alone before a declaration, from the end of what precedes it.
func (r *renderer) commentBefore(from, to token.Pos) string {
	text := ""
	for _, g := range r.comments(from, to) {
		if r.file.line(g.Pos()) == r.file.line(from) {
			continue
		}
		for _, l := range r.lines(g) {
			text += l + "\n"
		}
		text += "\n"
	}
	return text
}
