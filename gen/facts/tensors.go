package facts

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// FormatTensors writes headers as text, folded over numbers in names, sorted, lossless up to the order of the data:
//
//	shard model.safetensors
//	  metadata format pt
//	  model.layers.{0..35}.self_attn.q_norm.weight BF16 [128]
func FormatTensors(headers []*contract.Header) []byte {
	var b strings.Builder
	for _, h := range headers {
		fmt.Fprintf(&b, "shard %s\n", h.File)
		for _, key := range slices.Sorted(maps.Keys(h.Metadata)) {
			fmt.Fprintf(&b, "  metadata %s %s\n", strconv.Quote(key), strconv.Quote(h.Metadata[key]))
		}
		for _, line := range foldTensors(h.Tensors) {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	return []byte(b.String())
}

// foldTensors folds the names of all tensors that share type and shape.
func foldTensors(tensors []contract.Tensor) []string {
	alike := map[string][]string{}
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b contract.Tensor) int { return natural(a.Name, b.Name) })
	for _, t := range sorted {
		form := fmt.Sprintf("%s %v", t.DType, t.Shape)
		alike[form] = append(alike[form], t.Name)
	}
	var lines []string
	for form, names := range alike {
		for _, folded := range contract.FoldNames(names) {
			lines = append(lines, folded+" "+form)
		}
	}
	slices.SortFunc(lines, natural)
	return lines
}

// natural compares dotted names with numbers by their value.
func natural(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		n, errN := strconv.Atoi(x[i])
		m, errM := strconv.Atoi(y[i])
		if errN == nil && errM == nil && n != m {
			return cmp.Compare(n, m)
		}
		if c := strings.Compare(x[i], y[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

// maxTensors bounds what a tensors.txt may stand for.
const maxTensors = 1 << 20

// ParseTensors reads what FormatTensors wrote. The headers have names, types and shapes, but no places of the data.
func ParseTensors(text []byte) ([]*contract.Header, error) {
	p := &tensorParser{seen: map[string]bool{}}
	for i, line := range strings.Split(string(text), "\n") {
		if err := p.read(line); err != nil {
			return nil, diag.List{diag.Errorf("MG3002", fmt.Sprintf("%s:%d", TensorsFile, i+1), "%v", err).
				WithHint("the file is written by mlxgen add; restore it, or add the checkpoint again")}
		}
	}
	if len(p.headers) == 0 {
		return nil, diag.List{diag.Errorf("MG3002", TensorsFile, "the file names no shard")}
	}
	return p.headers, nil
}

type tensorParser struct {
	headers []*contract.Header
	seen    map[string]bool
}

func (p *tensorParser) read(line string) error {
	if line == "" {
		return nil
	}
	if file, ok := strings.CutPrefix(line, "shard "); ok {
		if file == "" || strings.ContainsAny(file, "/\\ ") {
			return fmt.Errorf("%.100q is no file name", file)
		}
		p.headers = append(p.headers, &contract.Header{File: file})
		return nil
	}
	rest, ok := strings.CutPrefix(line, "  ")
	if !ok || len(p.headers) == 0 {
		return fmt.Errorf("cannot read %.200q", line)
	}
	h := p.headers[len(p.headers)-1]
	if pair, ok := strings.CutPrefix(rest, "metadata "); ok {
		return readMetadata(h, pair)
	}
	return p.readTensors(h, rest)
}

func readMetadata(h *contract.Header, pair string) error {
	key, err := strconv.QuotedPrefix(pair)
	if err != nil {
		return fmt.Errorf("want: metadata \"KEY\" \"VALUE\"")
	}
	value, err := strconv.Unquote(strings.TrimPrefix(pair[len(key):], " "))
	if err != nil {
		return fmt.Errorf("want: metadata \"KEY\" \"VALUE\"")
	}
	if h.Metadata == nil {
		h.Metadata = map[string]string{}
	}
	name, _ := strconv.Unquote(key)
	h.Metadata[name] = value
	return nil
}

// readTensors reads a line NAME TYPE [SHAPE].
func (p *tensorParser) readTensors(h *contract.Header, line string) error {
	open := strings.LastIndex(line, " [")
	if open < 0 || !strings.HasSuffix(line, "]") {
		return fmt.Errorf("want: NAME TYPE [SHAPE], not %.200q", line)
	}
	var shape []int
	for _, field := range strings.Fields(line[open+2 : len(line)-1]) {
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 || n > 1<<31-1 {
			return fmt.Errorf("the dimension %.40q", field)
		}
		shape = append(shape, n)
	}
	space := strings.LastIndexByte(line[:open], ' ')
	if space < 0 {
		return fmt.Errorf("want: NAME TYPE [SHAPE], not %.200q", line)
	}
	dtype := contract.DType(line[space+1 : open])
	if dtype.Bits() == 0 {
		return fmt.Errorf("unknown type %.40q", dtype)
	}
	names, err := contract.ExpandName(line[:space])
	if err != nil {
		return err
	}
	for _, name := range names {
		if p.seen[name] {
			return fmt.Errorf("the tensor %s stands here twice", name)
		}
		if len(p.seen) >= maxTensors {
			return fmt.Errorf("more than %d tensors", maxTensors)
		}
		p.seen[name] = true
		h.Tensors = append(h.Tensors, contract.Tensor{Name: name, DType: dtype, Shape: shape, File: h.File})
	}
	return nil
}
