package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
)

// Exit codes of every command.
const (
	exitDone  = 0
	exitError = 2
)

// run executes one command line and returns the exit code.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	root := newRoot()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		return report(err)
	}
	return exitDone
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "mlxgen",
		Short: "turns Hugging Face checkpoints into reviewed Go packages, and runs them",
		Example: `  mlxgen run checkpoints/mlxgen/demo "What is 12 + 30?"
  mlxgen add Qwen/Qwen3-0.6B && mlxgen gen`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newRun(), newLogits())
	return root
}

// report prints an error to stderr and returns the exit code for it.
func report(err error) int {
	fmt.Fprintln(os.Stderr, "mlxgen:", err)
	return exitError
}
