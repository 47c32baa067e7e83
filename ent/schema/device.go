package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// Device is an installation of the app that can be pushed to.
type Device struct{ ent.Schema }

// Mixin gives the common columns.
func (Device) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Device}, touched{}} }

// Fields are the columns. A push token belongs to one person at a time: the last who signed in there.
func (Device) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Annotations(hidden),
		field.Enum("platform").NamedValues("Android", "ANDROID", "Ios", "IOS", "Web", "WEB"),
		field.String("push_token").MaxLen(4096).NotEmpty().Sensitive().Annotations(hidden),
		field.String("push_token_hash").MaxLen(64).Unique().Comment("SHA-256, for look-up within the index size of every database").Annotations(hidden),
		field.String("app_version").MaxLen(32).Default(""),
		field.Time("last_seen_at"),
		field.Time("push_after").Optional().Nillable().Comment("the provider asked not to be sent anything for it before").Annotations(hidden),
		field.Time("probed_at").Optional().Nillable().Comment("when the provider last said that the token is good, though the device is silent").Annotations(hidden),
	}
}

// Indexes serve the hand-off of a notice to all devices of its person, and the search for silent ones.
func (Device) Indexes() []ent.Index {
	return []ent.Index{index.Fields("person_id"), index.Fields("last_seen_at")}
}

// Annotations name the table.
func (Device) Annotations() []schema.Annotation { return []schema.Annotation{table("devices")} }

// Policy is the row rule.
func (Device) Policy() ent.Policy { return rule.Personal }
