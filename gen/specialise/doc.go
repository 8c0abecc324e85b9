// Package specialise turns a template (Go that runs, package templates/…) and the evidence of locked checkpoints into the Go source of one
// architecture: what the evidence decides is cut away, what it leaves open stays as the run-time check that it already was.
//
// # The algorithm
//
// Load parses and type-checks every template and block once, with an importer of its own, and lints them: the fold below is sound only for a
// closed subset of Go, and code outside of it is refused, never approximated. The result is read-only; many goroutines may specialise from it.
//
// Specialise then runs these steps, each in its own file:
//
//	plan       the struct tree below the root as classes (paths without indices) and output types (a struct under the name its as tag chooses)
//	points     the evidence: checkpoint × row of the layer table, each a full assignment of the traits
//	fold       one walk per function and output type along the path conditions, from the roots through every call (walk, condition, calls)
//	mark       what is live: statements, locals, parameters, fields, functions, types, constants; one pass, conditional edges
//	tidy       dead stores and temporaries that only the cuts made visible
//	render     the kept source text, statement by statement, with renamed identifiers (render, layout, emit)
//	verify     go/types, and a comparison of what every kept identifier refers to before and after (verify)
//
// # Invariants
//
//   - A condition is decided only when every point that can reach it agrees. Points that reach a function are the union over its live calls.
//   - Each decision leaves a guard: path condition ⇒ predicate. A checkpoint whose points satisfy all guards runs through the generated package
//     exactly as through the template. All locked checkpoints satisfy the guards; this is checked before anything is returned.
//   - Only code that died by the evidence is removed: with evidence that decides nothing, function bodies come back verbatim.
//   - Calls that are marked as effects are never dropped, duplicated or reordered.
//   - Output depends on the set of points only: not on their order, on names of checkpoints, on maps or on time.
//   - No output identifier refers to anything but the copy of what it referred to in the template.
package specialise
