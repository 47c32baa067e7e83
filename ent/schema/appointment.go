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
	"citygraph/internal/mask"
)

// Appointment is one person's place in a slot: PENDING → BOOKED → CHECKED_IN → FULFILLED, or CANCELLED, or NOSHOW. One that is
// PENDING, BOOKED, CHECKED_IN, FULFILLED or NOSHOW has taken a place of the slot; CANCELLED has given it back.
type Appointment struct{ ent.Schema }

// Mixin gives the common columns.
func (Appointment) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Appointment}, touched{}} }

// Fields are the columns. Clinic, schedule and times stand here as well, since they are what an appointment is looked for by,
// and a slot never changes them.
func (Appointment) Fields() []ent.Field {
	return []ent.Field{
		field.String("patient_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("patient_name").MaxRuneLen(64).Default("").GoType(mask.Name("")).Annotations(entgql.MapsTo("maskedPatientName")).
			Comment("for who calls the patient; emptied when their account ends"),
		field.String("booked_by_id").MaxLen(64).Default("").Immutable().Annotations(hidden).Comment("who asked for it; empty for the system"),
		field.String("slot_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("schedule_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("clinic_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Time("starts_at").Immutable().Annotations(entgql.MapsTo("start"), entgql.OrderField("START")),
		field.Time("ends_at").Immutable().Annotations(entgql.MapsTo("end")),
		field.Enum("status").NamedValues("Pending", "PENDING", "Booked", "BOOKED", "CheckedIn", "CHECKED_IN", "Fulfilled", "FULFILLED",
			"Cancelled", "CANCELLED", "NoShow", "NOSHOW").Default("PENDING"),
		field.Enum("channel").NamedValues("App", "APP", "MiniProgram", "MINI_PROGRAM", "Waitlist", "WAITLIST").Immutable().Annotations(hidden),
		field.Time("held_until").Optional().Nillable().Comment("until when a PENDING one keeps its place"),
		field.Enum("cancel_reason").NamedValues("Patient", "PATIENT", "Rescheduled", "RESCHEDULED", "HoldExpired", "HOLD_EXPIRED",
			"ClinicStopped", "CLINIC_STOPPED", "AccountEnded", "ACCOUNT_ENDED").Optional().Nillable(),
		field.String("queue_day").MaxLen(10).Default("").Annotations(hidden).Comment("the service day of the queue, YYYY-MM-DD"),
		field.Int("queue_number").Optional().Nillable().Positive().Comment("in the queue of the schedule and day"),
		field.Enum("queue_priority").NamedValues("Regular", "REGULAR", "Senior", "SENIOR", "Revisit", "REVISIT").Optional().Nillable(),
		field.Int("queue_rank").Default(0).Annotations(hidden).Comment("who is called first; the number decides among equals"),
		field.Time("checked_in_at").Optional().Nillable(),
		field.Time("called_at").Optional().Nillable(),
		field.Time("ended_at").Optional().Nillable().Annotations(hidden).Comment("when it was fulfilled, missed or cancelled"),
		field.Time("shared_at").Optional().Nillable().Comment("from when the clinic may read the patient's own record for this visit"),
		field.Time("reminded_day_at").Optional().Nillable().Annotations(hidden),
		field.Time("reminded_hour_at").Optional().Nillable().Annotations(hidden),
		field.Time("turn_told_at").Optional().Nillable().Annotations(hidden),
	}
}

// Edges lead to the patient, the slot, the schedule and the clinic.
func (Appointment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("patient", Person.Type).Field("patient_id").Unique().Required().Immutable(),
		edge.To("slot", Slot.Type).Field("slot_id").Unique().Required().Immutable(),
		edge.To("schedule", Schedule.Type).Field("schedule_id").Unique().Required().Immutable().Annotations(hidden),
		edge.To("clinic", Clinic.Type).Field("clinic_id").Unique().Required().Immutable(),
	}
}

// Indexes give a person one live place in a slot and a queue each number once, and find a person's, a slot's and a clinic's
// appointments and the holds that are due.
func (Appointment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("slot_id", "patient_id").Unique().Annotations(entsql.IndexWhere("status <> 'CANCELLED'")),
		index.Fields("schedule_id", "queue_day", "queue_number").Unique().Annotations(entsql.IndexWhere("queue_number IS NOT NULL")),
		index.Fields("patient_id", "starts_at"),
		index.Fields("clinic_id", "starts_at"),
		index.Fields("status", "held_until"),
		index.Fields("status", "starts_at"),
		index.Fields("schedule_id", "starts_at"),
	}
}

// Annotations name the table, and keep it within what can be.
func (Appointment) Annotations() []schema.Annotation {
	return []schema.Annotation{table("appointments"), entsql.Checks(map[string]string{
		"appointments_time":      "ends_at > starts_at",
		"appointments_held":      "status <> 'PENDING' OR held_until IS NOT NULL",
		"appointments_cancelled": "status <> 'CANCELLED' OR cancel_reason IS NOT NULL",
		"appointments_queued":    "status <> 'CHECKED_IN' OR queue_number IS NOT NULL",
	})}
}

// Policy is the row rule.
func (Appointment) Policy() ent.Policy { return rule.Appointment }
