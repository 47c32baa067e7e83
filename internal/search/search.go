// Package search makes the text search of the catalogue: one column of normalised keys beside each row,
// and the terms of a query, each of which must be a substring of that column. Chinese characters, full
// pinyin, initials and English all find a row, and the same LIKE works on both databases.
package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxQuery is the greatest length of a query, in characters.
const MaxQuery = 40

// Normalise cuts a query into its terms, folded as Keys folds names. A blank query has no terms and
// finds every row. It returns ok false for a query that finds nothing: one longer than MaxQuery, or
// one with no letter or digit in it.
func Normalise(query string) (terms []string, ok bool) {
	query = strings.TrimSpace(query)
	if query == "" {
		return nil, true
	}
	if utf8.RuneCountInString(query) > MaxQuery {
		return nil, false
	}
	for _, term := range words(query) {
		if !slices.Contains(terms, term) {
			terms = append(terms, term)
		}
	}
	return terms, len(terms) > 0
}

// Match reports whether a row with the keys is found by the terms: every one must be in them. It is the
// rule that SQL follows with one "keys LIKE '%' || Escape(term) || '%' ESCAPE '\'" a term.
func Match(keys string, terms []string) bool {
	for _, term := range terms {
		if !strings.Contains(keys, term) {
			return false
		}
	}
	return true
}

var wildcards = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Escape makes the term stand for itself within a LIKE pattern whose escape character is the backslash.
func Escape(term string) string { return wildcards.Replace(term) }

// words folds width, case and accents away and cuts s at whatever is no letter or digit. An apostrophe
// is dropped without a cut, so that Lin'an and linan are one word.
func words(s string) []string {
	folded := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) || r == '\'' || r == '’' {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(strings.ToValidUTF8(s, " ")))
	return strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
