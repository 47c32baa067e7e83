package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/consent/terms"
	"citygraph/internal/id"
)

// Consent is one person's word that their data may be used for one purpose. A row is written when it is
// given, ended once, and kept: the history is the proof.
type Consent struct{ ent.Schema }

// Mixin gives the common columns.
func (Consent) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Consent}} }

// Fields are the columns.
func (Consent) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("purpose").GoType(terms.Purpose("")).Immutable(),
		field.String("version").MaxLen(8).Immutable().Comment("of the text that was read"),
		field.Enum("language").NamedValues("Chinese", "ZH_CN", "English", "EN").Immutable().Comment("of the text that was read"),
		field.String("given_by_id").MaxLen(64).Immutable().Comment("the person, or a guardian").Annotations(hidden),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Replaced", "REPLACED", "Withdrawn", "WITHDRAWN").Default("ACTIVE"),
		field.Time("withdrawn_at").Optional().Nillable(),
	}
}

// Indexes page a person's history, and promise one standing consent to a purpose.
func (Consent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("person_id", "id"),
		index.Fields("person_id", "purpose").Unique().Annotations(entsql.IndexWhere("status = 'ACTIVE'")),
	}
}

// Annotations name the table.
func (Consent) Annotations() []schema.Annotation { return []schema.Annotation{table("consents")} }

// Policy is the row rule.
func (Consent) Policy() ent.Policy { return rule.Consent }
