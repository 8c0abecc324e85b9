package specialise

import "github.com/mlxgen/mlxgen/runtime/diag"

func init() {
	explain := map[string]string{}
	for code, r := range rules {
		explain[code] = r.meaning
	}
	diag.Register(explain)
}

// rule is what a code means and what to do about it.
type rule struct{ meaning, hint string }

// rules documents the codes of this package: MG20xx say what is outside of the templates' subset of Go, MG21xx what the evidence does not allow.
var rules = map[string]rule{
	"MG2000": {"A template cannot be read or does not compile.", "templates see fmt, math, errors, mlx, runtime/nn and blocks only"},
	"MG2001": {"A template is not formatted by gofumpt, or a line holds several statements.", "run gofumpt on the file"},
	"MG2002": {"A template imports something else than fmt, math, errors, mlx, runtime/nn or a block.", "move the code to runtime/nn"},
	"MG2003": {"An import has another name than its package.", "import the package under its own name"},
	"MG2004": {"A template uses type parameters.", "write the types out, or give the block a trait"},
	"MG2005": {"A struct of a template embeds another.", "give the field a name"},
	"MG2006": {"A statement is outside of the subset: go, defer, select, goto, labels, channels, type switches.", "use if, for, range, switch over values, and calls"},
	"MG2007": {"A template has an init function.", "declare what a struct needs in its tags"},
	"MG2008": {"A package variable is no constant table.", "make it a constant, a literal of constants, or a field"},
	"MG2009": {"A function is used as a value, or a function literal occurs.", "call the function where it is needed"},
	"MG2010": {"Results have names, or a return is bare.", "return values explicitly"},
	"MG2011": {"The address of a variable is taken.", "pass the value"},
	"MG2012": {"A local name hides an import, a package-level or predeclared name, or one that a block gets in generated packages.", "choose another name"},
	"MG2013": {"A name that is declared in a branch over traits means something else elsewhere in the function.", "names declared in such a branch must be unique in the function"},
	"MG2014": {"An optional parameter is used where no check ensures that it is there.", "test the field itself, in an if around the use"},
	"MG2015": {"A tag cannot be understood, or does not fit its field.", "see runtime/contract's Blueprint for the tags"},
	"MG2016": {"A trait or an optional parameter is copied, or read outside of a condition.", "test the field directly where the decision is needed"},
	"MG2017": {"A condition on traits has a form that cannot be decided.", "compare the field of a receiver, parameter or range variable with a constant or nil, joined by &&, || and !"},
	"MG2018": {"A condition changes state.", "call it in a statement before"},
	"MG2019": {"A condition asks layer traits of two structs.", "ask about one struct per condition"},
	"MG2020": {"A parameter struct is made, changed or copied; only the loader does that.", "use pointers, and read fields"},
	"MG2021": {"A switch over traits contains break or fallthrough.", "return, or use if"},
	"MG2022": {"A switch over a trait does not end in a default that panics.", "add default: panic(…): evidence that gets there is an error"},
	"MG2023": {"A statement has more than one effect.", "one call that changes state per statement"},
	"MG2024": {"A Go value depends on the shape of an array or on the step.", "take sizes from from fields; reshape with -1 for tokens"},
	"MG2025": {"A comment outside of a branch names what only the branch has.", "move the words into the branch: comments there go with it"},
	"MG2026": {"A struct literal does not name its fields.", "name them"},
	"MG2027": {"A template has no root, several, or one without exported methods.", "mark one struct with //mlxgen:root"},
	"MG2029": {"A struct becomes an interface other than as an argument.", "pass it where the interface is called"},
	"MG2032": {"A parameter struct contains itself.", ""},
	"MG2033": {"A directive is unknown or does not fit.", "functions know as and trait, structs root"},
	"MG2034": {"The argument for a trait parameter is neither a trait nor a constant.", "pass a trait field, a trait parameter or a constant"},

	"MG2101": {"An optional parameter is used, and no checkpoint that gets there has it.", "test the field before, or correct its when"},
	"MG2102": {"An optional parameter is used without a check, and some checkpoints that get there lack it.", "test the field before, or correct its when"},
	"MG2103": {"A decided condition belongs to an if with an init statement.", "declare the variable before"},
	"MG2104": {"A decided switch contains a jump that would change its target.", "return, or use if"},
	"MG2105": {"Evidence certainly ends in a panic of the template.", "the template does not know this combination: add a branch, or a check to the policy"},
	"MG2106": {"A state change is needed, and its result only in a branch that is gone.", "move the call into the branch"},
	"MG2107": {"A name of a branch clashes with one around it.", "rename it"},
	"MG2108": {"A parameter that checkpoints have is never read.", "a branch of the template forgets it"},
	"MG2109": {"The evidence does not say the value of a trait.", "add the field to the policy, with its default and whose that is"},
	"MG2111": {"A use of a shared struct may stand for several of its generated types.", "call through the field"},
	"MG2112": {"Two declarations of a generated package have the same name.", "choose another name with as"},
	"MG2113": {"There is no such template, or no evidence.", ""},
	"MG2190": {"The specialised source does not compile.", "this is a defect of mlxgen, or of a template that the linter should have refused"},
	"MG2191": {"An identifier of the specialised source refers to something else than in the template.", "this is a defect of mlxgen, or of a template that the linter should have refused"},
	"MG2192": {"The evidence violates a guard that was concluded from it.", "the decision depends on more than one row; ask about one struct per condition"},
}
