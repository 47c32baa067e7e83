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

// CaseEvent is one step in the history of a case. It is written once and never changed.
type CaseEvent struct{ ent.Schema }

// Mixin gives the common columns.
func (CaseEvent) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.CaseEvent}} }

// Fields are the columns.
func (CaseEvent) Fields() []ent.Field {
	return []ent.Field{
		field.Int("seq").Positive().Immutable().Comment("dense from 1 within the case"),
		field.Enum("from_status").GoType(machine.Status("")).Optional().Nillable().Immutable().Comment("empty for the first event").Annotations(entgql.MapsTo("from")),
		field.Enum("to_status").GoType(machine.Status("")).Immutable().Annotations(entgql.MapsTo("to")),
		field.Enum("actor_kind").NamedValues("Citizen", "CITIZEN", "Officer", "OFFICER", "System", "SYSTEM").Immutable(),
		field.Enum("action").GoType(machine.Action("")).Optional().Nillable().Immutable().Comment("empty for the report itself"),
		field.String("note").MaxRuneLen(1000).Default("").Immutable(),
		field.Bool("public").Default(true).Immutable().Comment("false: for officers only").Annotations(hidden),
		field.String("city_case_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("actor_id").MaxLen(64).Immutable().Annotations(hidden),
	}
}

// Edges lead to the case, and to the photos the step brought.
func (CaseEvent) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("city_case", CityCase.Type).Ref("events").Field("city_case_id").Unique().Required().Immutable().Annotations(hidden),
		edge.To("photos", CasePhoto.Type),
	}
}

// Indexes keep the history dense, page it by id, and find what has just happened.
func (CaseEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("city_case_id", "seq").Unique(),
		index.Fields("city_case_id", "id"),
		index.Fields("created_at"),
	}
}

// Annotations name the table.
func (CaseEvent) Annotations() []schema.Annotation { return []schema.Annotation{table("case_events")} }

// Policy is the row rule.
func (CaseEvent) Policy() ent.Policy { return rule.CaseEvent }
