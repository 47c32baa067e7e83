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
)

// Clinic is a hospital or clinic.
type Clinic struct{ ent.Schema }

// Mixin gives the common columns.
func (Clinic) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.Clinic}, placed{}, searchable{}, imported{}, referred{}}
}

// Fields are the columns.
func (Clinic) Fields() []ent.Field {
	return []ent.Field{
		text("name"), text("grade"),
		field.Enum("kind").NamedValues(
			"General", "GENERAL", "TCM", "TCM", "Integrated", "INTEGRATED", "Maternity", "MATERNITY", "Children", "CHILDREN",
			"Dental", "DENTAL", "Eye", "EYE", "Cancer", "CANCER", "Infectious", "INFECTIOUS", "Mental", "MENTAL",
			"Rehabilitation", "REHABILITATION"),
		field.String("address").MaxRuneLen(200).Default("").Comment("in Chinese, within the district; empty when unknown"),
		field.String("district_id").MaxLen(64).Annotations(hidden),
	}
}

// Edges lead to the district and the departments.
func (Clinic) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("district", District.Type).Field("district_id").Unique().Required(),
		edge.To("departments", Department.Type).Annotations(entgql.RelayConnection()),
	}
}

// Indexes serve the list by district.
func (Clinic) Indexes() []ent.Index { return []ent.Index{index.Fields("district_id")} }

// Annotations name the table.
func (Clinic) Annotations() []schema.Annotation { return []schema.Annotation{table("clinics")} }

// Policy is the row rule.
func (Clinic) Policy() ent.Policy { return rule.Public }
