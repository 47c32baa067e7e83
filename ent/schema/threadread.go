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

// ThreadRead is how far a member has read a thread.
type ThreadRead struct{ ent.Schema }

// Mixin gives the common columns.
func (ThreadRead) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.ThreadRead}, touched{}} }

// Fields are the columns. What is read only grows.
func (ThreadRead) Fields() []ent.Field {
	return []ent.Field{
		field.String("thread_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("person_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Int("seq").NonNegative().Comment("the number of the last message they have read"),
	}
}

// Edges lead to the thread and the member.
func (ThreadRead) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("thread", Thread.Type).Ref("reads").Field("thread_id").Unique().Required().Immutable().Annotations(hidden),
		edge.To("person", Person.Type).Field("person_id").Unique().Required().Immutable().Annotations(hidden),
	}
}

// Indexes hold a member of a thread once, and find a person's.
func (ThreadRead) Indexes() []ent.Index {
	return []ent.Index{index.Fields("thread_id", "person_id").Unique(), index.Fields("person_id")}
}

// Annotations name the table and keep the type out of the graph: the thread shows what follows from it.
func (ThreadRead) Annotations() []schema.Annotation {
	return []schema.Annotation{table("thread_reads"), hidden}
}

// Policy is the row rule.
func (ThreadRead) Policy() ent.Policy { return rule.ThreadRead }
