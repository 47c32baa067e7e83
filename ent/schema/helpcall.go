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

// HelpCall is a person's call for help: OPEN → ACKNOWLEDGED → RESOLVED. While it is open it is told again and to more people.
type HelpCall struct{ ent.Schema }

// Mixin gives the common columns.
func (HelpCall) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.HelpCall}, touched{}} }

// Fields are the columns. Where the caller is stands here as long as the call does; it is in no notice.
func (HelpCall) Fields() []ent.Field {
	return []ent.Field{
		field.String("patient_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("patient_name").MaxRuneLen(64).Default("").GoType(mask.Name("")).Annotations(entgql.MapsTo("maskedPatientName")).
			Comment("for who comes; emptied when the patient's account ends"),
		field.String("clinic_id").MaxLen(64).Default("").Immutable().Annotations(hidden).Comment("of the last care contract; empty without one"),
		field.Enum("status").NamedValues("Open", "OPEN", "Acknowledged", "ACKNOWLEDGED", "Resolved", "RESOLVED").Default("OPEN"),
		field.Int("times").Positive().Default(1).Comment("how often it was called within its time"),
		field.Float("caller_lat").Optional().Nillable().Annotations(hidden).Comment("WGS-84 latitude of the caller, degrees"),
		field.Float("caller_lng").Optional().Nillable().Annotations(hidden).Comment("WGS-84 longitude of the caller, degrees"),
		field.Time("last_called_at").Comment("a call within a minute of it is the same"),
		field.Int("level").NonNegative().Default(0).Comment("how far it was escalated"),
		field.Time("escalate_at").Optional().Nillable().Annotations(hidden).Comment("when it is told to more people, unless somebody acknowledges"),
		field.String("acknowledged_by_id").MaxLen(64).Default("").Annotations(hidden),
		field.String("acknowledged_by_name").MaxRuneLen(64).Default("").GoType(mask.Name("")).Annotations(entgql.MapsTo("acknowledgedBy")).
			Comment("emptied when their account ends"),
		field.Time("acknowledged_at").Optional().Nillable(),
		field.Time("resolved_at").Optional().Nillable(),
	}
}

// Edges lead to the patient.
func (HelpCall) Edges() []ent.Edge {
	return []ent.Edge{edge.To("patient", Person.Type).Field("patient_id").Unique().Required().Immutable()}
}

// Indexes give a person one open call, and find a person's, a clinic's and those to be escalated.
func (HelpCall) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("patient_id").Unique().Annotations(entsql.IndexWhere("status = 'OPEN'")).StorageKey("helpcall_one_open"),
		index.Fields("patient_id", "id"), index.Fields("clinic_id", "status", "id"), index.Fields("status", "escalate_at"),
	}
}

// Annotations name the table, and keep it within what can be.
func (HelpCall) Annotations() []schema.Annotation {
	return []schema.Annotation{table("help_calls"), entsql.Checks(map[string]string{
		"help_calls_place": "CASE WHEN caller_lat IS NULL THEN caller_lng IS NULL ELSE caller_lng IS NOT NULL END",
	})}
}

// Policy is the row rule.
func (HelpCall) Policy() ent.Policy { return rule.HelpCall }
