package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// DeliveryAttempt tells how far the delivery of a notification to one device, or to one account of a
// channel without devices, has come.
type DeliveryAttempt struct{ ent.Schema }

// Mixin gives the common columns.
func (DeliveryAttempt) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.DeliveryAttempt}} }

// Fields are the columns.
func (DeliveryAttempt) Fields() []ent.Field {
	return []ent.Field{
		field.String("notification_id").MaxLen(64).Immutable(),
		field.String("person_id").MaxLen(64).Immutable(),
		field.String("device_id").MaxLen(64).Immutable().Comment("or the WeChat account, or the person for a text message; kept after it is gone"),
		field.Enum("channel").NamedValues("Fcm", "FCM", "Wechat", "WECHAT", "Sms", "SMS").Immutable(),
		field.String("batch").MaxLen(64).Default("").Immutable().Comment("the push job that sends it"),
		field.Enum("outcome").NamedValues("Pending", "PENDING", "Retry", "RETRY", "Delivered", "DELIVERED", "TokenDropped", "TOKEN_DROPPED",
			"NoCredit", "NO_CREDIT", "Rejected", "REJECTED", "Expired", "EXPIRED", "Canceled", "CANCELED"),
		field.Int("tries").Default(0).NonNegative().Comment("how often it was sent"),
		field.Time("due_at").Optional().Nillable().Comment("not to be sent before; null once settled"),
		field.Time("expires_at").Optional().Nillable().Immutable().Comment("not to be sent from then on"),
		field.Time("settled_at").Optional().Nillable(),
		field.String("provider_message_id").MaxLen(256).Default(""),
		field.String("provider_code").MaxLen(64).Default(""),
	}
}

// Indexes hold one delivery per notification and device, and serve the job that sends a batch.
func (DeliveryAttempt) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("notification_id", "channel", "device_id").Unique(),
		index.Fields("batch"),
		index.Fields("person_id"),
	}
}

// Annotations keep the type out of the graph.
func (DeliveryAttempt) Annotations() []schema.Annotation {
	return []schema.Annotation{table("delivery_attempts"), hidden}
}

// Policy is the row rule.
func (DeliveryAttempt) Policy() ent.Policy { return rule.Personal }
