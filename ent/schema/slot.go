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

// Slot is a time of a schedule in which so many people can be seen.
type Slot struct{ ent.Schema }

// Mixin gives the common columns.
func (Slot) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Slot}, imported{}} }

// Fields are the columns. The fee is in fen.
func (Slot) Fields() []ent.Field {
	return []ent.Field{
		field.Time("starts_at").Immutable().Annotations(entgql.MapsTo("start"), entgql.OrderField("START")),
		field.Time("ends_at").Immutable().Annotations(entgql.MapsTo("end")),
		field.Int("capacity").Positive(),
		field.Int("remaining").NonNegative(),
		field.Int64("fee").NonNegative(),
		field.Enum("status").NamedValues(
			"Free", "FREE", "Busy", "BUSY", "BusyUnavailable", "BUSY_UNAVAILABLE", "BusyTentative", "BUSY_TENTATIVE",
			"EnteredInError", "ENTERED_IN_ERROR",
		),
		field.String("reason").MaxRuneLen(200).Default("").Comment("of a visit, as the clinic words it; empty for any"),
		field.String("schedule_id").MaxLen(64).Immutable().Annotations(hidden),
	}
}

// Edges lead to the schedule.
func (Slot) Edges() []ent.Edge {
	return []ent.Edge{edge.From("schedule", Schedule.Type).Ref("slots").Field("schedule_id").Unique().Required().Immutable()}
}

// Indexes give a schedule one slot at a time, and find what is open from an instant on.
func (Slot) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("schedule_id", "starts_at").Unique().Annotations(entsql.IndexWhere("status <> 'ENTERED_IN_ERROR'")),
		index.Fields("status", "starts_at", "id"),
	}
}

// Annotations name the table, and keep it within what can be.
func (Slot) Annotations() []schema.Annotation {
	return []schema.Annotation{table("slots"), entsql.Checks(map[string]string{
		"slots_time":      "ends_at > starts_at",
		"slots_remaining": "remaining >= 0 AND remaining <= capacity",
		"slots_fee":       "fee >= 0",
	})}
}

// Policy is the row rule.
func (Slot) Policy() ent.Policy { return rule.Public }
