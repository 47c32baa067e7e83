package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// Attachment is a photo or a PDF that goes with an announcement or a message. It is uploaded first, and belongs to one of them from then on
// when that names it; what nothing names goes after a day.
type Attachment struct{ ent.Schema }

// Mixin gives the common columns.
func (Attachment) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Attachment}} }

// Fields are the columns. The files lie in the file store, sealed.
func (Attachment) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").NamedValues("Photo", "PHOTO", "Pdf", "PDF").Immutable(),
		field.String("name").MaxRuneLen(120).Immutable().Comment("what it is called when it is saved"),
		field.Int("size_bytes").Positive().Immutable().Comment("of the file in clear"),
		field.Int("width").Optional().Nillable().Immutable().Comment("pixels, upright; of a photo"),
		field.Int("height").Optional().Nillable().Immutable().Comment("pixels, upright; of a photo"),
		field.String("blur_hash").MaxLen(64).Optional().Nillable().Immutable(),
		field.String("file").MaxLen(64).Immutable().Unique().Comment("its name in the file store; a photo's thumbnail stands beside it").Annotations(hidden),
		field.Bytes("data_key").Sensitive().Comment("the key of the files, wrapped: without the row nobody opens them").Annotations(hidden),
		field.String("uploader_id").MaxLen(64).Comment("moves when a sign-in turns out to be of a person already known").Annotations(hidden),
		field.String("announcement_id").MaxLen(64).Optional().Nillable().Annotations(hidden),
		field.String("message_id").MaxLen(64).Optional().Nillable().Annotations(hidden),
	}
}

// Edges lead to what it goes with.
func (Attachment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("announcement", Announcement.Type).Ref("attachments").Field("announcement_id").Unique().Annotations(hidden),
		edge.From("message", Message.Type).Ref("attachments").Field("message_id").Unique().Annotations(hidden),
	}
}

// Indexes serve what it goes with, and find what somebody has uploaded.
func (Attachment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("announcement_id", "id"),
		index.Fields("message_id", "id"),
		index.Fields("uploader_id", "id"),
	}
}

// Annotations name the table, and hold it to one place.
func (Attachment) Annotations() []schema.Annotation {
	return []schema.Annotation{table("attachments"), entsql.Checks(map[string]string{
		"attachments_one_place": "announcement_id IS NULL OR message_id IS NULL",
	})}
}

// Policy is the row rule.
func (Attachment) Policy() ent.Policy { return rule.Attachment }
