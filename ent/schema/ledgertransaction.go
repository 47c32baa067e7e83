package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/target"
)

// LedgerTransaction is one movement of money, whose entries sum to zero. It is written once and never
// changed.
type LedgerTransaction struct{ ent.Schema }

// Mixin gives the common columns.
func (LedgerTransaction) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.LedgerTransaction}} }

// Fields are the columns. Amounts are fen.
func (LedgerTransaction) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").NamedValues(
			"Opening", "OPENING", "TopUp", "TOP_UP", "Charge", "CHARGE", "Transfer", "TRANSFER", "Repayment", "REPAYMENT", "Reversal", "REVERSAL",
		).Immutable(),
		field.Enum("domain").NamedValues("Card", "CARD", "Clinic", "CLINIC", "Scenic", "SCENIC", "Transit", "TRANSIT").Immutable(),
		field.JSON("merchant", lang.Text{}).Immutable().Comment("who was paid, by the name of that day; empty without one"),
		field.String("place").MaxLen(64).GoType(target.Target("")).Optional().Nillable().Immutable().Comment("the clinic or scenic spot that was paid, or gave back"),
		field.String("event_key").MaxLen(160).NotEmpty().Unique().Immutable().Comment("what it was posted for").Annotations(hidden),
		field.Int64("amount").Positive().Immutable().Comment("the sum of what it adds to accounts"),
		field.String("reverses_id").MaxLen(64).Optional().Nillable().Immutable().Annotations(entgql.MapsTo("reversesId")),
		field.Int("reversal_no").Optional().Nillable().Positive().Immutable().Comment("counts the reversals of one transaction").Annotations(hidden),
	}
}

// Edges lead to the entries, and from a reversal to what it reverses.
func (LedgerTransaction) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("entries", LedgerEntry.Type),
		edge.To("reversals", LedgerTransaction.Type).From("reverses").Field("reverses_id").Unique().Immutable().Annotations(hidden),
	}
}

// Indexes number the reversals of a transaction: two that race cannot both be the next one.
func (LedgerTransaction) Indexes() []ent.Index {
	return []ent.Index{index.Fields("reverses_id", "reversal_no").Unique()}
}

// Annotations name the table.
func (LedgerTransaction) Annotations() []schema.Annotation {
	return []schema.Annotation{table("ledger_transactions"), entsql.Checks(map[string]string{
		"ledger_transactions_amount":   "amount > 0",
		"ledger_transactions_reverses": "kind = 'REVERSAL' AND reverses_id IS NOT NULL AND reversal_no IS NOT NULL OR kind <> 'REVERSAL' AND reverses_id IS NULL AND reversal_no IS NULL",
	})}
}

// Policy is the row rule.
func (LedgerTransaction) Policy() ent.Policy { return rule.LedgerTransaction }
