package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

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
		field.String("person_id").MaxLen(64).Immutable().Comment("whose it was issued to").Annotations(hidden),
		field.String("holder_id").MaxLen(64).Optional().Nillable().Comment("the person, as long as it is their card; empty once it is replaced or closed").Annotations(hidden),
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
		edge.From("holder", Person.Type).Ref("card").Field("holder_id").Unique().Annotations(hidden),
		edge.To("account", LedgerAccount.Type).Field("account_id").Unique().Required().Immutable().Annotations(entgql.MapsTo("balance", "available", "cap")),
	}
}

// Indexes serve a person's cards of all times.
func (CitizenCard) Indexes() []ent.Index { return []ent.Index{index.Fields("person_id")} }

// Annotations name the table, and have the database hold that a card is somebody's until its end; the column of the edge
// is unique, which gives a person one at a time.
func (CitizenCard) Annotations() []schema.Annotation {
	return []schema.Annotation{table("citizen_cards"), entsql.Checks(map[string]string{
		"citizen_cards_holder": "status IN ('REPLACED', 'CLOSED') AND holder_id IS NULL OR status NOT IN ('REPLACED', 'CLOSED') AND holder_id IS NOT NULL AND holder_id = person_id",
	})}
}

// Policy is the row rule.
func (CitizenCard) Policy() ent.Policy { return rule.Personal }
