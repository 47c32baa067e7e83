// Package feed reads the service requests of GeoReport v2 as another city publishes them: a JSON array, or
// <service_requests> in XML, of any length. It holds one request at a time. What is wrong with one is told
// with its place, and reading goes on.
package feed

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"citygraph/internal/open311"
)

// Place is where something stands. Lines and columns, in bytes, count from 1, and so do requests.
type Place struct {
	Request      int
	Line, Column int
	Offset       int64 // in bytes from the beginning
}

// Problem is what is wrong with one request.
type Problem struct {
	Place
	ID     string // the request's own, where it could be read
	Reason string
}

// Error says where and what.
func (p Problem) Error() string {
	of := fmt.Sprintf("request %d", p.Request)
	if p.ID != "" {
		of += fmt.Sprintf(" (%.64q)", p.ID)
	}
	return fmt.Sprintf("%d:%d: %s: %s", p.Line, p.Column, of, p.Reason)
}

// Request is a request with its place.
type Request struct {
	Place
	open311.Request
}

// mostBytes bounds one request: a description of any city is a thousand times shorter.
const mostBytes = 1 << 20

// Reader reads requests one after another.
type Reader struct {
	in   *input
	rows rows
	read int
}

// rows are the requests of one format, as they are written.
type rows interface {
	// next fills in the next request and its place. A Problem is that request's own; io.EOF ends the list; any
	// other error is of the whole.
	next(into *written) (Place, error)
}

// NewReader looks at how the list begins: with [ it is JSON, with < XML.
func NewReader(r io.Reader) (*Reader, error) {
	in := &input{r: bufio.NewReaderSize(r, 64<<10), at: Place{Line: 1, Column: 1}, most: 1<<63 - 1}
	if mark, err := in.r.Peek(3); err == nil && bytes.Equal(mark, []byte("\ufeff")) {
		_, _ = in.r.Discard(3) // what was peeked is there
		in.at.Offset = 3
	}
	first, err := in.peek()
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case err == nil && first == '[':
		return &Reader{in: in, rows: &jsonRows{in: in}}, nil
	case err == nil && first == '<':
		return &Reader{in: in, rows: newXMLRows(in)}, nil
	}
	return nil, fmt.Errorf("%d:%d: neither a JSON array nor XML begins here", in.at.Line, in.at.Column)
}

// Next returns the next request; a Problem for one that is no request, after which reading goes on; io.EOF
// at the end. After any other error nothing more can be read.
func (r *Reader) Next() (Request, error) {
	var w written
	at, err := r.rows.next(&w)
	r.read++
	at.Request = r.read
	if p, bad := errors.AsType[Problem](err); bad {
		p.Request = r.read
		return Request{}, p
	}
	if err != nil {
		return Request{}, err
	}
	request, reason := w.request()
	if reason != "" {
		return Request{}, Problem{Place: at, ID: w.ID.value, Reason: reason}
	}
	return Request{Place: at, Request: request}, nil
}

// Offset is how many bytes have been read.
func (r *Reader) Offset() int64 { return r.in.at.Offset }

// input is the text of a list, with the place of its next byte.
type input struct {
	r    *bufio.Reader
	at   Place
	most int64 // the offset beyond which a request is too large
}

var errTooLarge = fmt.Errorf("a request is larger than %d bytes", mostBytes)

// Read implements io.Reader, which the XML decoder asks for and does not use.
func (in *input) Read([]byte) (int, error) { return 0, errors.New("feed: input is read by the byte") }

// ReadByte implements io.ByteReader.
func (in *input) ReadByte() (byte, error) {
	if in.at.Offset >= in.most {
		return 0, errTooLarge
	}
	b, err := in.r.ReadByte()
	if err != nil {
		return 0, err
	}
	in.at.pass(b)
	return b, nil
}

// peek skips white space and returns the byte after it, which stays.
func (in *input) peek() (byte, error) {
	for {
		next, err := in.r.Peek(1)
		if err != nil {
			return 0, err
		}
		switch next[0] {
		case ' ', '\t', '\r', '\n':
			if _, err := in.ReadByte(); err != nil {
				return 0, err
			}
		default:
			return next[0], nil
		}
	}
}

