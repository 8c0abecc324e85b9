package specialise

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// stmtItems prints a statement that stays. An else that a cut made superfluous follows its if as statements of the list.
func (r *renderer) stmtItems(s ast.Stmt) []*item {
	if i, ok := s.(*ast.IfStmt); ok {
		return r.ifItems(i)
	}
	return []*item{{body: r.stmtText(s), stmt: s}}
}

func (r *renderer) stmtText(s ast.Stmt) *frag {
	f := &frag{}
	switch s := s.(type) {
	case *ast.AssignStmt:
		return r.assignText(s)
	case *ast.DeclStmt:
		return r.declText(s)
	case *ast.ReturnStmt:
		return r.returnText(s)
	case *ast.BlockStmt:
		return r.block(s)
	case *ast.ForStmt:
		pos := s.Pos()
		for _, n := range []ast.Node{stmtNode(s.Init), exprNode(s.Cond), stmtNode(s.Post)} {
			if n != nil {
				f.str(r.raw(pos, n.Pos()))
				if in, ok := n.(ast.Stmt); !ok {
					f.add(r.node(n))
				} else if r.alive(in) {
					f.add(r.stmtText(in))
				}
				pos = n.End()
			}
		}
		return f.str(r.raw(pos, s.Body.Lbrace)).add(r.loopBody(s.Body))
	case *ast.RangeStmt:
		return r.rangeText(s)
	case *ast.SwitchStmt:
		return r.switchText(s)
	}
	return r.node(s)
}

// stmtNode and exprNode avoid interfaces that hold a nil pointer.
func stmtNode(s ast.Stmt) ast.Node {
	if s == nil {
		return nil
	}
	return s
}

func exprNode(e ast.Expr) ast.Node {
	if e == nil {
		return nil
	}
	return e
}

// block prints a block with its braces.
func (r *renderer) block(b *ast.BlockStmt) *frag {
	return r.braced(b.Lbrace, r.items(b.List, b.Lbrace, b.Rbrace))
}

// loopBody prints the body of a loop; a continue that a cut left at its end says nothing.
func (r *renderer) loopBody(b *ast.BlockStmt) *frag {
	items := r.items(b.List, b.Lbrace, b.Rbrace)
	if n := len(items) - 1; n >= 0 && len(items[n].lead) == 0 && items[n].trail == "" {
		if s, ok := items[n].stmt.(*ast.BranchStmt); ok && s.Tok == token.CONTINUE && s != b.List[len(b.List)-1] {
			items = items[:n]
		}
	}
	return r.braced(b.Lbrace, items)
}

// braced prints items between braces; the comment on the line of the opening one stays.
func (r *renderer) braced(open token.Pos, items []*item) *frag {
	f := (&frag{}).str("{")
	for _, c := range r.file.ast.Comments {
		if c.Pos() > open && r.file.line(c.Pos()) == r.file.line(open) {
			f.str(" " + r.raw(c.Pos(), c.End()))
			break
		}
	}
	return f.str("\n").add(layout(items)).str("}")
}

// ifItems prints an if whose condition stays.
func (r *renderer) ifItems(s *ast.IfStmt) []*item {
	head := (&frag{}).str("if ")
	if s.Init != nil && r.alive(s.Init) {
		head.add(r.stmtText(s.Init)).str("; ")
	}
	then := r.items(s.Body.List, s.Body.Lbrace, s.Body.Rbrace)
	other, chain := r.elseItems(s)
	switch {
	case len(then) == 0 && len(other) > 0:
		// Only the else is left: its condition turns round.
		f := head.add(r.negated(s.Cond)).str(" ").add(r.braced(token.NoPos, other))
		return []*item{{body: f}}
	case len(other) == 0:
		return []*item{{body: head.add(r.condText(s.Cond)).str(" ").add(r.braced(s.Body.Lbrace, then))}}
	}
	f := head.add(r.condText(s.Cond)).str(" ").add(r.braced(s.Body.Lbrace, then))
	if chain {
		return []*item{{body: f.str(" else ").add(other[0].body)}}
	}
	if e, ok := s.Else.(*ast.IfStmt); ok && r.inst.terminates(r.t, s.Body.List, r.alive) && r.flattens(s, e) {
		other[0].blank = true
		return append([]*item{{body: f}}, other...)
	}
	return []*item{{body: f.str(" else ").add(r.braced(elseBrace(s.Else), other))}}
}

// elseBrace is the brace of an else; the comment on its line belongs to it.
func elseBrace(s ast.Stmt) token.Pos {
	if b, ok := s.(*ast.BlockStmt); ok {
		return b.Lbrace
	}
	return token.NoPos
}

