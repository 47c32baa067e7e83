package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"

	"citygraph/ent/rule"
	"citygraph/internal/id"
)

// AcademicSession is a span of the school year: a school year, a semester or a term.
type AcademicSession struct{ ent.Schema }

// Mixin gives the common columns.
func (AcademicSession) Mixin() []ent.Mixin {
	return []ent.Mixin{noun{kind: id.AcademicSession}, imported{}}
}

// Fields are the columns. Days are service days, YYYY-MM-DD, both included.
func (AcademicSession) Fields() []ent.Field {
	return []ent.Field{
		field.String("title").MaxRuneLen(100),
		field.Enum("kind").NamedValues("SchoolYear", "SCHOOL_YEAR", "Semester", "SEMESTER", "Term", "TERM", "GradingPeriod", "GRADING_PERIOD"),
		field.String("first_day").MaxLen(10),
		field.String("last_day").MaxLen(10),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Ended", "ENDED").Default("ACTIVE"),
	}
}

// Annotations name the table, and keep it within what can be.
func (AcademicSession) Annotations() []schema.Annotation {
	return []schema.Annotation{table("academic_sessions"), entsql.Checks(map[string]string{"academic_sessions_days": "last_day >= first_day"})}
}

// Policy is the row rule.
func (AcademicSession) Policy() ent.Policy { return rule.Public }
