// Package scope says what one person may do for another.
package scope

import (
	"fmt"
	"io"
	"slices"

	"github.com/99designs/gqlgen/graphql"
)

// Scope is one thing a person may do for another.
type Scope string

// The scopes. To show a relative's code and to spend one's own money for them are different rights.
const (
	ShowCode   Scope = "SHOW_CODE"
	Book       Scope = "BOOK"
	Pay        Scope = "PAY"
	ReadRecord Scope = "READ_RECORD"
	School     Scope = "SCHOOL"
	Case       Scope = "CASE"
	Notify     Scope = "NOTIFY"
)

// order gives each scope its bit; it never changes, since rows hold the bits.
var order = []Scope{ShowCode, Book, Pay, ReadRecord, School, Case, Notify}

// IsValid reports whether s is a scope.
func (s Scope) IsValid() bool { return slices.Contains(order, s) }

// MarshalGQL writes the enum value.
func (s Scope) MarshalGQL(w io.Writer) { graphql.MarshalString(string(s)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (s *Scope) UnmarshalGQL(v any) error {
	text, ok := v.(string)
	if !ok || !Scope(text).IsValid() {
		return fmt.Errorf("%v is not a scope", v)
	}
	*s = Scope(text)
	return nil
}

// Set is some of the scopes, one bit each, so that a statement can ask a row for one of them.
type Set int64

// Of returns the set of the scopes; what is none of them counts for nothing.
func Of(scopes ...Scope) Set {
	var set Set
	for _, s := range scopes {
		if i := slices.Index(order, s); i >= 0 {
			set |= 1 << i
		}
	}
	return set
}

// All is every scope.
var All = Of(order...)

// List returns the scopes of the set in their order.
func (set Set) List() []Scope {
	list := []Scope{}
	for i, s := range order {
		if set&(1<<i) != 0 {
			list = append(list, s)
		}
	}
	return list
}
