package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/id"
)

// CityCase is a report about something in the city that needs mending, and its way to a verified fix.
type CityCase struct{ ent.Schema }

// Mixin gives the common columns.
func (CityCase) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.CityCase}, touched{}, placed{}}
}

// Fields are the columns.
func (CityCase) Fields() []ent.Field {
	return []ent.Field{
		field.String("number").MaxLen(32).Immutable().Unique().Comment("what a citizen reads out on the phone"),
		field.String("description").MaxRuneLen(2000).NotEmpty(),
		field.String("address").MaxRuneLen(200).Default("").Comment("the reporter's own words for the place"),
		field.Enum("status").GoType(machine.Status("")),
		field.Int("last_seq").Default(1).Comment("seq of the last event").Annotations(hidden),
		field.Time("due_at"),
		field.String("category_id").MaxLen(64).Annotations(hidden),
		field.String("district_id").MaxLen(64).Annotations(hidden),
		field.String("street_id").MaxLen(64).Annotations(hidden),
		field.String("reporter_id").MaxLen(64).Comment("moves when a sign-in turns out to be of a person already known").Annotations(hidden),
	}
}

// Edges lead to the reference rows and the history. The reporter is never shown.
func (CityCase) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("category", CaseCategory.Type).Field("category_id").Unique().Required(),
		edge.To("district", District.Type).Field("district_id").Unique().Required(),
		edge.To("street", Street.Type).Field("street_id").Unique().Required(),
		edge.To("reporter", Person.Type).Field("reporter_id").Unique().Required().Annotations(hidden),
		edge.To("events", CaseEvent.Type).Annotations(entgql.RelayConnection()),
	}
}

// Indexes serve a citizen's own cases and the officers' queue, newest first.
func (CityCase) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("reporter_id", "id"),
		index.Fields("district_id", "status", "id"),
	}
}

// Annotations name the table.
func (CityCase) Annotations() []schema.Annotation { return []schema.Annotation{table("city_cases")} }

// Policy is the row rule.
func (CityCase) Policy() ent.Policy { return rule.CityCase }
