package facts

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/mlxgen/mlxgen/gen/lockfile"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Verify compares the files of a folder with what the lock says. Weights whose lock entry is a header digest are compared by size and header.
func Verify(dir string, files []lockfile.File) (diag.List, error) {
	var diags diag.List
	for _, want := range files {
		path := filepath.Join(dir, want.Name)
		have, err := currentFile(path, want)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			diags = append(diags, diag.Warnf("MG3005", path, "the file is missing"))
		case err != nil:
			return nil, err
		case have.Size != want.Size:
			diags = append(diags, diag.Warnf("MG3005", path, "%d bytes; the lock says %d", have.Size, want.Size))
		case have.Digest != want.Digest:
			diags = append(diags, diag.Warnf("MG3005", path, "%s; the lock says %s", have.Digest, want.Digest))
		}
	}
	return diags, nil
}

// currentFile is the lock entry that a file has now, with the same kind of digest.
func currentFile(path string, want lockfile.File) (lockfile.File, error) {
	if strings.HasSuffix(path, ".safetensors") {
		return WeightFile(path, strings.HasPrefix(want.Digest, "sha256:"))
	}
	data, err := readSmall(path)
	return lockfile.File{Name: want.Name, Size: int64(len(data)), Digest: "sha256:" + digest(data)}, err
}
