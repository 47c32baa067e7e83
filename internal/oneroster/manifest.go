package oneroster

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// manifest reads which files the set has, and how.
func (s *Set) manifest(warn func(Problem)) error {
	if _, has := s.open[Manifest]; !has {
		warn(Problem{File: Manifest, Reason: "there is none: each file is taken for all there is, as of School Data Sync", Warning: true})
		for file := range s.open {
			s.modes[file] = Bulk
		}
		return s.some()
	}
	r, from, err := s.Reader(Manifest, warn)
	if err != nil {
		return err
	}
	defer from.Close()
	for {
		row, err := r.Next()
		problem, bad := errors.AsType[Problem](err)
		switch {
		case errors.Is(err, io.EOF):
			s.undeclared(warn)
			return s.some()
		case bad && row.Get("propertyName") == "":
			return problem
		case bad: // a property without a value says nothing
			continue
		case err != nil:
			return err
		}
		if err := s.property(row); err != nil {
			return err
		}
	}
}

func (s *Set) property(row Row) error {
	name, value := row.Get("propertyName"), strings.ToLower(row.Get("value"))
	if name == "oneroster.version" {
		if s.Version = value; value != "1.1" && value != "1.2" {
			return row.Problem("the version is %s, not 1.1 or 1.2", shown(value))
		}
		return nil
	}
	stem, isFile := strings.CutPrefix(name, "file.")
	if !isFile {
		return nil
	}
	modes := []string{"absent", "bulk", "delta"}
	mode := Mode(slices.Index(modes, value))
	if mode < Absent {
		return row.Problem("%s is %s, not absent, bulk or delta", shown(name), shown(value))
	}
	file, known := named(stem + ".csv")
	if !known || mode == Absent {
		return nil
	}
	if _, has := s.open[file]; !has {
		return row.Problem("%s is said to be %s, and is not there", file, value)
	}
	s.modes[file] = mode
	return nil
}

// undeclared tells of files that the manifest says nothing of.
func (s *Set) undeclared(warn func(Problem)) {
	for _, file := range Files {
		if _, has := s.open[file]; has && s.modes[file] == Absent {
			if file == Relationships { // which OneRoster does not know
				s.modes[file] = Bulk
				continue
			}
			warn(Problem{File: file, Reason: "it is passed over: the manifest does not have it", Warning: true})
		}
	}
}

// some fails for a set without any file.
func (s *Set) some() error {
	for _, file := range Files {
		if s.modes[file] != Absent {
			return nil
		}
	}
	return fmt.Errorf("there is no file of OneRoster: none of %s", strings.Join(names(), ", "))
}

func names() []string {
	all := make([]string, len(Files))
	for i, f := range Files {
		all[i] = string(f)
	}
	return all
}
