package roster

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"citygraph/internal/clock"
	"citygraph/internal/resident"
)

// saidRow is what a row of users says, with its roles.
type saidRow struct {
	said
	guardian bool
	agents   []string
}

// maxName is the length of a name, in characters.
const maxName = 64

var mobile = regexp.MustCompile(`^1[3-9][0-9]{9}$`)

// phoneOf is a mainland mobile number, eleven digits; or none.
func phoneOf(texts ...string) string {
	for _, text := range texts {
		digits := strings.Map(func(c rune) rune {
			if c == ' ' || c == '-' || c == '(' || c == ')' {
				return -1
			}
			return c
		}, text)
		for _, prefix := range []string{"+86", "0086", "86"} {
			digits = strings.TrimPrefix(digits, prefix)
		}
		if mobile.MatchString(digits) {
			return digits
		}
	}
	return ""
}

// numberOf is the resident number among a user's identifiers, {IDCARD:…} or the identifier itself. What looks like one and is
// not is told by bad.
func numberOf(what map[string]string, now time.Time) (n resident.Number, bad bool) {
	for _, one := range append(values(what["userIds"]), what["identifier"]) {
		kind, text, typed := strings.Cut(strings.Trim(one, "{} "), ":")
		switch {
		case !typed:
			text = kind
		case !strings.EqualFold(strings.TrimSpace(kind), "IDCARD"):
			continue
		}
		number, err := resident.Parse(text, now.In(clock.Shanghai))
		if err == nil {
			return number, false
		}
		bad = bad || typed
	}
	return n, bad
}

// fullName writes a name as its people do: 陈静, and Jean Craig.
func fullName(what map[string]string) string {
	family, given, middle := what["familyName"], what["givenName"], what["middleName"]
	if strings.ContainsFunc(family+given, han) {
		return family + given
	}
	return strings.Join(slices.DeleteFunc([]string{given, middle, family}, func(s string) bool { return s == "" }), " ")
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }

func sexOf(word string) resident.Sex {
	switch word {
	case "male":
		return resident.Male
	case "female":
		return resident.Female
	}
	return ""
}
