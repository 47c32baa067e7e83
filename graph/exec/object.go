package exec

import (
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// Object is the fields of one object as they are to be written.
type Object struct {
	Values   []graphql.Marshaler
	Invalids uint32 // how many required fields are null

	fields []graphql.CollectedField
}

// NewObject returns an object of these fields, each with a name of its own, whose values are to be set.
func NewObject(fields []graphql.CollectedField) *Object {
	return &Object{Values: make([]graphql.Marshaler, len(fields)), fields: fields}
}

// MarshalGQL writes the object. Names in GraphQL are plain letters and need no escaping.
func (o *Object) MarshalGQL(w io.Writer) {
	mark := `{"`
	for i := range o.fields {
		_, _ = io.WriteString(w, mark)
		_, _ = io.WriteString(w, o.fields[i].Alias)
		_, _ = io.WriteString(w, `":`)
		o.Values[i].MarshalGQL(w)
		mark = `,"`
	}
	if len(o.fields) == 0 {
		_, _ = io.WriteString(w, "{")
	}
	_, _ = io.WriteString(w, "}")
}
