package access

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Guards fails unless the context's viewer is a guardian of the child now.
type Guards func(ctx context.Context, childID string) error

// Of narrows a query to the readings of a person's data; the viewer's for nil. The person may, and the
// guardians of a child. Returns UNAUTHENTICATED for a visitor, and DELEGATION_SCOPE for anybody else's.
func Of(ctx context.Context, q *db.RecordAccessQuery, personID *string, guards Guards) (*db.RecordAccessQuery, error) {
	v := viewer.From(ctx)
	whose := v.PersonID
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case personID != nil && *personID != v.PersonID:
		if err := guards(ctx, *personID); err != nil {
			return nil, fault.From(err).At("person")
		}
		whose = *personID
	}
	return q.Where(recordaccess.PersonID(whose), recordaccess.OutcomeEQ(recordaccess.OutcomeAllowed)), nil
}

// Filter narrows the log; nil parts do not.
type Filter struct {
	Person, Accessor *string
	Category         *recordaccess.Category
	Outcome          *recordaccess.Outcome
	Since, Until     *time.Time // from the first on, and before the second
}

// Log narrows a query to the readings of the filter. Auditors may. Returns UNAUTHENTICATED, FORBIDDEN,
// and BAD_USER_INPUT for a time that ends before it begins.
func Log(ctx context.Context, q *db.RecordAccessQuery, f Filter) (*db.RecordAccessQuery, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !v.Has(viewer.Auditor):
		return nil, fault.New(fault.Forbidden)
	case f.Since != nil && f.Until != nil && !f.Since.Before(*f.Until):
		return nil, fault.BadInput("until", "结束时间须晚于开始时间。", "The end must come after the beginning.")
	}
	if f.Person != nil {
		q.Where(recordaccess.PersonID(*f.Person))
	}
	if f.Accessor != nil {
		q.Where(recordaccess.AccessorID(*f.Accessor))
	}
	if f.Category != nil {
		q.Where(recordaccess.CategoryEQ(*f.Category))
	}
	if f.Outcome != nil {
		q.Where(recordaccess.OutcomeEQ(*f.Outcome))
	}
	if f.Since != nil {
		q.Where(recordaccess.CreatedAtGTE(f.Since.UTC()))
	}
	if f.Until != nil {
		q.Where(recordaccess.CreatedAtLT(f.Until.UTC()))
	}
	return q, nil
}

// AccessorID is who read, for an auditor; nil for anybody else, and for the system.
func AccessorID(ctx context.Context, r *db.RecordAccess) *string {
	if !viewer.From(ctx).Has(viewer.Auditor) {
		return nil
	}
	return given(r.AccessorID)
}

// OnBehalfOf is the person the reader acted for; nil when that was themselves.
func OnBehalfOf(r *db.RecordAccess) *string { return given(r.OnBehalfOf) }

func given(personID string) *string {
	if personID == "" {
		return nil
	}
	return &personID
}
