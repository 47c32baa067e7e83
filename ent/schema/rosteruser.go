package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// RosterUser is a pupil, a teacher or a guardian as a school's roster knows them, and the person of the city that they are: none
// until somebody is found whom the roster means.
type RosterUser struct{ ent.Schema }

// Mixin gives the common columns.
func (RosterUser) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.RosterUser}, touched{}, imported{}}
}

// Fields are the columns. Key and values stand in one row, as with personal data; agents are the roster's identifiers of
// those who answer for a pupil.
func (RosterUser) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Optional().Nillable(),
		field.Bytes("data_key").Sensitive().Comment("wrapped"),
		field.Bytes("sealed").Sensitive().Comment("name, id number, phone, birth date and sex, sealed under the data key"),
		field.String("id_number_index").MaxLen(64).Default("").Sensitive().Comment("keyed hash, for look-up; empty without one"),
		field.String("phone_index").MaxLen(64).Default("").Sensitive().Comment("keyed hash, for look-up; empty without one"),
		field.JSON("agents", []string{}).Optional(),
		field.String("fingerprint").MaxLen(64).Default("").Comment("keyed hash of what the roster said last, so that the same again changes nothing"),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Ended", "ENDED").Default("ACTIVE"),
	}
}

// Indexes find who somebody may be.
func (RosterUser) Indexes() []ent.Index {
	return []ent.Index{index.Fields("person_id"), index.Fields("id_number_index"), index.Fields("phone_index")}
}

// Annotations keep the type out of the graph.
func (RosterUser) Annotations() []schema.Annotation {
	return []schema.Annotation{table("roster_users"), hidden}
}

// Policy is the row rule.
func (RosterUser) Policy() ent.Policy { return rule.Internal }
