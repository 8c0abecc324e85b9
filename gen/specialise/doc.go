// Package specialise turns a template (Go that runs, package templates/…) and the evidence of locked checkpoints into the Go source of one
// architecture: what the evidence decides is cut away, what it leaves open stays as the run-time check that it already was.
//
// # The algorithm
//
// Load parses and type-checks every template and block once, with an importer of its own, and lints them: the fold is sound only for a closed subset
// of Go, and code outside of it is refused, never approximated. The result is read-only; many goroutines may specialise from it.
//
// Specialise then runs these steps. The files are named after them.
//
//	plan    the struct tree below the root as classes (paths without indices), the output types (a struct under the name that its field's as tag
//	        chooses), and the points of the evidence: checkpoint × row of the layer table, each a full assignment of the traits
//	fold    one walk per function and output type along the path conditions, from the roots through every call, in all states in which calls happen
//	        (state, walk, condition, atom, switches, calls)
//	tidy    stores that only the cuts made dead, temporaries that are only returned
//	mark    what is live: statements, variables, parameters, fields, functions, types, constants; one pass with conditional edges
//	render  the kept source text, statement by statement, under the names of the output (frag, render, layout, comments, emit)
//	verify  go/types on the output, and a comparison of what every kept identifier refers to before and after
//	guards  what was relied on, as implications over the normalised config
//
// # Invariants
//
//   - A condition is decided only when every point that can reach it agrees. The points that reach a function are the union over its live calls.
//   - Each decision leaves a guard: path condition ⇒ predicate. Paths that stay open in the code but that no checkpoint takes (ghosts) leave theirs,
//     too, so a checkpoint whose points satisfy all guards runs through the package exactly as through the template. All checkpoints of the evidence
//     satisfy the guards; this is checked before anything is returned.
//   - Only what died by the evidence is removed: where nothing is decided, function bodies come back to the letter.
//   - Calls that are marked as effects are never dropped, duplicated or reordered. A pure value that nothing needs is not computed, and what its
//     computation might panic about goes with it.
//   - The output depends on the set of points only: not on their order, on names of checkpoints, on maps or on time.
//   - No identifier of the output refers to anything but the copy of what it referred to in the template.
//
// # Comments
//
// Comment lines directly above a statement and the comment behind it belong to the statement; above an if they belong to its then branch, above a
// switch to the switch, at the column of a case to the case. A comment behind the brace of a decided condition goes with the condition. Comments on
// optional fields give way to what the generator knows: the shape of the parameter and, where that stays open, when it is there.
//
// # Tests
//
// testdata/scenarios holds one file per rule, finding and known pitfall. TestTraces compiles templates and packages of all scenarios together,
// runs both on the evidence, on random evidence and on random other configs that the guards let pass, and compares what they compute and change;
// TestRandomTemplates does so for templates that are written at random. Both take -seed and more -rounds or -templates.
package specialise