// elseItems prints what is left of an else; chain reports that it is an else if.
func (r *renderer) elseItems(s *ast.IfStmt) (items []*item, chain bool) {
	switch e := s.Else.(type) {
	case *ast.BlockStmt:
		if r.inst.res.reached[e] {
			return r.items(e.List, e.Lbrace, e.Rbrace), false
		}
	case *ast.IfStmt:
		if !r.inst.res.reached[e] || !r.alive(e) {
			return nil, false
		}
		if inner, ok := r.unwrappedItems(e); ok {
			return inner, false
		}
		items := r.stmtItems(e)
		return items, len(items) == 1
	}
	return nil, false
}

// flattens reports whether the statements of a decided else may follow the if: none of their names means anything else around it.
func (r *renderer) flattens(s *ast.IfStmt, e *ast.IfStmt) bool {
	inner, _ := r.inst.unwrapped(e)
	for _, o := range r.declared(r.inst, inner) {
		clash := false
		ast.Inspect(r.inst.fn.decl, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == o.Name() && r.t.info.ObjectOf(id) != o {
				clash = true
			}
			return !clash
		})
		if clash {
			return false
		}
	}
	return true
}

// assignText prints an assignment without the targets that are gone.
func (r *renderer) assignText(s *ast.AssignStmt) *frag {
	f := &frag{}
	if typ, ok := r.inst.tidy.define[s]; ok {
		if typ != nil {
			return f.str("var ").add(r.node(s.Lhs[0])).str(" ").add(r.node(typ)).str(" = ").add(r.node(s.Rhs[0]))
		}
		return f.add(r.node(s.Lhs[0])).str(" := ").add(r.node(s.Rhs[0]))
	}
	gone := make([]bool, len(s.Lhs))
	for n, lhs := range s.Lhs {
		gone[n] = !r.targetLive(r.inst, lhs)
	}
	if !slices.Contains(gone, true) {
		return r.node(s)
	}
	var lhs, rhs []*frag
	defines := false
	for n, e := range s.Lhs {
		switch {
		case !gone[n]:
			lhs = append(lhs, r.node(e))
			if id, ok := e.(*ast.Ident); ok && id.Name != "_" && r.t.info.Defs[id] != nil {
				defines = true
			}
		case len(s.Rhs) == len(s.Lhs):
			continue
		default:
			lhs = append(lhs, (&frag{}).id("_", nil))
		}
		if len(s.Rhs) == len(s.Lhs) {
			rhs = append(rhs, r.node(s.Rhs[n]))
		}
	}
	if len(s.Rhs) != len(s.Lhs) {
		rhs = []*frag{r.node(s.Rhs[0])}
	}
	tok := s.Tok.String()
	if s.Tok == token.DEFINE && !defines {
		tok = "="
	}
	return f.add(commas(lhs)).str(" " + tok + " ").add(commas(rhs))
}

// commas joins fragments.
func commas(list []*frag) *frag {
	f := &frag{}
	for n, x := range list {
		if n > 0 {
			f.str(", ")
		}
		f.add(x)
	}
	return f
}

// declText prints a var declaration without the names that are gone; const and type declarations stay whole.
func (r *renderer) declText(s *ast.DeclStmt) *frag {
	d := s.Decl.(*ast.GenDecl)
	if d.Tok != token.VAR || len(d.Specs) != 1 {
		return r.node(s)
	}
	spec := d.Specs[0].(*ast.ValueSpec)
	var names, values []*frag
	for n, id := range spec.Names {
		v := r.t.varOf(id)
		if v == nil || r.vars[varKey{r.inst, v}] {
			names = append(names, r.node(id))
			if len(spec.Values) == len(spec.Names) {
				values = append(values, r.node(spec.Values[n]))
			}
		}
	}
	if len(names) == len(spec.Names) || len(spec.Values) != 0 && len(spec.Values) != len(spec.Names) {
		return r.node(s)
	}
	f := (&frag{}).str("var ").add(commas(names))
	if spec.Type != nil {
		f.str(" ").add(r.node(spec.Type))
	}
	if len(values) > 0 {
		f.str(" = ").add(commas(values))
	}
	return f
}

// returnText prints a return; a temporary that is only returned gives way to its value, a decided condition to its outcome.
func (r *renderer) returnText(s *ast.ReturnStmt) *frag {
	if e := r.inst.tidy.ret[s]; e != nil {
		return (&frag{}).str("return ").add(r.node(e))
	}
	if len(s.Results) == 1 && s.Results[0] == r.inst.fn.verdict {
		return (&frag{}).str("return ").add(r.condText(s.Results[0]))
	}
	return r.node(s)
}

