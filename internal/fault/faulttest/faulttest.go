// Package faulttest checks errors by their codes.
package faulttest

import (
	"testing"

	"citygraph/internal/fault"
)

// Refused fails unless the error has the code; empty is for none.
func Refused(t testing.TB, what string, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%s: %q, want %q (%v)", what, got, want, err)
	}
}
