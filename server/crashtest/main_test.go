// Package crashtest_test runs the built server as an operator does, and treats it worse: it kills it
// under load, starts it twice, starts it wrongly, and looks at what is left. Everything goes through
// the process's own edges: its environment, its output, its exit code, signals, HTTP and the database.
package crashtest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the server under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "citygraph-crashtest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }() // a left-over folder under the system's own fails nothing
	binary = filepath.Join(folder, "server")
	build := exec.Command("go", "build", "-o", binary, "citygraph/server")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as the image is built, whatever the tests are
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the server: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
