package blobstore_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"citygraph/internal/blobstore"
)

// each runs a test on every kind of store that is here.
func each(t *testing.T, run func(*testing.T, *blobstore.Store)) {
	dir := t.TempDir()
	for name, o := range map[string]blobstore.Options{
		"memory":        {},
		"folder":        {Dir: filepath.Join(dir, "made", "folder")},
		"folder by URL": {URL: "file://" + filepath.ToSlash(filepath.Join(dir, "by-url")) + "?create_dir=true&no_tmp_dir=true"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := blobstore.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			run(t, s)
		})
	}
}

func TestPutOpenDelete(t *testing.T) {
	each(t, func(t *testing.T, s *blobstore.Store) {
		ctx := t.Context()
		for _, text := range []string{"first", "second"} { // the second replaces the first
			if err := s.Put(ctx, "photos/a", "image/jpeg", strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			r, err := s.Open(ctx, "photos/a")
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if string(got) != text || err != nil || r.Close() != nil {
				t.Errorf("read %q, %v", got, err)
			}
			if all, err := s.ReadAll(ctx, "photos/a"); string(all) != text || err != nil {
				t.Errorf("read at once %q, %v", all, err)
			}
		}
		for range 2 { // the second finds nothing to remove
			if err := s.Delete(ctx, "photos/a"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Open(ctx, "photos/a"); !errors.Is(err, blobstore.ErrMissing) {
			t.Errorf("opened after its end: %v", err)
		}
		if _, err := s.ReadAll(ctx, "photos/a"); !errors.Is(err, blobstore.ErrMissing) {
			t.Errorf("read after its end: %v", err)
		}
	})
}

func TestList(t *testing.T) {
	each(t, func(t *testing.T, s *blobstore.Store) {
		for _, name := range []string{"photos/b", "photos/a", "exports/c"} {
			if err := s.PutBytes(t.Context(), name, "text/plain", []byte(name)); err != nil {
				t.Fatal(err)
			}
		}
		var names []string
		err := s.List(t.Context(), "photos/", func(name string) error { names = append(names, name); return nil })
		if err != nil || !slices.Equal(names, []string{"photos/a", "photos/b"}) {
			t.Errorf("%v, %v", names, err)
		}
		stop := errors.New("enough")
		if err := s.List(t.Context(), "", func(string) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("listing went on: %v", err)
		}
	})
}

// dropped breaks off in the middle, as a connection does.
type dropped struct{ sent bool }

var errDropped = errors.New("the connection broke off")

func (d *dropped) Read(p []byte) (int, error) {
	if d.sent {
		return 0, errDropped
	}
	d.sent = true
	return copy(p, "half"), nil
}

// What was not received whole is not kept, and what was there before stays.
func TestPutIsWholeOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, s *blobstore.Store) {
		ctx := t.Context()
		if err := s.Put(ctx, "new", "text/plain", &dropped{}); !errors.Is(err, errDropped) {
			t.Errorf("a broken upload: %v", err)
		}
		if _, err := s.ReadAll(ctx, "new"); !errors.Is(err, blobstore.ErrMissing) {
			t.Errorf("half is kept: %v", err)
		}
		if err := s.PutBytes(ctx, "old", "text/plain", []byte("whole")); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(ctx, "old", "text/plain", &dropped{}); err == nil {
			t.Error("a broken upload is no error")
		}
		if got, err := s.ReadAll(ctx, "old"); string(got) != "whole" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// Nobody else on the machine reads what a folder holds.
func TestAFolderIsForItsOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	s, err := blobstore.Open(t.Context(), blobstore.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.PutBytes(t.Context(), "exports/a", "text/plain", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "exports")} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// A folder that cannot be made is an error of whoever needs it, not of those who do not.
func TestAFolderIsMadeWhenItIsNeeded(t *testing.T) {
	place := filepath.Join(t.TempDir(), "taken")
	s, err := blobstore.Open(t.Context(), blobstore.Options{Dir: place})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(place); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is there before its time: %v", err)
	}
	if err := os.WriteFile(place, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, all := t.Context(), func(string) error { return nil }
	_, readErr := s.ReadAll(ctx, "a")
	_, openErr := s.Open(ctx, "a")
	for what, err := range map[string]error{
		"put": s.PutBytes(ctx, "a", "text/plain", nil), "read": readErr, "open": openErr,
		"delete": s.Delete(ctx, "a"), "list": s.List(ctx, "", all),
	} {
		if err == nil || errors.Is(err, blobstore.ErrMissing) {
			t.Errorf("%s without a folder: %v", what, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing what was never open: %v", err)
	}
}

func TestUnknownStoresAreRefused(t *testing.T) {
	for bucketURL, want := range map[string]bool{
		"file:///tmp/x": true, "mem://": true, "ftp://host/x": false, "x": false, "": false, "://": false,
	} {
		if got := blobstore.Known(bucketURL); got != want {
			t.Errorf("%q is known: %t", bucketURL, got)
		}
	}
	if _, err := blobstore.Open(context.Background(), blobstore.Options{URL: "ftp://host/x"}); err == nil {
		t.Error("opened a store of no known kind")
	}
}
