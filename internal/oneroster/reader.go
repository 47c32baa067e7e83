package oneroster

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reader reads the rows of one file.
type Reader struct {
	file    File
	form    form
	records *records
	columns map[string]int
	lists   []bool // by position
	wide    int
}

// NewReader reads the names of the columns. It fails with a Problem for a file that cannot be read at all: one without the
// columns it needs, with another delimiter or in another encoding. What is merely odd is told to warn.
func NewReader(file File, from io.Reader, warn func(Problem)) (*Reader, error) {
	r := &Reader{file: file, form: forms[file], records: newRecords(from)}
	names, err := r.records.read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, r.problem(0, "it is empty")
	case errors.Is(err, errText):
		return nil, r.problem(1, errText.Error())
	case ofRecord(err):
		return nil, r.problem(1, err.Error())
	case err != nil:
		return nil, err
	}
	names = slices.Clone(names)
	names[0] = strings.TrimPrefix(names[0], "\ufeff")
	columns, missing, warnings := r.form.understand(names)
	if missing != "" {
		return nil, r.problem(1, missing)
	}
	for _, w := range warnings {
		warn(Problem{File: file, Row: 1, Reason: w, Warning: true})
	}
	r.columns, r.wide, r.lists = columns, len(names), make([]bool, len(names))
	for _, name := range r.form.lists {
		if at, has := columns[name]; has {
			r.lists[at] = true
		}
	}
	return r, nil
}

// Next reads a row. It returns a Problem for one that cannot be read, after which it goes on with the next one, and io.EOF at
// the end.
func (r *Reader) Next() (Row, error) {
	values, err := r.records.read()
	row := Row{File: r.file, Line: r.records.line, columns: r.columns, values: values}
	switch {
	case ofRecord(err):
		return Row{}, row.Problem("%s", err)
	case err != nil:
		return Row{}, err
	case len(values) != r.wide:
		return Row{}, row.Problem("it has %d values, and there are %d columns", len(values), r.wide)
	}
	for name, at := range r.columns {
		values[at] = strings.TrimSpace(values[at])
		if reason := wrong(values[at], r.lists[at]); reason != "" {
			return row, row.Problem("%s %s", name, reason)
		}
	}
	for _, name := range r.form.needs {
		if row.Get(name) == "" && !row.Deleted() {
			return row, row.Problem("%s is blank", name)
		}
	}
	return row, nil
}

// Deleted reports whether a delta says that the row is no more.
func (r Row) Deleted() bool { return strings.EqualFold(r.Get("status"), "tobedeleted") }

func wrong(value string, list bool) string {
	switch {
	case list && len(value) > maxList:
		return "is longer than 8 KiB"
	case !list && len(value) > maxValue && utf8.RuneCountInString(value) > maxValue:
		return fmt.Sprintf("is longer than %d characters", maxValue)
	case strings.ContainsFunc(value, unicode.IsControl):
		return "has a control character"
	}
	return ""
}

// ofRecord reports whether an error is of one record, so that the next one may be read.
func ofRecord(err error) bool {
	return slices.ContainsFunc([]error{errLong, errQuote, errOpen, errText, errColumns}, func(e error) bool { return errors.Is(err, e) })
}

func (r *Reader) problem(row int, reason string) Problem {
	return Problem{File: r.file, Row: row, Reason: reason}
}
