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
	"citygraph/internal/lang"
	"citygraph/internal/notice/preference"
	"citygraph/internal/target"
	"citygraph/internal/wording"
)

// Notification is one row in a person's inbox.
type Notification struct{ ent.Schema }

// Mixin gives the common columns.
func (Notification) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Notification}} }

// Fields are the columns. Title and body are safe for a lock screen.
func (Notification) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Immutable().Comment("the recipient").Annotations(hidden),
		field.String("event_key").MaxLen(128).Immutable().Comment("what it tells of: one row per event and recipient").Annotations(hidden),
		field.Int64("seq").Positive().Immutable().Comment("gap-free from 1 within the inbox").Annotations(entgql.OrderField("SEQ")),
		field.Int64("change_seq").NonNegative().Default(0).Comment("rises within the inbox with every change; no two rows share one"),
		field.Enum("topic").NamedValues(preference.Named()...).Immutable(),
		field.Enum("priority").NamedValues("Low", "LOW", "Normal", "NORMAL", "Urgent", "URGENT").Default("NORMAL").Immutable(),
		field.JSON("title", lang.Text{}),
		field.JSON("body", lang.Text{}),
		field.String("template").MaxLen(64).Default("").Immutable().Comment("what the text was made by").Annotations(hidden),
		field.JSON("params", wording.Params{}).Optional().Comment("what the text was made of, for channels with forms of their own").Annotations(hidden),
		field.String("target").MaxLen(64).GoType(target.Target("")).Immutable().Comment("the id of what it opens"),
		field.String("subject_person_id").MaxLen(64).Immutable().Comment("whom it is about").Annotations(hidden),
		field.Time("read_at").Optional().Nillable(),
		field.Time("snoozed_until").Optional().Nillable(),
		field.Time("retracted_at").Optional().Nillable().Comment("what is left then is a tombstone"),
		field.Time("expires_at").Optional().Nillable().Immutable().Comment("never pushed after it"),
	}
}

// Edges lead to the person it is about.
func (Notification) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("subject_person", Person.Type).Field("subject_person_id").Unique().Required().Immutable(),
	}
}

// Indexes are the inbox in order, its changes in order, its unread part, and the promise of one row per
// event and recipient; by the event alone a retraction finds all its rows.
func (Notification) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("person_id", "seq").Unique(),
		index.Fields("person_id", "event_key").Unique(),
		index.Fields("person_id", "read_at"),
		index.Fields("person_id", "change_seq"),
		index.Fields("event_key"),
	}
}

// Annotations name the table.
func (Notification) Annotations() []schema.Annotation {
	return []schema.Annotation{table("notifications")}
}

// Policy is the row rule.
func (Notification) Policy() ent.Policy { return rule.Notification }
