// Command server is CityGraph: the graph, its jobs and its tools in one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/caarlos0/env/v11"
)

// version is set by the linker of a release: -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() {
	os.Exit(run(city(), os.Args[1:], env.ToMap(os.Environ()), os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit code. The first SIGINT or SIGTERM asks the
// command to stop; a second one ends the process at once.
func run(a app, args []string, environ map[string]string, out, problems io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := newRoot(a, environ)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(problems)
	if err := root.ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintln(problems, "server:", err) // a closed stderr leaves the exit code
		if coded, ok := errors.AsType[codedError](err); ok {
			return coded.code
		}
		return 1
	}
	return 0
}

// codedError ends the process with an exit code of its own, for scripts that tell failures apart.
type codedError struct {
	error
	code int
}

// Unwrap is the failure.
func (e codedError) Unwrap() error { return e.error }

// city is what the commands do outside tests.
func city() app {
	return app{
		Serve: serve, Migrate: migrate, Seed: seedDatabase, Rotate: rotateKeys, TokenList: tokenList, TokenAs: tokenAs,
		ImportCAP: importCAP, Import311: importOpen311, ImportFHIR: importFHIR, ImportRoster: importRoster, Replay: replay, DeadLetters: showDeadLetters,
		VerifyLedger: verifyLedger, StateLedger: stateLedger, Reconcile: reconcileLedger,
	}
}
