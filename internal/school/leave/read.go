package leave

import (
	"context"
	"slices"

	"citygraph/ent/db"
	row "citygraph/ent/db/leaverequest"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/fault"
	"citygraph/internal/memo"
	"citygraph/internal/school/part"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Filter narrows leaves; nil parts do not.
type Filter struct {
	Child, Class *string
	Status       *row.Status
}

// List narrows a query to leaves: of a class that the viewer teaches, or else of whom they may act for within SCHOOL. Returns
// UNAUTHENTICATED; DELEGATION_SCOPE for a child; what part.Taught does for a class; BAD_USER_INPUT for both.
func (d *Desk) List(ctx context.Context, q *db.LeaveRequestQuery, f Filter) (*db.LeaveRequestQuery, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case f.Child != nil && f.Class != nil:
		return nil, fault.BadInput("class", "学生和班级只能选择一项。", "Name a child or a class.")
	case f.Class != nil:
		class, err := part.Taught(ctx, d.DB, *f.Class, "class")
		if err != nil {
			return nil, err
		}
		q.Where(row.SchoolClassID(class.ID))
	case f.Child != nil:
		if _, err := d.For(ctx, f.Child, scope.School); err != nil {
			return nil, err
		}
		q.Where(row.StudentID(*f.Child))
	default:
		q.Where(predicate.LeaveRequest(rule.ActsFor(row.FieldStudentID, v, scope.Of(scope.School))))
	}
	if f.Status != nil {
		q.Where(row.StatusEQ(*f.Status))
	}
	return q, nil
}

// Reasons opens what leaves are for, in their order: nil where nothing was said, and for who neither speaks for the pupil nor
// answers for the class. As many statements whatever their number.
func (d *Desk) Reasons(ctx context.Context, leaves []*db.LeaveRequest) ([]*string, error) {
	reasons, pupils := make([]*string, len(leaves)), []string{}
	for i, l := range leaves {
		if len(l.Sealed) == 0 {
			continue
		}
		speaks, err := d.ActsFor(ctx, l.StudentID, scope.School)
		if err != nil {
			return nil, err
		}
		leads, err := d.leads(ctx, l)
		if err != nil {
			return nil, err
		}
		if speaks || leads {
			reasons[i] = new(string)
			pupils = append(pupils, l.StudentID)
		}
	}
	if len(pupils) == 0 {
		return reasons, nil
	}
	keys, err := d.People.Keys(system(ctx), pupils...)
	if err != nil {
		return nil, err
	}
	for i, l := range leaves {
		if reasons[i] == nil {
			continue
		}
		key, bound := keys[l.StudentID]
		if !bound { // their account has just ended
			reasons[i] = nil
			continue
		}
		plain, err := key.Open(place(l.ID), l.Sealed)
		if err != nil {
			return nil, err
		}
		*reasons[i] = string(plain)
	}
	return reasons, nil
}

type led struct{ personID string }

// leads tells whether the viewer answers for the class of a leave. It asks once in a response.
func (d *Desk) leads(ctx context.Context, l *db.LeaveRequest) (bool, error) {
	v := viewer.From(ctx)
	if !v.HasAt(viewer.Teacher, l.SchoolID) {
		return false, nil
	}
	classes, err := memo.Once(ctx, led{v.PersonID}, func() ([]string, error) { return part.Led(ctx, d.DB) })
	return slices.Contains(classes, l.SchoolClassID), err
}

// AllowedActions is what the viewer may do with a leave now.
func (d *Desk) AllowedActions(ctx context.Context, l *db.LeaveRequest) ([]Action, error) {
	may := []Action{}
	if l.Status == row.StatusSubmitted {
		leads, err := d.leads(ctx, l)
		if err != nil {
			return nil, err
		}
		if leads {
			may = append(may, ToDecide)
		}
	}
	live := l.Status == row.StatusSubmitted || l.Status == row.StatusApproved
	if !live || !l.StartsAt.After(d.Clock.Now()) {
		return may, nil
	}
	v := viewer.From(ctx)
	speaks, err := d.ActsFor(ctx, l.StudentID, scope.School)
	if err == nil && speaks && l.StudentID == v.PersonID {
		speaks, err = memo.Once(ctx, grown{v.PersonID}, func() (bool, error) { return d.adult(ctx, v.PersonID) })
	}
	if err != nil {
		return nil, err
	}
	if speaks {
		may = append(may, ToWithdraw)
	}
	return may, nil
}

type grown struct{ personID string }
