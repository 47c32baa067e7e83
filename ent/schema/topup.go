package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// TopUp is an order to pay money into a citizen card through a payment provider. Its id is the order's number there.
type TopUp struct{ ent.Schema }

// Mixin gives the common columns.
func (TopUp) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.TopUp}, touched{}} }

// Fields are the columns. Amounts are fen.
func (TopUp) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("account_id").MaxLen(64).Immutable().Comment("the card's account").Annotations(hidden),
		field.Int64("amount").Positive().Immutable(),
		field.Enum("provider").NamedValues("Sandbox", "SANDBOX", "WechatPay", "WECHAT_PAY").Immutable(),
		field.Enum("status").NamedValues("Pending", "PENDING", "Paid", "PAID", "Closed", "CLOSED", "Failed", "FAILED", "Refunded", "REFUNDED"),
		field.String("provider_transaction_id").MaxLen(64).Optional().Nillable().Comment("the payment's number at the provider").Annotations(hidden),
		field.Time("expires_at").Immutable().Comment("when it is closed unless it is paid"),
	}
}

// Indexes serve the round, and let one payment stand for one order.
func (TopUp) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("status", "updated_at"),
		index.Fields("person_id"),
		index.Fields("provider", "provider_transaction_id").Unique(),
	}
}

// Annotations name the table.
func (TopUp) Annotations() []schema.Annotation {
	return []schema.Annotation{table("top_ups"), entsql.Checks(map[string]string{"top_ups_amount": "amount > 0"})}
}

// Policy is the row rule.
func (TopUp) Policy() ent.Policy { return rule.Personal }
