// Package facts holds what a checkpoint publishes, without its weights: config, headers and the small files beside them. Facts come from a checkpoint's
// folder or from the hub, and are kept in the repository under checkpoints/ORG/NAME as reviewable text, so that generating needs neither.
package facts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/snapshot"
)

// Facts are the facts of one checkpoint.
type Facts struct {
	Raw     *contract.Raw
	Headers []*contract.Header
	Files   map[string][]byte // the small files, config.json among them, by name
}

// SmallFiles are the files that are kept beside the headers, where a checkpoint has them.
var SmallFiles = []string{
	"config.json", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
	"preprocessor_config.json", "processor_config.json",
}

// maxSmallFile bounds each of them.
const maxSmallFile = 16 << 20

// TensorsFile holds the headers, folded.
const TensorsFile = "tensors.txt"

// ReadDir reads the facts kept in a folder of the repository.
func ReadDir(dir string) (*Facts, error) {
	f := &Facts{Files: map[string][]byte{}}
	for _, name := range SmallFiles {
		data, err := readSmall(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f.Files[name] = data
	}
	config, ok := f.Files["config.json"]
	if !ok {
		return nil, fmt.Errorf("there is no config.json; restore the folder, or add the checkpoint again")
	}
	var err error
	if f.Raw, err = contract.ParseRaw("config.json", config); err != nil {
		return nil, err
	}
	tensors, err := readSmall(filepath.Join(dir, TensorsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s; restore the folder, or add the checkpoint again", TensorsFile)
	}
	if err != nil {
		return nil, err
	}
	f.Headers, err = ParseTensors(tensors)
	return f, err
}

// Tree is the facts as files of the repository, by name.
func (f *Facts) Tree() map[string][]byte {
	tree := map[string][]byte{TensorsFile: FormatTensors(f.Headers)}
	for name, data := range f.Files {
		tree[name] = data
	}
	return tree
}

// FromFolder reads the facts of a checkpoint's folder, and what the lock says of its files. With whole, weights are hashed whole.
func FromFolder(dir string, whole bool) (*Facts, []lockfile.File, error) {
	s, err := snapshot.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	f := &Facts{Raw: s.Raw, Headers: s.Headers, Files: map[string][]byte{}}
	var files []lockfile.File
	for _, name := range SmallFiles {
		data, err := readSmall(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		f.Files[name] = data
		files = append(files, lockfile.File{Name: name, Size: int64(len(data)), Digest: "sha256:" + digest(data)})
	}
	for _, h := range s.Headers {
		file, err := WeightFile(s.Path(h.File), whole)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, file)
	}
	return f, files, nil
}

// WeightFile is what the lock says of a weight file: its size and the digest of its header, or of all of it.
func WeightFile(path string, whole bool) (lockfile.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return lockfile.File{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return lockfile.File{}, err
	}
	entry := lockfile.File{Name: filepath.Base(path), Size: info.Size()}
	hash, kind := sha256.New(), "sha256:"
	from := io.Reader(f)
	if !whole {
		kind = "header:"
		var length [8]byte
		if _, err := io.ReadFull(f, length[:]); err != nil {
			return lockfile.File{}, fmt.Errorf("%s: %w", path, err)
		}
		hash.Write(length[:])
		n := int64(length[0]) | int64(length[1])<<8 | int64(length[2])<<16 | int64(length[3])<<24 // the reader has checked that it is short
		from = io.LimitReader(f, n)
	}
	if _, err := io.Copy(hash, from); err != nil {
		return lockfile.File{}, fmt.Errorf("%s: %w", path, err)
	}
	entry.Digest = kind + hex.EncodeToString(hash.Sum(nil))
	return entry, nil
}

func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSmallFile {
		return nil, fmt.Errorf("%s: %d bytes; at most %d are read", path, info.Size(), int64(maxSmallFile))
	}
	return os.ReadFile(path)
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
