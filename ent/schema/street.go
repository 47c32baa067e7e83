package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// Street is a subdistrict, town or township of a district; its position is an approximate reference point.
type Street struct{ ent.Schema }

// Mixin gives the common columns.
func (Street) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Street}, placed{}} }

// Fields are the columns.
func (Street) Fields() []ent.Field {
	return []ent.Field{
		code(), text("name"),
		field.Enum("kind").NamedValues("Subdistrict", "SUBDISTRICT", "Town", "TOWN", "Township", "TOWNSHIP", "EthnicTownship", "ETHNIC_TOWNSHIP"),
		field.String("district_id").MaxLen(64).Immutable().Annotations(hidden),
	}
}

// Edges lead to the district.
func (Street) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("district", District.Type).Ref("streets").Field("district_id").Unique().Required().Immutable(),
	}
}

// Indexes serve the streets of a district.
func (Street) Indexes() []ent.Index { return []ent.Index{index.Fields("district_id")} }

// Annotations name the table.
func (Street) Annotations() []schema.Annotation { return []schema.Annotation{table("streets")} }

// Policy is the row rule.
func (Street) Policy() ent.Policy { return rule.Public }
