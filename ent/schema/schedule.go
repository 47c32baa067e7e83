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

// Schedule is the diary of one practitioner in one department, or of a place where anybody on duty treats:
// its slots follow one another and never overlap.
type Schedule struct{ ent.Schema }

// Mixin gives the common columns.
func (Schedule) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.Schedule}, imported{}, referred{}}
}

// Fields are the columns.
func (Schedule) Fields() []ent.Field {
	return []ent.Field{
		field.String("clinic_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("department_id").MaxLen(64).Optional().Nillable().Immutable().Annotations(hidden),
		field.String("practitioner_id").MaxLen(64).Optional().Nillable().Immutable().Annotations(hidden),
	}
}

// Edges lead to the place, the department, the practitioner and the slots.
func (Schedule) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("clinic", Clinic.Type).Field("clinic_id").Unique().Required().Immutable(),
		edge.From("department", Department.Type).Ref("schedules").Field("department_id").Unique().Immutable(),
		edge.To("practitioner", Practitioner.Type).Field("practitioner_id").Unique().Immutable(),
		edge.To("slots", Slot.Type).Annotations(hidden),
	}
}

// Indexes find the schedules of a clinic, of a department and of a practitioner.
func (Schedule) Indexes() []ent.Index {
	return []ent.Index{index.Fields("clinic_id"), index.Fields("department_id", "id"), index.Fields("practitioner_id")}
}

// Annotations name the table.
func (Schedule) Annotations() []schema.Annotation { return []schema.Annotation{table("schedules")} }

// Policy is the row rule.
func (Schedule) Policy() ent.Policy { return rule.Public }
