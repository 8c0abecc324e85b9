package recipe

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Materialise writes the checkpoint into dir, which it makes if need be: config.json and model.safetensors, or, for
// more than one shard, as many files with an index, tensor i in shard i modulo shards.
func (r *Recipe) Materialise(dir string, shards int) error {
	if shards < 1 || shards > len(r.Inventory.Tensors) {
		return fmt.Errorf("%s: %d shards for %d tensors", r.Name, shards, len(r.Inventory.Tensors))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), r.Config, 0o644); err != nil {
		return err
	}
	if shards == 1 {
		return r.Inventory.writeFile(filepath.Join(dir, "model.safetensors"), r.Inventory.Tensors)
	}
	files, total := map[string]string{}, 0
	for shard := range shards {
		name := fmt.Sprintf("model-%05d-of-%05d.safetensors", shard+1, shards)
		var part []Tensor
		for i := shard; i < len(r.Inventory.Tensors); i += shards {
			t := r.Inventory.Tensors[i]
			files[t.Name] = name
			total += t.Bytes()
			part = append(part, t)
		}
		if err := r.Inventory.writeFile(filepath.Join(dir, name), part); err != nil {
			return err
		}
	}
	index, err := json.MarshalIndent(map[string]any{"metadata": map[string]int{"total_size": total}, "weight_map": files}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "model.safetensors.index.json"), append(index, '\n'), 0o644)
}

// writeFile writes one safetensors file.
func (v Inventory) writeFile(path string, tensors []Tensor) (err error) {
	head, err := header(tensors)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
	}()
	out := bufio.NewWriter(file)
	out.Write(head) // an error here comes back from Flush
	for _, t := range tensors {
		data, err := v.Data(t)
		if err != nil {
			return err
		}
		out.Write(data)
	}
	return out.Flush()
}

// header returns the length and the JSON header of a safetensors file, padded with spaces to a multiple of 8.
func header(tensors []Tensor) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"__metadata__":{"format":"pt"}`)
	offset := 0
	for _, t := range tensors {
		var name bytes.Buffer
		encoder := json.NewEncoder(&name)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(t.Name); err != nil {
			return nil, err
		}
		shape, err := json.Marshal(t.Shape)
		if err != nil {
			return nil, err
		}
		end := offset + t.Bytes()
		fmt.Fprintf(&b, `,%s:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, bytes.TrimSpace(name.Bytes()), t.DType, shape, offset, end)
		offset = end
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(b.Len())), b.Bytes()...), nil
}
