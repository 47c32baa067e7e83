package search

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/fault"
)

// Matching returns the predicates that narrow a query to the rows whose search column holds every term
// of the text; a nil or blank text narrows nothing. P is the query's own predicate type.
// BAD_USER_INPUT at `text` when it is too long or holds nothing to look for.
func Matching[P ~func(*sql.Selector)](column string, text *string) ([]P, error) {
	if text == nil {
		return nil, nil
	}
	terms, ok := Normalise(*text)
	if !ok {
		return nil, fault.BadInput("text", "请输入不超过40个字的文字、拼音或首字母。",
			"Search for words, pinyin or initials of at most 40 characters.")
	}
	matches := make([]P, len(terms))
	for i, term := range terms {
		matches[i] = func(s *sql.Selector) {
			s.Where(sql.P(func(b *sql.Builder) {
				b.Ident(s.C(column)).WriteString(" LIKE ").Arg("%" + Escape(term) + "%").WriteString(` ESCAPE '\'`)
			}))
		}
	}
	return matches, nil
}
