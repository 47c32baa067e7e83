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

// Grade is a mark of one pupil, for their guardians alone.
type Grade struct{ ent.Schema }

// Mixin gives the common columns.
func (Grade) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Grade}} }

// Fields are the columns. The mark and what is said of it are written under the pupil's own key.
func (Grade) Fields() []ent.Field {
	return []ent.Field{
		field.String("student_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("school_class_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("school_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("recorder_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("subject").MaxRuneLen(32).Immutable(),
		field.String("title").MaxRuneLen(64).Immutable().Comment("what was marked"),
		field.Bytes("sealed").Sensitive().Immutable().Comment("the mark and the comment, sealed under the pupil's data key").Annotations(hidden),
		field.String("corrects_id").MaxLen(64).Optional().Nillable().Immutable().Annotations(hidden),
	}
}

// Edges lead to the pupil.
func (Grade) Edges() []ent.Edge {
	return []ent.Edge{edge.To("student", Person.Type).Field("student_id").Unique().Required().Immutable().Annotations(hidden)}
}

// Indexes find a pupil's, and what a teacher has recorded.
func (Grade) Indexes() []ent.Index {
	return []ent.Index{index.Fields("student_id", "id"), index.Fields("recorder_id", "id")}
}

// Annotations name the table and keep the type out of the graph, where a verb opens it.
func (Grade) Annotations() []schema.Annotation { return []schema.Annotation{table("grades"), hidden} }

// Policy is the row rule.
func (Grade) Policy() ent.Policy { return rule.Grade }
