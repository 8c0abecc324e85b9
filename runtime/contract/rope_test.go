package contract

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func ropePolicy() *Policy {
	return &Policy{Name: "test", LayerCount: "1", Fields: []Field{
		{Name: "head_dim", Keys: []string{"head_dim"}, Kind: Int, Default: "8"},
		{Name: "max_position_embeddings", Keys: []string{"max_position_embeddings"}, Kind: Int, Default: "100"},
		{Name: "rope", Keys: []string{"rope_parameters", "rope_scaling"}, Kind: RopePlan, Default: "10000", Whose: "transformers"},
	}}
}

// planText lists what a plan has.
func planText(r *Rope) string {
	var parts []string
	v := reflect.ValueOf(*r)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			parts = append(parts, fmt.Sprintf("%s=%v", v.Type().Field(i).Name, v.Field(i).Interface()))
		}
	}
	return strings.Join(parts, " ")
}

func TestRope(t *testing.T) {
	const llama3 = `"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":50`
	for _, c := range []struct{ config, want string }{
		{`{}`, "Kind=default Theta=10000 Dims=8 MaxPositions=100 (default of transformers: 10000)"},
		{`{"rope_theta":500000.0}`, "Kind=default Theta=500000 Dims=8 MaxPositions=100 (config.json#/rope_theta)"},
		{`{"rope_scaling":null,"rope_parameters":null,"rope_theta":null}`, "Kind=default Theta=10000 Dims=8 MaxPositions=100 (default of transformers: 10000)"},
		{`{"rope_scaling":{}}`, "Kind=default Theta=10000 Dims=8 MaxPositions=100 (config.json#/rope_scaling)"},
		{`{"rope_parameters":{"rope_theta":1e6,"rope_type":"default"}}`, "Kind=default Theta=1e+06 Dims=8 MaxPositions=100 (config.json#/rope_parameters)"},
		{`{"rope_parameters":{"rope_theta":1e6},"rope_theta":1000000}`, "Kind=default Theta=1e+06 Dims=8 MaxPositions=100 (config.json#/rope_parameters)"},
		{`{"rope_scaling":{"rope_theta":20000,"type":"linear","factor":2}}`, "Kind=linear Theta=20000 Dims=8 MaxPositions=100 Factor=2 (config.json#/rope_scaling)"},
		{`{"rope_scaling":{"type":"linear","factor":4.0,"x":null},"rope_theta":5000}`, "Kind=linear Theta=5000 Dims=8 MaxPositions=100 Factor=4 (config.json#/rope_scaling)"},
		{`{"rope_scaling":{"type":"dynamic","factor":2,"original_max_position_embeddings":50}}`, "Kind=dynamic Theta=10000 Dims=8 MaxPositions=100 Factor=2 (config.json#/rope_scaling)"},
		{`{"rope_scaling":{` + llama3 + `}}`, "Kind=llama3 Theta=10000 Dims=8 MaxPositions=100 OriginalMax=50 Factor=8 LowFreq=1 HighFreq=4 (config.json#/rope_scaling)"},
		{`{"rope_scaling":{"type":"llama3",` + llama3 + `}}`, "Kind=llama3 Theta=10000 Dims=8 MaxPositions=100 OriginalMax=50 Factor=8 LowFreq=1 HighFreq=4 (config.json#/rope_scaling)"},
		{`{"rope_scaling":{"type":"yarn","factor":4,"original_max_position_embeddings":25}}`, "Kind=yarn Theta=10000 Dims=8 MaxPositions=100 OriginalMax=25 Factor=4 BetaFast=32 BetaSlow=1 Truncate=true (config.json#/rope_scaling)"},
		{`{"rope_scaling":{"type":"yarn","factor":4,"original_max_position_embeddings":25,"beta_fast":16,"beta_slow":2,"mscale":1,"mscale_all_dim":0.5,"attention_factor":1.25,"truncate":false}}`, "Kind=yarn Theta=10000 Dims=8 MaxPositions=100 OriginalMax=25 Factor=4 BetaFast=16 BetaSlow=2 MScale=1 MScaleAllDim=0.5 AttentionFactor=1.25 (config.json#/rope_scaling)"},
		{`{"rope_scaling":{"type":"yarn","factor":4,"beta_fast":0,"beta_slow":0,"attention_factor":null}}`, "Kind=yarn Theta=10000 Dims=8 MaxPositions=100 OriginalMax=100 Factor=4 BetaFast=32 BetaSlow=1 Truncate=true (config.json#/rope_scaling)"},
		{`{"rope_scaling":{"type":"yarn","factor":4},"original_max_position_embeddings":20}`, "Kind=yarn Theta=10000 Dims=8 MaxPositions=100 OriginalMax=20 Factor=4 BetaFast=32 BetaSlow=1 Truncate=true (config.json#/rope_scaling)"},
		{`{"rope_scaling":{"type":"longrope","short_factor":[1,1,1,1.5],"long_factor":[2,3,4,5]},"original_max_position_embeddings":50}`, "Kind=longrope Theta=10000 Dims=8 MaxPositions=100 OriginalMax=50 Factor=2 ShortFactor=[1 1 1 1.5] LongFactor=[2 3 4 5] (config.json#/rope_scaling)"},
		{`{"rope_scaling":{"type":"su","rope_type":"longrope","factor":32,"short_factor":[1,1,1,1],"long_factor":[2,2,2,2],"original_max_position_embeddings":10}}`, "Kind=longrope Theta=10000 Dims=8 MaxPositions=100 OriginalMax=10 Factor=32 ShortFactor=[1 1 1 1] LongFactor=[2 2 2 2] (config.json#/rope_scaling)"},
		{`{"rope_parameters":{"rope_type":"proportional","partial_rotary_factor":0.25}}`, "Kind=proportional Theta=10000 Dims=8 MaxPositions=100 Factor=1 TurnedPairs=1 (config.json#/rope_parameters)"},
		{`{"rope_parameters":{"rope_type":"default","partial_rotary_factor":1.0}}`, "Kind=default Theta=10000 Dims=8 MaxPositions=100 (config.json#/rope_parameters)"},
		// both spellings, which say the same
		{`{"rope_parameters":{"rope_type":"linear","factor":2,"rope_theta":10000},"rope_scaling":{"type":"linear","factor":2.0,"x":null}}`, "Kind=linear Theta=10000 Dims=8 MaxPositions=100 Factor=2 (config.json#/rope_parameters)"},
	} {
		config, diags := Normalise(ropePolicy(), raw(t, c.config), nil)
		if diags != nil {
			t.Errorf("%s:\n%v", c.config, diags)
			continue
		}
		if got := planText(config.Rope("rope")) + " (" + config.Facts["rope"].From + ")"; got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.config, got, c.want)
		}
	}
}

