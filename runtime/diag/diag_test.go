package diag

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// example is the diagnostic that the design shows.
func example() Diagnostic {
	return Errorf("MG1203", "model-00001-of-00005.safetensors:model.layers.0.self_attn.k_norm.weight", "no parameter takes %d tensors of %s", 72, "Qwen/Qwen3-8B").
		Note("model.layers.{0..35}.self_attn.k_norm.weight\tBF16 [128]\tmodel-00001-of-00005.safetensors").
		Note("model.layers.{0..35}.q.weight\tBF16 [4096 4096]\tmodel-00002-of-00005.safetensors").
		Note("template decoder, policy qwen2: Attention has QProj KProj\nVProj OProj").
		WithHint("config.json#/model_type says %q", "qwen2")
}

const rendered = `error MG1203: no parameter takes 72 tensors of Qwen/Qwen3-8B
  at model-00001-of-00005.safetensors:model.layers.0.self_attn.k_norm.weight
  model.layers.{0..35}.self_attn.k_norm.weight  BF16 [128]        model-00001-of-00005.safetensors
  model.layers.{0..35}.q.weight                 BF16 [4096 4096]  model-00002-of-00005.safetensors
  template decoder, policy qwen2: Attention has QProj KProj
  VProj OProj
  hint: config.json#/model_type says "qwen2"
`

func TestRender(t *testing.T) {
	var b strings.Builder
	List{example()}.Render(&b, false)
	if b.String() != rendered {
		t.Errorf("rendered\n%s\nwant\n%s", b.String(), rendered)
	}
	if got := (List{example(), example()}).Error(); got != strings.TrimSuffix(rendered+rendered, "\n") {
		t.Errorf("as an error\n%s", got)
	}
	if got := example().Error(); got != strings.TrimSuffix(rendered, "\n") {
		t.Errorf("one as an error\n%s", got)
	}
}

func TestRenderInColour(t *testing.T) {
	var b strings.Builder
	List{example(), Warnf("MG1", "", "w")}.Render(&b, true)
	if !strings.Contains(b.String(), "\x1b[31merror MG1203:\x1b[0m") || !strings.Contains(b.String(), "\x1b[33mwarning MG1:") {
		t.Errorf("no colours in %q", b.String())
	}
}

// What comes from a file cannot command the terminal, whatever field it stands in.
func TestRenderIsHarmless(t *testing.T) {
	for _, evil := range []string{"\x1b[2J", "\r", "\x9b2J", "\u202e", "\x00", "\b", "\xff", "\u200b"} {
		var b strings.Builder
		List{Errorf("MG1104", "config.json#/"+evil, "key %s", evil).Note("%s", evil).WithHint("%s", evil)}.Render(&b, false)
		if strings.Contains(b.String(), evil) {
			t.Errorf("%q goes through: %q", evil, b.String())
		}
	}
	if got := harmless("über 模型 \uFFFD\nnext"); got != "über 模型 \uFFFD\nnext" {
		t.Errorf("harmless text became %q", got)
	}
	if got := harmless("a\xffb\x1b"); got != `a\xffb\x1b` {
		t.Errorf("got %q", got)
	}
}

func TestSort(t *testing.T) {
	l := List{
		Errorf("MG2", "model.layers.10.x", "1"),
		Errorf("MG2", "model.layers.9.x", "2"),
		Errorf("MG1", "model.layers.9.x", "3"),
		Errorf("MG2", "", "4"),
		Errorf("MG1", "model.layers.9.x", "2b"),
		Errorf("MG1", "model.layers.009.x", "5"),
	}
	l.Sort()
	var order []string
	for _, d := range l {
		order = append(order, d.Message)
	}
	if want := []string{"4", "5", "2b", "3", "2", "1"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

func TestSortIsStable(t *testing.T) {
	l := List{Errorf("A", "p", "m").Note("first"), Errorf("A", "p", "m").Note("second")}
	l.Sort()
	if l[0].Notes[0] != "first" {
		t.Error("equal diagnostics changed places")
	}
}

func FuzzNatural(f *testing.F) {
	f.Add("a10", "a9", "a09")
	f.Add("", "1", "x")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		sign := func(n int) int { return min(max(n, -1), 1) }
		if sign(natural(a, b)) != -sign(natural(b, a)) {
			t.Fatalf("%q and %q are not ordered one way", a, b)
		}
		if (natural(a, b) == 0) != (a == b) {
			t.Fatalf("%q and %q are told apart wrongly", a, b)
		}
		if natural(a, b) <= 0 && natural(b, c) <= 0 && natural(a, c) > 0 {
			t.Fatalf("%q, %q, %q have no order", a, b, c)
		}
	})
}

func TestListAsError(t *testing.T) {
	if err := (List{Warnf("MG1", "", "only a warning")}).Err(); err != nil {
		t.Errorf("a warning is an error: %v", err)
	}
	if List(nil).HasErrors() {
		t.Error("an empty list has errors")
	}
	err := List{Errorf("MG1", "", "bad")}.Err()
	var list List
	if err == nil || !errors.As(err, &list) || list[0].Code != "MG1" {
		t.Errorf("the list does not come out of the error %v", err)
	}
}

// Notes are copied: one diagnostic can be the start of two.
func TestNotesAreNotShared(t *testing.T) {
	base := Errorf("MG1", "", "m").Note("a").Note("b").Note("c")
	one, two := base.Note("one"), base.Note("two")
	if one.Notes[3] != "one" || two.Notes[3] != "two" || len(base.Notes) != 3 {
		t.Errorf("notes are shared: %q %q %q", base.Notes, one.Notes, two.Notes)
	}
}

func TestRenderJSON(t *testing.T) {
	var b strings.Builder
	if err := (List{example()}).RenderJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct{ Diagnostics []Diagnostic }
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil || len(got.Diagnostics) != 1 || got.Diagnostics[0].Error() != example().Error() {
		t.Errorf("JSON %s gives %v, %v", b.String(), got, err)
	}
	b.Reset()
	if err := List(nil).RenderJSON(&b); err != nil || strings.TrimSpace(b.String()) != `{"diagnostics":[]}` {
		t.Errorf("an empty list is %s, %v", b.String(), err)
	}
}
