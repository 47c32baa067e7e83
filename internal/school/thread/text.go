package thread

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"citygraph/internal/fault"
)

const (
	mostBody   = 2_000
	leastQuery = 2
	mostQuery  = 50

	// EditFor is how long a message can be said otherwise, and taken back, by its author.
	EditFor = 15 * time.Minute
)

// tag is the shape of a BCP 47 tag: a language, then subtags.
var tag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)

// said trims what somebody typed, and checks its length and that it has no control characters. BAD_USER_INPUT at body.
func said(body string) (string, error) {
	body = strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n"))
	n := utf8.RuneCountInString(body)
	if n == 0 || n > mostBody || strings.ContainsFunc(body, func(r rune) bool { return r != '\n' && r != '\t' && unprintable(r) }) {
		return "", fault.BadInput("body", "须为1至2000个字，且不含控制字符。", "It must have 1 to 2,000 characters, and no control characters.")
	}
	return body, nil
}

// unprintable holds for control characters and the like. Joiners are parts of emoji and of some scripts.
func unprintable(r rune) bool {
	return r == utf8.RuneError || unicode.Is(unicode.C, r) && r != '\u200d' && r != '\u200c'
}

// language checks a language. BAD_USER_INPUT at language.
func language(of string) (string, error) {
	if !tag.MatchString(of) {
		return "", fault.BadInput("language", "语言须为BCP 47标签，例如 zh-Hans。", "The language must be a BCP 47 tag, such as zh-Hans.")
	}
	return of, nil
}
