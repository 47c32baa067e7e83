package edge

import (
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// encode writes an answer around the data the executor has already made, without reading it again.
func encode(r *graphql.Response) []byte {
	b := make([]byte, 0, len(r.Data)+64)
	b = append(b, '{')
	if len(r.Errors) > 0 {
		b = append(b, `"errors":`...)
		b = append(b, encodeErrors(r.Errors)...)
	}
	if r.Data != nil {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, `"data":`...)
		b = append(b, r.Data...)
	}
	if len(r.Extensions) > 0 {
		if extensions, err := json.Marshal(r.Extensions); err == nil {
			b = append(b, `,"extensions":`...)
			b = append(b, extensions...)
		}
	}
	return append(b, '}')
}

func encodeErrors(list gqlerror.List) []byte {
	b, err := json.Marshal(list)
	if err != nil {
		panic(err) // Present puts in strings and numbers only
	}
	return b
}
