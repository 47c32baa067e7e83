// Package mask holds personal values as types that hide themselves: printed, logged, stored or sent to
// a client they show masked.
package mask

import (
	"database/sql/driver"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// Name is a person's name. Whatever it is written to gets its first character and stars: 张*. To mask it
// again changes nothing.
type Name string

// String returns the masked name.
func (n Name) String() string {
	runes := []rune(string(n))
	if len(runes) < 2 {
		return strings.Repeat("*", len(runes))
	}
	return string(runes[0]) + strings.Repeat("*", min(len(runes)-1, 2))
}

// GoString masks in %#v too, where a struct around the name is printed whole.
func (n Name) GoString() string { return strconv.Quote(n.String()) }

// Value implements driver.Valuer: a database gets the masked name.
func (n Name) Value() (driver.Value, error) { return n.String(), nil }

// MarshalGQL writes the masked name.
func (n Name) MarshalGQL(w io.Writer) { graphql.MarshalString(n.String()).MarshalGQL(w) }

// UnmarshalGQL refuses: a masked name is never an input.
func (n *Name) UnmarshalGQL(any) error { return errors.New("a masked name is not an input") }

// MarshalText masks in JSON and in structured logs.
func (n Name) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// CardNumber masks a card number to its last four digits: **** **** **** 1234.
func CardNumber(number string) string {
	if len(number) <= 4 || !ascii(number) {
		return "****"
	}
	return "**** **** **** " + number[len(number)-4:]
}

// IDNumber masks a resident id number to its area code and last four: 330106********1234. What is no
// such number is all stars.
func IDNumber(number string) string {
	if len(number) != 18 || !ascii(number) {
		return strings.Repeat("*", len(number))
	}
	return number[:6] + "********" + number[14:]
}

// Phone masks a mainland mobile number to its prefix and last four: 138****5678. What is no such
// number is all stars.
func Phone(number string) string {
	if len(number) != 11 || !ascii(number) {
		return strings.Repeat("*", len(number))
	}
	return number[:3] + "****" + number[7:]
}

// ascii reports whether every byte of s is a character, so that s can be cut anywhere.
func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
