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

// Identity binds an account at a sign-in provider to one person.
type Identity struct{ ent.Schema }

// Mixin gives the common columns.
func (Identity) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Identity}} }

// Fields are the columns.
func (Identity) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("provider").NamedValues("Firebase", "FIREBASE", "Wechat", "WECHAT", "Development", "DEVELOPMENT").Immutable(),
		field.String("subject").MaxLen(128).NotEmpty().Immutable().Comment("the provider's own id of the account"),
		field.String("person_id").MaxLen(64),
	}
}

// Edges lead to the person.
func (Identity) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("person", Person.Type).Ref("identities").Field("person_id").Unique().Required(),
	}
}

// Indexes hold one person per provider account.
func (Identity) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("provider", "subject").Unique(),
		index.Fields("person_id"),
	}
}

// Annotations keep the type out of the graph.
func (Identity) Annotations() []schema.Annotation {
	return []schema.Annotation{table("identities"), hidden}
}

// Policy is the row rule.
func (Identity) Policy() ent.Policy { return rule.Personal }
