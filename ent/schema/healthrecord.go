package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// HealthRecord is one finding of a visit: a diagnosis, a prescription, a laboratory result or a report. It is never changed; a
// later one corrects it.
type HealthRecord struct{ ent.Schema }

// Mixin gives the common columns.
func (HealthRecord) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.HealthRecord}} }

// Fields are the columns.
func (HealthRecord) Fields() []ent.Field {
	return []ent.Field{
		field.String("patient_id").MaxLen(64).Immutable(),
		field.String("clinic_id").MaxLen(64).Immutable(),
		field.String("appointment_id").MaxLen(64).Immutable(),
		field.String("author_id").MaxLen(64).Immutable(),
		field.Enum("kind").NamedValues("Diagnosis", "DIAGNOSIS", "Prescription", "PRESCRIPTION", "Laboratory", "LABORATORY", "Report", "REPORT").Immutable(),
		field.Bytes("sealed").Sensitive().Immutable().Comment("what was found, sealed under the patient's data key"),
		field.String("corrects_id").MaxLen(64).Optional().Nillable().Immutable(),
	}
}

// Indexes find a person's records and those of a visit.
func (HealthRecord) Indexes() []ent.Index {
	return []ent.Index{index.Fields("patient_id", "id"), index.Fields("appointment_id", "id")}
}

// Annotations keep the type out of the graph, where a verb shows it.
func (HealthRecord) Annotations() []schema.Annotation {
	return []schema.Annotation{table("health_records"), hidden}
}

// Policy is the row rule.
func (HealthRecord) Policy() ent.Policy { return rule.HealthRecord }
