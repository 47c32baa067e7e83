package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
)

// amendment is a place where ent's templates do more work than the city wants, and what stands there
// instead. Each must be found, so that a new release of ent cannot drop one silently.
type amendment struct {
	files  string // within the target
	theirs *regexp.Regexp
	ours   string
}

var amendments = []amendment{
	{ // theirs has a placeholder for each parent, and so a text for each number of them
		files:  "*_query.go",
		theirs: regexp.MustCompile(`s\.Where\(sql\.InValues\(s\.C\((\w+\.\w+)\), fks\.\.\.\)\)`),
		ours:   `nested.Of(s, $1, fks)`,
	},
	{ // theirs numbers every child of every parent before it keeps the first few
		files:  "gql_collection.go",
		theirs: regexp.MustCompile(`entgql\.LimitPerRow\(\w+\.\w+, `),
		ours:   `nested.LimitPerParent(`,
	},
	{ // theirs counts every row there is, whenever pageInfo is asked for
		files:  "gql_pagination.go",
		theirs: regexp.MustCompile(`hasCollectedField\(ctx, totalCountField\) \|\| hasCollectedField\(ctx, pageInfoField\)`),
		ours:   `hasCollectedField(ctx, totalCountField) || nested.EmptyPage(first, last) && hasCollectedField(ctx, pageInfoField)`,
	},
	{
		files:  "gql_collection.go",
		theirs: regexp.MustCompile(`hasCollectedField\(ctx, append\(path, totalCountField\)\.\.\.\) \|\| (hasCollectedField\(ctx, append\(path, pageInfoField\)\.\.\.\))`),
		ours:   `hasCollectedField(ctx, append(path, totalCountField)...) || nested.EmptyPage(args.first, args.last) && $1`,
	},
	{ // theirs has no cursors in a pageInfo without edges
		files:  "gql_pagination.go",
		theirs: regexp.MustCompile(`ignoredEdges := (!hasCollectedField\(ctx, edgesField\))`),
		ours:   `ignoredEdges := $1 && !hasCollectedField(ctx, pageInfoField)`,
	},
	{
		files:  "gql_collection.go",
		theirs: regexp.MustCompile(`ignoredEdges := (!hasCollectedField\(ctx, append\(path, edgesField\)\.\.\.\))`),
		ours:   `ignoredEdges := $1 && !hasCollectedField(ctx, append(path, pageInfoField)...)`,
	},
}

// amend puts the amendments into the generated files.
func amend(target string) error {
	for _, a := range amendments {
		paths, err := filepath.Glob(filepath.Join(target, a.files))
		if err != nil {
			return err
		}
		found := 0
		for _, path := range paths {
			n, err := a.apply(path)
			if err != nil {
				return err
			}
			found += n
		}
		if found == 0 {
			return fmt.Errorf("nothing in %s matches %s any more", a.files, a.theirs)
		}
	}
	return nil
}

// apply amends one file, and returns in how many places.
func (a amendment) apply(path string) (int, error) {
	code, err := os.ReadFile(path) //nolint:gosec // a file just generated
	if err != nil {
		return 0, err
	}
	n := len(a.theirs.FindAllIndex(code, -1))
	if n == 0 {
		return 0, nil
	}
	code = withImport(a.theirs.ReplaceAll(code, []byte(a.ours)))
	if code, err = format.Source(code); err != nil {
		return 0, fmt.Errorf("amend %s: %w", path, err)
	}
	return n, os.WriteFile(path, code, 0o600)
}

// withImport imports what the amendments call, and no longer what they replace.
func withImport(code []byte) []byte {
	const nested = `"citygraph/ent/nested"`
	if !bytes.Contains(code, []byte(nested)) {
		code = bytes.Replace(code, []byte("import (\n"), []byte("import (\n\t"+nested+"\n"), 1)
	}
	if !bytes.Contains(code, []byte("entgql.")) {
		code = bytes.Replace(code, []byte("\t\"entgo.io/contrib/entgql\"\n"), nil, 1)
	}
	return code
}
