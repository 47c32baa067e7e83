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

// PersonalData is what identifies one person, sealed under a key of that person's own. Without the row
// nothing of it can be read again, in any backup of other tables.
type PersonalData struct{ ent.Schema }

// Mixin gives the common columns.
func (PersonalData) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.PersonalData}, touched{}} }

// Fields are the columns. Key and values stand in one row, so that a reader always has the two that
// belong together while keys are rotated.
func (PersonalData) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Immutable(),
		field.Bytes("data_key").Sensitive().Comment("the person's data key, wrapped"),
		field.Bytes("sealed").Sensitive().Comment("name, id number, birth date, sex and phone, sealed under the data key"),
		field.String("id_number_index").MaxLen(64).Unique().Sensitive().Comment("keyed hash, for look-up: one person for one number"),
		field.String("phone_index").MaxLen(64).Default("").Sensitive().Comment("keyed hash, for look-up; empty without a phone"),
	}
}

// Edges lead to the person.
func (PersonalData) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("person", Person.Type).Ref("personal_data").Field("person_id").Unique().Required().Immutable(),
	}
}

// Indexes serve the look-up by phone.
func (PersonalData) Indexes() []ent.Index { return []ent.Index{index.Fields("phone_index")} }

// Annotations keep the type out of the graph.
func (PersonalData) Annotations() []schema.Annotation {
	return []schema.Annotation{table("personal_data"), hidden}
}

// Policy is the row rule.
func (PersonalData) Policy() ent.Policy { return rule.Personal }
