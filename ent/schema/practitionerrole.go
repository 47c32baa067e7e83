package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// PractitionerRole is a practitioner's post: in which department of which clinic. Schedules that are taken
// over from other systems refer to it.
type PractitionerRole struct{ ent.Schema }

// Mixin gives the common columns.
func (PractitionerRole) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.PractitionerRole}, imported{}, referred{}}
}

// Fields are the columns.
func (PractitionerRole) Fields() []ent.Field {
	return []ent.Field{
		field.String("practitioner_id").MaxLen(64).Immutable(),
		field.String("clinic_id").MaxLen(64).Immutable(),
		field.String("department_id").MaxLen(64).Optional().Nillable().Immutable(),
	}
}

// Indexes find the posts of a practitioner.
func (PractitionerRole) Indexes() []ent.Index { return []ent.Index{index.Fields("practitioner_id")} }

// Annotations keep the type out of the graph.
func (PractitionerRole) Annotations() []schema.Annotation {
	return []schema.Annotation{table("practitioner_roles"), hidden}
}

// Policy is the row rule.
func (PractitionerRole) Policy() ent.Policy { return rule.Public }
