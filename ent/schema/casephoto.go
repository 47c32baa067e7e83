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

// CasePhoto is a photo of a city case. It is uploaded first, and belongs to a step of a case from then on
// when the step names it; what no step names goes after a day.
type CasePhoto struct{ ent.Schema }

// Mixin gives the common columns.
func (CasePhoto) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.CasePhoto}} }

// Fields are the columns. The files lie in the file store, sealed.
func (CasePhoto) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("purpose").NamedValues("Report", "REPORT", "Proof", "PROOF").Immutable(),
		field.Int("width").Positive().Immutable().Comment("pixels, upright"),
		field.Int("height").Positive().Immutable().Comment("pixels, upright"),
		field.String("blur_hash").MaxLen(64).Immutable(),
		field.Int("size_bytes").Positive().Immutable().Comment("of both files in clear").Annotations(hidden),
		field.String("file").MaxLen(64).Immutable().Unique().Comment("its name in the file store; the thumbnail stands beside it").Annotations(hidden),
		field.Bytes("data_key").Sensitive().Comment("the key of the files, wrapped: without the row nobody opens them").Annotations(hidden),
		field.String("uploader_id").MaxLen(64).Comment("moves when a sign-in turns out to be of a person already known").Annotations(hidden),
		field.String("city_case_id").MaxLen(64).Optional().Comment("empty while no step names it").Annotations(hidden),
		field.String("case_event_id").MaxLen(64).Optional().Comment("the step that names it; whoever sees that sees the photo").Annotations(hidden),
	}
}

// Edges lead to the case and the step. The uploader is never shown.
func (CasePhoto) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("city_case", CityCase.Type).Ref("photos").Field("city_case_id").Unique().Annotations(hidden),
		edge.From("case_event", CaseEvent.Type).Ref("photos").Field("case_event_id").Unique().Annotations(hidden),
	}
}

// Indexes serve a case and its steps, and find what somebody has uploaded and what has waited for too long.
func (CasePhoto) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("city_case_id", "id"),
		index.Fields("case_event_id", "id"),
		index.Fields("uploader_id", "city_case_id"),
	}
}

// Annotations name the table.
func (CasePhoto) Annotations() []schema.Annotation { return []schema.Annotation{table("case_photos")} }

// Policy is the row rule.
func (CasePhoto) Policy() ent.Policy { return rule.CasePhoto }
