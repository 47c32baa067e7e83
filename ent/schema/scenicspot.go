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

// ScenicSpot is a visitor attraction.
type ScenicSpot struct{ ent.Schema }

// Mixin gives the common columns.
func (ScenicSpot) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.ScenicSpot}, placed{}, searchable{}}
}

// Fields are the columns. Capacities are approximate.
func (ScenicSpot) Fields() []ent.Field {
	return []ent.Field{
		text("name"), text("description"),
		field.Enum("grade").NamedValues("FiveA", "AAAAA", "FourA", "AAAA", "ThreeA", "AAA", "Unrated", "UNRATED"),
		field.Int("daily_capacity").Positive(),
		field.Int("instant_capacity").Positive(),
		field.String("district_id").MaxLen(64).Annotations(hidden),
	}
}

// Edges lead to the district.
func (ScenicSpot) Edges() []ent.Edge {
	return []ent.Edge{edge.To("district", District.Type).Field("district_id").Unique().Required()}
}

// Indexes serve the list by district and by grade.
func (ScenicSpot) Indexes() []ent.Index {
	return []ent.Index{index.Fields("district_id"), index.Fields("grade")}
}

// Annotations name the table.
func (ScenicSpot) Annotations() []schema.Annotation {
	return []schema.Annotation{table("scenic_spots")}
}

// Policy is the row rule.
func (ScenicSpot) Policy() ent.Policy { return rule.Public }
