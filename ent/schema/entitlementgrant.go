package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/entitlement/kind"
	"citygraph/internal/id"
)

// EntitlementGrant is an entitlement that records or staff have granted. What follows from a person's age
// has no row: a date it began on would be a birthday.
type EntitlementGrant struct{ ent.Schema }

// Mixin gives the common columns.
func (EntitlementGrant) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.EntitlementGrant}, touched{}}
}

// Fields are the columns. A grant is ended, never deleted.
func (EntitlementGrant) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Comment("moves when a sign-in turns out to be of a person already known"),
		field.Enum("kind").GoType(kind.Kind("")).Immutable(),
		field.Enum("basis").GoType(kind.Basis("")).Immutable(),
		field.Time("valid_from").Immutable().Comment("never before the grant: a start in a register may be a birth date"),
		field.Time("valid_to").Optional().Nillable().Comment("null: until it is withdrawn"),
		field.Time("withdrawn_at").Optional().Nillable(),
	}
}

// Indexes serve the question what a person is entitled to.
func (EntitlementGrant) Indexes() []ent.Index { return []ent.Index{index.Fields("person_id", "id")} }

// Annotations keep the type out of the graph: Entitlement there is what follows from grants and age.
func (EntitlementGrant) Annotations() []schema.Annotation {
	return []schema.Annotation{table("entitlement_grants"), hidden}
}

// Policy is the row rule.
func (EntitlementGrant) Policy() ent.Policy { return rule.EntitlementGrant }
