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

// District is one of Hangzhou's districts and counties, by its statistics bureau code.
type District struct{ ent.Schema }

// Mixin gives the common columns.
func (District) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.District}, placed{}} }

// Fields are the columns.
func (District) Fields() []ent.Field {
	return []ent.Field{
		code(), text("name"),
		field.Enum("kind").NamedValues("District", "DISTRICT", "County", "COUNTY", "CountyLevelCity", "COUNTY_LEVEL_CITY"),
	}
}

// Edges lead to the streets, and from the alerts.
func (District) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("streets", Street.Type).Annotations(entgql.RelayConnection()),
		edge.From("alerts", Alert.Type).Ref("districts").Annotations(hidden),
	}
}

// Annotations name the table.
func (District) Annotations() []schema.Annotation { return []schema.Annotation{table("districts")} }

// Policy is the row rule.
func (District) Policy() ent.Policy { return rule.Public }
