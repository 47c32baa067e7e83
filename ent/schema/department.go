package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// Department is a clinic's department, by the national list of medical subjects (诊疗科目名录).
type Department struct{ ent.Schema }

// Mixin gives the common columns.
func (Department) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Department}} }

// Fields are the columns.
func (Department) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").MaxLen(16).NotEmpty().Immutable(),
		text("name"),
		field.String("clinic_id").MaxLen(64).Immutable().Annotations(hidden),
	}
}

// Edges lead to the clinic and the schedules.
func (Department) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("clinic", Clinic.Type).Ref("departments").Field("clinic_id").Unique().Required().Immutable(),
		edge.To("schedules", Schedule.Type).Annotations(entgql.RelayConnection()),
	}
}

// Indexes hold each subject once per clinic, and find the clinics that have one.
func (Department) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("clinic_id", "code").Unique(),
		index.Fields("clinic_id", "id"),
		index.Fields("code"),
	}
}

// Annotations name the table.
func (Department) Annotations() []schema.Annotation { return []schema.Annotation{table("departments")} }

// Policy is the row rule.
func (Department) Policy() ent.Policy { return rule.Public }
