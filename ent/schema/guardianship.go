package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
	"citygraph/internal/scope"
)

// Guardianship is who answers for a minor, as school and civil records say.
type Guardianship struct{ ent.Schema }

// Mixin gives the common columns.
func (Guardianship) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Guardianship}, touched{}} }

// Fields are the columns. What a guardian may do fades as the child grows up: scope_set is what is left
// today, kept by a job, so that no row tells a child's birth date.
func (Guardianship) Fields() []ent.Field {
	return []ent.Field{
		field.String("guardian_id").MaxLen(64).Immutable(),
		field.String("child_id").MaxLen(64).Immutable(),
		field.Enum("basis").NamedValues("SchoolRecord", "SCHOOL_RECORD", "CivilRecord", "CIVIL_RECORD"),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Barred", "BARRED", "Ended", "ENDED").Default("ACTIVE").
			Comment("BARRED: a custody order keeps this person from the child; it beats every delegation"),
		field.Int64("scope_set").GoType(scope.Set(0)).Comment("a bit for each scope").Annotations(hidden),
	}
}

// Edges lead to the two persons.
func (Guardianship) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("guardian", Person.Type).Field("guardian_id").Unique().Required().Immutable().Annotations(hidden),
		edge.To("child", Person.Type).Field("child_id").Unique().Required().Immutable().Annotations(hidden),
	}
}

// Indexes hold each pair once, and serve the question who answers for a child.
func (Guardianship) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("guardian_id", "child_id").Unique(),
		index.Fields("child_id"),
	}
}

// Annotations name the table and keep the type out of the graph: household shows what follows from it.
func (Guardianship) Annotations() []schema.Annotation {
	return []schema.Annotation{table("guardianships"), hidden}
}

// Policy is the row rule.
func (Guardianship) Policy() ent.Policy { return rule.Guardianship }
