package main

import (
	"regexp"

	"citygraph/internal/amend"
)

const nested = "citygraph/ent/nested"

var amendments = []amend.Amendment{
	{ // theirs has a placeholder for each parent, and so a text for each number of them
		Files:  "*_query.go",
		Theirs: regexp.MustCompile(`s\.Where\(sql\.InValues\(s\.C\((\w+\.\w+)\), fks\.\.\.\)\)`),
		Ours:   `nested.Of(s, $1, fks)`, Import: nested,
	},
	{ // theirs numbers every child of every parent before it keeps the first few
		Files:  "gql_collection.go",
		Theirs: regexp.MustCompile(`entgql\.LimitPerRow\(\w+\.\w+, `),
		Ours:   `nested.LimitPerParent(`, Import: nested,
	},
	{ // theirs counts every row there is, whenever pageInfo is asked for
		Files:  "gql_pagination.go",
		Theirs: regexp.MustCompile(`hasCollectedField\(ctx, totalCountField\) \|\| hasCollectedField\(ctx, pageInfoField\)`),
		Ours:   `hasCollectedField(ctx, totalCountField) || nested.EmptyPage(first, last) && hasCollectedField(ctx, pageInfoField)`, Import: nested,
	},
	{
		Files:  "gql_collection.go",
		Theirs: regexp.MustCompile(`hasCollectedField\(ctx, append\(path, totalCountField\)\.\.\.\) \|\| (hasCollectedField\(ctx, append\(path, pageInfoField\)\.\.\.\))`),
		Ours:   `hasCollectedField(ctx, append(path, totalCountField)...) || nested.EmptyPage(args.first, args.last) && $1`,
	},
	{ // theirs has no cursors in a pageInfo without edges
		Files:  "gql_pagination.go",
		Theirs: regexp.MustCompile(`ignoredEdges := (!hasCollectedField\(ctx, edgesField\))`),
		Ours:   `ignoredEdges := $1 && !hasCollectedField(ctx, pageInfoField)`,
	},
	{
		Files:  "gql_collection.go",
		Theirs: regexp.MustCompile(`ignoredEdges := (!hasCollectedField\(ctx, append\(path, edgesField\)\.\.\.\))`),
		Ours:   `ignoredEdges := $1 && !hasCollectedField(ctx, append(path, pageInfoField)...)`,
	},
	{ // theirs reads no more than the id of a row that plain fields are mapped to
		Files:  "gql_collection.go",
		Theirs: regexp.MustCompile(`(_q\.withAccount = query)`),
		Ours:   "query.ctx.Fields = nil\n\t\t\t$1",
	},
}
