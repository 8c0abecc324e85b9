// Package command holds the generator's commands. Both programs offer them: mlxgen-gen, which is pure Go, and mlxgen. Results go to stdout, diagnostics
// to stderr. Exit codes: 0 done, 1 a difference was found, 2 an error.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/gen/project"
	"github.com/mlxgen/mlxgen/runtime/diag"
)

// Exit codes.
const (
	ExitDone       = 0
	ExitDifference = 1
	ExitError      = 2
)

// ErrDifference says that a command found what it was asked to look for; it is no failure and prints nothing.
var ErrDifference = errors.New("there are differences")

// options are what all generator commands share.
type options struct {
	root string
	json bool
}

// All returns the generator's commands.
func All() []*cobra.Command {
	o := &options{}
	commands := []*cobra.Command{
		newAdd(o), newUpdate(o), newRemove(o), newList(o), newInspect(o), newGen(o), newDiff(o), newLint(o), newVerify(o), newExplain(o),
	}
	for _, c := range commands {
		c.Flags().StringVar(&o.root, "root", "", "the project's `folder` (default: found upwards)")
		c.Flags().BoolVar(&o.json, "json", false, "print JSON for machines, also of errors")
		run := c.RunE
		c.RunE = func(cmd *cobra.Command, args []string) error {
			err := run(cmd, args)
			if err == nil || errors.Is(err, ErrDifference) || !o.json {
				return err
			}
			return forMachines{err}
		}
	}
	return commands
}

// Main runs the generator's program.
func Main(args []string) int {
	root := &cobra.Command{
		Use:   "mlxgen-gen",
		Short: "the generator of mlxgen, in pure Go",
		Long: `Mlxgen-gen adds checkpoints to a project and writes the Go packages that run them. It needs no MLX, and it works while the
generated tree is broken.`,
		Example:       "  mlxgen-gen add ORG/NAME\n  mlxgen-gen gen",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root.AddCommand(All()...)
	root.SetArgs(args)
	return Report(os.Stderr, root.ExecuteContext(ctx))
}

// Report prints the error of a command and returns the exit code for it.
func Report(w io.Writer, err error) int {
	var list diag.List
	var machines forMachines
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, ErrDifference):
		return ExitDifference
	case errors.As(err, &machines):
		machines.render(w)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "error: interrupted")
	case errors.As(err, &list):
		list.Render(w, isTerminal(w))
	default:
		fmt.Fprintln(w, "error:", err)
	}
	return ExitError
}

// isTerminal says whether w is a terminal that shows colours.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// open finds and opens the project.
func (o *options) open() (*project.Project, error) {
	root := o.root
	if root == "" {
		dir, err := os.Getwd()
		if err != nil {
			return nil, err
		}
		if root, err = project.Find(dir); err != nil {
			return nil, err
		}
	}
	p, diags := project.Open(root)
	return p, diags.Err()
}

// warn prints findings that are no errors.
func (o *options) warn(cmd *cobra.Command, diags diag.List) {
	if o.json {
		if len(diags) > 0 {
			diags.RenderJSON(cmd.ErrOrStderr())
		}
		return
	}
	diags.Render(cmd.ErrOrStderr(), isTerminal(cmd.ErrOrStderr()))
}
