// Package recipe makes the project's small test checkpoints and judges logits against their references.
//
// A recipe is a folder that defines a random checkpoint by rule instead of holding its weights:
//
//	config.json      as a public repository has it
//	inventory.json   the tensors of model.safetensors in file order: name, dtype, shape, and the rule that fills each
//	expected.json    token sequences and a reference's logits for them
//	case.json        provenance; this package does not read it
//
// [Recipe.Materialise] writes the checkpoint, [Recipe.Expected] reads the references, [Compare] judges. Recipes are
// made by tools/oracle, which also states the rule; the same bytes follow from it in Python and here.
package recipe

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// A Recipe is an opened recipe folder.
type Recipe struct {
	// Dir is the recipe's folder, Name its last element.
	Dir, Name string
	// Config is the content of config.json.
	Config []byte
	// Inventory is the content of inventory.json, validated.
	Inventory Inventory
}

// Limits on what a recipe folder may hold; recipes are small.
const (
	maxJSON    = 8 << 20 // bytes of a JSON file
	maxTensors = 20_000
	maxRank    = 8
	maxBytes   = 512 << 20 // bytes of all tensors of a checkpoint
	maxName    = 512
	maxTokens  = 1 << 16 // of one sequence
)

// Open reads a recipe folder's config.json and inventory.json.
func Open(dir string) (*Recipe, error) {
	config, err := readFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "inventory.json")
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	inventory, err := ParseInventory(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Recipe{Dir: dir, Name: filepath.Base(dir), Config: config, Inventory: inventory}, nil
}

// Folders lists the recipe folders directly under root, sorted.
func Folders(root string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(root, "*", "inventory.json"))
	if err != nil {
		return nil, err
	}
	for i, path := range found {
		found[i] = filepath.Dir(path)
	}
	slices.Sort(found)
	return found, nil
}

// readFile reads a file of at most maxJSON bytes.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxJSON {
		return nil, fmt.Errorf("%s: %d bytes, more than %d", path, info.Size(), maxJSON)
	}
	return os.ReadFile(path)
}
