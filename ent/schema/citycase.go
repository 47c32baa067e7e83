package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/citycase/form"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/geo"
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
		field.Enum("kind").NamedValues("Component", "COMPONENT", "Event", "EVENT").Immutable().Comment("its category's"),
		field.JSON("attributes", []form.Answer{}).Optional().Comment("what was answered to the category's questions"),
		field.Int64("cell").GoType(geo.Cell(0)).Comment("where it lies in the grid of maps").Annotations(hidden),

		field.Enum("visibility").NamedValues("Public", "PUBLIC", "Private", "PRIVATE").Default("PUBLIC").Comment("whether its reporter lets the public see it"),
		field.Bool("published").Default(false).Comment("whether the public sees it in its status").Annotations(hidden),
		field.Int("supporters").Default(0).Comment("the rows of case_supporters"),

		field.Enum("unit").NamedValues(
			"Municipal", "MUNICIPAL", "Sanitation", "SANITATION", "Landscape", "LANDSCAPE", "Traffic", "TRAFFIC",
			"Utilities", "UTILITIES", "Water", "WATER", "Enforcement", "ENFORCEMENT", "Street", "STREET").
			Optional().Nillable().Comment("the unit it was given to"),
		field.String("assignee_id").MaxLen(64).Optional().Comment("the officer it was given to").Annotations(hidden),
		field.String("resolver_id").MaxLen(64).Optional().Comment("the officer who said last that it is mended").Annotations(hidden),
		field.Int("rework_count").Default(0).Comment("how often it was said to be mended and was not"),
		field.Int("reopen_count").Default(0),
		field.Int("rating").Optional().Nillable().Comment("1 to 5 stars of its reporter"),

		field.Time("stopped_at").Optional().Nillable().Comment("since when its clock stands still").Annotations(hidden),
		field.Time("closed_at").Optional().Nillable(),
		field.Int64("open_seconds").Optional().Nillable().Comment("from report to closure").Annotations(hidden),
		field.Int("escalation").Default(0).Comment("0 on time, 1 told that it is nearly due, 2 told that it is overdue").Annotations(hidden),

		field.String("source").MaxLen(64).Optional().Immutable().Comment("the system it was taken over from; empty for our own").Annotations(hidden),
		field.String("source_id").MaxLen(64).Optional().Immutable().Comment("its number there").Annotations(hidden),

		field.String("category_id").MaxLen(64).Annotations(hidden),
		field.String("district_id").MaxLen(64).Annotations(hidden),
		field.String("street_id").MaxLen(64).Annotations(hidden),
		field.String("facility_id").MaxLen(64).Optional().Annotations(hidden),
		field.String("duplicate_of_id").MaxLen(64).Optional().Annotations(hidden),
		field.String("reporter_id").MaxLen(64).Optional().Comment("empty for a sensor's; moves when a sign-in turns out to be of a person already known").Annotations(hidden),
	}
}

// Edges lead to the reference rows and the history. The reporter is never shown.
func (CityCase) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("category", CaseCategory.Type).Field("category_id").Unique().Required(),
		edge.To("district", District.Type).Field("district_id").Unique().Required(),
		edge.To("street", Street.Type).Field("street_id").Unique().Required(),
		edge.To("reporter", Person.Type).Field("reporter_id").Unique().Annotations(hidden),
		edge.From("facility", CityFacility.Type).Ref("cases").Field("facility_id").Unique(),
		edge.To("duplicates", CityCase.Type).Annotations(hidden).From("duplicate_of").Field("duplicate_of_id").Unique(),
		edge.To("events", CaseEvent.Type).Annotations(entgql.RelayConnection()),
		edge.To("photos", CasePhoto.Type),
	}
}

// Indexes serve a citizen's own cases and the officers' queues, newest first; maps, from the index alone;
// the search for what is due; the known faults of a facility; and open statistics. What is taken over
// from another system is taken over once.
func (CityCase) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("reporter_id", "id"),
		index.Fields("district_id", "status", "id"),
		index.Fields("assignee_id", "id"),
		index.Fields("cell", "published", "lat", "lng", "id"),
		index.Fields("escalation", "due_at"),
		index.Fields("facility_id", "id"),
		index.Fields("closed_at"),
		index.Fields("source", "source_id").Unique(),
	}
}

// Annotations name the table.
func (CityCase) Annotations() []schema.Annotation { return []schema.Annotation{table("city_cases")} }

// Policy is the row rule.
func (CityCase) Policy() ent.Policy { return rule.CityCase }
