package facts

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The rough box around Hangzhou, in WGS-84 degrees. A latitude and longitude in the wrong order fall outside it.
const (
	minLat, maxLat = 29.18, 30.57
	minLng, maxLng = 118.33, 120.73
)

// table reads a CSV file whose header must be exactly the columns. Any error names the file and the line.
func table[T any](fsys fs.FS, file string, columns []string, parse func(*row) T) ([]T, error) {
	f, err := fsys.Open("data/" + file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()

	lines := csv.NewReader(f)
	var rows []T
	for header := true; ; header = false {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) && !header {
			return rows, nil
		}
		if err != nil {
			return nil, broken(file, err)
		}
		line, _ := lines.FieldPos(0)
		if header {
			if !slices.Equal(cells, columns) {
				return nil, fmt.Errorf("%s:%d: the header is not %s", file, line, strings.Join(columns, ","))
			}
			continue
		}
		r := &row{columns: columns, cells: cells}
		parsed := parse(r)
		if r.err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, line, r.err)
		}
		rows = append(rows, parsed)
	}
}

// broken puts the file and line before what the CSV reader found.
func broken(file string, err error) error {
	if at, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("%s:%d: %w", file, at.Line, at.Err)
	}
	return fmt.Errorf("%s:1: %w", file, err)
}

// row hands out the cells of one line by column and keeps the first thing wrong with them.
type row struct {
	columns, cells []string
	err            error
}

func (r *row) fail(column, reason string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s %s", column, reason)
	}
}

// optional returns the cell, which may be blank but never ragged or unprintable.
func (r *row) optional(column string) string {
	cell := r.cells[slices.Index(r.columns, column)]
	switch {
	case !utf8.ValidString(cell) || strings.ContainsFunc(cell, unicode.IsControl):
		r.fail(column, "is not clean text")
	case cell != strings.TrimSpace(cell):
		r.fail(column, "has space around it")
	}
	return cell
}

// text returns the cell, which must not be blank.
func (r *row) text(column string) string {
	cell := r.optional(column)
	if cell == "" {
		r.fail(column, "is blank")
	}
	return cell
}

// list splits the cell; no item may be blank or come twice.
func (r *row) list(column, separator string) []string {
	items := strings.Split(r.text(column), separator)
	for i, item := range items {
		if strings.TrimSpace(item) == "" || slices.Contains(items[:i], item) {
			r.fail(column, "has a blank or repeated item")
		}
	}
	return items
}

// key returns the cell, which must be lower-case letters and digits with hyphens between.
func (r *row) key(column string) string {
	cell := r.text(column)
	if strings.Trim(cell, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.Trim(cell, "-") != cell {
		r.fail(column, "is not a key in lower case")
	}
	return cell
}

// digits returns the cell, which must be n digits.
func (r *row) digits(column string, n int) string {
	cell := r.text(column)
	if len(cell) != n || strings.Trim(cell, "0123456789") != "" {
		r.fail(column, fmt.Sprintf("is not %d digits", n))
	}
	return cell
}

// count returns a positive whole number.
func (r *row) count(column string) int {
	n, err := strconv.Atoi(r.text(column))
	if err != nil || n < 1 {
		r.fail(column, "is not a positive whole number")
	}
	return n
}

// point returns the place in the columns lat and lng, which must lie in the box around Hangzhou.
func (r *row) point() Point {
	return Point{Lat: r.degrees("lat", minLat, maxLat), Lng: r.degrees("lng", minLng, maxLng)}
}

func (r *row) degrees(column string, low, high float64) float64 {
	v, err := strconv.ParseFloat(r.text(column), 64)
	if err != nil || !(v >= low && v <= high) { // written so that NaN fails too
		r.fail(column, fmt.Sprintf("is not between %v and %v", low, high))
	}
	return v
}

// oneOf returns the cell, which must be one of the allowed values.
func oneOf[T ~string](r *row, column string, allowed ...T) T {
	cell := T(r.optional(column))
	if !slices.Contains(allowed, cell) {
		r.fail(column, "is not a known value")
	}
	return cell
}
