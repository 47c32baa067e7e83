package oneroster

import (
	"bufio"
	"errors"
	"io"
	"unicode/utf8"
)

// What can be wrong with a record of CSV.
var (
	errLong    = errors.New("it is longer than 64 KiB")
	errQuote   = errors.New("a quotation mark stands where none may")
	errOpen    = errors.New("a quotation mark is never closed")
	errText    = errors.New("it is not in UTF-8")
	errColumns = errors.New("it has more than 200 columns")
)

// records reads CSV by RFC 4180 a record at a time. No record takes more memory than maxRecord: encoding/csv would keep all
// that follows a quotation mark that is never closed.
type records struct {
	from   *bufio.Reader
	line   int // of the record read last
	next   int // of the record to come
	record []byte
	ends   []int
	values []string
}

func newRecords(from io.Reader) *records {
	return &records{from: bufio.NewReaderSize(from, 64<<10), next: 1}
}

// read returns the values of the next record that is not blank; they are good until the next call. After an error of the
// record it goes on with the line after it.
func (r *records) read() ([]string, error) {
	for {
		r.line = r.next
		r.record, r.ends = r.record[:0], r.ends[:0]
		err := r.scan()
		if err == nil && len(r.ends) == 1 && len(r.record) == 0 {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !utf8.Valid(r.record) {
			return nil, errText
		}
		text, from := string(r.record), 0
		r.values = r.values[:0]
		for _, end := range r.ends {
			r.values = append(r.values, text[from:end])
			from = end
		}
		return r.values, nil
	}
}

// scan reads the bytes of a record, and where its values end.
func (r *records) scan() error {
	var quoted, closed, begun bool // within quotation marks; after them; within a value
	for first := true; ; first = false {
		b, err := r.from.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && first:
			return io.EOF
		case errors.Is(err, io.EOF) && quoted:
			return errOpen
		case errors.Is(err, io.EOF):
			r.ends = append(r.ends, len(r.record))
			return nil
		case err != nil:
			return err
		}
		if b == '\n' {
			r.next++
		}
		if b == '\r' && !quoted {
			if next, err := r.from.Peek(1); err == nil && next[0] == '\n' {
				continue
			}
		}
		switch {
		case quoted && b == '"':
			if next, err := r.from.Peek(1); err == nil && next[0] == '"' {
				_, _ = r.from.Discard(1) // which is there
				r.record = append(r.record, '"')
			} else {
				quoted, closed = false, true
			}
		case quoted:
			r.record = append(r.record, b)
		case b == ',':
			r.ends = append(r.ends, len(r.record))
			begun, closed = false, false
			if len(r.ends) >= maxColumns {
				return r.skip(errColumns)
			}
		case b == '\n':
			r.ends = append(r.ends, len(r.record))
			return nil
		case b == '"' && !begun && !closed:
			quoted, begun = true, true
		case b == '"', closed:
			return r.skip(errQuote)
		default:
			r.record = append(r.record, b)
			begun = true
		}
		if len(r.record) > maxRecord {
			return r.skip(errLong)
		}
	}
}

// skip passes over the rest of the line.
func (r *records) skip(because error) error {
	for {
		b, err := r.from.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return because
		case err != nil:
			return err
		case b == '\n':
			r.next++
			return because
		}
	}
}
