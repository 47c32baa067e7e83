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

// LedgerAccount is one account of the book: what an owner has, owes or is to be paid.
type LedgerAccount struct{ ent.Schema }

// Mixin gives the common columns.
func (LedgerAccount) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.LedgerAccount}, touched{}} }

// Fields are the columns. Amounts are fen.
func (LedgerAccount) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").NamedValues(
			"CardBalance", "CARD_BALANCE", "Insurance", "INSURANCE", "CreditLine", "CREDIT_LINE",
			"Merchant", "MERCHANT", "Suspense", "SUSPENSE", "ProviderClearing", "PROVIDER_CLEARING",
		).Immutable(),
		field.String("owner_id").MaxLen(64).Default("").Immutable().Comment("the person, merchant or provider; empty for the city's own"),
		field.Int64("balance").Default(0).Comment("the sum of its entries"),
		field.Int64("held").NonNegative().Default(0).Comment("the sum of its pending holds"),
		field.Int64("floor").Optional().Nillable().Comment("the least the balance less holds may be; empty for no limit"),
		field.Int64("ceiling").Optional().Nillable().Comment("the most the balance may be; empty for no limit"),
		field.Bool("blocked").Default(false).Comment("nothing is taken out of it"),
		field.Int64("last_seq").NonNegative().Default(0).Comment("how many entries it has"),
	}
}

// Edges lead to the entries.
func (LedgerAccount) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("entries", LedgerEntry.Type).Annotations(hidden),
		edge.To("holds", Hold.Type).Annotations(hidden),
	}
}

// Indexes give an owner one account of each kind.
func (LedgerAccount) Indexes() []ent.Index {
	return []ent.Index{index.Fields("kind", "owner_id").Unique()}
}

// Annotations name the table, and have the database keep what the verbs promise.
func (LedgerAccount) Annotations() []schema.Annotation {
	return []schema.Annotation{table("ledger_accounts"), entsql.Checks(map[string]string{
		"ledger_accounts_held":    "held >= 0",
		"ledger_accounts_floor":   "floor IS NULL OR balance - held >= floor",
		"ledger_accounts_ceiling": "ceiling IS NULL OR balance <= ceiling",
	})}
}

// Policy is the row rule.
func (LedgerAccount) Policy() ent.Policy { return rule.LedgerAccount }
