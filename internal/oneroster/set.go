package oneroster

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// The bounds of a ZIP, whose files may be far larger than they look.
const (
	maxEntries = 1000
	maxBytes   = 16 << 30 // of one file
	maxGrowth  = 200      // times its size in the ZIP; CSV grows by five to fifty
	freeGrowth = 1 << 20  // bytes that may grow by any factor
)

// Set is the files of an export.
type Set struct {
	Version string // of OneRoster, as the manifest says; empty without one
	modes   map[File]Mode
	open    map[File]func() (io.ReadCloser, error)
	closer  io.Closer
}

// Open finds the files of a set in a directory, or in a file that is a ZIP, and reads its manifest. A set without a manifest is
// one of School Data Sync: what is there is bulk, and warn is told. It fails with a Problem where the manifest cannot be read or
// names a file that is not there.
func Open(from string, warn func(Problem)) (*Set, error) {
	s := &Set{modes: map[File]Mode{}, open: map[File]func() (io.ReadCloser, error){}}
	about, err := os.Stat(from)
	if err != nil {
		return nil, err
	}
	if about.IsDir() {
		err = s.list(from)
	} else {
		err = s.unzip(from)
	}
	if err == nil {
		err = s.manifest(warn)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends the reading.
func (s *Set) Close() error {
	if s.closer == nil {
		return nil
	}
	return s.closer.Close()
}

// Mode is what a file says of the rows it does not have.
func (s *Set) Mode(file File) Mode { return s.modes[file] }

// Reader opens a file of the set; see NewReader. The caller closes it.
func (s *Set) Reader(file File, warn func(Problem)) (*Reader, io.Closer, error) {
	from, err := s.open[file]()
	if err != nil {
		return nil, nil, err
	}
	r, err := NewReader(file, from, warn)
	if err != nil {
		return nil, nil, errors.Join(err, from.Close())
	}
	return r, from, nil
}

// named is the file of a name, whatever its case.
func named(name string) (File, bool) {
	for file := range forms {
		if strings.EqualFold(string(file), name) {
			return file, true
		}
	}
	return "", false
}

func (s *Set) list(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		file, known := named(e.Name())
		about, err := e.Info()
		if !known || err != nil || !about.Mode().IsRegular() {
			continue
		}
		name := filepath.Join(dir, e.Name())
		s.open[file] = func() (io.ReadCloser, error) { return os.Open(name) } //nolint:gosec // the operator names the directory
	}
	return nil
}

func (s *Set) unzip(name string) error {
	archive, err := zip.OpenReader(name)
	if err != nil {
		return fmt.Errorf("%s is neither a directory nor a ZIP: %w", name, err)
	}
	s.closer = archive
	if len(archive.File) > maxEntries {
		return fmt.Errorf("%s has more than %d files", name, maxEntries)
	}
	for _, entry := range archive.File {
		file, known := named(path.Base(entry.Name))
		if !known || entry.FileInfo().IsDir() || strings.HasPrefix(entry.Name, "__MACOSX/") {
			continue
		}
		if _, twice := s.open[file]; twice {
			return Problem{File: file, Reason: "it is in the ZIP twice"}
		}
		s.open[file] = func() (io.ReadCloser, error) {
			from, err := entry.Open()
			if err != nil {
				return nil, err
			}
			allowed := min(freeGrowth+int64(min(entry.CompressedSize64, maxBytes))*maxGrowth, maxBytes)
			return &bounded{ReadCloser: from, file: file, left: allowed}, nil
		}
	}
	return nil
}

// bounded fails where a file of a ZIP grows too much.
type bounded struct {
	io.ReadCloser
	file File
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, Problem{File: b.file, Reason: "it grows without measure: this is no export of a school"}
	}
	return n, err
}
