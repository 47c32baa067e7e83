package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// StaffRole is a staff role a person holds at an organisation.
type StaffRole struct{ ent.Schema }

// Mixin gives the common columns.
func (StaffRole) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.StaffRole}} }

// Fields are the columns.
func (StaffRole) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64),
		field.Enum("kind").NamedValues(
			"Teacher", string(viewer.Teacher), "ClinicStaff", string(viewer.ClinicStaff),
			"CaseOfficer", string(viewer.CaseOfficer), "ScenicOperator", string(viewer.ScenicOperator),
			"Auditor", string(viewer.Auditor), "Admin", string(viewer.Admin)).Immutable(),
		field.String("organisation_id").MaxLen(64).Default("").Immutable().Comment("school, clinic, spot or district id; empty for city-wide roles"),
		field.Time("on_duty_until").Optional().Nillable().Comment("until when the holder is called first in an emergency"),
	}
}

// Edges lead to the holder.
func (StaffRole) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("person", Person.Type).Ref("roles").Field("person_id").Unique().Required(),
	}
}

// Indexes hold each role once.
func (StaffRole) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("person_id", "kind", "organisation_id").Unique(),
		index.Fields("kind", "organisation_id"),
	}
}

// Annotations keep the type out of the graph.
func (StaffRole) Annotations() []schema.Annotation {
	return []schema.Annotation{table("staff_roles"), hidden}
}

// Policy is the row rule.
func (StaffRole) Policy() ent.Policy { return rule.Personal }
