package emit

import "strings"

// initialisms are the words that Go writes in capitals.
var initialisms = map[string]string{
	"rms": "RMS", "mlp": "MLP", "kv": "KV", "qk": "QK", "moe": "MoE", "lm": "LM", "ssm": "SSM", "id": "ID", "ids": "IDs",
}

// identifier is the exported Go name of a normalised name: rms_norm_eps is RMSNormEps.
func identifier(name string) string {
	var b strings.Builder
	for _, word := range strings.Split(name, "_") {
		if word == "" {
			continue
		}
		if up, ok := initialisms[word]; ok {
			b.WriteString(up)
			continue
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
