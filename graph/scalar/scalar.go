// Package scalar reads and writes the schema's own scalars.
package scalar

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"citygraph/internal/clock"
)

// MarshalInt64 writes a 64-bit integer as a JSON number.
func MarshalInt64(i int64) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = w.Write(strconv.AppendInt(make([]byte, 0, 20), i, 10))
	})
}

// UnmarshalInt64 reads a whole JSON number of 64 bits.
func UnmarshalInt64(v any) (int64, error) { return wholeNumber(v) }

// MarshalFen writes an amount in fen.
func MarshalFen(i int64) graphql.Marshaler { return MarshalInt64(i) }

// UnmarshalFen reads an amount in fen: a whole number, never a float or a string.
func UnmarshalFen(v any) (int64, error) { return wholeNumber(v) }

// MarshalDateTime writes an instant in RFC 3339 with its offset.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = w.Write(t.UTC().AppendFormat(make([]byte, 0, 32), `"2006-01-02T15:04:05.999999Z07:00"`))
	})
}

// UnmarshalDateTime reads an RFC 3339 instant; an offset is required.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, _ := v.(string)
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !instant.MatchString(s) {
		return time.Time{}, errors.New("a DateTime is an RFC 3339 string")
	}
	return at, nil
}

// instant is the form of RFC 3339; time.Parse alone would take an hour of one digit, a decimal comma
// and an offset of a day.
var instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// MarshalYearMonth writes the month of the city's clock that an instant is in.
func MarshalYearMonth(t time.Time) graphql.Marshaler {
	return graphql.MarshalString(t.In(clock.Shanghai).Format(yearMonth))
}

// UnmarshalYearMonth reads a month, and is its first instant in the city.
func UnmarshalYearMonth(v any) (time.Time, error) {
	s, _ := v.(string)
	month, err := time.ParseInLocation(yearMonth, s, clock.Shanghai)
	if err != nil {
		return time.Time{}, errors.New("a YearMonth is a string such as 2026-11")
	}
	return month, nil
}

const yearMonth = "2006-01"

// MarshalUUID writes the canonical form.
func MarshalUUID(u uuid.UUID) graphql.Marshaler { return graphql.MarshalString(u.String()) }

// UnmarshalUUID reads the canonical 36-character form, in either case.
func UnmarshalUUID(v any) (uuid.UUID, error) {
	s, ok := v.(string)
	u, err := uuid.Parse(s)
	if !ok || len(s) != 36 || err != nil {
		return uuid.Nil, errors.New("a UUID is a string of 36 characters")
	}
	return u, nil
}

// wholeNumber reads what the executor makes of a literal (int64) and of a variable (json.Number).
func wholeNumber(v any) (int64, error) {
	switch n := v.(type) {
	case int64:
		return n, nil
	case int:
		return int64(n), nil
	case json.Number:
		if whole, err := strconv.ParseInt(string(n), 10, 64); err == nil {
			return whole, nil
		}
	}
	return 0, errors.New("a whole number of 64 bits is wanted")
}
