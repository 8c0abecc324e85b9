package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen"
)

// loadFlags are the flags of every command that loads a model.
type loadFlags struct {
	model    string
	device   string
	unlocked bool
}

// register adds the flags. The model may also be a command's first argument.
func (f *loadFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.model, "model", "", "the checkpoint's `folder`")
	cmd.Flags().StringVar(&f.device, "device", "", "cpu or gpu (default: the best there is)")
	cmd.Flags().BoolVar(&f.unlocked, "unlocked", false, "run the family's template by reflection instead of generated code")
}

// open loads the model.
func (f *loadFlags) open(ctx context.Context) (*mlxgen.Model, error) {
	if f.model == "" {
		return nil, errors.New("name the checkpoint's folder with --model")
	}
	m, err := mlxgen.Load(ctx, f.model, mlxgen.LoadOptions{Device: f.device, Unlocked: f.unlocked})
	if err == nil && f.unlocked {
		fmt.Fprintln(os.Stderr, "unlocked: this runs the template as it is; no locked checkpoint vouches for it")
	}
	return m, err
}
