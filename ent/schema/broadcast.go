package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"

	"citygraph/ent/rule"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/notice/preference"
	"citygraph/internal/target"
	"citygraph/internal/wording"
)

// Broadcast is a notice to everybody of some districts, until each has it in their inbox.
type Broadcast struct{ ent.Schema }

// Mixin gives the common columns.
func (Broadcast) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Broadcast}} }

// Fields are the columns: the notice, and whom it is for.
func (Broadcast) Fields() []ent.Field {
	return []ent.Field{
		field.String("event_key").MaxLen(128).Immutable().Unique(),
		field.JSON("district_ids", []string{}).Immutable().Comment("of the homes of its recipients"),
		field.Enum("topic").NamedValues(preference.Named()...).Immutable(),
		field.Enum("priority").NamedValues("Low", "LOW", "Normal", "NORMAL", "Urgent", "URGENT").Immutable(),
		field.JSON("title", lang.Text{}).Immutable(),
		field.JSON("body", lang.Text{}).Immutable(),
		field.String("template").MaxLen(64).Immutable(),
		field.JSON("params", wording.Params{}).Optional().Immutable(),
		field.String("target").MaxLen(64).GoType(target.Target("")).Immutable(),
		field.Time("expires_at").Optional().Nillable().Immutable().Comment("nobody is told after it"),
		field.Time("planned_at").Optional().Nillable().Comment("when its batches were made"),
		field.Time("cancelled_at").Optional().Nillable().Comment("nobody more is told"),
	}
}

// Annotations keep the type out of the graph.
func (Broadcast) Annotations() []schema.Annotation {
	return []schema.Annotation{table("broadcasts"), hidden}
}

// Policy is the row rule.
func (Broadcast) Policy() ent.Policy { return rule.Internal }
