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

// School is a primary or secondary school.
type School struct{ ent.Schema }

// Mixin gives the common columns.
func (School) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.School}, placed{}, searchable{}, imported{}}
}

// Fields are the columns.
func (School) Fields() []ent.Field {
	return []ent.Field{
		text("name"),
		field.Enum("stage").NamedValues("Primary", "PRIMARY", "Junior", "JUNIOR", "Senior", "SENIOR", "NineYear", "NINE_YEAR"),
		field.String("district_id").MaxLen(64).Annotations(hidden),
	}
}

// Edges lead to the district.
func (School) Edges() []ent.Edge {
	return []ent.Edge{edge.To("district", District.Type).Field("district_id").Unique().Required()}
}

// Indexes serve the list by district.
func (School) Indexes() []ent.Index { return []ent.Index{index.Fields("district_id")} }

// Annotations name the table.
func (School) Annotations() []schema.Annotation { return []schema.Annotation{table("schools")} }

// Policy is the row rule.
func (School) Policy() ent.Policy { return rule.Public }
