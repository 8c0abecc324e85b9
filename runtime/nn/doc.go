// Package nn is the vocabulary that templates and generated models are written in: parameter modules (Linear, Embedding, RMSNorm), rotary positions,
// activations, and the Step.
//
// A model sees tokens, not batches. A Step holds T tokens of R rows (sequences) of any lengths, mixed freely: rows that decode one token, a row that
// prefills 512. Activations are [T, …]; token-wise code neither knows nor cares which row a token belongs to. Whatever mixes along a sequence is a
// method of the Step on a state handle (KV) that the model declares as a field. Masks, caches, offsets and padding do not appear in model code.
//
// A Forward method describes a step class, not a step: everything that varies between steps is an array behind the Step, no Go value. Presence of a
// bias and quantisation are behaviour of the modules here, never branches of a model.
//
// Modules are immutable after loading and safe to share; a Step belongs to one goroutine.
package nn
