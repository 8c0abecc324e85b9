// Package contract is what the generator and the loader agree on: headers and config of a checkpoint (untrusted input), the policy of a family, the
// normalised config with its layer table, the parameters a template asks for, the tensor programme that leads from a checkpoint's tensors to those
// parameters, the proof that nothing is left over or missing, and the guards of specialised code.
//
// It is pure Go on the standard library (and runtime/diag), touches no disk and no device, and is the same code when a checkpoint is added and when
// it is loaded.
//
// The data's way:
//
//	config.json ── ParseRaw ── Detect ── Normalise ────► Config (facts + layer table)
//	template    ── Blueprint ── Decide, Expand(Config) ► []Param, []StateSpec
//	headers     ── ReadHeader ── Prove ────────────────► Proof (bindings: parameter = expression over tensors)
//	Guards      ── CheckGuards(Config) ────────────────► whether specialised code may run the checkpoint
//
// All input is untrusted: sizes, depths and counts are bounded, numbers are checked for overflow, and what is not understood is refused by a code of
// package diag that names the place and the way out.
package contract
