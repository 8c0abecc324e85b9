package project

import (
	"fmt"
	"strings"
)

// support writes the table of families.
func support(packages []Generated) []byte {
	var b strings.Builder
	b.WriteString("<!-- Written by mlxgen gen from the policies and the lock. -->\n# Supported families\n\n")
	b.WriteString("A family is listed when its generated package is proven on the locked checkpoints named here.\n\n")
	b.WriteString("| family | model types | architectures | template | layouts | guards | locked checkpoints |\n|---|---|---|---|---|---|---|\n")
	for _, g := range packages {
		p := g.Policy
		var layouts []string
		for _, l := range p.Layouts {
			layouts = append(layouts, l.Name)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %d | %s |\n", p.Name, strings.Join(p.ModelTypes, ", "), strings.Join(p.Architectures, ", "),
			p.Template, strings.Join(layouts, ", "), len(g.Guards), strings.Join(g.Checkpoints, "<br>"))
	}
	b.WriteString("\nDefects of references that are deliberately not copied:\n\n")
	for _, g := range packages {
		for _, d := range g.Policy.Defects {
			fmt.Fprintf(&b, "* %s: %s\n", g.Policy.Name, d)
		}
	}
	return []byte(b.String())
}