func (p *Place) pass(b byte) {
	p.Offset++
	p.Column++
	if b == '\n' {
		p.Line, p.Column = p.Line+1, 1
	}
}

// written is a request as it is written: cities give numbers as numbers or as text.
type written struct {
	ID          text `json:"service_request_id" xml:"service_request_id"`
	Status      text `json:"status" xml:"status"`
	Notes       text `json:"status_notes" xml:"status_notes"`
	ServiceName text `json:"service_name" xml:"service_name"`
	ServiceCode text `json:"service_code" xml:"service_code"`
	Description text `json:"description" xml:"description"`
	Requested   text `json:"requested_datetime" xml:"requested_datetime"`
	Updated     text `json:"updated_datetime" xml:"updated_datetime"`
	Address     text `json:"address" xml:"address"`
	Lat         text `json:"lat" xml:"lat"`
	Long        text `json:"long" xml:"long"`
}

// text is a value, whichever way it is written.
type text struct {
	value string
	odd   bool // it is a list or an object
}

// UnmarshalText reads the text of an XML element.
func (t *text) UnmarshalText(b []byte) error {
	t.value = string(bytes.TrimSpace(b))
	return nil
}

// UnmarshalJSON reads a string, a number, true or false, and null as nothing.
func (t *text) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '"':
		return json.Unmarshal(b, &t.value)
	case '[', '{':
		t.odd = true
	case 'n':
		t.value = ""
	default:
		t.value = string(b)
	}
	return nil
}

// request is what the text means, or why it means nothing.
func (w *written) request() (r open311.Request, reason string) {
	for _, field := range []struct {
		name string
		of   *text
	}{
		{"service_request_id", &w.ID}, {"status", &w.Status}, {"status_notes", &w.Notes}, {"service_name", &w.ServiceName},
		{"service_code", &w.ServiceCode}, {"description", &w.Description}, {"requested_datetime", &w.Requested},
		{"updated_datetime", &w.Updated}, {"address", &w.Address}, {"lat", &w.Lat}, {"long", &w.Long},
	} {
		if field.of.odd || !utf8.ValidString(field.of.value) {
			return r, field.name + " is not text"
		}
	}
	r = open311.Request{
		ID: w.ID.value, Status: open311.Status(w.Status.value), StatusNotes: w.Notes.value,
		ServiceName: w.ServiceName.value, ServiceCode: w.ServiceCode.value, Description: w.Description.value, Address: w.Address.value,
	}
	if r.ID == "" {
		return r, "service_request_id is missing"
	}
	if r.Status != open311.StatusOpen && r.Status != open311.StatusClosed {
		return r, fmt.Sprintf("status is %.40q, not open or closed", w.Status.value)
	}
	if r.ServiceCode == "" {
		return r, "service_code is missing"
	}
	var wrong [4]string
	r.Requested, wrong[0] = instant("requested_datetime", w.Requested.value, true)
	r.Updated, wrong[1] = instant("updated_datetime", w.Updated.value, r.Status == open311.StatusClosed)
	r.Lat, wrong[2] = degrees("lat", w.Lat.value)
	r.Long, wrong[3] = degrees("long", w.Long.value)
	return r, cmp.Or(wrong[:]...)
}

// instant reads a time with its offset; the zero time where none is needed or given.
func instant(name, value string, needed bool) (at open311.Time, reason string) {
	if value == "" && !needed {
		return at, ""
	}
	if value == "" {
		return at, name + " is missing"
	}
	parsed, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return at, fmt.Sprintf("%s is %.40q, not a time such as 2026-01-31T08:00:00+08:00", name, value)
	}
	return open311.Time(parsed), ""
}

func degrees(name, value string) (float64, string) {
	if value == "" {
		return 0, name + " is missing"
	}
	at, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0, fmt.Sprintf("%s is %.40q, not degrees", name, value)
	}
	return at, ""
}
