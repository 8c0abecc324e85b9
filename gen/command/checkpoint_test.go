package command

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// recipe is a checkpoint in the making. Words of the command change it:
//
//	KEY=JSON          a config key; the tensors follow those that decide about tensors
//	-KEY              no such key
//	drop:NAME         no such tensor
//	add:NAME:2x3      another tensor
//	shape:NAME:2x3    another shape
//	type:NAME:F32     another type
//	affine:NAME       a weight in MLX's 4-bit layout
//	fp8:NAME          a weight in blocks of FP8, as on the hub
//	shards:N          several weight files
//	cut:N             the last weight file lacks its last N bytes
//	tail:N            the last weight file has N bytes more
//	file:NAME:TEXT    another file
type recipe struct {
	config  map[string]any
	tensors map[string]tensor
	files   map[string]string
	shards  int
	cut     int
}

type tensor struct {
	dtype string
	shape []int
}

// configs are what the kinds publish, but for their sizes.
var configs = map[string]string{
	"llama": `{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "attention_bias": false, "mlp_bias": false, "rope_theta": 10000.0,
		"rope_scaling": null, "pretraining_tp": 1, "max_position_embeddings": 2048, "tie_word_embeddings": true}`,
	"qwen3": `{"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "attention_bias": false, "head_dim": 16, "rope_theta": 1000000,
		"rope_scaling": null, "use_sliding_window": false, "sliding_window": null, "max_window_layers": 2, "max_position_embeddings": 40960,
		"tie_word_embeddings": true}`,
}

const sizes = `{"bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
	"num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "vocab_size": 100, "torch_dtype": "bfloat16", "use_cache": true,
	"transformers_version": "4.51.0", "initializer_range": 0.02, "attention_dropout": 0.0}`

func makeCheckpoint(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || configs[args[1]] == "" {
		ts.Fatalf("usage: checkpoint DIR KIND WORD…")
	}
	r := &recipe{config: map[string]any{}, tensors: map[string]tensor{}, files: map[string]string{}, shards: 1}
	ts.Check(json.Unmarshal([]byte(sizes), &r.config))
	ts.Check(json.Unmarshal([]byte(configs[args[1]]), &r.config))
	var later []string
	for _, word := range args[2:] {
		key, value, isKey := strings.Cut(word, "=")
		switch {
		case isKey && !strings.Contains(key, ":"):
			var v any
			ts.Check(json.Unmarshal([]byte(value), &v))
			r.config[key] = v
		case strings.HasPrefix(word, "-"):
			delete(r.config, word[1:])
		default:
			later = append(later, word)
		}
	}
	r.plan(args[1])
	for _, word := range later {
		ts.Check(r.change(word))
	}
	ts.Check(r.write(ts.MkAbs(args[0])))
}

// plan lists the tensors that the config asks for.
func (r *recipe) plan(kind string) {
	n := func(key string) int { v, _ := r.config[key].(float64); return int(v) }
	yes := func(key string) bool { v, _ := r.config[key].(bool); return v }
	hidden, inner, heads, kv, dim := n("hidden_size"), n("intermediate_size"), n("num_attention_heads"), n("num_key_value_heads"), n("head_dim")
	if dim == 0 {
		dim = hidden / heads
	}
	linear := func(name string, bias bool, out, in int) {
		r.tensors[name+".weight"] = tensor{"BF16", []int{out, in}}
		if bias {
			r.tensors[name+".bias"] = tensor{"BF16", []int{out}}
		}
	}
	linear("model.embed_tokens", false, n("vocab_size"), hidden)
	if !yes("tie_word_embeddings") {
		linear("lm_head", false, n("vocab_size"), hidden)
	}
	r.tensors["model.norm.weight"] = tensor{"BF16", []int{hidden}}
	for i := range n("num_hidden_layers") {
		at := fmt.Sprintf("model.layers.%d.", i)
		linear(at+"self_attn.q_proj", yes("attention_bias"), heads*dim, hidden)
		linear(at+"self_attn.k_proj", yes("attention_bias"), kv*dim, hidden)
		linear(at+"self_attn.v_proj", yes("attention_bias"), kv*dim, hidden)
		linear(at+"self_attn.o_proj", yes("attention_bias"), hidden, heads*dim)
		linear(at+"mlp.gate_proj", yes("mlp_bias"), inner, hidden)
		linear(at+"mlp.up_proj", yes("mlp_bias"), inner, hidden)
		linear(at+"mlp.down_proj", yes("mlp_bias"), hidden, inner)
		norms := []string{"input_layernorm", "post_attention_layernorm"}
		for _, name := range norms {
			r.tensors[at+name+".weight"] = tensor{"BF16", []int{hidden}}
		}
		if kind == "qwen3" {
			r.tensors[at+"self_attn.q_norm.weight"] = tensor{"BF16", []int{dim}}
			r.tensors[at+"self_attn.k_norm.weight"] = tensor{"BF16", []int{dim}}
		}
	}
}

