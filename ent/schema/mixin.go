// Package schema is the model of what CityGraph stores: one file per noun.
package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"

	"citygraph/internal/clock"
	"citygraph/internal/id"
	"citygraph/internal/lang"
)

// noun gives a type its prefixed, time-ordered id and the instant it was created.
type noun struct {
	mixin.Schema
	kind id.Kind
}

func (n noun) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").MaxLen(64).NotEmpty().Immutable().DefaultFunc(id.Maker(n.kind)),
		field.Time("created_at").Immutable().Default(clock.System{}.Now),
	}
}

// touched adds the instant of the last change.
type touched struct{ mixin.Schema }

func (touched) Fields() []ent.Field {
	return []ent.Field{
		field.Time("updated_at").Default(clock.System{}.Now).UpdateDefault(clock.System{}.Now),
	}
}

// placed adds a WGS-84 position in degrees.
type placed struct{ mixin.Schema }

func (placed) Fields() []ent.Field {
	return []ent.Field{
		field.Float("lat").Comment("WGS-84 latitude, degrees"),
		field.Float("lng").Comment("WGS-84 longitude, degrees"),
	}
}

// searchable adds the normalised text that searches look in: characters, pinyin and initials.
type searchable struct{ mixin.Schema }

func (searchable) Fields() []ent.Field {
	return []ent.Field{field.Text("search_keys").Default("").Annotations(hidden)}
}

// imported adds what a row is called in the system it was taken over from; empty for what was made here.
type imported struct{ mixin.Schema }

func (imported) Fields() []ent.Field {
	return []ent.Field{
		field.String("source_system").MaxLen(200).Optional().Nillable().Annotations(hidden).Comment("who gave the identifier"),
		field.String("source_value").MaxLen(200).Optional().Nillable().Annotations(hidden).Comment("the identifier, unique within its system"),
	}
}

// Indexes take each thing over once, and find what is here by the identifiers of a batch.
func (imported) Indexes() []ent.Index {
	return []ent.Index{index.Fields("source_value", "source_system").Unique()}
}

// referred adds the name by which other rows of the same source refer to a row.
type referred struct{ mixin.Schema }

func (referred) Fields() []ent.Field {
	return []ent.Field{field.String("source_ref").MaxLen(200).Optional().Nillable().Unique().Annotations(hidden)}
}

// hidden keeps a column or edge out of the graph.
var hidden = entgql.Skip(entgql.SkipAll)

// table names a type's SQL table.
func table(name string) schema.Annotation { return entsql.Annotation{Table: name} }

// text is a name in both languages, stored as {"zh": …, "en": …}.
func text(name string) ent.Field { return field.JSON(name, lang.Text{}) }

// code is an official code, unique in its table.
func code() ent.Field { return field.String("code").MaxLen(32).NotEmpty().Immutable().Unique() }
