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

// SensorAlarm is what a sensor on a facility has told, once for each of its keys.
type SensorAlarm struct{ ent.Schema }

// Mixin gives the common columns.
func (SensorAlarm) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.SensorAlarm}} }

// Fields are the columns.
func (SensorAlarm) Fields() []ent.Field {
	return []ent.Field{
		field.String("alarm_key").MaxLen(128).NotEmpty().Immutable().Unique().Comment("the sensor's own name for the alarm"),
		field.Time("raised_at").Immutable().Comment("by the sensor's clock"),
		field.String("note").MaxRuneLen(1000).Default("").Immutable(),
		field.String("facility_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("city_case_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("district_id").MaxLen(64).Immutable().Annotations(hidden),
	}
}

// Edges lead to the facility, and to the case it opened or joined.
func (SensorAlarm) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("facility", CityFacility.Type).Field("facility_id").Unique().Required().Immutable(),
		edge.To("city_case", CityCase.Type).Field("city_case_id").Unique().Required().Immutable(),
	}
}

// Indexes serve the alarms of a case.
func (SensorAlarm) Indexes() []ent.Index { return []ent.Index{index.Fields("city_case_id", "id")} }

// Annotations name the table.
func (SensorAlarm) Annotations() []schema.Annotation {
	return []schema.Annotation{table("sensor_alarms")}
}

// Policy is the row rule.
func (SensorAlarm) Policy() ent.Policy { return rule.SensorAlarm }
