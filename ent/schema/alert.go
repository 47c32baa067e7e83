package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// Alert is a warning to the public, after the Common Alerting Protocol 1.2: one row for each message,
// so that an update is a new row that supersedes the one before.
type Alert struct{ ent.Schema }

// Mixin gives the common columns.
func (Alert) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.Alert}} }

// Fields are the columns, by the protocol's names. The message never changes; what changes is whether it
// still stands.
func (Alert) Fields() []ent.Field {
	return []ent.Field{
		field.String("identifier").MaxLen(128).NotEmpty().Immutable().Comment("unique with its sender"),
		field.String("sender").MaxLen(128).NotEmpty().Immutable(),
		field.Time("sent").Immutable(),
		field.Enum("status").NamedValues("Actual", "ACTUAL", "Exercise", "EXERCISE", "System", "SYSTEM", "Test", "TEST", "Draft", "DRAFT").Immutable(),
		field.Enum("message_type").NamedValues("Alert", "ALERT", "Update", "UPDATE", "Cancel", "CANCEL").Immutable(),
		field.Enum("category").NamedValues(
			"Geo", "GEO", "Met", "MET", "Safety", "SAFETY", "Security", "SECURITY", "Rescue", "RESCUE", "Fire", "FIRE",
			"Health", "HEALTH", "Env", "ENV", "Transport", "TRANSPORT", "Infra", "INFRA", "Cbrne", "CBRNE", "Other", "OTHER",
		).Immutable(),
		field.Enum("urgency").NamedValues(
			"Immediate", "IMMEDIATE", "Expected", "EXPECTED", "Future", "FUTURE", "Past", "PAST", "Unknown", "UNKNOWN",
		).Immutable(),
		field.Enum("severity").NamedValues(
			"Extreme", "EXTREME", "Severe", "SEVERE", "Moderate", "MODERATE", "Minor", "MINOR", "Unknown", "UNKNOWN",
		).Immutable(),
		field.Enum("certainty").NamedValues(
			"Observed", "OBSERVED", "Likely", "LIKELY", "Possible", "POSSIBLE", "Unlikely", "UNLIKELY", "Unknown", "UNKNOWN",
		).Immutable(),
		text("event"), text("headline"), text("description"), text("instruction"),
		field.Time("effective").Immutable(),
		field.Time("expires").Immutable(),
		field.Enum("ended").NamedValues("Superseded", "SUPERSEDED", "Cancelled", "CANCELLED").Optional().Nillable().Annotations(hidden),
		field.String("superseded_by_id").MaxLen(64).Optional().Annotations(hidden),
	}
}

// Edges lead to the districts warned, and along the chain of updates.
func (Alert) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("districts", District.Type),
		edge.To("supersedes", Alert.Type).From("superseded_by").Field("superseded_by_id").Unique(),
	}
}

// Indexes hold a message to one row, and serve the question which alerts stand.
func (Alert) Indexes() []ent.Index {
	return []ent.Index{index.Fields("sender", "identifier").Unique(), index.Fields("expires"), index.Fields("superseded_by_id")}
}

// Annotations name the table.
func (Alert) Annotations() []schema.Annotation {
	return []schema.Annotation{table("alerts")}
}

// Policy is the row rule.
func (Alert) Policy() ent.Policy { return rule.Alert }
