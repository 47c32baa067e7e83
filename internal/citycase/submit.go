package citycase

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/cityfacility"
	"citygraph/internal/audit"
	"citygraph/internal/citycase/form"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Report is what a citizen says about something that needs mending.
type Report struct {
	Key         uuid.UUID `json:"-"` // the idempotency key
	CategoryID  string
	Description string
	Location    geo.Input
	Address     string
	OnBehalfOf  *string       `json:",omitempty"` // the person reported for; nil is the viewer
	Private     bool          `json:",omitempty"` // kept from the public
	Attributes  []form.Answer `json:",omitempty"`
	DistrictID  string        `json:",omitempty"` // where the reporter knows better than the nearest street
	FacilityID  string        `json:",omitempty"`
	PhotoIDs    []string      `json:",omitempty"` // of what is wrong, uploaded by the viewer
}

// Submit opens a case in the district the place lies in, or the one the reporter says, due by the
// category's hours. Anyone signed in may, and for another who has CASE for them. Returns UNAUTHENTICATED,
// DELEGATION_SCOPE, BAD_USER_INPUT, NOT_FOUND for a photo, OUT_OF_AREA, CASE_FIELD_REQUIRED, IDEMPOTENCY_KEY_REUSED.
func (c *Cases) Submit(ctx context.Context, r Report) (*db.CityCase, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	request := idempotency.Request{Key: r.Key, Operation: "submitCase", Input: r}
	if err := r.check(); err != nil {
		return nil, err
	}
	place := r.Location.WGS84()
	// Looked up before the transaction: a load shared through the cache takes a connection of its own, and
	// transactions that wait for it hold all the others.
	streetID, districtID, err := c.locate(ctx, place, r.DistrictID)
	if err != nil {
		return nil, err
	}
	caseID, err := c.Once.Once(ctx, request, func(ctx context.Context) (string, error) {
		return c.open(ctx, r, streetID, districtID)
	})
	if err != nil {
		return nil, err
	}
	return c.DB.CityCase.Get(ctx, caseID)
}

// correctedWithin is how far, in metres, a point may be from the nearest street of the district its
// reporter says it lies in: street points are rough, and the districts of the west are wide.
const correctedWithin = 20_000

// locate finds the street of a point, and its district unless the reporter says which.
func (c *Cases) locate(ctx context.Context, at geo.Point, said string) (streetID, districtID string, err error) {
	if said == "" {
		if streetID, districtID, err = c.Places.Nearest(ctx, at.Lat, at.Lng); err != nil {
			return "", "", fmt.Errorf("find the street: %w", err)
		}
		return streetID, districtID, nil
	}
	streetID, metres, err := c.Places.NearestIn(ctx, said, at.Lat, at.Lng)
	if err != nil {
		return "", "", fmt.Errorf("find the street: %w", err)
	}
	if streetID == "" || metres > correctedWithin {
		return "", "", fault.BadInput("districtId", "该位置不在所选区县。", "The place is not in this district.")
	}
	return streetID, said, nil
}

// check holds the report to its rules; what it finds in order is stored as it finds it.
func (r *Report) check() (err error) {
	if r.Description, err = text("description", r.Description, 1, maxDescription); err != nil {
		return err
	}
	if r.Address, err = text("address", r.Address, 0, maxAddress); err != nil {
		return err
	}
	switch p := r.Location.WGS84(); {
	case !p.Valid():
		return fault.BadInput("location", "坐标无效。", "The coordinates are not valid.")
	case !geo.InHangzhou(p):
		return fault.New(fault.OutOfArea).At("location")
	case !id.Is(r.CategoryID, id.CaseCategory):
		return unknownCategory()
	case r.FacilityID != "" && !id.Is(r.FacilityID, id.CityFacility):
		return unknownFacility()
	}
	return checkPhotoIDs(r.PhotoIDs)
}

func (c *Cases) open(ctx context.Context, r Report, streetID, districtID string) (string, error) {
	ctx, err := c.For(ctx, r.OnBehalfOf, scope.Case)
	if err != nil {
		return "", fault.From(err).At("onBehalfOf")
	}
	category, err := c.DB.CaseCategory.Get(ctx, r.CategoryID)
	if db.IsNotFound(err) {
		return "", unknownCategory()
	}
	if err != nil {
		return "", fmt.Errorf("load category: %w", err)
	}
	place := r.Location.WGS84()
	now, caseID, reporter := c.Clock.Now(), id.New(id.CityCase), viewer.From(ctx).Subject()
	answers, err := form.Check(category.Form, r.Attributes, now)
	if err != nil {
		return "", err
	}
	create := c.DB.CityCase.Create().
		SetID(caseID).SetNumber(machine.Number(now, caseID)).SetCreatedAt(now).
		SetStatus(machine.Submitted).SetDueAt(dueAfter(now, category.SLAHours)).
		SetCategoryID(category.ID).SetKind(citycase.Kind(category.Kind)).SetReporterID(reporter).
		SetDescription(r.Description).SetAddress(r.Address).SetAttributes(answers).
		SetLat(place.Lat).SetLng(place.Lng).SetCell(geo.CellOf(place)).SetStreetID(streetID).SetDistrictID(districtID)
	if r.Private {
		create.SetVisibility(citycase.VisibilityPrivate)
	}
	if r.FacilityID != "" {
		if err := c.checkFacility(ctx, r.FacilityID); err != nil {
			return "", err
		}
		create.SetFacilityID(r.FacilityID)
	}
	if err := create.Exec(ctx); err != nil {
		return "", fmt.Errorf("open case: %w", err)
	}
	eventID := id.New(id.CaseEvent)
	err = c.DB.CaseEvent.Create().
		SetID(eventID).SetCityCaseID(caseID).SetSeq(1).SetToStatus(machine.Submitted).
		SetActorKind(caseevent.ActorKindCitizen).SetActorID(viewer.From(ctx).PersonID).
		Exec(ctx)
	if err != nil {
		return "", fmt.Errorf("write first event: %w", err)
	}
	if err := c.checkReported(ctx, r.PhotoIDs); err != nil {
		return "", err
	}
	if err := c.attach(ctx, caseID, eventID, r.PhotoIDs); err != nil {
		return "", err
	}
	c.wake(ctx, &db.CityCase{ID: caseID, Cell: geo.CellOf(place)})
	return caseID, audit.Record(ctx, c.DB, audit.Deed{Action: "submitCase", Subject: reporter, TargetID: caseID})
}

func (c *Cases) checkFacility(ctx context.Context, facilityID string) error {
	known, err := c.DB.CityFacility.Query().
		Where(cityfacility.ID(facilityID), cityfacility.StateNEQ(cityfacility.StateRemoved)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for the facility: %w", err)
	}
	if !known {
		return unknownFacility()
	}
	return nil
}

func unknownFacility() error {
	return fault.BadInput("facilityId", "没有这个设施。", "There is no such facility.")
}

func unknownCategory() error {
	return fault.BadInput("categoryId", "没有这个案件类别。", "There is no such category.")
}
