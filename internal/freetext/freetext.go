// Package freetext holds what people type to a length, and to characters that can be shown.
package freetext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"citygraph/internal/fault"
)

// Line trims a text of one line, which has 1 to so many characters. BAD_USER_INPUT at the field.
func Line(field string, s *string, most int) error { return tidy(field, s, most, Unprintable) }

// Lines trims a text of several lines, which has 1 to so many characters. BAD_USER_INPUT at the field.
func Lines(field string, s *string, most int) error {
	return tidy(field, s, most, func(r rune) bool { return r != '\n' && r != '\t' && Unprintable(r) })
}

func tidy(field string, s *string, most int, bad func(rune) bool) error {
	*s = strings.TrimSpace(strings.ReplaceAll(*s, "\r\n", "\n"))
	if n := utf8.RuneCountInString(*s); n == 0 || n > most || strings.ContainsFunc(*s, bad) {
		return fault.BadInput(field, fmt.Sprintf("须为1至%d个字，且不含控制字符。", most),
			fmt.Sprintf("It must have 1 to %d characters, and no control characters.", most))
	}
	return nil
}

// Unprintable holds for control characters, what turns writing round, and what is no character. Joiners are parts of emoji and of some scripts.
func Unprintable(r rune) bool {
	return r == utf8.RuneError || unicode.Is(unicode.C, r) && r != '\u200d' && r != '\u200c'
}
