package scalar

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalUpload writes nothing: a file is only ever sent by a client.
func MarshalUpload(graphql.Upload) graphql.Marshaler { return graphql.Null }

// UnmarshalUpload reads what the edge has put into the variables in the place of a file. No JSON can say it.
func UnmarshalUpload(v any) (graphql.Upload, error) {
	file, ok := v.(graphql.Upload)
	if !ok {
		return graphql.Upload{}, errors.New("an Upload is a file of a multipart request")
	}
	return file, nil
}
