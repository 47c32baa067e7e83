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
	"citygraph/internal/mask"
)

// Message is something said in a thread. It is never deleted: what is taken back leaves its place.
type Message struct{ ent.Schema }

// Mixin gives the common columns.
func (Message) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Message}} }

// Fields are the columns.
func (Message) Fields() []ent.Field {
	return []ent.Field{
		field.String("thread_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Int("seq").Positive().Immutable().Annotations(entgql.OrderField("SEQ")).Comment("its number in the thread, without a gap"),
		field.String("author_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("author_role").NamedValues("Teacher", "TEACHER", "Guardian", "GUARDIAN").Immutable(),
		field.String("author_name").MaxRuneLen(64).Default("").GoType(mask.Name("")).Annotations(entgql.MapsTo("maskedAuthorName")).
			Comment("emptied when the author's account ends"),
		field.Text("body").MaxLen(8_000).Annotations(hidden), // shown by a resolver: not once it is retracted
		field.String("language").MaxLen(35).Comment("BCP 47, as the author wrote it"),
		field.Enum("urgency").NamedValues("Normal", "NORMAL", "Urgent", "URGENT").Immutable().Default("NORMAL"),
		field.String("reply_to_id").MaxLen(64).Optional().Nillable().Immutable().Annotations(hidden),
		field.Time("edited_at").Optional().Nillable(),
		field.Time("retracted_at").Optional().Nillable(),
	}
}

// Edges lead to the thread, to what it answers, and to its attachments.
func (Message) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("thread", Thread.Type).Ref("messages").Field("thread_id").Unique().Required().Immutable(),
		edge.To("reply_to", Message.Type).Field("reply_to_id").Unique().Immutable(),
		edge.To("attachments", Attachment.Type),
	}
}

// Indexes give each number once, and find an author's.
func (Message) Indexes() []ent.Index {
	return []ent.Index{index.Fields("thread_id", "seq").Unique(), index.Fields("author_id", "id")}
}

// Annotations name the table.
func (Message) Annotations() []schema.Annotation { return []schema.Annotation{table("messages")} }

// Policy is the row rule.
func (Message) Policy() ent.Policy { return rule.Message }
