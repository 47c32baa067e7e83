package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// Delivery is an announcement at one guardian, about all of their children who are in its audience.
type Delivery struct{ ent.Schema }

// Mixin gives the common columns.
func (Delivery) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Delivery}} }

// Fields are the columns.
func (Delivery) Fields() []ent.Field {
	return []ent.Field{
		field.String("announcement_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("guardian_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Time("read_at").Optional().Nillable(),
		field.Time("acknowledged_at").Optional().Nillable(),
		field.Time("chased_at").Optional().Nillable().Annotations(hidden),
	}
}

// Edges lead to the announcement, the guardian and the children.
func (Delivery) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("announcement", Announcement.Type).Ref("deliveries").Field("announcement_id").Unique().Required().Immutable(),
		edge.To("guardian", Person.Type).Field("guardian_id").Unique().Required().Immutable().Annotations(hidden),
		edge.To("students", Person.Type),
	}
}

// Indexes give a guardian an announcement once, and find what is theirs.
func (Delivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("announcement_id", "guardian_id").Unique(),
		index.Fields("guardian_id", "id"),
	}
}

// Annotations name the table.
func (Delivery) Annotations() []schema.Annotation { return []schema.Annotation{table("deliveries")} }

// Policy is the row rule.
func (Delivery) Policy() ent.Policy { return rule.Delivery }
