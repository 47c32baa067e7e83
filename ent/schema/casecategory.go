package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/citycase/form"
	"citygraph/internal/id"
)

// CaseCategory is a kind of city case after CJ/T 214: a component (部件) or an event (事件).
type CaseCategory struct{ ent.Schema }

// Mixin gives the common columns.
func (CaseCategory) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.CaseCategory}} }

// Fields are the columns.
func (CaseCategory) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").MaxLen(16).NotEmpty().Immutable().Comment("unique within its kind"),
		text("name"), text("group_name"),
		field.Enum("kind").NamedValues("Component", "COMPONENT", "Event", "EVENT"),
		field.Int("sla_hours").Positive().Comment("hours of working days from submission to closure"),
		field.JSON("form", []form.Field{}).Optional().Comment("what it asks besides").Annotations(entgql.MapsTo("fields")),
	}
}

// Indexes hold each code once within its kind.
func (CaseCategory) Indexes() []ent.Index { return []ent.Index{index.Fields("kind", "code").Unique()} }

// Annotations name the table.
func (CaseCategory) Annotations() []schema.Annotation {
	return []schema.Annotation{table("case_categories")}
}

// Policy is the row rule.
func (CaseCategory) Policy() ent.Policy { return rule.Public }
