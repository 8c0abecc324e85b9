package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/gen/command"
)

// run executes one command line and returns the exit code.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	root := newRoot()
	root.SetArgs(args)
	return command.Report(os.Stderr, root.ExecuteContext(ctx))
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "mlxgen",
		Short: "turns Hugging Face checkpoints into reviewed Go packages, and runs them",
		Example: `  mlxgen run checkpoints/mlxgen/demo "What is 12 + 30?"
  mlxgen add ~/models/Qwen3-0.6B --as Qwen/Qwen3-0.6B && mlxgen gen`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newRun(), newLogits(), newSetup(), newDoctor())
	root.AddCommand(command.All()...)
	return root
}
