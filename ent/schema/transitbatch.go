package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// TransitBatch is a batch of codes that were given out for gates without a network. The codes themselves are not kept:
// they are made from the id, so that a request that is sent again gets the same ones.
type TransitBatch struct{ ent.Schema }

// Mixin gives the common columns.
func (TransitBatch) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.TransitBatch}} }

// Fields are the columns.
func (TransitBatch) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Immutable().Comment("whose card it is"),
		field.String("card_id").MaxLen(64).Immutable(),
		field.Int("codes").Positive().Immutable().Comment("how many there are"),
		field.Time("issued_at").Immutable().Comment("whole seconds, as the codes say it"),
		field.Time("expires_at").Immutable(),
		field.Time("stopped_at").Optional().Nillable().Comment("when the card was stopped: scans of before are owed, later ones are not"),
	}
}

// Indexes find the batch of a code, and those of a card that are good.
func (TransitBatch) Indexes() []ent.Index {
	return []ent.Index{index.Fields("card_id", "issued_at"), index.Fields("person_id")}
}

// Annotations keep the type out of the graph.
func (TransitBatch) Annotations() []schema.Annotation {
	return []schema.Annotation{table("transit_batches"), hidden, entsql.Checks(map[string]string{"transit_batches_codes": "codes > 0"})}
}

// Policy is the row rule.
func (TransitBatch) Policy() ent.Policy { return rule.Personal }
