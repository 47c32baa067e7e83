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
	"citygraph/internal/lang"
)

// Hold keeps a part of an account's balance for a payment that may come: PENDING → CAPTURED | VOIDED |
// TIMED_OUT.
type Hold struct{ ent.Schema }

// Mixin gives the common columns.
func (Hold) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Hold}, touched{}} }

// Fields are the columns. Amounts are fen.
func (Hold) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("status").NamedValues("Pending", "PENDING", "Captured", "CAPTURED", "Voided", "VOIDED", "TimedOut", "TIMED_OUT").Default("PENDING"),
		field.Int64("amount").Positive().Immutable(),
		field.Time("expires_at").Immutable().Comment("from when on it cannot be captured"),
		field.Enum("domain").NamedValues("Card", "CARD", "Clinic", "CLINIC", "Scenic", "SCENIC", "Transit", "TRANSIT").Immutable(),
		field.JSON("merchant", lang.Text{}).Immutable(),
		field.String("event_key").MaxLen(120).NotEmpty().Unique().Immutable().Comment("what it was placed for"),
		field.String("ledger_account_id").MaxLen(64).Immutable(),
		field.String("payee_id").MaxLen(64).Immutable().Comment("the account that a capture pays"),
		field.String("ledger_transaction_id").MaxLen(64).Optional().Nillable().Comment("the charge of a capture"),
	}
}

// Edges lead to the account.
func (Hold) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("account", LedgerAccount.Type).Ref("holds").Field("ledger_account_id").Unique().Required().Immutable(),
	}
}

// Indexes find what is due, and what is pending in an account.
func (Hold) Indexes() []ent.Index {
	return []ent.Index{index.Fields("status", "expires_at"), index.Fields("ledger_account_id", "status")}
}

// Annotations keep the type out of the graph.
func (Hold) Annotations() []schema.Annotation {
	return []schema.Annotation{table("holds"), hidden, entsql.Checks(map[string]string{"holds_amount": "amount > 0"})}
}

// Policy is the row rule.
func (Hold) Policy() ent.Policy { return rule.Hold }