func TestRopeRefuses(t *testing.T) {
	for _, c := range []struct {
		config, code string
		texts        []string
	}{
		{`{"rope_scaling":{"type":"ntk","factor":2}}`, "MG1108", []string{`unknown rope type "ntk"`, "known types: default, dynamic, linear, llama3, longrope, proportional, su, yarn", "config.json#/rope_scaling/rope_type", "docs/adding-a-family.md"}},
		{`{"rope_scaling":{"type":1}}`, "MG1108", nil},
		{`{"rope_scaling":{"type":["linear"]}}`, "MG1108", nil},
		{`{"rope_scaling":{"type":true}}`, "MG1108", nil},
		{`{"rope_scaling":{"type":""}}`, "MG1108", nil},
		{`{"rope_scaling":{"type":"YARN"}}`, "MG1108", nil},
		{`{"rope_scaling":{"type":"mrope"}}`, "MG1108", nil},
		{`{"rope_scaling":{"rope_type":"linear","type":"dynamic","factor":2}}`, "MG1105", []string{`rope_type is "linear", but type is "dynamic"`}},
		{`{"rope_scaling":{"rope_type":"linear","type":1,"factor":2}}`, "MG1105", nil},
		{`{"rope_scaling":"linear"}`, "MG1103", []string{`rope_scaling is "linear"; want an object`}},
		{`{"rope_scaling":[1]}`, "MG1103", nil},
		{`{"rope_scaling":2.0}`, "MG1103", nil},
		{`{"rope_scaling":false}`, "MG1103", nil},
		// missing
		{`{"rope_scaling":{"type":"linear"}}`, "MG1102", []string{"the rope scaling has no factor", "config.json#/rope_scaling/factor"}},
		{`{"rope_scaling":{"type":"dynamic","factor":null}}`, "MG1102", nil},
		{`{"rope_scaling":{"type":"llama3","factor":8,"high_freq_factor":4}}`, "MG1102", []string{"low_freq_factor"}},
		{`{"rope_scaling":{"type":"llama3","factor":8,"low_freq_factor":1}}`, "MG1102", []string{"high_freq_factor"}},
		{`{"rope_scaling":{"type":"llama3","low_freq_factor":1,"high_freq_factor":4}}`, "MG1102", nil},
		{`{"rope_scaling":{"type":"longrope","long_factor":[1,1,1,1]}}`, "MG1102", []string{"no list short_factor"}},
		{`{"rope_scaling":{"type":"longrope","short_factor":[1,1,1,1]}}`, "MG1102", []string{"no list long_factor"}},
		{`{"rope_scaling":{"type":"longrope","short_factor":1,"long_factor":[1,1,1,1]}}`, "MG1103", nil},
		// wrong values
		{`{"rope_scaling":{"type":"linear","factor":"2"}}`, "MG1103", []string{`factor is "2"; want a number`}},
		{`{"rope_scaling":{"type":"linear","factor":0}}`, "MG1103", []string{"want a number above 0"}},
		{`{"rope_scaling":{"type":"linear","factor":-2}}`, "MG1103", nil},
		{`{"rope_scaling":{"type":"linear","factor":NaN}}`, "MG1103", nil},
		{`{"rope_scaling":{"type":"linear","factor":Infinity}}`, "MG1103", nil},
		{`{"rope_scaling":{"type":"linear","factor":{}}}`, "MG1103", []string{"factor is an object"}},
		{`{"rope_scaling":{"type":"linear","factor":[2]}}`, "MG1103", nil},
		{`{"rope_scaling":{"type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4}}`, "MG1103", []string{"high_freq_factor 4 is not above low_freq_factor 4"}},
		{`{"rope_scaling":{"type":"yarn","factor":0}}`, "MG1103", []string{"factor is 0"}},
		{`{"rope_scaling":{"type":"yarn","factor":4,"truncate":"yes"}}`, "MG1103", []string{"want true or false"}},
		{`{"rope_scaling":{"type":"yarn","factor":4,"beta_fast":-1}}`, "MG1103", nil},
		{`{"rope_scaling":{"type":"yarn","factor":4,"original_max_position_embeddings":0}}`, "MG1103", []string{"want a number above 0"}},
		{`{"rope_scaling":{"type":"yarn","factor":4,"original_max_position_embeddings":10.5}}`, "MG1103", nil},
		{`{"rope_scaling":{"type":"yarn","factor":4,"original_max_position_embeddings":"10"}}`, "MG1103", nil},
		{`{"rope_scaling":{"type":"yarn","factor":4},"original_max_position_embeddings":"10"}`, "MG1103", nil},
		{`{"rope_scaling":{"type":"yarn","factor":4},"original_max_position_embeddings":{}}`, "MG1103", nil},
		{`{"rope_scaling":{"type":"yarn","factor":4,"original_max_position_embeddings":10},"original_max_position_embeddings":11}`, "MG1105", []string{"original_max_position_embeddings is 11, but rope_scaling/original_max_position_embeddings is 10"}},
		{`{"rope_scaling":{"type":"longrope","short_factor":[1,1,1],"long_factor":[1,1,1,1]}}`, "MG1103", []string{"short_factor has 3 factors; want 4, one a pair of features"}},
		{`{"rope_scaling":{"type":"longrope","short_factor":[1,1,1,1],"long_factor":[1,1,1,1,1]}}`, "MG1103", []string{"long_factor has 5"}},
		{`{"rope_scaling":{"type":"longrope","short_factor":[1,0,1,1],"long_factor":[1,1,1,1]}}`, "MG1103", []string{"short_factor/1"}},
		{`{"rope_scaling":{"type":"longrope","short_factor":[1,1,"1",1],"long_factor":[1,1,1,1]}}`, "MG1103", nil},
		{`{"rope_scaling":{"type":"longrope","short_factor":[1,1,NaN,1],"long_factor":[1,1,1,1]}}`, "MG1103", nil},
		{`{"rope_scaling":{"type":"longrope","short_factor":[],"long_factor":[]}}`, "MG1103", nil},
		{`{"rope_parameters":{"rope_type":"proportional","partial_rotary_factor":1.5}}`, "MG1103", nil},
		{`{"rope_parameters":{"rope_type":"proportional","partial_rotary_factor":0}}`, "MG1103", nil},
		{`{"rope_parameters":{"rope_type":"proportional","factor":0}}`, "MG1103", nil},
		{`{"rope_parameters":{"partial_rotary_factor":0.5}}`, "MG1103", []string{"partial_rotary_factor"}},
		{`{"rope_parameters":{"partial_rotary_factor":2}}`, "MG1103", nil},
		{`{"rope_parameters":{"partial_rotary_factor":0}}`, "MG1103", nil},
		{`{"rope_parameters":{"partial_rotary_factor":-1}}`, "MG1103", nil},
		{`{"head_dim":7}`, "MG1103", []string{"7 of 7 features"}},
		{`{"head_dim":2,"rope_scaling":{"type":"dynamic","factor":2}}`, "MG1103", []string{"more than two rotated features"}},
		{`{"head_dim":"x"}`, "MG1103", nil},
		// theta
		{`{"rope_theta":1}`, "MG1103", []string{"rope_theta is 1; want a number above 1"}},
		{`{"rope_theta":"1e6"}`, "MG1103", nil},
		{`{"rope_theta":-5}`, "MG1103", nil},
		{`{"rope_theta":NaN}`, "MG1103", nil},
		{`{"rope_theta":Infinity}`, "MG1103", nil},
		{`{"rope_theta":{}}`, "MG1103", nil},
		{`{"rope_theta":[1]}`, "MG1103", nil},
		{`{"rope_parameters":{"rope_theta":0}}`, "MG1103", nil},
		{`{"rope_parameters":{"rope_theta":1e6},"rope_theta":10000}`, "MG1105", []string{"rope_theta is 10000, but rope_parameters/rope_theta is 1e+06"}},
		{`{"rope_scaling":{"rope_theta":1e6,"type":"linear","factor":2},"rope_theta":10000}`, "MG1105", nil},
		// unread within
		{`{"rope_scaling":{"type":"linear","factor":2,"beta_fast":32}}`, "MG1104", []string{`nothing reads "beta_fast" of the rope scaling (32)`, "rope type linear does not use it", "config.json#/rope_scaling/beta_fast"}},
		{`{"rope_scaling":{"factor":2}}`, "MG1104", nil},
		{`{"rope_scaling":{"type":"default","factor":1}}`, "MG1104", nil},
		{`{"rope_scaling":{"type":"yarn","factor":4,"mrope_section":[1,2]}}`, "MG1104", nil},
		{`{"rope_parameters":{"full_attention":{"rope_theta":1e6},"sliding_attention":{"rope_theta":1e4}}}`, "MG1104", []string{"full_attention", "an object"}},
		{`{"original_max_position_embeddings":50}`, "MG1104", nil},
		// both spellings, which differ
		{`{"rope_parameters":{"rope_type":"default","rope_theta":10000},"rope_scaling":{"type":"linear","factor":8}}`, "MG1105", []string{`rope_scaling/type is "linear", but in rope_parameters it is "default"`, "rope_scaling/factor is 8, which rope_parameters does not say"}},
		{`{"rope_parameters":{"rope_theta":10000},"rope_scaling":{"type":"linear","factor":8}}`, "MG1105", nil},
		{`{"rope_parameters":{"rope_type":"linear","factor":2},"rope_scaling":{"rope_type":"linear","factor":4}}`, "MG1105", []string{"rope_scaling/factor is 4, but in rope_parameters it is 2"}},
		{`{"rope_parameters":{},"rope_scaling":{"type":"linear","factor":4}}`, "MG1105", nil},
		{`{"rope_parameters":{"x":{}},"rope_scaling":{"x":{}}}`, "MG1105", nil},
	} {
		config, diags := Normalise(ropePolicy(), raw(t, c.config), nil)
		if config != nil || len(diags) == 0 {
			t.Errorf("%s is accepted", c.config)
			continue
		}
		for _, code := range diags.Codes() {
			if code != c.code {
				t.Errorf("%s: %s, want %s\n%v", c.config, code, c.code, diags)
			}
		}
		for _, text := range c.texts {
			if !strings.Contains(diags.Error(), text) {
				t.Errorf("%s: the error does not say %q:\n%v", c.config, text, diags)
			}
		}
	}
}

