// Command mlxgen turns checkpoints into reviewed Go packages, and runs them.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:]))
}
