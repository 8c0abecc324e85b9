package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlxgen/mlxgen/runtime/engine"
)

func newLogits() *cobra.Command {
	var flags struct {
		load       loadFlags
		tokens     string
		tokensFile string
		split      int
		json       bool
	}
	cmd := &cobra.Command{
		Use:   "logits --model DIR --tokens 5,17,3",
		Short: "print the logits at every position of a token sequence",
		Long: `Logits prints one float32 row per input position. It is the contract of parity tools: with --split K it
prefills K tokens and feeds the rest one at a time.`,
		Example: `  mlxgen logits --model checkpoints/mlxgen/demo --tokens 5,17,3 --json
  mlxgen logits --model DIR --tokens 5,17,3,9 --split 2 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			tokens, err := readTokens(flags.tokens, flags.tokensFile)
			if err != nil {
				return err
			}
			if flags.split < 0 || flags.split > len(tokens) {
				return fmt.Errorf("--split %d: want a number from 1 to %d, the number of tokens", flags.split, len(tokens))
			}
			loaded, err := flags.load.open(cmd.Context())
			if err != nil {
				return err
			}
			defer loaded.Close()
			eng, err := engine.New(loaded.Device, loaded.Model, loaded.Handles, engine.Options{Tokens: len(tokens), Vocab: loaded.Vocab()})
			if err != nil {
				return err
			}
			defer eng.Close()
			var cuts []int
			if flags.split > 0 {
				cuts = append(cuts, flags.split)
				for range len(tokens) - flags.split {
					cuts = append(cuts, 1)
				}
			}
			rows, err := eng.Logits(cmd.Context(), tokens, cuts...)
			if err != nil {
				return err
			}
			return printLogits(cmd.OutOrStdout(), rows, flags.json)
		},
	}
	flags.load.register(cmd)
	cmd.Flags().StringVar(&flags.tokens, "tokens", "", "token ids, separated by commas")
	cmd.Flags().StringVar(&flags.tokensFile, "tokens-file", "", "a JSON file with the list of token ids")
	cmd.Flags().IntVar(&flags.split, "split", 0, "prefill `K` tokens, then feed the rest one at a time")
	cmd.Flags().BoolVar(&flags.json, "json", false, `print {"logits": [[…], …]}`)
	return cmd
}

// readTokens parses the ids of --tokens or --tokens-file; exactly one must be given.
func readTokens(list, file string) ([]int32, error) {
	var tokens []int32
	switch {
	case (list == "") == (file == ""):
		return nil, errors.New("give the tokens by either --tokens or --tokens-file")
	case file != "":
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, &tokens); err != nil {
			return nil, fmt.Errorf("%s: want a JSON list of token ids: %w", file, err)
		}
	default:
		for _, field := range strings.Split(list, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(field), 10, 32)
			if err != nil {
				return nil, fmt.Errorf("--tokens: %q is no token id", field)
			}
			tokens = append(tokens, int32(id))
		}
	}
	if len(tokens) == 0 {
		return nil, errors.New("the list of tokens is empty")
	}
	return tokens, nil
}

// printLogits writes rows so that every float32 reads back exactly.
func printLogits(w io.Writer, rows [][]float32, asJSON bool) error {
	out := bufio.NewWriter(w)
	if asJSON {
		if err := json.NewEncoder(out).Encode(map[string]any{"logits": rows}); err != nil {
			return err
		}
		return out.Flush()
	}
	for position, row := range rows {
		fmt.Fprintf(out, "%d:", position)
		for _, logit := range row {
			fmt.Fprintf(out, " %v", logit)
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}
