package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/clock"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Delegation is seen by its two sides and by the guardians of the delegator; the verbs of the household
// write it for the system.
var Delegation = Policy{Read: func(v *viewer.Viewer) Rows {
	if !v.SignedIn() {
		return nil
	}
	return func(s *sql.Selector) {
		delegator := s.C("delegator_id")
		s.Where(sql.Or(
			sql.EQ(delegator, v.PersonID), sql.EQ(s.C("delegate_id"), v.PersonID),
			sql.P(func(b *sql.Builder) {
				b.WriteString(delegator + " IN (")
				children(b, v.PersonID, scope.All)
				b.WriteString(")")
			}),
		))
	}
}}

// Guardianship is seen by the child, and by the guardian while nothing bars them.
var Guardianship = Policy{Read: func(v *viewer.Viewer) Rows {
	if !v.SignedIn() {
		return nil
	}
	return func(s *sql.Selector) {
		s.Where(sql.Or(
			sql.EQ(s.C("child_id"), v.PersonID),
			sql.And(sql.EQ(s.C("guardian_id"), v.PersonID), sql.EQ(s.C("status"), "ACTIVE")),
		))
	}
}}

// Delegating are the delegations that hold now and give any of the scopes. A custody bar between the two
// sides beats them.
func Delegating(scopes scope.Set) Rows {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) { delegating(b, s.C, scopes) }))
	}
}

// Guarding are the guardianships that hold now and give any of the scopes.
func Guarding(scopes scope.Set) Rows {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) { guarding(b, s.C, scopes) }))
	}
}

// ActsFor narrows a statement to the rows whose column names the viewer, or a person the viewer may act
// for now within any of the scopes: by delegation or as a guardian. It is the one answer to "may this
// viewer do this for that person now".
func ActsFor(column string, v *viewer.Viewer, scopes scope.Set) Rows {
	return func(s *sql.Selector) { s.Where(actsFor(s, column, v, scopes)) }
}

// ActingFor narrows a statement to the rows in which one column names the person of another column, or somebody
// that person may act for now within any of the scopes: ActsFor where each row has a viewer of its own.
func ActingFor(column, actor string, scopes scope.Set) Rows {
	return func(s *sql.Selector) {
		column, actor := s.C(column), s.C(actor)
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("(" + column + " = " + actor)
			b.WriteString(" OR EXISTS (SELECT 1 FROM delegations AS d WHERE d.delegator_id = " + column + " AND d.delegate_id = " + actor + " AND ")
			delegating(b, of("d"), scopes)
			b.WriteString(") OR EXISTS (SELECT 1 FROM guardianships AS g WHERE g.child_id = " + column + " AND g.guardian_id = " + actor + " AND ")
			guarding(b, of("g"), scopes)
			b.WriteString("))")
		}))
	}
}

// The conditions below stand in nearly every statement: they are written as text, since a selector of
// ent's for each part makes a hundred allocations of it.

func actsFor(s *sql.Selector, column string, v *viewer.Viewer, scopes scope.Set) *sql.Predicate {
	column = s.C(column)
	return sql.P(func(b *sql.Builder) {
		b.WriteString("(" + column + " = ").Arg(v.PersonID)
		b.WriteString(" OR " + column + " IN (SELECT d.delegator_id FROM delegations AS d WHERE d.delegate_id = ").Arg(v.PersonID)
		b.WriteString(" AND ")
		delegating(b, of("d"), scopes)
		b.WriteString(") OR " + column + " IN (")
		children(b, v.PersonID, scopes)
		b.WriteString("))")
	})
}

// of names the columns of a table by its alias.
func of(alias string) func(column string) string {
	return func(column string) string { return alias + "." + column }
}

// children selects the ids of those the person guards within any of the scopes.
func children(b *sql.Builder, personID string, scopes scope.Set) {
	b.WriteString("SELECT g.child_id FROM guardianships AS g WHERE g.guardian_id = ").Arg(personID).WriteString(" AND ")
	guarding(b, of("g"), scopes)
}

func delegating(b *sql.Builder, c func(string) string, scopes scope.Set) {
	b.WriteString(c("state") + " = 'ACTIVE' AND " + c("valid_to") + " > ").Arg(clock.System{}.Now()).WriteString(" AND ")
	grants(b, c, scopes)
	b.WriteString(" AND NOT EXISTS (SELECT 1 FROM guardianships AS bar WHERE bar.status = 'BARRED'" +
		" AND bar.guardian_id = " + c("delegate_id") + " AND bar.child_id = " + c("delegator_id") + ")")
}

func guarding(b *sql.Builder, c func(string) string, scopes scope.Set) {
	b.WriteString(c("status") + " = 'ACTIVE' AND ")
	grants(b, c, scopes)
}

// grants holds for rows that give any of the scopes.
func grants(b *sql.Builder, c func(string) string, scopes scope.Set) {
	b.WriteString("(" + c("scope_set") + " & ").Arg(int64(scopes)).WriteString(") <> 0")
}

// ownOr gives the rows whose column holds the viewer's person id, or that of somebody they may act for
// within any of the scopes.
func ownOr(column string, scopes scope.Set) Reader {
	return func(v *viewer.Viewer) Rows {
		if !v.SignedIn() {
			return nil
		}
		return ActsFor(column, v, scopes)
	}
}
