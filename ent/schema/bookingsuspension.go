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

// BookingSuspension keeps a person who missed too many appointments from booking until an instant, unless their appeal is
// accepted: ACTIVE → LIFTED; after its end it counts for nothing.
type BookingSuspension struct{ ent.Schema }

// Mixin gives the common columns.
func (BookingSuspension) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.BookingSuspension}, touched{}}
}

// Fields are the columns. An appeal names one of a few reasons, and no free text, which would be about health.
func (BookingSuspension) Fields() []ent.Field {
	return []ent.Field{
		field.String("patient_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Time("ends_at").Immutable(),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Lifted", "LIFTED").Default("ACTIVE"),
		field.Int("missed").Positive().Immutable().Comment("how many missed appointments it is for"),
		field.Enum("appeal_reason").NamedValues("Illness", "ILLNESS", "Emergency", "EMERGENCY", "WasThere", "WAS_THERE", "ClinicError", "CLINIC_ERROR",
			"Other", "OTHER").Optional().Nillable(),
		field.Time("appealed_at").Optional().Nillable(),
		field.Enum("appeal_outcome").NamedValues("Accepted", "ACCEPTED", "Rejected", "REJECTED").Optional().Nillable(),
		field.Time("decided_at").Optional().Nillable(),
		field.String("decided_by_id").MaxLen(64).Default("").Annotations(hidden),
	}
}

// Edges lead to the patient.
func (BookingSuspension) Edges() []ent.Edge {
	return []ent.Edge{edge.To("patient", Person.Type).Field("patient_id").Unique().Required().Immutable()}
}

// Indexes find a person's, and the appeals that wait.
func (BookingSuspension) Indexes() []ent.Index {
	return []ent.Index{index.Fields("patient_id", "ends_at"), index.Fields("appealed_at", "id")}
}

// Annotations name the table, and keep it within what can be.
func (BookingSuspension) Annotations() []schema.Annotation {
	return []schema.Annotation{table("booking_suspensions"), entsql.Checks(map[string]string{
		"booking_suspensions_outcome": "appeal_outcome IS NULL OR appealed_at IS NOT NULL",
	})}
}

// Policy is the row rule.
func (BookingSuspension) Policy() ent.Policy { return rule.BookingSuspension }
