package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
	"citygraph/internal/notice/preference"
)

// NotificationPreference is how a person wants a topic, where it is not the topic's default: a
// row that gives way to the next choice.
type NotificationPreference struct{ ent.Schema }

// Mixin gives the common columns.
func (NotificationPreference) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.Preference}}
}

// Fields are the columns.
func (NotificationPreference) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Immutable(),
		field.Enum("topic").NamedValues(preference.Named()...).Immutable(),
		field.JSON("channels", []preference.Channel{}).Immutable(),
		field.JSON("quiet_hours", &preference.QuietHours{}).Optional().Immutable(),
		field.Enum("pace").NamedValues("AtOnce", "AT_ONCE", "Daily", "DAILY").Immutable(),
		field.String("digest_at").MaxLen(5).Immutable().Comment("HH:MM"),
		field.String("zone").MaxLen(64).Immutable().Comment("IANA name"),
	}
}

// Indexes hold one choice per person and topic.
func (NotificationPreference) Indexes() []ent.Index {
	return []ent.Index{index.Fields("person_id", "topic").Unique()}
}

// Annotations keep the type out of the graph, which shows choices and defaults alike.
func (NotificationPreference) Annotations() []schema.Annotation {
	return []schema.Annotation{table("notification_preferences"), hidden}
}

// Policy is the row rule.
func (NotificationPreference) Policy() ent.Policy { return rule.NotificationPreference }
