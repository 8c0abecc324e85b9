package mlxgen

// The generated packages come from checkpoints.lock, checkpoints/ and templates/.
//
//go:generate go run ./cmd/mlxgen-gen gen
