// Package amend changes generated code where a generator's templates do more work than the city wants
// and offer no way to say so. It runs in the code generators only.
package amend

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Amendment is something that stands in generated files, and what is to stand there instead.
type Amendment struct {
	Files  string // a pattern of names within the folder
	Theirs *regexp.Regexp
	Ours   string // may name groups of Theirs, as $1
	Import string // path of what Ours calls, if anything
}

// Apply makes the amendments in the generated files of a folder, and drops the imports they leave
// unused. Every amendment must find its place, so that a new release of a generator cannot lose one
// silently.
func Apply(folder string, amendments ...Amendment) error {
	for _, a := range amendments {
		paths, err := filepath.Glob(filepath.Join(folder, a.Files))
		if err != nil {
			return fmt.Errorf("amend %s: %w", a.Files, err)
		}
		found := 0
		for _, path := range paths {
			n, err := a.apply(path)
			if err != nil {
				return fmt.Errorf("amend %s: %w", path, err)
			}
			found += n
		}
		if found == 0 {
			return fmt.Errorf("amend %s: nothing matches %s any more", a.Files, a.Theirs)
		}
	}
	return nil
}

// apply amends one file, and returns in how many places.
func (a Amendment) apply(path string) (int, error) {
	code, err := os.ReadFile(path) //nolint:gosec // a file just generated
	if err != nil {
		return 0, err
	}
	n := len(a.Theirs.FindAllIndex(code, -1))
	if n == 0 {
		return 0, nil
	}
	code = withImport(a.Theirs.ReplaceAll(code, []byte(a.Ours)), a.Import)
	if code, err = format.Source(withoutUnused(code)); err != nil {
		return 0, err
	}
	return n, os.WriteFile(path, code, 0o600) //nolint:gosec // a file just generated
}

func withImport(code []byte, path string) []byte {
	if path == "" || bytes.Contains(code, []byte(`"`+path+`"`)) {
		return code
	}
	return bytes.Replace(code, []byte("import (\n"), []byte("import (\n\t\""+path+"\"\n"), 1)
}

var importLine = regexp.MustCompile(`(?m)^\t"([^"\n]+)"\n`)

// withoutUnused drops imports whose package is no longer named. Generated files import by the last part
// of the path, or under a name, which is left alone.
func withoutUnused(code []byte) []byte {
	return importLine.ReplaceAllFunc(code, func(line []byte) []byte {
		path := string(importLine.FindSubmatch(line)[1])
		name := path[strings.LastIndexByte(path, '/')+1:]
		if named(code, name) {
			return line
		}
		return nil
	})
}

// named reports whether the code uses a package, or may: a path can end in a version or a name of
// another spelling, which is for the compiler to tell.
func named(code []byte, name string) bool {
	if !regexp.MustCompile(`^[a-z]\w*$`).MatchString(name) || regexp.MustCompile(`^v\d+$`).MatchString(name) {
		return true
	}
	return regexp.MustCompile(`\b` + name + `\.`).Match(code)
}
