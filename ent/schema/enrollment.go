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

// Enrollment is a person's part in a class: a pupil's, or a teacher's. One that has ended stays for the history.
type Enrollment struct{ ent.Schema }

// Mixin gives the common columns.
func (Enrollment) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.Enrollment}, touched{}, imported{}}
}

// Fields are the columns.
func (Enrollment) Fields() []ent.Field {
	return []ent.Field{
		field.String("school_class_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("person_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("role").NamedValues("Student", "STUDENT", "Teacher", "TEACHER").Immutable(),
		field.Enum("duty").NamedValues("ClassTeacher", "CLASS_TEACHER", "SubjectTeacher", "SUBJECT_TEACHER", "None", "NONE").Default("NONE"),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Ended", "ENDED").Default("ACTIVE"),
	}
}

// Edges lead to the class and the person.
func (Enrollment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("school_class", SchoolClass.Type).Ref("enrollments").Field("school_class_id").Unique().Required().Immutable(),
		edge.To("person", Person.Type).Field("person_id").Unique().Required().Immutable(),
	}
}

// Indexes hold each part once, and find a person's.
func (Enrollment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("school_class_id", "person_id", "role").Unique(),
		index.Fields("person_id", "status"),
	}
}

// Annotations name the table.
func (Enrollment) Annotations() []schema.Annotation { return []schema.Annotation{table("enrollments")} }

// Policy is the row rule.
func (Enrollment) Policy() ent.Policy { return rule.Enrollment }
