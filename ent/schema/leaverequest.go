package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// LeaveRequest is what a guardian asks for when a pupil will not be at school: SUBMITTED → APPROVED | REJECTED | WITHDRAWN.
type LeaveRequest struct{ ent.Schema }

// Mixin gives the common columns.
func (LeaveRequest) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.LeaveRequest}, touched{}} }

// Fields are the columns. What for is written under the pupil's own key.
func (LeaveRequest) Fields() []ent.Field {
	return []ent.Field{
		field.String("student_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("school_class_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("school_id").MaxLen(64).Immutable().Annotations(hidden),
		field.String("requester_id").MaxLen(64).Immutable().Annotations(hidden),
		field.Enum("kind").NamedValues("Illness", "ILLNESS", "Personal", "PERSONAL", "Other", "OTHER").Immutable(),
		field.Time("starts_at").Immutable(),
		field.Time("ends_at").Immutable(),
		field.Bytes("sealed").Optional().Sensitive().Immutable().Comment("what for, sealed under the pupil's data key").Annotations(hidden),
		field.Enum("status").NamedValues("Submitted", "SUBMITTED", "Approved", "APPROVED", "Rejected", "REJECTED", "Withdrawn", "WITHDRAWN").Default("SUBMITTED"),
		field.String("decider_id").MaxLen(64).Optional().Nillable().Annotations(hidden),
		field.Time("decided_at").Optional().Nillable(),
	}
}

// Edges lead to the class.
func (LeaveRequest) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("school_class", SchoolClass.Type).Field("school_class_id").Unique().Required().Immutable().Annotations(hidden),
		edge.To("student", Person.Type).Field("student_id").Unique().Required().Immutable().Annotations(hidden),
	}
}

// Indexes find a pupil's, and a class's by time.
func (LeaveRequest) Indexes() []ent.Index {
	return []ent.Index{index.Fields("student_id", "id"), index.Fields("school_class_id", "ends_at")}
}

// Annotations name the table, and keep it within what can be.
func (LeaveRequest) Annotations() []schema.Annotation {
	return []schema.Annotation{table("leave_requests"), entsql.Checks(map[string]string{
		"leave_requests_span":    "starts_at < ends_at",
		"leave_requests_decided": "status NOT IN ('APPROVED','REJECTED') OR (decided_at IS NOT NULL AND decider_id IS NOT NULL)",
	})}
}

// Policy is the row rule.
func (LeaveRequest) Policy() ent.Policy { return rule.LeaveRequest }
