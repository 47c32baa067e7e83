package dataexport_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	entexport "citygraph/ent/db/dataexport"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/vault"
)

// held lists the files in the store.
func (h *house) held(t *testing.T) (names []string) {
	t.Helper()
	err := h.Files.List(t.Context(), "", func(name string) error { names = append(names, name); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestSweep(t *testing.T) {
	h := open(t)
	sweep := func() {
		t.Helper()
		for range 2 { // the second finds nothing to do
			if err := h.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	done, stuck := h.made(t, "chenjing"), h.ask(t, "maming")
	orphan := "exports/" + id.New(id.DataExport)
	for _, name := range []string{orphan, "photos/a"} {
		if err := h.Files.PutBytes(t.Context(), name, "text/plain", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	if got := strings.Join(h.held(t), " "); got != "exports/"+done+" photos/a" {
		t.Errorf("the store holds %s", got)
	}
	if h.row(t, done).Status != entexport.StatusReady || h.row(t, stuck).Status != entexport.StatusPreparing {
		t.Error("what lives was swept away")
	}
	h.clock.Turn(24 * time.Hour)
	if _, err := h.Download(t.Context(), done); fault.CodeOf(err) != fault.NotFound { // before the sweep comes
		t.Errorf("an expired file is given: %v", err)
	}
	sweep()
	over, failed := h.row(t, done), h.row(t, stuck)
	if over.Status != entexport.StatusExpired || len(over.DataKey) > 0 || failed.Status != entexport.StatusFailed || len(failed.DataKey) > 0 {
		t.Errorf("after a day they are %s and %s", over.Status, failed.Status)
	}
	if got := strings.Join(h.held(t), " "); got != "photos/a" {
		t.Errorf("the store holds %s", got)
	}
	h.clock.Turn(30 * 24 * time.Hour)
	sweep()
	if n := h.DB.DataExport.Query().CountX(seedtest.System(t)); n != 0 {
		t.Errorf("%d old exports are remembered", n)
	}
}

// With the row of an ended account goes the key: what is left in the store opens for nobody.
func TestForgetShredsTheKey(t *testing.T) {
	h := open(t)
	exportID, other := h.made(t, "chenjing"), h.made(t, "maming")
	sealed, err := h.Files.ReadAll(t.Context(), "exports/"+exportID)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Forget(t.Context(), seedtest.Person(t, "chenjing")); err != nil {
		t.Fatal(err)
	}
	_, err = h.Download(t.Context(), exportID)
	code(t, err, fault.NotFound)
	// No key that is left opens it, in its own place or in another's.
	key, err := h.Vault.Unwrap(vault.Place{Table: "data_exports", Column: "data_key", Row: other}, h.row(t, other).DataKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{exportID, other} {
		if _, err := h.Vault.Open(key, vault.Place{Table: "files", Column: "exports", Row: row}, sealed); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("opened as %s: %v", row, err)
		}
	}
	if err := h.Sweep(t.Context()); err != nil || strings.Join(h.held(t), " ") != "exports/"+other {
		t.Errorf("the store holds %v, %v", h.held(t), err)
	}
}

// After a rotation the old key-encryption key may go, and what was exported before still opens.
func TestRotate(t *testing.T) {
	h := open(t)
	exportID := h.made(t, "chenjing")
	ring := func(names ...string) *vault.Vault {
		t.Helper()
		var entries []string
		for _, name := range names {
			fill := map[string]string{"test": "v", "next": "n"}[name]
			entries = append(entries, name+":"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(fill), 32)))
		}
		keys, err := vault.ParseRing(strings.Join(entries, ","))
		if err != nil {
			t.Fatal(err)
		}
		v, err := vault.New(keys, vault.SM4GCM, bytes.Repeat([]byte("v"), 32))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	h.Vault = ring("next", "test")
	for _, want := range []int{1, 0} {
		if n, err := h.Rotate(t.Context()); n != want || err != nil {
			t.Errorf("%d keys were wrapped anew, want %d: %v", n, want, err)
		}
	}
	h.Vault = ring("next")
	if files := h.files(t, exportID); files["person.json"] == "" {
		t.Error("it holds nobody")
	}
	h.Vault = ring("test")
	if _, err := h.Download(t.Context(), exportID); !errors.Is(err, vault.ErrSealed) {
		t.Errorf("the old key opens it: %v", err)
	}
}
