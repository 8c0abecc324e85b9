// Command mlxgen-gen is the generator of mlxgen, in pure Go.
package main

import (
	"os"

	"github.com/mlxgen/mlxgen/gen/command"
)

func main() { os.Exit(command.Main(os.Args[1:])) }