// A family with a partial factor of its own has it read where the object has none.
func TestRopePartialOfTheFamily(t *testing.T) {
	p := ropePolicy()
	p.Fields = append([]Field{{Name: "partial_rotary_factor", Keys: []string{"partial_rotary_factor"}, Kind: Float, Default: "0.5"}}, p.Fields...)
	for config, want := range map[string]int{`{}`: 4, `{"partial_rotary_factor":0.25}`: 2, `{"partial_rotary_factor":0.26}`: 2, `{"rope_parameters":{"partial_rotary_factor":1}}`: 8} {
		c, diags := Normalise(p, raw(t, config), nil)
		if diags != nil || c.Rope("rope").Dims != want {
			t.Errorf("%s: %v, want %d dims", config, diags, want)
		}
	}
	for _, config := range []string{`{"partial_rotary_factor":0.4}`, `{"partial_rotary_factor":0}`, `{"partial_rotary_factor":2}`, `{"partial_rotary_factor":-0.5}`, `{"partial_rotary_factor":NaN}`} {
		_, diags := Normalise(p, raw(t, config), nil)
		wantCodes(t, diags, "MG1103", map[bool]string{true: "out of range", false: "features of a head would be rotated; want an even number"}[strings.Contains(config, "NaN")])
	}
}
