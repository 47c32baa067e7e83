package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// DeliveryAttempt tells what happened when a notification was handed to a push channel.
type DeliveryAttempt struct{ ent.Schema }

// Mixin gives the common columns.
func (DeliveryAttempt) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.DeliveryAttempt}} }

// Fields are the columns.
func (DeliveryAttempt) Fields() []ent.Field {
	return []ent.Field{
		field.String("notification_id").MaxLen(64).Immutable(),
		field.String("person_id").MaxLen(64).Immutable(),
		field.String("device_id").MaxLen(64).Immutable().Comment("kept after the device is gone"),
		field.Enum("channel").NamedValues("Fcm", "FCM").Immutable(),
		field.Enum("outcome").NamedValues("Delivered", "DELIVERED", "Retry", "RETRY", "TokenDropped", "TOKEN_DROPPED", "Rejected", "REJECTED").Immutable(),
		field.String("provider_message_id").MaxLen(256).Default("").Immutable(),
		field.String("provider_code").MaxLen(64).Default("").Immutable(),
	}
}

// Indexes serve the question which devices of a notification are done.
func (DeliveryAttempt) Indexes() []ent.Index {
	return []ent.Index{index.Fields("notification_id", "device_id"), index.Fields("person_id")}
}

// Annotations keep the type out of the graph.
func (DeliveryAttempt) Annotations() []schema.Annotation {
	return []schema.Annotation{table("delivery_attempts"), hidden}
}

// Policy is the row rule.
func (DeliveryAttempt) Policy() ent.Policy { return rule.Personal }
