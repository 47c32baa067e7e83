package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// BureauNotice is what the education bureau has the schools of some districts tell their families (政校通): each school's announcement
// is made from it. PUBLISHED → RETRACTED.
type BureauNotice struct{ ent.Schema }

// Mixin gives the common columns.
func (BureauNotice) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.BureauNotice}, touched{}} }

// Fields are the columns.
func (BureauNotice) Fields() []ent.Field {
	return []ent.Field{
		field.String("author_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Strings("district_ids").Immutable().Comment("none for the whole city").Annotations(hidden),
		field.String("title").MaxRuneLen(100).Immutable(),
		field.Text("body").MaxLen(16_000).Immutable(),
		field.Enum("urgency").NamedValues("Normal", "NORMAL", "Urgent", "URGENT").Immutable().Default("NORMAL"),
		field.Enum("acknowledgement").NamedValues("None", "NONE", "Required", "REQUIRED").Immutable().Default("NONE"),
		field.Time("due_at").Optional().Nillable().Immutable(),
		field.Enum("status").NamedValues("Published", "PUBLISHED", "Retracted", "RETRACTED").Default("PUBLISHED"),
		field.Time("retracted_at").Optional().Nillable(),
	}
}

// Edges lead to what the schools made of it.
func (BureauNotice) Edges() []ent.Edge {
	return []ent.Edge{edge.To("announcements", Announcement.Type).Annotations(hidden)}
}

// Annotations name the table.
func (BureauNotice) Annotations() []schema.Annotation {
	return []schema.Annotation{table("bureau_notices")}
}

// Policy is the row rule.
func (BureauNotice) Policy() ent.Policy { return rule.BureauNotice }
