package push

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Filled is a WeChat template with its values: the key of a field begins with its type, as in "thing1".
type Filled struct {
	ID     string            `json:"id"`
	Page   string            `json:"page,omitempty"` // of the mini-program, opened at a tap
	Fields map[string]string `json:"fields"`
}

// fieldKey is a type and a number.
var fieldKey = regexp.MustCompile(`^([a-z_]+)([0-9]{1,2})$`)

// fieldRules are WeChat's own, from the parameter table of subscribeMessage.send: a message that breaks one is
// refused with 47003 and counts against the app.
var fieldRules = map[string]func(string) bool{
	"thing":            longest(20, func(rune) bool { return true }),
	"number":           shape(`^[0-9]+(\.[0-9]+)?$`, 32),
	"letter":           longest(32, latin),
	"symbol":           longest(5, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }),
	"character_string": longest(32, func(r rune) bool { return r > ' ' && r <= '~' }),
	"time":             shape(`^(`+day+` )?`+clockOfDay+`(~(`+day+` )?`+clockOfDay+`)?$`, 64),
	"date":             shape(`^`+day+`( `+clockOfDay+`)?(~`+day+`( `+clockOfDay+`)?)?$`, 64),
	"amount":           shape(`^[¥￥$€£]?[0-9]{1,10}(\.[0-9]+)?元?$`, 16),
	"phone_number":     shape(`^\+?[0-9][0-9-]*$`, 17),
	"car_number":       shape(`^\p{Han}?[A-Z0-9]{1,7}\p{Han}?$`, 8),
	"name":             isName,
	"phrase":           longest(5, func(r rune) bool { return unicode.Is(unicode.Han, r) }),
}

const (
	day        = `(\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{2}-\d{2})`
	clockOfDay = `([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?`
)

// Check holds every field to WeChat's rule for its type. Its error names the field and never the value,
// which may be personal.
func (f Filled) Check() error {
	if f.ID == "" || len(f.Fields) == 0 {
		return fmt.Errorf("template %q has no fields to fill", f.ID)
	}
	for key, value := range f.Fields {
		fits := fieldRule(key)
		if fits == nil {
			return fmt.Errorf("template %q: %q is no type of field", f.ID, key)
		}
		if !utf8.ValidString(value) || value == "" || strings.ContainsFunc(value, unicode.IsControl) || !fits(value) {
			return fmt.Errorf("template %q: the value of %s breaks the rule of its type", f.ID, key)
		}
	}
	return nil
}

// IsFieldKey reports whether the key is a type that WeChat knows and a number.
func IsFieldKey(key string) bool { return fieldRule(key) != nil }

// fieldRule is the rule of a key's type; nil for what is no key.
func fieldRule(key string) func(string) bool {
	kind := fieldKey.FindStringSubmatch(key)
	if len(kind) < 2 {
		return nil
	}
	return fieldRules[kind[1]]
}

// longest takes up to so many characters of a kind.
func longest(most int, is func(rune) bool) func(string) bool {
	return func(s string) bool {
		return utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return !is(r) })
	}
}

// shape takes up to so many characters that match.
func shape(pattern string, most int) func(string) bool {
	matches := regexp.MustCompile(pattern)
	return func(s string) bool { return utf8.RuneCountInString(s) <= most && matches.MatchString(s) }
}

func latin(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// isName takes ten Chinese characters, or twenty letters and signs of another script.
func isName(s string) bool {
	most := 20
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Han, r):
			most = 10
		case unicode.IsDigit(r):
			return false
		}
	}
	return utf8.RuneCountInString(s) <= most
}
