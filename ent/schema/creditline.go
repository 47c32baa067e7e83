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

// CreditLine is what a clinic's charges may draw on when the card has too little. What is owed stands in the book.
type CreditLine struct{ ent.Schema }

// Mixin gives the common columns.
func (CreditLine) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.CreditLine}, touched{}} }

// Fields are the columns.
func (CreditLine) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Immutable().Unique().Annotations(hidden),
		field.String("account_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Overdue", "OVERDUE", "Closed", "CLOSED"),
		field.Time("due_at").Optional().Nillable().Comment("when what is owed must be repaid; empty while nothing is owed"),
		field.Time("reminded_at").Optional().Nillable().Comment("when the holder was told that due_at is near").Annotations(hidden),
	}
}

// Edges lead to the account that the cap, and what is owed of it, are read from.
func (CreditLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("account", LedgerAccount.Type).Field("account_id").Unique().Required().Immutable().
			Annotations(entgql.MapsTo("cap", "owed", "available", "allowedActions")),
	}
}

// Indexes serve the round that looks for what is due.
func (CreditLine) Indexes() []ent.Index { return []ent.Index{index.Fields("status", "due_at")} }

// Annotations name the table.
func (CreditLine) Annotations() []schema.Annotation {
	return []schema.Annotation{table("credit_lines"), entsql.Checks(map[string]string{ //nolint:gosec // a rule, no credentials
		"credit_lines_due": "status <> 'OVERDUE' OR due_at IS NOT NULL",
	})}
}

// Policy is the row rule.
func (CreditLine) Policy() ent.Policy { return rule.Personal }
