package diag

import (
	"fmt"
	"maps"
	"slices"
)

// codes says what each code means, in one sentence. Codes of the specialiser are documented by package specialise.
var codes = map[string]string{
	"MG1001": "A safetensors file is shorter than its header says: the download was cut.",
	"MG1002": "A safetensors file could not be read.",
	"MG1003": "A safetensors header is damaged, or the file is something else.",
	"MG1004": "The data of two tensors overlaps, or a hole lies between them.",
	"MG1005": "Bytes follow the last tensor of a safetensors file.",
	"MG1101": "config.json is no valid JSON object, or too large or deep.",
	"MG1102": "The config lacks a key that the family requires.",
	"MG1103": "A config value has the wrong type or is out of bounds.",
	"MG1104": "Nothing reads a config key; it may change the arithmetic, so it is not ignored.",
	"MG1105": "Two config keys name the same fact with different values.",
	"MG1106": "A column of the layer table could not be computed.",
	"MG1107": "The config violates a condition of the policy.",
	"MG1108": "The rope type is unknown.",
	"MG1201": "A template's tags could not be evaluated on the config.",
	"MG1202": "A tensor stands in two shards.",
	"MG1203": "No parameter takes a tensor of the checkpoint.",
	"MG1204": "The checkpoint lacks a parameter, in every layer that should have it.",
	"MG1205": "A tensor has another shape than its parameter.",
	"MG1206": "A tensor has a type that weights do not have.",
	"MG1207": "An operation of a layout's programme failed.",
	"MG1208": "Some layers lack a parameter that others have.",
	"MG1209": "The checkpoint lacks biases that the config asks for.",
	"MG1210": "The checkpoint mixes two layouts, or is in one that the policy lacks.",
	"MG1211": "A tensor is quantised, but the config does not say how.",
	"MG1212": "How a tensor is stored contradicts the config's quantisation.",
	"MG1213": "A quantisation format is recognised but cannot be run yet.",
	"MG1301": "The config violates a guard of the generated code.",
	"MG1302": "A guard could not be evaluated.",
	"MG1303": "No family takes the model type.",
	"MG1304": "Several families take the model type.",
	"MG1305": "The family does not build this architecture.",
	"MG2201": "A declaration of a generated package could not be written.",
	"MG2202": "A generated package does not compile.",
	"MG2203": "A policy is not well-formed.",
	"MG3001": "checkpoints.lock cannot be read.",
	"MG3002": "tensors.txt cannot be read.",
	"MG3003": "The recorded facts of a locked checkpoint are missing or damaged.",
	"MG3004": "The command was not run in a project.",
	"MG3005": "A file is not what the lock says.",
}

// Explain says what a code means.
func Explain(code string) (string, bool) {
	text, ok := codes[code]
	return text, ok
}

// Known lists all documented codes.
func Known() []string { return slices.Sorted(maps.Keys(codes)) }

// Register documents the codes of another package. It is called while packages initialise, and panics when two packages give a code two meanings.
func Register(more map[string]string) {
	for code, text := range more {
		if have, twice := codes[code]; twice && have != text {
			panic(fmt.Sprintf("diag: %s is %q and %q", code, have, text))
		}
		codes[code] = text
	}
}
