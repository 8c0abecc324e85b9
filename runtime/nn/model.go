package nn

import "github.com/mlxgen/mlxgen/mlx"

// Model is what every text model offers: three roots, so that wrappers can step between them.
type Model interface {
	// Embed looks up the step's tokens; the result is [T, width].
	Embed(s *Step) mlx.Array
	// Body runs the layers on x [T, width]; the result is the final hidden state [T, width].
	Body(s *Step, x mlx.Array) mlx.Array
	// Head maps hidden states h [N, width] to logits [N, vocab].
	Head(s *Step, h mlx.Array) mlx.Array
}
