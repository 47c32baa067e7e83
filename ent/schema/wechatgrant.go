package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// WechatGrant is how many subscribe messages of a template a person still allows: each accept in the
// mini-program buys one.
type WechatGrant struct{ ent.Schema }

// Mixin gives the common columns.
func (WechatGrant) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.WechatGrant}, touched{}}
}

// Fields are the columns.
func (WechatGrant) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Immutable(),
		field.String("template").MaxLen(64).NotEmpty().Immutable().Comment("WeChat's id of the template"),
		field.Int("remaining").Default(0).NonNegative(),
	}
}

// Indexes hold one counter per person and template.
func (WechatGrant) Indexes() []ent.Index {
	return []ent.Index{index.Fields("person_id", "template").Unique()}
}

// Annotations keep the type from being a node: it has no life apart from its counter.
func (WechatGrant) Annotations() []schema.Annotation {
	return []schema.Annotation{table("wechat_grants"), hidden}
}

// Policy is the row rule.
func (WechatGrant) Policy() ent.Policy { return rule.Personal }
