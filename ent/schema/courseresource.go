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

// CourseResource is a digital textbook or lesson that a school offers to a grade or a class: PUBLISHED → WITHDRAWN.
type CourseResource struct{ ent.Schema }

// Mixin gives the common columns.
func (CourseResource) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.CourseResource}, touched{}}
}

// Fields are the columns.
func (CourseResource) Fields() []ent.Field {
	return []ent.Field{
		field.String("school_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("grade").MaxRuneLen(16).Default("").Immutable().Comment("as the school says it; empty for one class or the whole school"),
		field.String("school_class_id").MaxLen(64).Optional().Nillable().Immutable().Annotations(hidden),
		field.String("author_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("kind").NamedValues("Textbook", "TEXTBOOK", "Lesson", "LESSON", "Exercise", "EXERCISE").Immutable(),
		field.String("subject").MaxRuneLen(32).Immutable(),
		field.String("title").MaxRuneLen(100).Immutable(),
		field.String("url").MaxLen(1000).Immutable().Comment("https"),
		field.Enum("status").NamedValues("Published", "PUBLISHED", "Withdrawn", "WITHDRAWN").Default("PUBLISHED"),
	}
}

// Edges lead to the school.
func (CourseResource) Edges() []ent.Edge {
	return []ent.Edge{edge.To("school", School.Type).Field("school_id").Unique().Required().Immutable()}
}

// Indexes find a school's and an author's.
func (CourseResource) Indexes() []ent.Index {
	return []ent.Index{index.Fields("school_id", "id"), index.Fields("author_id", "id")}
}

// Annotations name the table.
func (CourseResource) Annotations() []schema.Annotation {
	return []schema.Annotation{table("course_resources")}
}

// Policy is the row rule.
func (CourseResource) Policy() ent.Policy { return rule.CourseResource }
