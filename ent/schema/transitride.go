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

// TransitRide is what became of one scan of a gate. It is written once, whatever the answer was, and never changed.
type TransitRide struct{ ent.Schema }

// Mixin gives the common columns.
func (TransitRide) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.TransitRide}} }

// Fields are the columns. Amounts are fen.
func (TransitRide) Fields() []ent.Field {
	return []ent.Field{
		field.String("operator_id").MaxLen(32).NotEmpty().Immutable().Comment("who runs the gate"),
		field.String("scan_id").MaxLen(64).NotEmpty().Immutable().Comment("the operator's own name for the scan"),
		field.String("content_hash").MaxLen(64).Immutable().Comment("of all that the scan said"),
		field.String("gate").MaxLen(64).Immutable(),
		field.Int64("fare").Immutable(),
		field.Time("scanned_at").Immutable().Comment("by the gate's clock"),
		field.Enum("outcome").NamedValues(
			"Accepted", "ACCEPTED", "Duplicate", "DUPLICATE", "Expired", "EXPIRED", "Invalid", "INVALID", "WrongPurpose", "WRONG_PURPOSE",
			"BadFare", "BAD_FARE", "OverFareCap", "OVER_FARE_CAP", "BadTime", "BAD_TIME", "TooLate", "TOO_LATE",
			"CardStopped", "CARD_STOPPED", "SuspenseFull", "SUSPENSE_FULL",
		).Immutable(),
		field.Enum("paid_from").NamedValues("Card", "CARD", "Suspense", "SUSPENSE").Optional().Nillable().Immutable().Comment("for an accepted one"),
		field.String("person_id").MaxLen(64).Optional().Nillable().Immutable().Comment("who rode; empty for a code that cannot be read"),
		field.String("transit_batch_id").MaxLen(64).Optional().Nillable().Immutable(),
		field.String("ledger_transaction_id").MaxLen(64).Optional().Nillable().Unique().Immutable().Comment("for an accepted one"),
	}
}

// Indexes give a scan one answer, and count what a batch has been used for.
func (TransitRide) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("operator_id", "scan_id").Unique(),
		index.Fields("transit_batch_id", "outcome"),
		index.Fields("person_id"),
	}
}

// Annotations keep the type out of the graph, and an accepted ride paid.
func (TransitRide) Annotations() []schema.Annotation {
	return []schema.Annotation{table("transit_rides"), hidden, entsql.Checks(map[string]string{
		"transit_rides_paid": "outcome = 'ACCEPTED' AND paid_from IS NOT NULL AND ledger_transaction_id IS NOT NULL OR outcome <> 'ACCEPTED' AND paid_from IS NULL AND ledger_transaction_id IS NULL",
	})}
}

// Policy is the row rule.
func (TransitRide) Policy() ent.Policy { return rule.TransitRide }
