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

// CareContract has a family doctor of a clinic look after a person: PROPOSED → ACTIVE → ENDED, or DECLINED. After its last day it
// counts as expired.
type CareContract struct{ ent.Schema }

// Mixin gives the common columns.
func (CareContract) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.CareContract}, touched{}} }

// Fields are the columns.
func (CareContract) Fields() []ent.Field {
	return []ent.Field{
		field.String("patient_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("patient_name").MaxRuneLen(64).Default("").GoType(mask.Name("")).Annotations(entgql.MapsTo("maskedPatientName")).
			Comment("for who cares; emptied when the patient's account ends"),
		field.String("clinic_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("practitioner_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("state").NamedValues("Proposed", "PROPOSED", "Active", "ACTIVE", "Declined", "DECLINED", "Ended", "ENDED").Default("PROPOSED").
			Annotations(hidden),
		field.Time("valid_from").Immutable(),
		field.Time("valid_to").Immutable(),
	}
}

// Edges lead to the patient, the clinic and the family doctor.
func (CareContract) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("patient", Person.Type).Field("patient_id").Unique().Required().Immutable(),
		edge.To("clinic", Clinic.Type).Field("clinic_id").Unique().Required().Immutable(),
		edge.To("practitioner", Practitioner.Type).Field("practitioner_id").Unique().Required().Immutable(),
	}
}

// Indexes find a person's and a clinic's.
func (CareContract) Indexes() []ent.Index {
	return []ent.Index{index.Fields("patient_id", "valid_to"), index.Fields("clinic_id", "id")}
}

// Annotations name the table, and keep it within what can be.
func (CareContract) Annotations() []schema.Annotation {
	return []schema.Annotation{table("care_contracts"), entsql.Checks(map[string]string{"care_contracts_time": "valid_to > valid_from"})}
}

// Policy is the row rule.
func (CareContract) Policy() ent.Policy { return rule.CareContract }
