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
)

// LedgerEntry is what one transaction adds to one account. It is written once and never changed.
type LedgerEntry struct{ ent.Schema }

// Mixin gives the common columns.
func (LedgerEntry) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.LedgerEntry}} }

// Fields are the columns. Amounts are fen.
func (LedgerEntry) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("amount").Immutable().Comment("positive into the account, negative out of it"),
		field.Int64("balance_after").Immutable(),
		field.Int64("seq").Positive().Immutable().Comment("dense from 1 within the account").Annotations(entgql.OrderField("SEQ")),
		field.String("ledger_transaction_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("ledger_account_id").MaxLen(64).Immutable().Annotations(hidden),
	}
}

// Edges lead to the transaction and the account.
func (LedgerEntry) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("transaction", LedgerTransaction.Type).Ref("entries").Field("ledger_transaction_id").Unique().Required().Immutable(),
		edge.From("account", LedgerAccount.Type).Ref("entries").Field("ledger_account_id").Unique().Required().Immutable().Annotations(entgql.MapsTo("accountKind")),
	}
}

// Indexes keep each account's history dense, and give a transaction one entry in each account.
func (LedgerEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("ledger_account_id", "seq").Unique(),
		index.Fields("ledger_transaction_id", "ledger_account_id").Unique(),
	}
}

// Annotations name the table.
func (LedgerEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{table("ledger_entries"), entsql.Checks(map[string]string{"ledger_entries_amount": "amount <> 0"})}
}

// Policy is the row rule.
func (LedgerEntry) Policy() ent.Policy { return rule.LedgerEntry }
