package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// DataExport is a copy of everything the city keeps of one person, made for that person. The file lies
// sealed in the object store; its key is here alone, so without the row nobody opens it again.
type DataExport struct{ ent.Schema }

// Mixin gives the common columns.
func (DataExport) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.DataExport}} }

// Fields are the columns.
func (DataExport) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("status").NamedValues("Preparing", "PREPARING", "Ready", "READY", "Expired", "EXPIRED", "Failed", "FAILED"),
		field.Time("expires_at").Optional().Nillable().Comment("when a ready file goes"),
		field.Int("size_bytes").Optional().Nillable().NonNegative().Comment("of the file in clear"),
		field.Bytes("data_key").Optional().Sensitive().Comment("the key of the file, wrapped; gone when the file is").Annotations(hidden),
	}
}

// Indexes serve the list of a person's exports and the sweep.
func (DataExport) Indexes() []ent.Index {
	return []ent.Index{index.Fields("person_id", "created_at"), index.Fields("status", "created_at")}
}

// Annotations name the table.
func (DataExport) Annotations() []schema.Annotation {
	return []schema.Annotation{table("data_exports")}
}

// Policy is the row rule.
func (DataExport) Policy() ent.Policy { return rule.Personal }
