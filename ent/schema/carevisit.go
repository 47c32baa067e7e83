package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
	"citygraph/internal/mask"
)

// CareVisit is a visit at home under a care contract: REQUESTED → SCHEDULED → COMPLETED, or DECLINED, or CANCELLED.
type CareVisit struct{ ent.Schema }

// Mixin gives the common columns.
func (CareVisit) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.CareVisit}, touched{}} }

// Fields are the columns. What it is for is one of a few reasons, and no free text.
func (CareVisit) Fields() []ent.Field {
	return []ent.Field{
		field.String("patient_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("patient_name").MaxRuneLen(64).Default("").GoType(mask.Name("")).Annotations(entgql.MapsTo("maskedPatientName")).
			Comment("for who cares; emptied when the patient's account ends"),
		field.String("clinic_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("care_contract_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("reason").NamedValues("CheckUp", "CHECK_UP", "WoundCare", "WOUND_CARE", "Injection", "INJECTION", "Rehabilitation", "REHABILITATION",
			"Medication", "MEDICATION", "Other", "OTHER").Immutable(),
		field.Enum("status").NamedValues("Requested", "REQUESTED", "Scheduled", "SCHEDULED", "Completed", "COMPLETED", "Declined", "DECLINED",
			"Cancelled", "CANCELLED").Default("REQUESTED"),
		field.Time("preferred_from").Immutable(),
		field.Time("preferred_to").Immutable(),
		field.Time("scheduled_at").Optional().Nillable(),
	}
}

// Edges lead to the patient, the clinic and the contract.
func (CareVisit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("patient", Person.Type).Field("patient_id").Unique().Required().Immutable(),
		edge.To("clinic", Clinic.Type).Field("clinic_id").Unique().Required().Immutable(),
		edge.To("contract", CareContract.Type).Field("care_contract_id").Unique().Required().Immutable(),
	}
}

// Indexes find a person's and a clinic's.
func (CareVisit) Indexes() []ent.Index {
	return []ent.Index{index.Fields("patient_id", "id"), index.Fields("clinic_id", "status", "id")}
}

// Annotations name the table.
func (CareVisit) Annotations() []schema.Annotation { return []schema.Annotation{table("care_visits")} }

// Policy is the row rule.
func (CareVisit) Policy() ent.Policy { return rule.CareVisit }
