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
}
