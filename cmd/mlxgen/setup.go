package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/mlx"
	"github.com/mlxgen/mlxgen/runtime/device"
)

func newSetup() *cobra.Command {
	return &cobra.Command{
		Use:   "setup",
		Short: "copy the libraries to the per-user folder, where programs of other modules find them",
		Long: `Setup copies MLX, the shim and the tokenizer's archive from where this program finds them (build/lib of a checkout) to the per-user
folder. Go programs that import mlxgen then run without further set-up; linking them needs one flag, which setup prints.`,
		Example: "  mlxgen setup",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := mlx.FindLibrary()
			if err != nil {
				return err
			}
			to, err := mlx.UserLibraryDir()
			if err != nil {
				return err
			}
			if from == to {
				fmt.Fprintln(cmd.OutOrStdout(), "the libraries are in place:", to)
				return nil
			}
			if err := install(from, to); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "installed to %s\nto link a program that imports mlxgen:\n  export CGO_LDFLAGS=-L%s\n", to, to)
			return nil
		},
	}
}

// install copies the shim, the archive and MLX's own folder to a new folder, and puts that in place at once.
func install(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(to), ".lib-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	for _, name := range []string{mlx.LibraryName(), "libtokenizers.a"} {
		if err := copyFile(filepath.Join(from, name), filepath.Join(work, name)); err != nil {
			return err
		}
	}
	// The shim looks for MLX in mlx/lib beside it; MLX looks for its own libraries two folders up from there.
	deps, err := mlxFolder(from)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(deps)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); name == "mlx" || strings.HasSuffix(name, ".libs") {
			if err := copyTree(filepath.Join(deps, name), filepath.Join(work, name)); err != nil {
				return err
			}
		}
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.Rename(work, to)
}

// mlxFolder is the folder that holds mlx/lib: beside the shim, or .deps of the checkout that it was built in.
func mlxFolder(lib string) (string, error) {
	if _, err := os.Stat(filepath.Join(lib, "mlx", "lib")); err == nil {
		return lib, nil
	}
	backend, err := os.ReadFile(filepath.Join(lib, ".backend"))
	if err != nil {
		return "", fmt.Errorf("%s: %w; run `make setup` in the checkout", lib, err)
	}
	return filepath.Join(lib, "..", "..", ".deps", strings.TrimSpace(string(backend))), nil
}

// copyTree copies the libraries and headers of a folder.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "say what this installation has, and what is missing",
		Example: "  mlxgen doctor",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := cmd.OutOrStdout()
			fmt.Fprintf(w, "platform   %s/%s, %d processors, %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
			dir, err := mlx.FindLibrary()
			if err != nil {
				return err
			}
			fmt.Fprintln(w, "library   ", filepath.Join(dir, mlx.LibraryName()))
			dev, err := device.Open("")
			if err != nil {
				return err
			}
			defer dev.Close()
			memory := dev.Memory()
			fmt.Fprintf(w, "MLX        %s on %s, %d bytes in use\n", mlx.MLXVersion, dev.Kind(), memory.Active)
			return nil
		},
	}
}
