// Package graph is what CityGraph exposes: the hand-written SDL in schema, and resolvers that hand over
// to the verbs. A resolver decides nothing.
package graph

import (
	"citygraph/ent/db"
	"citygraph/graph/generated"
	"citygraph/internal/citycase"
	"citygraph/internal/identity"
	"citygraph/internal/notice"
	"citygraph/internal/personal"

	"github.com/99designs/gqlgen/graphql"
)

// Resolver holds the rooms the graph opens onto.
type Resolver struct {
	DB       *db.Client
	Accounts *identity.Accounts
	Records  *personal.Records
	Cases    *citycase.Cases
	Desk     *notice.Desk
}

// NewSchema returns the executable schema over the resolver.
func NewSchema(r *Resolver) graphql.ExecutableSchema {
	return generated.NewExecutableSchema(generated.Config{Resolvers: r})
}
