// Package oneroster reads the CSV binding of OneRoster 1.1 and 1.2, and the dialect of Microsoft School Data Sync, out of a
// directory or a ZIP. It reads a row at a time, whatever the size of a file; what it cannot read it tells of with its place.
package oneroster

import (
	"fmt"
	"strconv"
)

// File is one of the files of a set, by its name.
type File string

// The files that are read. Others are passed over.
const (
	Manifest      File = "manifest.csv"
	Orgs          File = "orgs.csv"
	Sessions      File = "academicSessions.csv"
	Courses       File = "courses.csv"
	Classes       File = "classes.csv"
	Users         File = "users.csv"
	Roles         File = "roles.csv"
	Demographics  File = "demographics.csv"
	Relationships File = "relationships.csv"
	Enrollments   File = "enrollments.csv"
)

// Files are those with rows, what is referred to before what refers to it.
var Files = []File{Orgs, Sessions, Courses, Classes, Roles, Demographics, Relationships, Users, Enrollments}

// Mode is what a file says of the rows it does not have.
type Mode int

// The modes.
const (
	Absent Mode = iota // the file is not part of the set
	Bulk               // all rows there are: what is missing is no more
	Delta              // what has changed
)

// Problem is what is wrong with a row, or with a file where Row is 0.
type Problem struct {
	File    File
	Row     int // the line that the row begins at, 1 for the names of the columns
	Reason  string
	Warning bool // it is read all the same
}

// Error tells the place as file:row.
func (p Problem) Error() string {
	text := string(p.File)
	if p.Row > 0 {
		text += ":" + strconv.Itoa(p.Row)
	}
	if p.Warning {
		text += ": warning"
	}
	return text + ": " + p.Reason
}

// Row is one row of a file. It is good until the next one is read.
type Row struct {
	File File
	Line int

	columns map[string]int
	values  []string
}

// Get is the value of a column, by its name in OneRoster 1.2; empty where the file has no such column.
func (r Row) Get(column string) string {
	if at, has := r.columns[column]; has && at < len(r.values) {
		return r.values[at]
	}
	return ""
}

// Has reports whether the file has the column.
func (r Row) Has(column string) bool {
	_, has := r.columns[column]
	return has
}

// Problem is what is wrong with the row.
func (r Row) Problem(format string, args ...any) Problem {
	return Problem{File: r.File, Row: r.Line, Reason: fmt.Sprintf(format, args...)}
}

// The bounds of what is read.
const (
	maxRecord  = 64 << 10 // bytes of one row
	maxValue   = 255      // characters of one value, as OneRoster has it
	maxList    = 8 << 10  // bytes of a value that lists identifiers
	maxColumns = 200
)
