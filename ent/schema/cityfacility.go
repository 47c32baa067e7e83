package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// CityFacility is a thing that stands in the city under a plate: a street light, a manhole cover.
type CityFacility struct{ ent.Schema }

// Mixin gives the common columns.
func (CityFacility) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.CityFacility}, touched{}, placed{}}
}

// Fields are the columns.
func (CityFacility) Fields() []ent.Field {
	return []ent.Field{
		code(),
		field.Enum("state").NamedValues("InService", "IN_SERVICE", "Faulty", "FAULTY", "Removed", "REMOVED").Default("IN_SERVICE"),
		field.String("address").MaxRuneLen(200).Default(""),
		field.String("category_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("district_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("street_id").MaxLen(64).Immutable().Annotations(hidden),
	}
}

// Edges lead to the reference rows, and to what was reported about it.
func (CityFacility) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("category", CaseCategory.Type).Field("category_id").Unique().Required().Immutable(),
		edge.To("district", District.Type).Field("district_id").Unique().Required().Immutable(),
		edge.To("street", Street.Type).Field("street_id").Unique().Required().Immutable(),
		edge.To("cases", CityCase.Type).Annotations(entgql.RelayConnection()),
	}
}

// Annotations name the table.
func (CityFacility) Annotations() []schema.Annotation {
	return []schema.Annotation{table("city_facilities")}
}

// Policy is the row rule.
func (CityFacility) Policy() ent.Policy { return rule.Public }
