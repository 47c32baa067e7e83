package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
	"citygraph/internal/school/timetable"
)

// SchoolClass is a class of a school: the pupils who are taught together.
type SchoolClass struct{ ent.Schema }

// Mixin gives the common columns.
func (SchoolClass) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.SchoolClass}, touched{}, imported{}}
}

// Fields are the columns.
func (SchoolClass) Fields() []ent.Field {
	return []ent.Field{
		field.String("title").MaxRuneLen(100),
		field.String("grade").MaxRuneLen(16).Default("").Comment("as the school says it; empty for a class across grades"),
		field.Enum("kind").NamedValues("Homeroom", "HOMEROOM", "Scheduled", "SCHEDULED").Default("HOMEROOM"),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Ended", "ENDED").Default("ACTIVE"),
		field.JSON("timetable", []timetable.Entry{}).Optional().Annotations(hidden),
		field.String("school_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("academic_session_id").MaxLen(64).Optional().Nillable().Annotations(hidden),
	}
}

// Edges lead to the school, the session and the enrolments.
func (SchoolClass) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("school", School.Type).Field("school_id").Unique().Required().Immutable(),
		edge.To("academic_session", AcademicSession.Type).Field("academic_session_id").Unique(),
		edge.To("enrollments", Enrollment.Type).Annotations(hidden),
	}
}

// Indexes find a school's.
func (SchoolClass) Indexes() []ent.Index {
	return []ent.Index{index.Fields("school_id", "grade", "id")}
}

// Annotations name the table.
func (SchoolClass) Annotations() []schema.Annotation {
	return []schema.Annotation{table("school_classes")}
}

// Policy is the row rule.
func (SchoolClass) Policy() ent.Policy { return rule.SchoolClass }
