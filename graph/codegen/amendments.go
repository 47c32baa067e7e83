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
	{ // theirs makes a context, three closures and a path for each scalar that is read from a struct
		Files: "*.generated.go",
		Theirs: regexp.MustCompile(`return graphql\.ResolveField\(
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
\}
(func .*
	return graphql\.NewScalarFieldContext\()`),
		Ours: `return $2(ctx, field.Selections, $1)
}
$3`,
	},
}
