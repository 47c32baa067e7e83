// Package cap reads warnings in the Common Alerting Protocol 1.2 (OASIS, urn:oasis:names:tc:emergency:cap:1.2;
// GB/T 35965 follows it). It knows no rows: the caller finds the districts. A file may hold one alert or,
// below any wrapper, many; a bad one is refused with its place in the file, and the good ones are kept.
package cap

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"citygraph/internal/lang"
)

// Namespace is that of CAP 1.2.
const Namespace = "urn:oasis:names:tc:emergency:cap:1.2"

// The limits of a file: what is over them is no warning anybody sends.
const (
	MaxBytes    = 5 << 20
	MaxAlerts   = 1000
	maxDepth    = 8    // of elements below an alert
	maxWrappers = 4    // of elements above one
	maxElements = 2000 // of an alert
	maxText     = 16 << 10
)

// DefaultLife is how long an alert holds that does not say when it expires.
const DefaultLife = 24 * time.Hour

// Place is a position in a file, both counted from 1.
type Place struct{ Line, Column int }

// Problem is why something in a file was refused.
type Problem struct {
	Place
	Reason string
}

// Error is the problem in the form editors jump to.
func (p Problem) Error() string { return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Reason) }

// Message is one alert. Enum values are the protocol's in capitals.
type Message struct {
	Place
	Identifier   string
	IdentifiedAt Place
	Sender       string
	Sent         time.Time
	Status       string
	Type         string
	References   []Reference

	Category    string // the first, where there are several
	Event       lang.Text
	Urgency     string
	Severity    string
	Certainty   string
	Headline    lang.Text
	Description lang.Text
	Instruction lang.Text
	Effective   time.Time
	Expires     time.Time
	Areas       []Area
}

// Reference names an earlier message.
type Reference struct {
	Place
	Sender, Identifier string
}

// Area is a place warned: its name, and its codes in whatever scheme.
type Area struct {
	Place
	Name  string
	Codes []string
}

// Read reads every alert of a file. Alerts that have expired at the instant are refused like other bad ones.
// It fails only when the file cannot be read, or is longer than MaxBytes.
func Read(r io.Reader, now time.Time) ([]Message, []Problem, error) {
	limited := &io.LimitedReader{R: r, N: MaxBytes + 1}
	f := file{decoder: xml.NewDecoder(limited), now: now, seen: map[Reference]bool{}}
	err := f.read()
	if limited.N <= 0 {
		return nil, nil, fmt.Errorf("the file is longer than %d bytes", MaxBytes)
	}
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax):
		f.refuse(f.here(), "the XML breaks off: "+syntax.Msg)
	case err != nil:
		var p Problem
		if !errors.As(err, &p) {
			return nil, nil, fmt.Errorf("read alerts: %w", err)
		}
		f.problems = append(f.problems, p)
	}
	if len(f.messages)+len(f.problems) == 0 {
		f.refuse(Place{1, 1}, "there is no alert in the file")
	}
	return f.messages, f.problems, nil
}

// file is a file being read.
type file struct {
	decoder  *xml.Decoder
	now      time.Time
	seen     map[Reference]bool
	messages []Message
	problems []Problem
}

func (f *file) here() Place {
	line, column := f.decoder.InputPos()
	return Place{line, column}
}

func (f *file) refuse(at Place, reason string) {
	f.problems = append(f.problems, Problem{at, reason})
}

// read walks to every alert. An error ends the file; what was read before stays.
func (f *file) read() error {
	for depth, at := 0, f.here(); ; at = f.here() {
		token, err := f.decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.Directive:
			return Problem{at, "a document type declaration is not taken"}
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if t.Name.Local != "alert" {
				if depth++; depth > maxWrappers {
					return Problem{at, "the elements are nested too deeply"}
				}
				continue
			}
			if err := f.alert(t, at); err != nil {
				return err
			}
		}
	}
}

func (f *file) alert(start xml.StartElement, at Place) error {
	if len(f.messages)+len(f.problems) >= MaxAlerts {
		return Problem{at, fmt.Sprintf("a file holds at most %d alerts", MaxAlerts)}
	}
	elements := 0
	root, err := f.element(start, at, 0, &elements)
	if err != nil {
		return err
	}
	if start.Name.Space != Namespace {
		f.refuse(at, "alert is not of the namespace "+Namespace)
		return nil
	}
	m, err := f.message(root)
	var p Problem
	switch {
	case errors.As(err, &p):
		f.problems = append(f.problems, p)
	case err != nil:
		return err
	case f.seen[Reference{Sender: m.Sender, Identifier: m.Identifier}]:
		f.refuse(m.IdentifiedAt, "the identifier stands in this file already")
	default:
		f.seen[Reference{Sender: m.Sender, Identifier: m.Identifier}] = true
		f.messages = append(f.messages, m)
	}
	return nil
}

// element is an element with what is in it.
type element struct {
	Place
	name     string
	text     string
	children []*element
}

// element reads an element to its end, within the limits.
func (f *file) element(start xml.StartElement, at Place, depth int, elements *int) (*element, error) {
	if *elements++; *elements > maxElements || depth > maxDepth {
		return nil, Problem{at, "the alert is too large"}
	}
	e := &element{Place: at, name: start.Name.Local}
	var text strings.Builder
	for {
		at := f.here()
		token, err := f.decoder.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = Problem{at, "the file ends within an alert"}
			}
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			child, err := f.element(t, at, depth+1, elements)
			if err != nil {
				return nil, err
			}
			e.children = append(e.children, child)
		case xml.CharData:
			if text.Len()+len(t) > maxText {
				return nil, Problem{at, "the text is too long"}
			}
			text.Write(t)
		case xml.Directive:
			return nil, Problem{at, "a document type declaration is not taken"}
		case xml.EndElement:
			e.text = strings.TrimSpace(text.String())
			if !utf8.ValidString(e.text) {
				return nil, Problem{at, "the text is not UTF-8"}
			}
			return e, nil
		}
	}
}

// all are the children of a name.
func (e *element) all(name string) []*element {
	var found []*element
	for _, c := range e.children {
		if c.name == name {
			found = append(found, c)
		}
	}
	return found
}

// one is the first child of a name, nil when there is none.
func (e *element) one(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}
