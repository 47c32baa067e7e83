package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// Practitioner is who treats people: what a clinic publishes of them, and nothing else.
type Practitioner struct{ ent.Schema }

// Mixin gives the common columns.
func (Practitioner) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.Practitioner}, imported{}, referred{}}
}

// Fields are the columns.
func (Practitioner) Fields() []ent.Field { return []ent.Field{text("name"), text("title")} }

// Annotations name the table.
func (Practitioner) Annotations() []schema.Annotation {
	return []schema.Annotation{table("practitioners")}
}

// Policy is the row rule.
func (Practitioner) Policy() ent.Policy { return rule.Public }
