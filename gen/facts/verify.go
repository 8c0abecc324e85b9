package facts

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/runtime/contract"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Verify compares the files of a folder with what the lock says. Weights whose lock entry is a header digest are compared by size and header.
func Verify(dir string, files []lockfile.File) (diag.List, error) {
	var diags diag.List
	for _, want := range files {
		path := filepath.Join(dir, want.Name)
		if info, err := os.Stat(path); err == nil && info.Size() != want.Size { // a cut file may have no header to read
			diags = append(diags, diag.Warnf("MG3005", path, "%d bytes; the lock says %d", info.Size(), want.Size))
			continue
		}
		have, err := currentFile(path, want)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			diags = append(diags, diag.Warnf("MG3005", path, "the file is missing"))
		case err != nil:
			return nil, err
		case have.Digest != want.Digest:
			diags = append(diags, diag.Warnf("MG3005", path, "%s; the lock says %s", have.Digest, want.Digest))
		}
	}
	return diags, nil
}

// Match checks that facts are those that were locked: the small files by their digests, the headers by the names and sizes of their files.
func (f *Facts) Match(files []lockfile.File) diag.List {
	var diags diag.List
	wrong := func(name, format string, args ...any) {
		diags = append(diags, diag.Errorf("MG3003", name, format, args...).WithHint("restore the recorded facts, or add the checkpoint again"))
	}
	locked := map[string]bool{}
	headers := map[string]*contract.Header{}
	for _, h := range f.Headers {
		headers[h.File] = h
	}
	for _, want := range files {
		locked[want.Name] = true
		data, small := f.Files[want.Name]
		h := headers[want.Name]
		switch {
		case !small && h == nil:
			wrong(want.Name, "the lock has this file, but its facts are missing")
		case small && (int64(len(data)) != want.Size || "sha256:"+digest(data) != want.Digest):
			wrong(want.Name, "the recorded file is not the one that was locked")
		case h != nil && stored(h) >= want.Size:
			wrong(TensorsFile, "%s has %d bytes of tensors, the locked file %d bytes in all", want.Name, stored(h), want.Size)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Files)) {
		if !locked[name] {
			wrong(name, "the lock does not have this file")
		}
	}
	for _, h := range f.Headers {
		if !locked[h.File] {
			wrong(TensorsFile, "the lock does not have the file %s", h.File)
		}
	}
	return diags
}

// stored is the size of a header's tensors.
func stored(h *contract.Header) int64 {
	var bits int64
	for _, t := range h.Tensors {
		elements := int64(1)
		for _, d := range t.Shape {
			elements *= int64(d)
		}
		bits += elements * t.DType.Bits()
	}
	return bits / 8
}

// currentFile is the lock entry that a file has now, with the same kind of digest.
func currentFile(path string, want lockfile.File) (lockfile.File, error) {
	if strings.HasSuffix(path, ".safetensors") {
		return WeightFile(path, strings.HasPrefix(want.Digest, "sha256:"))
	}
	data, err := readSmall(path)
	return lockfile.File{Name: want.Name, Size: int64(len(data)), Digest: "sha256:" + digest(data)}, err
}
