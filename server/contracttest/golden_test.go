package contracttest_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files in mobile-contracts/golden")

func goldenPath(name string) string { return root + "/mobile-contracts/golden/" + name }

// readGolden reads a golden file; one that is not there yet is empty.
func readGolden(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(goldenPath(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

func writeGolden(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(goldenPath(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// matchGolden holds a text to its golden file, or rewrites the file.
func matchGolden(t testing.TB, name, got string) {
	t.Helper()
	if *update {
		writeGolden(t, name, got)
		return
	}
	if diff := cmp.Diff(strings.Split(readGolden(t, name), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("golden/%s differs (-reviewed +now); if the change is meant, run with -update and have it reviewed:\n%s", name, diff)
	}
}
