package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// Session is one sign-in and the family of refresh tokens that grew from it.
type Session struct{ ent.Schema }

// Mixin gives the common columns.
func (Session) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Session}, touched{}} }

// Fields are the columns. No token is stored: a refresh token proves itself by its signature, and is
// good while it carries the current generation.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("client").NamedValues("App", "APP", "MiniProgram", "MINI_PROGRAM", "Development", "DEVELOPMENT").Immutable(),
		field.Int("generation").Default(1).Comment("how many refresh tokens this family has had").Annotations(hidden),
		field.Time("expires_at"),
		field.Time("ended_at").Optional().Nillable().Annotations(hidden),
		field.String("end_reason").MaxLen(32).Default("").Annotations(hidden),
	}
}

// Indexes serve the list of a person's sessions and the sweep of expired ones.
func (Session) Indexes() []ent.Index {
	return []ent.Index{index.Fields("person_id"), index.Fields("expires_at")}
}

// Annotations name the table.
func (Session) Annotations() []schema.Annotation { return []schema.Annotation{table("sessions")} }

// Policy is the row rule.
func (Session) Policy() ent.Policy { return rule.Personal }
