package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// IdempotencyRecord remembers the answer to a request that must take effect once.
type IdempotencyRecord struct{ ent.Schema }

// Mixin gives the common columns.
func (IdempotencyRecord) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Idempotency}} }

// Fields are the columns.
func (IdempotencyRecord) Fields() []ent.Field {
	return []ent.Field{
		field.String("actor_id").MaxLen(64).Immutable(),
		field.String("key").MaxLen(36).Immutable(),
		field.String("operation").MaxLen(64).Immutable(),
		field.String("input_hash").MaxLen(64).Immutable().Comment("SHA-256 of the operation and its input"),
		field.String("result_id").MaxLen(64).Default("").Comment("the noun the request made"),
		field.Time("expires_at").Immutable(),
	}
}

// Indexes hold one effect per actor and key, and serve the sweep.
func (IdempotencyRecord) Indexes() []ent.Index {
	return []ent.Index{index.Fields("actor_id", "key").Unique(), index.Fields("expires_at")}
}

// Annotations keep the type out of the graph.
func (IdempotencyRecord) Annotations() []schema.Annotation {
	return []schema.Annotation{table("idempotency_records"), hidden}
}

// Policy is the row rule.
func (IdempotencyRecord) Policy() ent.Policy { return rule.Internal }
