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

// Thread is what a teacher and the guardians of one pupil say to each other: one for each pair.
type Thread struct{ ent.Schema }

// Mixin gives the common columns.
func (Thread) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Thread}} }

// Fields are the columns. The number of the last message is taken by a conditional update, so that messages are numbered without a gap.
func (Thread) Fields() []ent.Field {
	return []ent.Field{
		field.String("school_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("teacher_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("student_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Int("last_seq").NonNegative().Default(0).Comment("the number of its last message"),
		field.Time("last_message_at").Optional().Nillable().Annotations(entgql.OrderField("LAST_MESSAGE_AT")).
			Comment("of one in which nothing has been said, when it was opened"),
	}
}

// Edges lead to the school, the two persons and the messages.
func (Thread) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("school", School.Type).Field("school_id").Unique().Required().Immutable(),
		edge.To("teacher", Person.Type).Field("teacher_id").Unique().Required().Immutable().Annotations(hidden),
		edge.To("student", Person.Type).Field("student_id").Unique().Required().Immutable().Annotations(hidden),
		edge.To("messages", Message.Type).Annotations(hidden),
		edge.To("reads", ThreadRead.Type).Annotations(hidden),
	}
}

// Indexes hold a pair once, and find a pupil's, the latest said first.
func (Thread) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("teacher_id", "student_id").Unique(),
		index.Fields("student_id", "last_message_at"),
		index.Fields("teacher_id", "last_message_at"),
	}
}

// Annotations name the table.
func (Thread) Annotations() []schema.Annotation { return []schema.Annotation{table("threads")} }

// Policy is the row rule.
func (Thread) Policy() ent.Policy { return rule.Thread }
