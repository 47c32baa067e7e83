package fhir

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// mostBytes bounds one resource: those that are read here are a thousand times shorter.
const mostBytes = 1 << 20

// Reader reads resources one after another.
type Reader struct {
	next   func() (Resource, error)
	passed func() int64
}

// NewReader reads a file by its name: NDJSON when that ends in .ndjson or .jsonl, else a Bundle or one resource.
func NewReader(name string, r io.Reader) *Reader {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ndjson", ".jsonl":
		l := &lines{file: name, in: bufio.NewReaderSize(r, 64<<10)}
		return &Reader{l.next, func() int64 { return l.offset }}
	}
	b := newBundle(name, r)
	return &Reader{b.next, func() int64 { return b.in.InputOffset() }}
}

// Next returns the next resource; a Problem for one that is none, after which reading goes on; io.EOF at the
// end. After any other error nothing more can be read.
func (r *Reader) Next() (Resource, error) { return r.next() }

// Offset is how many bytes have been read.
func (r *Reader) Offset() int64 { return r.passed() }

// lines are resources of NDJSON.
type lines struct {
	file   string
	in     *bufio.Reader
	at     int
	offset int64
}

func (l *lines) next() (Resource, error) {
	for {
		raw, fits, err := l.line()
		if err != nil {
			return Resource{}, err
		}
		at := Place{File: l.file, Line: l.at}
		if !fits {
			return Resource{}, Problem{Place: at, Reason: errTooLarge.Error()}
		}
		if raw = bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\ufeff"))); len(raw) > 0 {
			return read(at, "", raw)
		}
	}
}

// line reads a line whole; of one that does not fit, it reads on to the end and keeps the beginning.
func (l *lines) line() (text []byte, fits bool, err error) {
	fits = true
	for {
		part, err := l.in.ReadSlice('\n')
		l.offset += int64(len(part))
		if fits = fits && len(text)+len(part) <= mostBytes; fits {
			text = append(text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && (len(text) > 0 || !fits), err == nil:
			l.at++
			return text, fits, nil
		default:
			return nil, false, err
		}
	}
}

var errTooLarge = fmt.Errorf("a resource is larger than %d bytes", mostBytes)

// bundle is a JSON object: a Bundle, whose entries are read one by one, or one resource.
type bundle struct {
	file  string
	in    *json.Decoder
	bound *bounded
	rest  map[string]json.RawMessage // the members beside the entries
	entry int
	state func() (Resource, error) // what comes next
}

func newBundle(file string, r io.Reader) *bundle {
	b := &bundle{file: file, bound: &bounded{in: r}, rest: map[string]json.RawMessage{}}
	b.in = json.NewDecoder(b.bound)
	b.bound.used = b.in.InputOffset
	b.state = b.begin
	return b
}

// next runs the state, which reads on until there is something to tell.
func (b *bundle) next() (Resource, error) { return b.state() }

func (b *bundle) begin() (Resource, error) {
	if token, err := b.in.Token(); err != nil || token != json.Delim('{') {
		return Resource{}, fmt.Errorf("%s: no JSON object begins here", b.file)
	}
	return b.members()
}

// members reads what the object has up to its entries, or to its end.
func (b *bundle) members() (Resource, error) {
	for b.in.More() {
		name, err := b.in.Token()
		if err != nil {
			return Resource{}, b.broken(err)
		}
		if name == "entry" {
			if token, err := b.in.Token(); err != nil || token != json.Delim('[') {
				return Resource{}, b.broken(errors.New("entry is not a list"))
			}
			b.state = b.entries
			return b.entries()
		}
		var value json.RawMessage
		if err := b.in.Decode(&value); err != nil {
			return Resource{}, b.broken(err)
		}
		key, _ := name.(string)
		b.rest[key] = value
	}
	return b.end()
}

func (b *bundle) entries() (Resource, error) {
	if !b.in.More() {
		if _, err := b.in.Token(); err != nil {
			return Resource{}, b.broken(err)
		}
		return b.members()
	}
	b.entry++
	at := Place{File: b.file, Entry: b.entry}
	var raw json.RawMessage
	if err := b.in.Decode(&raw); err != nil {
		return Resource{}, b.broken(err)
	}
	var entry struct {
		FullURL  string          `json:"fullUrl"`
		Resource json.RawMessage `json:"resource"`
	}
	if err := json.Unmarshal(raw, &entry); err != nil || len(entry.Resource) == 0 {
		return Resource{}, Problem{Place: at, Reason: "it has no resource"}
	}
	return read(at, entry.FullURL, entry.Resource)
}

// end tells the one resource of a file that is no Bundle, then that there is no more.
func (b *bundle) end() (Resource, error) {
	if _, err := b.in.Token(); err != nil {
		return Resource{}, b.broken(err)
	}
	b.state = func() (Resource, error) { return Resource{}, io.EOF }
	var kind string
	_ = json.Unmarshal(b.rest["resourceType"], &kind) // what is no text is no Bundle
	if kind == "Bundle" {
		return b.state()
	}
	raw, err := json.Marshal(b.rest)
	if err != nil {
		return Resource{}, b.broken(err)
	}
	return read(Place{File: b.file}, "", raw)
}

// broken is an error after which nothing more can be read.
func (b *bundle) broken(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // which is no end
	}
	return fmt.Errorf("%s: byte %d, after entry %d: %w", b.file, b.in.InputOffset(), b.entry, err)
}

// bounded gives a decoder no more than one resource ahead of what it has used.
type bounded struct {
	in   io.Reader
	read int64
	used func() int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.read-b.used() > mostBytes {
		return 0, errTooLarge
	}
	n, err := b.in.Read(p)
	b.read += int64(n)
	return n, err
}
