package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// MessageReport is a member's report that a message is abuse: OPEN → UPHELD | DISMISSED.
type MessageReport struct{ ent.Schema }

// Mixin gives the common columns.
func (MessageReport) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.MessageReport}} }

// Fields are the columns.
func (MessageReport) Fields() []ent.Field {
	return []ent.Field{
		field.String("message_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("reporter_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("reason").NamedValues("Harassment", "HARASSMENT", "Inappropriate", "INAPPROPRIATE", "Spam", "SPAM", "Other", "OTHER").Immutable(),
		field.Enum("status").NamedValues("Open", "OPEN", "Upheld", "UPHELD", "Dismissed", "DISMISSED").Default("OPEN"),
		field.Time("decided_at").Optional().Nillable(),
	}
}

// Edges lead to the message.
func (MessageReport) Edges() []ent.Edge {
	return []ent.Edge{edge.To("message", Message.Type).Field("message_id").Unique().Required().Immutable().Annotations(hidden)}
}

// Indexes take one report of a person, and find what is open.
func (MessageReport) Indexes() []ent.Index {
	return []ent.Index{index.Fields("message_id", "reporter_id").Unique(), index.Fields("reporter_id"), index.Fields("status", "id")}
}

// Annotations name the table, and have what is decided say when.
func (MessageReport) Annotations() []schema.Annotation {
	return []schema.Annotation{table("message_reports"), entsql.Checks(map[string]string{
		"message_reports_decided": "status = 'OPEN' AND decided_at IS NULL OR status <> 'OPEN' AND decided_at IS NOT NULL",
	})}
}

// Policy is the row rule.
func (MessageReport) Policy() ent.Policy { return rule.MessageReport }
