package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// AuditEvent says who did what to whom. It is written with the change and never changed.
type AuditEvent struct{ ent.Schema }

// Mixin gives the common columns.
func (AuditEvent) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.AuditEvent}} }

// Fields are the columns.
func (AuditEvent) Fields() []ent.Field {
	return []ent.Field{
		field.String("actor_id").MaxLen(64).Immutable().Comment("empty when the system acted"),
		field.String("subject_id").MaxLen(64).Immutable().Comment("the person concerned"),
		field.String("action").MaxLen(64).Immutable(),
		field.String("target_id").MaxLen(64).Default("").Immutable(),
		field.String("request_id").MaxLen(64).Default("").Immutable(),
		field.String("reason").MaxLen(512).Default("").Immutable().Comment("why, in the actor's words, where the deed asks for it"),
	}
}

// Indexes serve an auditor's questions: what did this person do, what was done to that one.
func (AuditEvent) Indexes() []ent.Index {
	return []ent.Index{index.Fields("actor_id", "id"), index.Fields("subject_id", "id")}
}

// Annotations keep the type out of the graph.
func (AuditEvent) Annotations() []schema.Annotation {
	return []schema.Annotation{table("audit_events"), hidden}
}

// Policy is the row rule.
func (AuditEvent) Policy() ent.Policy { return rule.Audit }
