// Package snapshot opens a checkpoint's folder: its config and the headers of its shards. It reads a few hundred kilobytes, never weights.
package snapshot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// maxConfig bounds config.json.
const maxConfig = 16 << 20

// Snapshot is an opened folder.
type Snapshot struct {
	Dir     string
	Raw     *contract.Raw
	Headers []*contract.Header // one a shard, in order of file names
}

// Open reads config.json and the header of every model*.safetensors in dir. The index file is not asked: it may be stale.
func Open(dir string) (*Snapshot, error) {
	config, err := readBounded(filepath.Join(dir, "config.json"), maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no config.json; want the folder of a checkpoint as published (config.json, model.safetensors, tokenizer.json)", dir)
	}
	if err != nil {
		return nil, err
	}
	raw, err := contract.ParseRaw("config.json", config)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{Dir: dir, Raw: raw}
	shards, err := Shards(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range shards {
		header, err := readHeader(dir, name)
		if err != nil {
			return nil, err
		}
		s.Headers = append(s.Headers, header)
	}
	return s, nil
}

// Path is where a shard lies.
func (s *Snapshot) Path(shard string) string { return filepath.Join(s.Dir, shard) }

// Shards lists the weight files of a checkpoint's folder by name. Finding none is an error.
func Shards(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var shards []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, "model") && strings.HasSuffix(name, ".safetensors") {
			shards = append(shards, name)
		}
	}
	if len(shards) == 0 {
		return nil, fmt.Errorf("%s: no model*.safetensors", dir)
	}
	slices.Sort(shards)
	return shards, nil
}

func readHeader(dir, name string) (*contract.Header, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return contract.ReadHeader(name, f, info.Size())
}

func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes; at most %d are read", path, info.Size(), limit)
	}
	return os.ReadFile(path)
}
