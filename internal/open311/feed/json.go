package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// jsonRows are the elements of an array. They are told apart by brackets and quotes alone, so that one
// which is not JSON is refused by itself: the decoder of the standard library would give up the rest.
type jsonRows struct {
	in    *input
	buf   []byte
	began bool
	ended bool
}

func (j *jsonRows) next(into *written) (Place, error) {
	if j.ended {
		return j.in.at, io.EOF
	}
	first, err := j.open()
	if err != nil {
		return j.in.at, err
	}
	if first == ']' {
		return j.in.at, j.end()
	}
	at := j.in.at
	fits, err := j.element()
	switch {
	case err != nil:
		return at, fmt.Errorf("%w; the last request begins at %d:%d", err, at.Line, at.Column)
	case !fits:
		return at, Problem{Place: at, Reason: errTooLarge.Error()}
	}
	return at, decode(j.buf, at, into)
}

// open leads to the next element and returns its first byte, or the bracket that ends the list.
func (j *jsonRows) open() (byte, error) {
	if j.began {
		return j.look()
	}
	j.began = true
	if _, err := j.in.ReadByte(); err != nil { // the bracket that NewReader saw
		return 0, err
	}
	return j.look()
}

// look is a peek in the middle of the list.
func (j *jsonRows) look() (byte, error) {
	b, err := j.in.peek()
	if errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("%d:%d: the list ends in the middle", j.in.at.Line, j.in.at.Column)
	}
	return b, err
}

// end wants nothing but white space after the list.
func (j *jsonRows) end() error {
	j.ended = true
	if _, err := j.in.ReadByte(); err != nil {
		return err
	}
	_, err := j.in.peek()
	if err == nil {
		return fmt.Errorf("%d:%d: something stands after the end of the list", j.in.at.Line, j.in.at.Column)
	}
	return err // io.EOF, mostly
}

// element reads up to the comma after the element, which it takes, or to the bracket that ends the list,
// which it leaves. It reports false for one that is too large to be kept.
func (j *jsonRows) element() (fits bool, err error) {
	j.buf, fits = j.buf[:0], true
	depth, quoted := 0, false
	for {
		if !quoted && depth == 0 {
			if b, err := j.look(); err != nil || b == ']' {
				return fits, err
			}
		}
		b, err := j.in.ReadByte()
		if errors.Is(err, io.EOF) {
			_, err = j.look()
		}
		if err != nil {
			return false, err
		}
		switch {
		case quoted:
			quoted = b != '"' && b != '\n' // no string goes over a line's end, so an open one ends there
		case b == '"':
			quoted = true
		case b == '{', b == '[':
			depth++
		case b == '}', b == ']':
			depth = max(0, depth-1)
		case b == ',' && depth == 0:
			return fits, nil
		}
		if fits = fits && len(j.buf) < mostBytes; fits {
			j.buf = append(j.buf, b)
		}
		if quoted && b == '\\' { // what comes next is not a quote
			if b, err = j.in.ReadByte(); err != nil {
				return false, fmt.Errorf("%d:%d: the list ends in the middle", j.in.at.Line, j.in.at.Column)
			}
			if fits {
				j.buf = append(j.buf, b)
			}
		}
	}
}

// decode reads one element, which begins at the place.
func decode(raw []byte, at Place, into *written) error {
	if len(raw) == 0 || raw[0] != '{' {
		return Problem{Place: at, Reason: "this is not an object"}
	}
	if !utf8.Valid(raw) {
		return Problem{Place: at, Reason: "the text is not UTF-8"}
	}
	err := json.Unmarshal(raw, into)
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		for _, b := range raw[:max(0, wrong.Offset-1)] {
			at.pass(b)
		}
		return Problem{Place: at, Reason: "this is not JSON: " + wrong.Error()}
	}
	if err != nil {
		return Problem{Place: at, Reason: err.Error()}
	}
	return nil
}
