package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
	"citygraph/internal/mask"
	"citygraph/internal/school/audience"
)

// Announcement is what a school tells the guardians of some of its pupils: DRAFT → SCHEDULED → PUBLISHED → RETRACTED.
type Announcement struct{ ent.Schema }

// Mixin gives the common columns.
func (Announcement) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Announcement}, touched{}} }

// Fields are the columns. Whom it is for is kept as it was asked for; whom it reached are its deliveries.
func (Announcement) Fields() []ent.Field {
	return []ent.Field{
		field.String("school_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("author_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("bureau_notice_id").MaxLen(64).Optional().Nillable().Immutable().Annotations(hidden).Comment("what the bureau had the school say"),
		field.String("author_name").MaxRuneLen(64).Default("").GoType(mask.Name("")).Annotations(entgql.MapsTo("maskedAuthorName")).
			Comment("emptied when the author's account ends"),
		field.Enum("kind").NamedValues("Notice", "NOTICE", "Homework", "HOMEWORK").Immutable(),
		field.JSON("audience", audience.Audience{}).Annotations(hidden),
		field.String("title").MaxRuneLen(100).Annotations(hidden), // shown by a resolver: not to families once it is retracted
		field.Text("body").MaxLen(16_000).Annotations(hidden),
		field.Enum("urgency").NamedValues("Normal", "NORMAL", "Urgent", "URGENT").Default("NORMAL"),
		field.Enum("acknowledgement").NamedValues("None", "NONE", "Required", "REQUIRED").Default("NONE"),
		field.Time("due_at").Optional().Nillable().Comment("until when it is to be acknowledged, or the homework done"),
		field.Enum("status").NamedValues("Draft", "DRAFT", "Scheduled", "SCHEDULED", "Published", "PUBLISHED", "Retracted", "RETRACTED").Default("DRAFT"),
		field.Time("publish_at").Optional().Nillable(),
		field.Time("published_at").Optional().Nillable(),
		field.Time("retracted_at").Optional().Nillable(),
		field.Int("delivered").NonNegative().Default(0).Annotations(hidden),
		field.Int("read").NonNegative().Default(0).Annotations(hidden),
		field.Int("acknowledged").NonNegative().Default(0).Annotations(hidden),
	}
}

// Edges lead to the school and the deliveries.
func (Announcement) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("school", School.Type).Field("school_id").Unique().Required().Immutable(),
		edge.To("deliveries", Delivery.Type).Annotations(entgql.RelayConnection()),
		edge.To("attachments", Attachment.Type),
		edge.From("bureau_notice", BureauNotice.Type).Ref("announcements").Field("bureau_notice_id").Unique().Immutable().Annotations(hidden),
	}
}

// Indexes find a school's, an author's and those that are due.
func (Announcement) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("school_id", "id"), index.Fields("author_id", "id"), index.Fields("status", "publish_at"),
		index.Fields("bureau_notice_id", "school_id").Unique(),
	}
}

// Annotations name the table, and keep it within what can be.
func (Announcement) Annotations() []schema.Annotation {
	return []schema.Annotation{table("announcements"), entsql.Checks(map[string]string{
		"announcements_scheduled": "status <> 'SCHEDULED' OR publish_at IS NOT NULL",
		"announcements_published": "status <> 'PUBLISHED' OR published_at IS NOT NULL",
		"announcements_counts":    "read <= delivered AND acknowledged <= delivered",
	})}
}

// Policy is the row rule.
func (Announcement) Policy() ent.Policy { return rule.Announcement }
