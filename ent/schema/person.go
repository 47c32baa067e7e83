package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/mask"
)

// Person is a natural person known to the city.
type Person struct{ ent.Schema }

// Mixin gives the common columns.
func (Person) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Person}, touched{}} }

// Fields are the columns. What identifies a person stands here masked; PersonalData has it sealed.
func (Person) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").MaxRuneLen(64).Default("").GoType(mask.Name("")).Annotations(entgql.MapsTo("maskedName")),
		field.String("masked_id_number").MaxLen(18).Default(""),
		field.String("masked_phone").MaxLen(16).Default(""),
		field.String("language").MaxLen(8).Default(string(lang.ZH)).Comment("of notices pushed to this person").Annotations(hidden),
		field.String("district_id").MaxLen(64).Optional().Annotations(hidden),
		field.Int64("inbox_seq").Default(0).Comment("the last seq given to a notification of this person").Annotations(hidden),
		field.Time("deletion_due_at").Optional().Nillable().Comment("when the account ends unless its person keeps it"),
		field.Time("deleted_at").Optional().Nillable().Comment("when it ended; what is left is a tombstone that rows kept by law refer to").Annotations(hidden),
		field.Int64("inbox_change_seq").Default(0).Comment("no change of the inbox has a greater change_seq").Annotations(hidden),
	}
}

// Edges are walked by the graph (district, card) and by sign-in (identities, roles).
func (Person) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("district", District.Type).Field("district_id").Unique(),
		edge.To("card", CitizenCard.Type).Unique(),
		edge.To("personal_data", PersonalData.Type).Unique().Annotations(hidden),
		edge.To("identities", Identity.Type).Annotations(hidden),
		edge.To("roles", StaffRole.Type).Annotations(hidden),
		edge.From("deliveries", Delivery.Type).Ref("students").Annotations(hidden),
	}
}

// Indexes serve the round that ends accounts, and hold those few people only.
func (Person) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("deletion_due_at").Annotations(entsql.IndexWhere("deletion_due_at IS NOT NULL")),
		index.Fields("deleted_at").Annotations(entsql.IndexWhere("deleted_at IS NOT NULL")),
	}
}

// Annotations name the table.
func (Person) Annotations() []schema.Annotation { return []schema.Annotation{table("people")} }

// Policy is the row rule.
func (Person) Policy() ent.Policy { return rule.Person }
