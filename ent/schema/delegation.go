package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
)

// Delegation is one person's word that another may act for them.
type Delegation struct{ ent.Schema }

// Mixin gives the common columns.
func (Delegation) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Delegation}, touched{}} }

// Fields are the columns. The masked names stand here so that each side knows the other before either
// may see anything else of them. What has run out is told from valid_to: no job has to come in time.
func (Delegation) Fields() []ent.Field {
	return []ent.Field{
		field.String("delegator_id").MaxLen(64).Immutable(),
		field.String("delegate_id").MaxLen(64).Immutable(),
		field.String("delegator_name").MaxRuneLen(64).GoType(mask.Name("")).Immutable(),
		field.String("delegate_name").MaxRuneLen(64).GoType(mask.Name("")).Immutable(),
		field.Int64("scope_set").GoType(scope.Set(0)).Immutable().Comment("a bit for each scope").Annotations(hidden),
		field.Enum("state").NamedValues("Proposed", "PROPOSED", "Active", "ACTIVE", "Revoked", "REVOKED").
			Default("PROPOSED").Annotations(hidden),
		field.JSON("consents", []string{}).Comment("the guardians of a minor delegator who have agreed").Annotations(hidden),
		field.Time("accept_by").Immutable().Comment("when the proposal ends"),
		field.Time("valid_to").Immutable(),
	}
}

// Edges lead to the two persons.
func (Delegation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("delegator", Person.Type).Field("delegator_id").Unique().Required().Immutable().Annotations(hidden),
		edge.To("delegate", Person.Type).Field("delegate_id").Unique().Required().Immutable().Annotations(hidden),
	}
}

// Indexes serve the question who acts for whom, from either side.
func (Delegation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("delegate_id", "delegator_id"),
		index.Fields("delegator_id"),
	}
}

// Annotations name the table.
func (Delegation) Annotations() []schema.Annotation {
	return []schema.Annotation{table("delegations")}
}

// Policy is the row rule.
func (Delegation) Policy() ent.Policy { return rule.Delegation }