func (r *recipe) change(word string) error {
	verb, rest, _ := strings.Cut(word, ":")
	name, value, _ := strings.Cut(rest, ":")
	_, there := r.tensors[name]
	number := func(text string) int { n, _ := strconv.Atoi(text); return n }
	switch verb {
	case "shards":
		r.shards = number(rest)
		return nil
	case "cut":
		r.cut = number(rest)
		return nil
	case "tail":
		r.cut = -number(rest)
		return nil
	case "file":
		r.files[name] = value
		return nil
	case "add":
		r.tensors[name] = tensor{"BF16", shape(value)}
		return nil
	}
	if !there {
		return fmt.Errorf("%s: there is no tensor %s", word, name)
	}
	t := r.tensors[name]
	switch verb {
	case "drop":
		delete(r.tensors, name)
	case "shape":
		r.tensors[name] = tensor{t.dtype, shape(value)}
	case "type":
		r.tensors[name] = tensor{value, t.shape}
	case "affine":
		out, in := t.shape[0], t.shape[1]
		path := strings.TrimSuffix(name, ".weight")
		r.tensors[name] = tensor{"U32", []int{out, in / 8}}
		r.tensors[path+".scales"] = tensor{"BF16", []int{out, in / 64}}
		r.tensors[path+".biases"] = tensor{"BF16", []int{out, in / 64}}
	case "fp8":
		r.tensors[name] = tensor{"F8_E4M3", t.shape}
		r.tensors[name+"_scale_inv"] = tensor{"F32", []int{(t.shape[0] + 127) / 128, (t.shape[1] + 127) / 128}}
	default:
		return fmt.Errorf("what is %s", word)
	}
	return nil
}

func shape(text string) []int {
	var dims []int
	for _, part := range strings.Split(text, "x") {
		n, _ := strconv.Atoi(part)
		dims = append(dims, n)
	}
	return dims
}

var widths = map[string]int{"BF16": 2, "F16": 2, "F32": 4, "U32": 4, "I64": 8, "F8_E4M3": 1}

func (r *recipe) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	config, err := json.MarshalIndent(r.config, "", "  ")
	if err != nil {
		return err
	}
	r.files["config.json"] = string(config) + "\n"
	names := slices.Sorted(maps.Keys(r.tensors))
	for s := range r.shards {
		file := "model.safetensors"
		if r.shards > 1 {
			file = fmt.Sprintf("model-%05d-of-%05d.safetensors", s+1, r.shards)
		}
		data := r.weights(names[s*len(names)/r.shards : (s+1)*len(names)/r.shards])
		if s == r.shards-1 {
			data = append(data, make([]byte, max(0, -r.cut))...)
			data = data[:len(data)-max(0, r.cut)]
		}
		r.files[file] = string(data)
	}
	for name, text := range r.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// weights is a safetensors file of zeros.
func (r *recipe) weights(names []string) []byte {
	header := map[string]any{"__metadata__": map[string]string{"format": "pt"}}
	size := 0
	for _, name := range names {
		t := r.tensors[name]
		bytes := widths[t.dtype]
		for _, d := range t.shape {
			bytes *= d
		}
		header[name] = map[string]any{"dtype": t.dtype, "shape": t.shape, "data_offsets": []int{size, size + bytes}}
		size += bytes
	}
	text, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(file, text...), make([]byte, size)...)
}