// rangeText prints a range clause without variables that are gone.
func (r *renderer) rangeText(s *ast.RangeStmt) *frag {
	gone := func(e ast.Expr) bool {
		v := r.t.varOf(e)
		return e == nil || v == nil || s.Tok == token.DEFINE && !r.vars[varKey{r.inst, v}]
	}
	isBlank := func(e ast.Expr) bool {
		id, ok := e.(*ast.Ident)
		return ok && id.Name == "_"
	}
	f := (&frag{}).str("for ")
	key, value := s.Key != nil && !gone(s.Key), s.Value != nil && !gone(s.Value)
	switch {
	case s.Tok == token.ASSIGN, key == (s.Key != nil && !isBlank(s.Key)) && value == (s.Value != nil && !isBlank(s.Value)):
		f = (&frag{})
		pos := s.Pos()
		for _, e := range []ast.Expr{s.Key, s.Value} {
			if e != nil {
				f.str(r.raw(pos, e.Pos())).add(r.node(e))
				pos = e.End()
			}
		}
		f.str(r.raw(pos, s.X.Pos()))
	case value:
		if key {
			f.add(r.node(s.Key)).str(", ").add(r.node(s.Value)).str(" := range ")
		} else {
			f.id("_", nil).str(", ").add(r.node(s.Value)).str(" := range ")
		}
	case key:
		f.add(r.node(s.Key)).str(" := range ")
	default:
		f.str("range ")
	}
	return f.add(r.node(s.X)).str(" ").add(r.loopBody(s.Body))
}

// switchText prints a switch that stays, without its dead cases.
func (r *renderer) switchText(s *ast.SwitchStmt) *frag {
	f := (&frag{}).str("switch ")
	if s.Init != nil && r.alive(s.Init) {
		f.add(r.stmtText(s.Init)).str("; ")
	}
	if s.Tag != nil {
		f.add(r.node(s.Tag)).str(" ")
	}
	f.str("{\n")
	var clauses []*ast.CaseClause
	for _, c := range s.Body.List {
		c := c.(*ast.CaseClause)
		if r.inst.res.clauses[c] != clauseGone && !r.emptied(s, c) {
			clauses = append(clauses, c)
		}
	}
	// A case that became the default goes where a default is expected: to the end. It is the last one that anything reaches.
	for _, c := range clauses {
		f.str(r.caseLead(s, c))
		if r.inst.res.clauses[c] == clauseDefault || c.List == nil {
			f.str("default:")
		} else {
			f.str("case ")
			var list []*frag
			for _, e := range c.List {
				if v, ok := r.inst.res.verdict(e); ok && !bool(v) {
					continue
				}
				list = append(list, r.condText(e))
			}
			f.add(commas(list)).str(":")
		}
		f.str(r.behind(c.Colon, c.End()+1)).str("\n")
		f.add(layout(r.caseItems(s, c)))
	}
	return f.str("}")
}

// emptied reports whether a cut left nothing of a default.
func (r *renderer) emptied(s *ast.SwitchStmt, c *ast.CaseClause) bool {
	return c.List == nil && len(c.Body) > 0 && len(r.caseItems(s, c)) == 0
}

// caseLead prints the comment lines directly above a case, at its column.
func (r *renderer) caseLead(s *ast.SwitchStmt, c *ast.CaseClause) string {
	text := ""
	for _, g := range r.comments(s.Body.Lbrace, c.Pos()) {
		if r.column(g.Pos()) == r.column(c.Pos()) && r.file.line(g.End())+1 == r.file.line(c.Pos()) {
			for _, l := range r.lines(g) {
				text += l + "\n"
			}
		}
	}
	return text
}

// params prints the parameters that are left of a function.
func (r *renderer) params(list *ast.FieldList) *frag {
	f := (&frag{}).str("(")
	n := 0
	whole := true
	for _, p := range list.List {
		for _, name := range p.Names {
			v, _ := r.t.info.Defs[name].(*types.Var)
			whole = whole && (v == nil || r.vars[varKey{r.inst, v}])
		}
	}
	if whole {
		pos := list.Opening + 1
		for _, p := range list.List {
			for _, name := range p.Names {
				f.str(r.raw(pos, name.Pos())).add(r.node(name))
				pos = name.End()
			}
			f.str(r.raw(pos, p.Type.Pos())).add(r.node(p.Type))
			pos = p.Type.End()
		}
		return f.str(r.raw(pos, list.Closing+1))
	}
	for _, p := range list.List {
		var names []*frag
		for _, name := range p.Names {
			v, _ := r.t.info.Defs[name].(*types.Var)
			if v == nil || r.vars[varKey{r.inst, v}] {
				names = append(names, r.node(name))
			}
		}
		if len(names) == 0 {
			continue
		}
		if n > 0 {
			f.str(", ")
		}
		n++
		f.add(commas(names)).str(" ").add(r.node(p.Type))
	}
	return f.str(")")
}
