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

// Bill is what a visit costs: ISSUED → PAID → REFUNDED, or VOID. Its total is the sum of its lines; paid, it is the sum of the
// shares of the insurance, the credit line and the card.
type Bill struct{ ent.Schema }

// Mixin gives the common columns.
func (Bill) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Bill}, touched{}} }

// Fields are the columns. Amounts are fen. The lines tell what was done to the patient, and are sealed under the patient's key.
func (Bill) Fields() []ent.Field {
	return []ent.Field{
		field.String("patient_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("clinic_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("appointment_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("issued_by_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("status").NamedValues("Issued", "ISSUED", "Paid", "PAID", "Refunded", "REFUNDED", "Void", "VOID").Default("ISSUED"),
		field.Bytes("sealed").Sensitive().Immutable().Annotations(hidden).Comment("the lines, sealed under the patient's data key"),
		field.Int64("total").Positive().Immutable(),
		field.Time("due_at").Immutable(),
		field.Int64("insurance_share").NonNegative().Default(0),
		field.Int64("credit_share").NonNegative().Default(0),
		field.Int64("self_share").NonNegative().Default(0),
		field.Int64("refunded").NonNegative().Default(0),
		field.Time("paid_at").Optional().Nillable(),
		field.String("payer_id").MaxLen(64).Default("").Annotations(hidden).Comment("whose card and credit line paid"),
		field.String("ledger_transaction_id").MaxLen(64).Optional().Nillable().Annotations(hidden),
		field.String("reservation").MaxLen(120).Default("").Annotations(hidden).Comment("the insurance bureau's key of the share it has reserved"),
		field.Enum("claim").NamedValues("None", "NONE", "Reserved", "RESERVED", "Settled", "SETTLED", "Cancelled", "CANCELLED").Default("NONE").Annotations(hidden).
			Comment("where the share stands with the insurance bureau"),
		field.String("receipt_key").MaxLen(200).Default("").Annotations(hidden).Comment("the sealed file of the receipt; empty until it is made"),
		field.Time("reminded_at").Optional().Nillable().Annotations(hidden),
	}
}

// Edges lead to the patient, the clinic and the appointment.
func (Bill) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("patient", Person.Type).Field("patient_id").Unique().Required().Immutable(),
		edge.To("clinic", Clinic.Type).Field("clinic_id").Unique().Required().Immutable(),
		edge.To("appointment", Appointment.Type).Field("appointment_id").Unique().Required().Immutable(),
	}
}

// Indexes find a person's, a clinic's and an appointment's bills, and those that are due.
func (Bill) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("patient_id", "id"), index.Fields("clinic_id", "id"), index.Fields("appointment_id"), index.Fields("status", "due_at"),
		index.Fields("claim", "id"), index.Fields("payer_id"),
	}
}

// Annotations name the table, and keep it within what can be.
func (Bill) Annotations() []schema.Annotation {
	return []schema.Annotation{table("bills"), entsql.Checks(map[string]string{
		"bills_shares":   "status NOT IN ('PAID', 'REFUNDED') OR insurance_share + credit_share + self_share = total",
		"bills_refunded": "refunded >= 0 AND refunded <= total",
	})}
}

// Policy is the row rule.
func (Bill) Policy() ent.Policy { return rule.Bill }
