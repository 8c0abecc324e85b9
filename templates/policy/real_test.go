package policy

import (
	"encoding/json"
	stdflag "flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

var update = stdflag.Bool("update", false, "write what is found as what is wanted")

// What the policies make of published configs: family, facts with their origins, rows of layers; or why they refuse them.
func TestRealConfigs(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join("testdata", "real", "*", "config.json"))
	if err != nil || len(folders) < 12 {
		t.Fatalf("%d configs, %v", len(folders), err)
	}
	sources, err := os.ReadFile(filepath.Join("testdata", "real", "SOURCES.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range folders {
		name := filepath.Base(filepath.Dir(file))
		t.Run(name, func(t *testing.T) {
			if !regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(name) + ` \| \S+/\S+@[0-9a-f]{40} \S+ \|$`).Match(sources) {
				t.Error("SOURCES.md does not say where it comes from")
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := contract.ParseRaw("config.json", text)
			if err != nil {
				t.Fatal(err)
			}
			c, diags := contract.Normalise(byName(t, raw.Text("model_type")), raw, nil)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			published(t, c, text)
			golden := filepath.Join(filepath.Dir(file), "facts.txt")
			got := understood(raw)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s\n(go test ./templates/policy -update writes it)", got, want)
			}
		})
	}
}

// understood is a config as the policies understand it.
func understood(raw *contract.Raw) string {
	policies := All()
	var pointers []*contract.Policy
	for i := range policies {
		pointers = append(pointers, &policies[i])
	}
	at, diags := contract.Detect(raw, pointers)
	if diags.HasErrors() {
		return diags.Error() + "\n"
	}
	c, diags := contract.Normalise(pointers[at], raw, nil)
	if diags.HasErrors() {
		return "policy " + pointers[at].Name + "\n" + diags.Error() + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "policy %s\n", pointers[at].Name)
	for _, d := range diags {
		fmt.Fprintln(&b, d.Error())
	}
	b.WriteString(listing(c.Facts))
	for from := 0; from < len(c.Layers); {
		row := listing(c.Layers[from])
		to := from
		for to+1 < len(c.Layers) && listing(c.Layers[to+1]) == row {
			to++
		}
		fmt.Fprintf(&b, "\nlayers %d to %d\n%s", from, to, row)
		from = to + 1
	}
	return b.String()
}

// published checks that facts which name a key of the config as their origin are what stands there.
func published(t *testing.T, c *contract.Config, text []byte) {
	t.Helper()
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	count := 0
	for name, f := range c.Facts {
		key, ok := strings.CutPrefix(f.From, "config.json#/")
		if !ok || f.Value.Rope != nil || strings.Contains(key, " is null") {
			continue
		}
		count++
		want := fmt.Sprint(values[key])
		if x, number := values[key].(float64); number {
			got, _ := f.Value.Number()
			if got != x {
				t.Errorf("%s = %s, published %v", name, f.Value, x)
			}
		} else if strings.Trim(f.Value.String(), `"`) != want {
			t.Errorf("%s = %s, published %s", name, f.Value, want)
		}
	}
	if count < 8 {
		t.Errorf("only %d facts come from the config", count)
	}
}

// ropeText lists what a plan has.
func ropeText(r *contract.Rope) string {
	var parts []string
	v := reflect.ValueOf(*r)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			parts = append(parts, fmt.Sprintf("%s %v", v.Type().Field(i).Name, v.Field(i).Interface()))
		}
	}
	return strings.Join(parts, ", ")
}

// listing is facts, sorted by name.
func listing(facts contract.Facts) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		f := facts[name]
		text := f.Value.String()
		if f.Value.Rope != nil {
			text = ropeText(f.Value.Rope)
		}
		fmt.Fprintf(&b, "%s = %s  (%s)\n", name, text, f.From)
	}
	return b.String()
}
