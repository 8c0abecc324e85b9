package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen"
	"github.com/mlxgen/mlxgen/runtime/sample"
)

func newRun() *cobra.Command {
	var flags struct {
		load   loadFlags
		system string
		raw    bool
		max    int
		sample sample.Options
	}
	cmd := &cobra.Command{
		Use:   "run FOLDER [PROMPT]",
		Short: "answer a prompt, streamed",
		Long: `Run loads a checkpoint and answers one user message as the checkpoint's chat template renders it, or continues plain text with
--raw. Without PROMPT it reads the prompt from standard input.`,
		Example: `  mlxgen run checkpoints/mlxgen/demo "What is 12 + 30?"
  echo "Reverse the word river." | mlxgen run checkpoints/mlxgen/demo
  mlxgen run DIR "Tell me a story" --temperature 0.8 --top-p 0.95 --seed 7`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.load.model = args[0]
			prompt, err := readPrompt(cmd.InOrStdin(), args[1:])
			if err != nil {
				return err
			}
			m, err := flags.load.open(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()

			o := mlxgen.Options{MaxTokens: flags.max}
			for _, name := range []string{"temperature", "top-p", "top-k", "min-p", "seed"} {
				if cmd.Flags().Changed(name) {
					o.Sample = &flags.sample
				}
			}
			answer := m.Generate(cmd.Context(), prompt, o)
			if !flags.raw {
				var messages []mlxgen.Message
				if flags.system != "" {
					messages = append(messages, mlxgen.Say("system", flags.system))
				}
				answer = m.Chat(cmd.Context(), append(messages, mlxgen.User(prompt)...), o)
			}
			for text, err := range answer {
				if err != nil {
					fmt.Fprintln(cmd.OutOrStdout())
					return err
				}
				fmt.Fprint(cmd.OutOrStdout(), text)
			}
			fmt.Fprintln(cmd.OutOrStdout())
			return nil
		},
	}
	flags.load.register(cmd)
	cmd.Flags().StringVar(&flags.system, "system", "", "a system message")
	cmd.Flags().BoolVar(&flags.raw, "raw", false, "continue the prompt as plain text, without a chat template")
	cmd.Flags().IntVar(&flags.max, "max-tokens", 512, "stop after so many `tokens`")
	cmd.Flags().Float64Var(&flags.sample.Temperature, "temperature", 0, "0 is greedy (default: as the checkpoint asks for)")
	cmd.Flags().Float64Var(&flags.sample.TopP, "top-p", 0, "keep the most likely tokens of this total probability; 0 = all")
	cmd.Flags().IntVar(&flags.sample.TopK, "top-k", 0, "keep the k most likely tokens; 0 = all")
	cmd.Flags().Float64Var(&flags.sample.MinP, "min-p", 0, "drop tokens less likely than this part of the most likely one")
	cmd.Flags().Uint64Var(&flags.sample.Seed, "seed", 0, "the seed of sampling")
	return cmd
}

// maxPrompt bounds a prompt from standard input.
const maxPrompt = 16 << 20

// readPrompt takes the prompt from the arguments, or else from standard input.
func readPrompt(in io.Reader, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return "", errors.New("give a prompt as the second argument, or on standard input")
		}
	}
	text, err := io.ReadAll(io.LimitReader(in, maxPrompt+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxPrompt {
		return "", fmt.Errorf("the prompt has more than %d bytes", maxPrompt)
	}
	return strings.TrimRight(string(text), "\n"), nil
}
