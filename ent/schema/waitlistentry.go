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

// WaitlistEntry is a person who waits for a place in a full slot: WAITING → OFFERED → ACCEPTED | EXPIRED, or LEFT. A place that
// comes free is offered to the first who waits, with an appointment that is PENDING until they take it or it expires.
type WaitlistEntry struct{ ent.Schema }

// Mixin gives the common columns.
func (WaitlistEntry) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.WaitlistEntry}, touched{}}
}

// Fields are the columns.
func (WaitlistEntry) Fields() []ent.Field {
	return []ent.Field{
		field.String("patient_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("slot_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("status").NamedValues("Waiting", "WAITING", "Offered", "OFFERED", "Accepted", "ACCEPTED", "Expired", "EXPIRED", "Left", "LEFT").
			Default("WAITING"),
		field.Time("starts_at").Immutable().Annotations(hidden).Comment("of the slot"),
		field.String("appointment_id").MaxLen(64).Optional().Nillable().Annotations(hidden).Comment("the place that is offered"),
	}
}

// Edges lead to the patient, the slot and the place that is offered.
func (WaitlistEntry) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("patient", Person.Type).Field("patient_id").Unique().Required().Immutable(),
		edge.To("slot", Slot.Type).Field("slot_id").Unique().Required().Immutable(),
		edge.To("appointment", Appointment.Type).Field("appointment_id").Unique(),
	}
}

// Indexes have a person wait once for a slot, find who is first, and a person's.
func (WaitlistEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("slot_id", "patient_id").Unique().Annotations(entsql.IndexWhere("status <> 'ACCEPTED' AND status <> 'EXPIRED' AND status <> 'LEFT'")),
		index.Fields("slot_id", "status", "id"),
		index.Fields("patient_id", "id"),
		index.Fields("appointment_id").Unique(),
		index.Fields("status", "starts_at"),
	}
}

// Annotations name the table, and keep it within what can be.
func (WaitlistEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{table("waitlist_entries"), entsql.Checks(map[string]string{
		"waitlist_entries_offer": "status NOT IN ('OFFERED', 'ACCEPTED') OR appointment_id IS NOT NULL",
	})}
}

// Policy is the row rule.
func (WaitlistEntry) Policy() ent.Policy { return rule.WaitlistEntry }
