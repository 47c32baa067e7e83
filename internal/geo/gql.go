package geo

import (
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalGQL writes the enum value.
func (d Datum) MarshalGQL(w io.Writer) { graphql.MarshalString(string(d)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (d *Datum) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok || !Datum(s).Valid() {
		return errors.New("not a datum")
	}
	*d = Datum(s)
	return nil
}
