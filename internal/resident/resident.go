// Package resident reads the resident identity number (公民身份号码) of GB 11643-1999: six digits of the
// area of registration, eight of the birth date, three of order, whose last is odd for men, and a check
// character by ISO 7064 MOD 11-2.
package resident

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// Sex as the number tells it.
type Sex string

// The sexes.
const (
	Male   Sex = "MALE"
	Female Sex = "FEMALE"
)

// Number is a well-formed resident number.
type Number struct {
	Text  string // eighteen characters, an X in upper case
	Birth string // YYYY-MM-DD
	Sex   Sex
}

// What can be wrong with a number.
var (
	ErrForm     = errors.New("resident: not eighteen digits, or seventeen and an X")
	ErrChecksum = errors.New("resident: the check character is wrong")
	ErrBirth    = errors.New("resident: no such birth date, or one in the future")
)

const length = 18

// Parse reads a number as a person types it. Whoever is born after today, in the city's time, is not
// born. Returns ErrForm, ErrChecksum or ErrBirth.
func Parse(text string, today time.Time) (Number, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if len(text) != length {
		return Number{}, ErrForm
	}
	for i, c := range []byte(text) {
		if (c < '0' || c > '9') && (c != 'X' || i != length-1) {
			return Number{}, ErrForm
		}
	}
	if text[0] == '0' {
		return Number{}, ErrForm
	}
	if Check(text[:length-1]) != text[length-1] {
		return Number{}, ErrChecksum
	}
	birth, err := time.ParseInLocation("20060102", text[6:14], today.Location())
	if err != nil || birth.After(today) || birth.Year() < 1870 {
		return Number{}, ErrBirth
	}
	n := Number{Text: text, Birth: birth.Format(time.DateOnly), Sex: Female}
	if (text[16]-'0')%2 == 1 {
		n.Sex = Male
	}
	return n, nil
}

// Check is the check character of seventeen digits.
func Check(digits string) byte {
	sum := 0
	for i := range len(digits) {
		sum = (sum + int(digits[i]-'0')) * 2
	}
	return "10X98765432"[sum%11]
}

// MarshalGQL writes the enum value.
func (s Sex) MarshalGQL(w io.Writer) { graphql.MarshalString(string(s)).MarshalGQL(w) }

// UnmarshalGQL refuses: a sex is never an input, the id number tells it.
func (s *Sex) UnmarshalGQL(any) error { return errors.New("a sex is not an input") }

// OfAge is from when on a person decides for themselves, in completed years: Civil Code (民法典) art. 17 and 18.
const OfAge = 18

// Age is how many years somebody born on the day (YYYY-MM-DD) has completed at the instant, by its own
// zone. Who was born on 29 February completes a year on 1 March where there is no such day.
func Age(birth string, at time.Time) (int, error) {
	born, err := time.Parse(time.DateOnly, birth)
	if err != nil {
		return 0, ErrBirth
	}
	years := at.Year() - born.Year()
	if at.Month() < born.Month() || at.Month() == born.Month() && at.Day() < born.Day() {
		years--
	}
	return years, nil
}
