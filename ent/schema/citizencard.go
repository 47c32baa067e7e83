package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// CitizenCard is a person's card, social security and health in one.
type CitizenCard struct{ ent.Schema }

// Mixin gives the common columns.
func (CitizenCard) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.CitizenCard}, touched{}} }

// Fields are the columns. What is on a card stands in the book.
func (CitizenCard) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Annotations(hidden),
		field.String("masked_number").MaxLen(32),
		field.Enum("kind").NamedValues("Named", "NAMED", "Anonymous", "ANONYMOUS"),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Lost", "LOST", "Replaced", "REPLACED", "Frozen", "FROZEN", "Closed", "CLOSED"),
		field.String("account_id").MaxLen(64).Immutable().Annotations(hidden),
	}
}

// Edges lead to the holder, and to the account that the card's balance, what of it is available, and its cap
// are read from.
func (CitizenCard) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("person", Person.Type).Ref("card").Field("person_id").Unique().Required().Annotations(hidden),
		edge.To("account", LedgerAccount.Type).Field("account_id").Unique().Required().Immutable().Annotations(entgql.MapsTo("balance", "available", "cap")),
	}
}

// Annotations name the table.
func (CitizenCard) Annotations() []schema.Annotation {
	return []schema.Annotation{table("citizen_cards")}
}

// Policy is the row rule.
func (CitizenCard) Policy() ent.Policy { return rule.Personal }
