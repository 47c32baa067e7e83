package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// CaseSupporter is a person whom a case troubles too, and who follows it. It moves along when the case is
// merged.
type CaseSupporter struct{ ent.Schema }

// Mixin gives the common columns.
func (CaseSupporter) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.CaseSupporter}} }

// Fields are the columns.
func (CaseSupporter) Fields() []ent.Field {
	return []ent.Field{
		field.String("city_case_id").MaxLen(64),
		field.String("person_id").MaxLen(64),
	}
}

// Indexes hold each person once, and find what a person follows.
func (CaseSupporter) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("city_case_id", "person_id").Unique(),
		index.Fields("person_id"),
	}
}

// Annotations keep the type out of the graph.
func (CaseSupporter) Annotations() []schema.Annotation {
	return []schema.Annotation{table("case_supporters"), hidden}
}

// Policy is the row rule.
func (CaseSupporter) Policy() ent.Policy { return rule.Personal }
