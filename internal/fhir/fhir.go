// Package fhir reads resources of HL7 FHIR R4 as JSON: a Bundle, one resource, or NDJSON, of any length. It
// holds one resource at a time. What is wrong with one is told with its place, and reading goes on.
package fhir

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Place is where a resource stands: a line of NDJSON, or an entry of a Bundle. Both count from 1, and the
// one that does not apply is 0.
type Place struct {
	File  string
	Line  int
	Entry int
}

// String is the place as file:line, or as file: entry n.
func (p Place) String() string {
	switch {
	case p.Line > 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	case p.Entry > 0:
		return fmt.Sprintf("%s: entry %d", p.File, p.Entry)
	}
	return p.File
}

// Problem is what is wrong with one resource.
type Problem struct {
	Place
	Of     string // such as Slot/20, where it could be read
	Reason string
}

// Error says where and what.
func (p Problem) Error() string {
	if p.Of != "" {
		return fmt.Sprintf("%s: %.80s: %s", p.Place, p.Of, p.Reason)
	}
	return fmt.Sprintf("%s: %s", p.Place, p.Reason)
}

// Resource is one resource of R4: what all have in common, and its text.
type Resource struct {
	Place
	Head
	FullURL string // of the entry; empty outside a Bundle
	Body    json.RawMessage
}

// Head is what all resources have in common.
type Head struct {
	Type       string       `json:"resourceType"`
	ID         string       `json:"id"`
	Identifier []Identifier `json:"identifier"`
	Meta       struct {
		Profile []string `json:"profile"`
	} `json:"meta"`
	FHIRVersion    string          `json:"fhirVersion"`
	FreeBusyType   json.RawMessage `json:"freeBusyType"`     // DSTU2's name of a slot's status
	PractitionerIn json.RawMessage `json:"practitionerRole"` // DSTU2's posts within a Practitioner
}

// Identifier is a name that somebody gave.
type Identifier struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

// Ref is how other resources refer to this one: Type/id, or the urn:uuid of its entry.
func (r Resource) Ref() string {
	if strings.HasPrefix(r.FullURL, "urn:") {
		return r.FullURL
	}
	if r.ID == "" {
		return ""
	}
	return r.Type + "/" + r.ID
}

// read makes a resource of its text, which is a whole JSON value or none.
func read(at Place, fullURL string, raw json.RawMessage) (Resource, error) {
	r := Resource{Place: at, FullURL: fullURL, Body: raw}
	refused := func(reason string) (Resource, error) {
		p := Problem{Place: at, Reason: reason}
		if r.Type != "" && utf8.ValidString(r.Type) {
			p.Of = r.Ref()
		}
		return Resource{}, p
	}
	if !utf8.Valid(raw) {
		return refused("the text is not UTF-8")
	}
	if err := json.Unmarshal(raw, &r.Head); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
			return refused(fmt.Sprintf("%s is not as in R4: it is a JSON %s", wrong.Field, wrong.Value))
		}
		return refused("this is not a JSON object: " + err.Error())
	}
	if r.Type == "" {
		return refused("resourceType is missing")
	}
	if version := r.otherVersion(); version != "" {
		return refused("this is FHIR " + version + ", not R4")
	}
	if r.Ref() == "" {
		return refused("it has no id")
	}
	return r, nil
}

// otherVersion names the version of FHIR that the resource says it is of, when that is not R4 (4.0 or 4.3).
func (r Resource) otherVersion() string {
	if r.FreeBusyType != nil || r.Type == "Practitioner" && r.PractitionerIn != nil {
		return "DSTU2"
	}
	if v := r.FHIRVersion; v != "" && !isR4(v) {
		return fmt.Sprintf("%.10q", v)
	}
	for _, profile := range r.Meta.Profile {
		version, ok := profileVersion(profile)
		if ok && !isR4(version) {
			return fmt.Sprintf("%.10q", version)
		}
	}
	return ""
}

func isR4(version string) bool {
	return strings.HasPrefix(version, "4.0") || strings.HasPrefix(version, "4.3")
}

// profileVersion is the version in the address of a profile of HL7's own: http://hl7.org/fhir/5.0/… or …|5.0.0.
func profileVersion(profile string) (version string, ok bool) {
	rest, own := strings.CutPrefix(profile, "http://hl7.org/fhir/")
	if !own {
		return "", false
	}
	if _, version, ok := strings.Cut(rest, "|"); ok {
		return version, true
	}
	version, _, _ = strings.Cut(rest, "/")
	return version, version != "" && version[0] >= '0' && version[0] <= '9'
}
