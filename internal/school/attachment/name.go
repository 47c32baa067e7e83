package attachment

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	row "citygraph/ent/db/attachment"
	"citygraph/internal/fault"
)

const (
	longestName = 120
	longestBase = 110 // before the ending
)

// ending is that of a file of some type.
var ending = regexp.MustCompile(`\.[A-Za-z][A-Za-z0-9]{0,4}$`)

// tidy is a name without path, control and bidirectional characters, and without its ending. BAD_USER_INPUT.
func tidy(name string) (string, error) {
	bad := fault.BadInput("name", "文件名须为1至120个字。", "A name has 1 to 120 characters.")
	if n := utf8.RuneCountInString(name); n == 0 || n > longestName || !utf8.ValidString(name) {
		return "", bad
	}
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.C, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return -1
		case strings.ContainsRune(`:*?"<>|`, r):
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(ending.ReplaceAllString(strings.Trim(name, ". \t"), ""), ". \t")
	if runes := []rune(name); len(runes) > longestBase {
		name = string(runes[:longestBase])
	}
	if name == "" {
		return "", bad
	}
	return name, nil
}

// named is the name of a file of a kind.
func named(base string, kind row.Kind) string {
	if kind == row.KindPdf {
		return base + ".pdf"
	}
	return base + ".jpg"
}
