package contract

import "testing"

func validPolicy() *Policy {
	p := normalisePolicy()
	p.Template, p.ModelTypes, p.Generation, p.Match = "decoder", []string{"test"}, Generation{Kind: "autoregressive"}, "version == 1"
	p.Layouts = []Layout{{Name: "hub", Program: []Op{
		{Kind: Drop, Match: "a.{i}.**", When: "layer.dim > 1", Reason: "r"},
		{Kind: Rename, Match: "x.*.{i}.**", To: "y.{i}.*.**"},
		{Kind: Stack, Match: "h.{i}.e.{e}", To: "h.{i}.e"},
		{Kind: Split, Match: "qkv.{i}", Parts: []Part{{"q.{i}", "size"}, {"k.{i}", "size"}}},
		{Kind: Transpose, Match: "t"},
		{Kind: Reshape, Match: "r", Dims: []string{"size", "1"}},
	}}, {Name: "mlx"}}
	return p
}

func TestValidate(t *testing.T) {
	if err := validPolicy().Validate(); err != nil {
		t.Fatal(err)
	}
	op := func(o Op) func(*Policy) { return func(p *Policy) { p.Layouts[1].Program = []Op{o} } }
	for name, c := range map[string]struct {
		change func(*Policy)
		want   string
	}{
		"name": {func(p *Policy) { p.Name = "" }, "must be given"}, "template": {func(p *Policy) { p.Template = "" }, "must be given"}, "model types": {func(p *Policy) { p.ModelTypes = nil }, "must be given"}, "layouts": {func(p *Policy) { p.Layouts = nil }, "must be given"}, "generation": {func(p *Policy) { p.Generation.Kind = "" }, "must be given"},
		"field twice": {func(p *Policy) { p.Fields[1].Name = "size" }, `the field "size" stands there twice`}, "field without name": {func(p *Policy) { p.Fields[0].Name = "" }, "has no name"}, "field of nothing": {func(p *Policy) { p.Fields[0].Keys = nil }, "neither keys nor a value"}, "default": {func(p *Policy) { p.Fields[1].Default = "1 +" }, "default of layers"},
		"column twice": {func(p *Policy) { p.Layers[1].Name = "dim" }, `"layer.dim" stands there twice`}, "column": {func(p *Policy) { p.Layers[1].Expr = "(" }, "column window"}, "check": {func(p *Policy) { p.Checks[0].Expr = "(" }, "check: "}, "check without message": {func(p *Policy) { p.Checks[0].Message = "" }, "has no message"},
		"inert": {func(p *Policy) { p.Inert[0].Reason = "" }, "the inert key policy_inert has no reason"}, "layer count": {func(p *Policy) { p.LayerCount = "(" }, "layer count: "}, "match": {func(p *Policy) { p.Match = "a = b" }, "match: "},
		"layout twice": {func(p *Policy) { p.Layouts[1].Name = "hub" }, `the layout "hub" stands there twice`}, "layout without name": {func(p *Policy) { p.Layouts[1].Name = "" }, "has no name"},
		"drop without reason": {op(Op{Kind: Drop, Match: "a"}), "without a reason"}, "when": {op(Op{Kind: Drop, Match: "a", Reason: "r", When: "("}), "layout mlx: "}, "unknown operation": {op(Op{Kind: "melt", Match: "a"}), "no such operation"}, "no match": {op(Op{Kind: Drop, Reason: "r"}), "must not be empty"},
		"rest in the middle": {op(Op{Kind: Drop, Match: "a.**.b", Reason: "r"}), "** must be the last segment"}, "rename to nothing": {op(Op{Kind: Rename, Match: "a"}), "no new name"}, "unbound number": {op(Op{Kind: Rename, Match: "a.{i}", To: "b.{j}"}), "b.{j} names {j}, which the match does not bind"}, "unbound star": {op(Op{Kind: Rename, Match: "a.*", To: "b.*.*"}), "does not bind"}, "unbound rest": {op(Op{Kind: Rename, Match: "a.*", To: "b.**"}), "does not bind"},
		"stack of nothing": {op(Op{Kind: Stack, Match: "a.{i}", To: "b"}), "nothing is numbered {e}"}, "split without parts": {op(Op{Kind: Split, Match: "a"}), "needs parts"}, "split along 1": {op(Op{Kind: Split, Match: "a", Axis: 1, Parts: []Part{{"b", "1"}}}), "along axis 0"}, "part without size": {op(Op{Kind: Split, Match: "a", Parts: []Part{{"b", ""}}}), "lacks its name or size"}, "part's size": {op(Op{Kind: Split, Match: "a", Parts: []Part{{"b", "("}}}), "layout mlx: "}, "part's name": {op(Op{Kind: Split, Match: "a", Parts: []Part{{"b.{i}", "1"}}}), "does not bind"},
		"reshape without dims": {op(Op{Kind: Reshape, Match: "a"}), "no dims"}, "reshape's dims": {op(Op{Kind: Reshape, Match: "a", Dims: []string{"("}}), "layout mlx: "},
	} {
		t.Run(name, func(t *testing.T) {
			p := validPolicy()
			c.change(p)
			wantDiag(t, p.Validate(), "MG2203", c.want)
		})
	}
}
