package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"citygraph/ent/rule"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/mask"
	"citygraph/internal/viewer"
)

// RecordAccess says who read, or tried to read, whose health, child's or identity data, and for what. It
// is never changed.
type RecordAccess struct{ ent.Schema }

// Mixin gives the common columns.
func (RecordAccess) Mixin() []ent.Mixin { return []ent.Mixin{noun{kind: id.RecordAccess}} }

// Fields are the columns. Who read stands here as they were at that moment, masked. No edge leads to the
// person: a refused reading may be of somebody who never was.
func (RecordAccess) Fields() []ent.Field {
	return []ent.Field{
		field.String("person_id").MaxLen(64).Immutable().Comment("whose data they are"),
		field.String("target_id").MaxLen(64).Default("").Immutable().Comment("the noun that was read"),
		field.Enum("category").NamedValues("Health", "HEALTH", "Child", "CHILD", "Identity", "IDENTITY").Immutable(),
		field.Enum("purpose").NamedValues(
			"Self", "SELF", "Guardian", "GUARDIAN", "Delegation", "DELEGATION", "Care", "CARE", "School", "SCHOOL",
			"Duty", "DUTY", "Emergency", "EMERGENCY", "Unstated", "UNSTATED").Immutable(),
		field.Enum("outcome").NamedValues("Allowed", "ALLOWED", "Refused", "REFUSED").Immutable(),
		field.String("accessor_id").MaxLen(64).Default("").Immutable().Comment("empty when the system read").Annotations(hidden),
		field.String("accessor_name").MaxRuneLen(64).Default("").GoType(mask.Name("")).Comment("emptied when the accessor's account ends"),
		field.Enum("accessor_role").NamedValues(
			"Citizen", "CITIZEN", "Teacher", string(viewer.Teacher), "ClinicStaff", string(viewer.ClinicStaff),
			"CaseOfficer", string(viewer.CaseOfficer), "ScenicOperator", string(viewer.ScenicOperator),
			"Auditor", string(viewer.Auditor), "Admin", string(viewer.Admin), "System", "SYSTEM").Immutable(),
		field.JSON("organisation", lang.Text{}).Immutable().Comment("the name of where the role is held"),
		field.String("on_behalf_of").MaxLen(64).Default("").Immutable().Annotations(hidden),
		field.String("request_id").MaxLen(64).Default("").Immutable(),
	}
}

// Indexes serve the person's question and an auditor's: who read this one's, what did that one read.
func (RecordAccess) Indexes() []ent.Index {
	return []ent.Index{index.Fields("person_id", "id"), index.Fields("accessor_id", "id")}
}

// Annotations name the table.
func (RecordAccess) Annotations() []schema.Annotation {
	return []schema.Annotation{table("record_accesses")}
}

// Policy is the row rule.
func (RecordAccess) Policy() ent.Policy { return rule.RecordAccess }
