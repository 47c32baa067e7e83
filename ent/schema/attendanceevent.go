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

// AttendanceEvent is whether a pupil was in their class on a day, as its teacher last recorded it.
type AttendanceEvent struct{ ent.Schema }

// Mixin gives the common columns.
func (AttendanceEvent) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.AttendanceEvent}, touched{}}
}

// Fields are the columns.
func (AttendanceEvent) Fields() []ent.Field {
	return []ent.Field{
		field.String("student_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("school_class_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("school_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("day").MaxLen(10).Immutable().Comment("YYYY-MM-DD in Shanghai"),
		field.Enum("status").NamedValues("Present", "PRESENT", "Late", "LATE", "Absent", "ABSENT", "Excused", "EXCUSED", "LeftEarly", "LEFT_EARLY"),
		field.String("recorder_id").MaxLen(64).Annotations(hidden),
	}
}

// Edges lead to the class and the pupil.
func (AttendanceEvent) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("school_class", SchoolClass.Type).Field("school_class_id").Unique().Required().Immutable().Annotations(hidden),
		edge.To("student", Person.Type).Field("student_id").Unique().Required().Immutable().Annotations(hidden),
	}
}

// Indexes hold a day of a pupil in a class once, and find a pupil's.
func (AttendanceEvent) Indexes() []ent.Index {
	return []ent.Index{index.Fields("school_class_id", "day", "student_id").Unique(), index.Fields("student_id", "day")}
}

// Annotations name the table.
func (AttendanceEvent) Annotations() []schema.Annotation {
	return []schema.Annotation{table("attendance_events")}
}

// Policy is the row rule.
func (AttendanceEvent) Policy() ent.Policy { return rule.AttendanceEvent }
