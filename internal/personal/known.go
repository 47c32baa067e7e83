package personal

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db/personaldata"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Known is somebody bound by real name, as a register of others compares them with whom it knows.
type Known struct {
	PersonID, Name          string
	NumberIndex, PhoneIndex string // see Index and PhoneIndex
}

// String hides the name from logs.
func (Known) String() string { return "[personal data]" }

// Sought says whom to find: by indexes of id numbers or phones, or by id.
type Sought struct{ Numbers, Phones, People []string }

// Known finds people for the system with one statement, which answers for what it does with them; who is not there is left
// out. FORBIDDEN to anybody but the system.
func (r *Records) Known(ctx context.Context, whom Sought) ([]Known, error) {
	if _, system := viewer.From(ctx).System(); !system {
		return nil, fault.New(fault.Forbidden)
	}
	rows, err := r.DB.PersonalData.Query().Where(func(on *sql.Selector) {
		among := func(column string, values []string) *sql.Predicate {
			return sql.P(func(b *sql.Builder) { r.Store.Among(b, on.C(column), values) })
		}
		on.Where(sql.Or(
			among(personaldata.FieldIDNumberIndex, whom.Numbers), among(personaldata.FieldPhoneIndex, whom.Phones),
			among(personaldata.FieldPersonID, whom.People),
		))
	}).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look up personal data: %w", err)
	}
	found := make([]Known, len(rows))
	for i, row := range rows {
		d, err := r.open(row)
		if err != nil {
			return nil, err
		}
		found[i] = Known{PersonID: row.PersonID, Name: d.Name, NumberIndex: row.IDNumberIndex, PhoneIndex: row.PhoneIndex}
	}
	return found, nil
}
