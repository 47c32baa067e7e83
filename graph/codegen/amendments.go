package main

import (
	"regexp"

	"citygraph/internal/amend"
)

const exec = "citygraph/graph/exec"

var amendments = []amend.Amendment{
	{ // theirs starts a goroutine for each element
		Files:  "*.generated.go",
		Theirs: regexp.MustCompile(`graphql\.MarshalSliceConcurrently\(ctx, len\(v\), 0, false, `),
		Ours:   `exec.Slice(ctx, len(v), `, Import: exec,
	},
	{ // theirs makes a context, a path and three closures for each scalar that is read from a struct
		Files:  "*.generated.go",
		Theirs: regexp.MustCompile(readField + `\}\n(func .*\n\treturn graphql\.NewScalarFieldContext\()`),
		Ours:   "return $2(ctx, field.Selections, $1)\n}\n$3",
	},
	{ // and for each object; only its path is ever asked for
		Files:  "*.generated.go",
		Theirs: regexp.MustCompile(readField),
		Ours:   "return $2(exec.Enter(ctx, field), field.Selections, $1)\n", Import: exec,
	},
	{ // theirs keeps the largest event of a subscription for as long as that lasts
		Files:  "root_.generated.go",
		Theirs: regexp.MustCompile(`(?s)\t\tvar buf bytes\.Buffer\n(\t\treturn func\(ctx context\.Context\) \*graphql\.Response \{\n)\t\t\tbuf\.Reset\(\)\n`),
		Ours:   "${1}\t\t\tvar buf bytes.Buffer\n",
	},
	{ // and all lists of fields
		Files:  "*.generated.go",
		Theirs: regexp.MustCompile(`graphql\.CollectFields\(ec\.OperationContext, `),
		Ours:   `exec.CollectFields(ec.OperationContext, `, Import: exec,
	},
	{ // theirs prepares each object for @defer, which the edge takes out of every document
		Files: "*.generated.go",
		Theirs: regexp.MustCompile(`(?s)(:= exec\.CollectFields\([^\n]*\)\n\n)\tout := graphql\.NewFieldSet\(fields\)\n\tdeferred := [^\n]*\n` +
			`(.*?)\tout\.Dispatch\(ctx\)\n(.*?)\n\tif n := len\(deferred\.Defers\).*?\n\t\}\n(\n\treturn out\n)`),
		Ours: "${1}\tout := exec.NewObject(fields)\n$2$3$4", Import: exec,
	},
}

// readField is the body of a field that is read from a struct, or by a method that neither waits nor
// fails: what is read, and what marshals it.
const readField = `return graphql\.ResolveField\(
		ctx,
		ec\.OperationContext,
		field,
		func\(ctx context\.Context, field graphql\.CollectedField\) \(\*graphql\.FieldContext, error\) \{
			return ec\.\w+\(ctx, field\)
		\},
		func\(ctx context\.Context\) \(any, error\) \{
			return (obj\.\w+(?:\(\))?), nil
		\},
		nil,
		func\(ctx context\.Context, selections ast\.SelectionSet, v \S+\) graphql\.Marshaler \{
			return (ec\.[^(\s]+)\(ctx, selections, v\)
		\},
		true,
		\w+,
	\)
`
