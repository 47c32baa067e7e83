package citycase

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/person"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/mask"
	"citygraph/internal/viewer"
)

// DueFilter narrows a queue by the promise of its cases.
type DueFilter string

// The filters. Both leave out cases whose clock does not run.
const (
	Overdue DueFilter = "OVERDUE"
	DueSoon DueFilter = "SOON" // within a day
)

const dueSoon = 24 * time.Hour

// AssignmentFilter narrows a queue by whose its cases are.
type AssignmentFilter string

// The filters.
const (
	AssignedToMe AssignmentFilter = "MINE"
	Unassigned   AssignmentFilter = "UNASSIGNED" // given to no officer, and not done with
)

// QueueFilter narrows an officer's queue; what is empty does not.
type QueueFilter struct {
	Status     *machine.Status
	Due        *DueFilter
	Assignment *AssignmentFilter
	CategoryID *string
	DistrictID *string
}

// officer is the viewer, if they are a case officer anywhere.
func officer(ctx context.Context) (*viewer.Viewer, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !v.Has(viewer.CaseOfficer):
		return nil, fault.New(fault.Forbidden)
	}
	return v, nil
}

// Queue narrows a query to the cases of an officer's districts that pass the filter. UNAUTHENTICATED for a
// visitor, FORBIDDEN to anyone who is not a case officer.
func (c *Cases) Queue(ctx context.Context, q *db.CityCaseQuery, f QueueFilter) (*db.CityCaseQuery, error) {
	v, err := officer(ctx)
	if err != nil {
		return nil, err
	}
	q.Where(citycase.DistrictIDIn(v.Organisations(viewer.CaseOfficer)...))
	if f.Status != nil {
		q.Where(citycase.StatusEQ(*f.Status))
	}
	if f.CategoryID != nil {
		q.Where(citycase.CategoryID(*f.CategoryID))
	}
	if f.DistrictID != nil {
		q.Where(citycase.DistrictID(*f.DistrictID))
	}
	if f.Due != nil {
		until := c.Clock.Now()
		if *f.Due == DueSoon {
			q.Where(citycase.DueAtGTE(until))
			until = until.Add(dueSoon)
		}
		q.Where(citycase.StatusIn(machine.WithClock(machine.Running)...), citycase.DueAtLT(until))
	}
	if f.Assignment != nil {
		switch *f.Assignment {
		case AssignedToMe:
			q.Where(citycase.AssigneeID(v.PersonID))
		case Unassigned:
			q.Where(citycase.AssigneeIDIsNil(), citycase.StatusIn(machine.Unfinished()...))
		}
	}
	return q, nil
}

// Colleague is an officer a case can be given to.
type Colleague struct {
	OfficerID  string
	DistrictID string
	MaskedName mask.Name
	OpenCases  int // that are theirs
}

// Colleagues are the officers of the viewer's districts, in the order of their ids, with how much each
// has to do. UNAUTHENTICATED for a visitor, FORBIDDEN to anyone who is not a case officer.
func (c *Cases) Colleagues(ctx context.Context) ([]*Colleague, error) {
	v, err := officer(ctx)
	if err != nil {
		return nil, err
	}
	system := viewer.AsSystem(ctx, "who serves in a district is for its officers to know")
	roles, err := c.DB.StaffRole.Query().
		Where(staffrole.KindEQ(staffrole.KindCaseOfficer), staffrole.OrganisationIDIn(v.Organisations(viewer.CaseOfficer)...)).
		WithPerson(func(q *db.PersonQuery) { q.Select(person.FieldID, person.FieldName) }).
		Order(staffrole.ByPersonID(), staffrole.ByID()).All(system)
	if err != nil {
		return nil, fmt.Errorf("load officers: %w", err)
	}
	var loads []struct {
		AssigneeID string `json:"assignee_id"`
		Count      int    `json:"count"`
	}
	err = c.DB.CityCase.Query().
		Where(citycase.StatusIn(machine.Unfinished()...), assignedTo(roles)).
		GroupBy(citycase.FieldAssigneeID).Aggregate(db.Count()).Scan(system, &loads)
	if err != nil {
		return nil, fmt.Errorf("count their cases: %w", err)
	}
	count := map[string]int{}
	for _, l := range loads {
		count[l.AssigneeID] = l.Count
	}
	colleagues := make([]*Colleague, len(roles))
	for i, r := range roles {
		colleagues[i] = &Colleague{
			OfficerID: r.PersonID, DistrictID: r.OrganisationID, MaskedName: r.Edges.Person.Name, OpenCases: count[r.PersonID],
		}
	}
	return colleagues, nil
}

func assignedTo(roles []*db.StaffRole) func(*sql.Selector) {
	ids := make([]string, len(roles))
	for i, r := range roles {
		ids[i] = r.PersonID
	}
	return citycase.AssigneeIDIn(ids...)
}
