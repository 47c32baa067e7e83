package citycase

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/internal/audit"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/viewer"
)

// Report is what a citizen says about something that needs mending.
type Report struct {
	Key         uuid.UUID `json:"-"` // the idempotency key
	CategoryID  string
	Description string
	Location    geo.Input
	Address     string
}

// Submit opens a case in the district the place lies in, due by the category's hours. Anyone signed in
// may. Returns UNAUTHENTICATED, BAD_USER_INPUT, OUT_OF_AREA, IDEMPOTENCY_KEY_REUSED.
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
	streetID, districtID, err := c.Places.Nearest(ctx, place.Lat, place.Lng)
	if err != nil {
		return nil, fmt.Errorf("find the street: %w", err)
	}
	caseID, err := c.Once.Once(ctx, request, func(ctx context.Context) (string, error) {
		return c.open(ctx, r, streetID, districtID)
	})
	if err != nil {
		return nil, err
	}
	return c.DB.CityCase.Get(ctx, caseID)
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
	}
	return nil
}

func (c *Cases) open(ctx context.Context, r Report, streetID, districtID string) (string, error) {
	category, err := c.DB.CaseCategory.Get(ctx, r.CategoryID)
	if db.IsNotFound(err) {
		return "", unknownCategory()
	}
	if err != nil {
		return "", fmt.Errorf("load category: %w", err)
	}
	place := r.Location.WGS84()
	now, caseID, reporter := c.Clock.Now(), id.New(id.CityCase), viewer.From(ctx).PersonID
	err = c.DB.CityCase.Create().
		SetID(caseID).SetNumber(machine.Number(now, caseID)).
		SetStatus(machine.Submitted).SetDueAt(now.Add(time.Duration(category.SLAHours) * time.Hour)).
		SetCategoryID(category.ID).SetReporterID(reporter).
		SetDescription(r.Description).SetAddress(r.Address).
		SetLat(place.Lat).SetLng(place.Lng).SetStreetID(streetID).SetDistrictID(districtID).
		Exec(ctx)
	if err != nil {
		return "", fmt.Errorf("open case: %w", err)
	}
	err = c.DB.CaseEvent.Create().
		SetCityCaseID(caseID).SetSeq(1).SetToStatus(machine.Submitted).
		SetActorKind(caseevent.ActorKindCitizen).SetActorID(reporter).
		Exec(ctx)
	if err != nil {
		return "", fmt.Errorf("write first event: %w", err)
	}
	return caseID, audit.Record(ctx, c.DB, audit.Deed{Action: "submitCase", Subject: reporter, TargetID: caseID})
}

func unknownCategory() error {
	return fault.BadInput("categoryId", "没有这个案件类别。", "There is no such category.")
}
