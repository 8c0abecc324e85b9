package contract

import (
	"fmt"

	"github.com/mlxgen/mlxgen/runtime/diag"
)

// CheckGuards checks that a config satisfies everything that specialised code relies on. A refusal names the guard and the layers.
func CheckGuards(guards []Guard, c *Config) diag.List {
	var diags diag.List
	for _, g := range guards {
		layers, err := g.violations(c)
		if err != nil {
			diags = append(diags, diag.Errorf("MG1302", g.Pos, "guard %s cannot be evaluated: %v", g.Name, err))
			continue
		}
		if len(layers) == 0 {
			continue
		}
		d := diag.Errorf("MG1301", g.Pos, "the generated code relies on %s: %s, which this config violates", g.Name, g.Want)
		if g.When != "" {
			d = d.Note("wherever %s", g.When)
		}
		if g.PerLayer {
			d = d.Note("in layers %s", foldNumbers(layers))
		}
		d = d.Note("%s", g.evidence(c, layers[0]))
		diags = append(diags, d.WithHint("lock a checkpoint of this kind and regenerate: mlxgen add ORG/NAME && mlxgen gen; or run the template as it is: --unlocked"))
	}
	return diags
}

// violations lists the layers (or -1) where the guard does not hold.
func (g *Guard) violations(c *Config) ([]int, error) {
	if !g.PerLayer {
		ok, err := g.holds(c)
		if ok || err != nil {
			return nil, err
		}
		return []int{-1}, nil
	}
	var layers []int
	for i := range c.Layers {
		ok, err := g.holds(c.Row(i))
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		if !ok {
			layers = append(layers, i)
		}
	}
	return layers, nil
}

func (g *Guard) holds(env Env) (bool, error) {
	if g.When != "" {
		applies, err := evalBool(g.When, env)
		if err != nil || !applies {
			return true, err
		}
	}
	return evalBool(g.Want, env)
}

// evidence lists the facts that the guard reads.
func (g *Guard) evidence(c *Config, layer int) string {
	text := ""
	e, err := ParseExpr(g.Want)
	if err != nil {
		return ""
	}
	for _, name := range e.Names() {
		var f Fact
		var ok bool
		if column, row := cutLayer(name); row && layer >= 0 {
			f, ok = c.Layers[layer][column]
		} else {
			f, ok = c.Facts[name]
		}
		if ok {
			if text != "" {
				text += "; "
			}
			text += fmt.Sprintf("%s = %s  (%s)", name, f.Value, f.From)
		}
	}
	return text
}

func cutLayer(name string) (string, bool) {
	const prefix = "layer."
	if len(name) > len(prefix) && name[:len(prefix)] == prefix {
		return name[len(prefix):], true
	}
	return name, false
}
