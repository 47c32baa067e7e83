package citycase

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/cityfacility"
	"citygraph/ent/db/sensoralarm"
	"citygraph/internal/audit"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/viewer"
)

const (
	maxCode     = 32
	maxAlarmKey = 128
	// sensorsAhead is by how much a sensor's clock may be fast.
	sensorsAhead = 5 * time.Minute
)

// ByCode narrows a query to the facility with the code on its plate. What cannot be a code is NOT_FOUND
// before any statement.
func ByCode(q *db.CityFacilityQuery, code string) (*db.CityFacilityQuery, error) {
	if code == "" || len(code) > maxCode || strings.ContainsFunc(code, control) {
		return nil, fault.New(fault.NotFound)
	}
	return q.Where(cityfacility.Code(code)), nil
}

// Alarm is what a sensor on a facility tells.
type Alarm struct {
	Key          uuid.UUID `json:"-"` // the idempotency key
	AlarmKey     string    // the sensor's own name for the alarm
	FacilityCode string
	RaisedAt     time.Time
	Note         string
}

// ReportAlarm opens a case on the facility of a sensor, or joins the one that is open. An alarm is taken
// once for its own key, whoever passes it on. Officers of the facility's district and administrators
// may, as whom the sensors' platform signs in. Returns UNAUTHENTICATED, FORBIDDEN, NOT_FOUND for the
// facility, BAD_USER_INPUT, IDEMPOTENCY_KEY_REUSED.
func (c *Cases) ReportAlarm(ctx context.Context, a Alarm) (*db.SensorAlarm, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	request := idempotency.Request{Key: a.Key, Operation: "reportAlarm", Input: a}
	if err := a.check(c.Clock.Now()); err != nil {
		return nil, err
	}
	alarmID, err := c.Once.Once(ctx, request, func(ctx context.Context) (string, error) { return c.takeAlarm(ctx, a) })
	if err != nil {
		return nil, err
	}
	return c.DB.SensorAlarm.Get(ctx, alarmID)
}

func (a *Alarm) check(now time.Time) (err error) {
	if a.AlarmKey, err = text("alarmKey", a.AlarmKey, 1, maxAlarmKey); err != nil {
		return err
	}
	if a.Note, err = text("note", a.Note, 0, maxNote); err != nil {
		return err
	}
	if a.RaisedAt.After(now.Add(sensorsAhead)) {
		return fault.BadInput("raisedAt", "报警时间不能晚于现在。", "The alarm must not be in the future.")
	}
	return nil
}

// takeAlarm records the alarm and returns its id. The facility is locked, so of two alarms at once one
// opens the case and the other joins it.
func (c *Cases) takeAlarm(ctx context.Context, a Alarm) (string, error) {
	facility, err := c.lockedFacility(ctx, a.FacilityCode)
	if err != nil {
		return "", err
	}
	v := viewer.From(ctx)
	if !v.HasAt(viewer.CaseOfficer, facility.DistrictID) && !v.Has(viewer.Admin) {
		return "", fault.New(fault.Forbidden).At("facilityCode")
	}
	known, err := c.DB.SensorAlarm.Query().Where(sensoralarm.AlarmKey(a.AlarmKey)).
		Only(viewer.AsSystem(ctx, "an alarm is known by its key, wherever it was raised"))
	switch {
	case err == nil && known.FacilityID == facility.ID:
		return known.ID, nil
	case err == nil:
		return "", fault.BadInput("alarmKey", "该报警编号已用于其他设施。", "This key was used for another facility.")
	case !db.IsNotFound(err):
		return "", fmt.Errorf("look for the alarm: %w", err)
	}
	caseID, err := c.openOrJoin(ctx, facility, a)
	if err != nil {
		return "", err
	}
	system := viewer.AsSystem(ctx, "a sensor writes through whoever passes its alarm on")
	if err := facility.Update().SetState(cityfacility.StateFaulty).Exec(system); err != nil {
		return "", fmt.Errorf("mark facility: %w", err)
	}
	alarmID := id.New(id.SensorAlarm)
	err = c.DB.SensorAlarm.Create().SetID(alarmID).SetAlarmKey(a.AlarmKey).SetRaisedAt(a.RaisedAt).SetNote(a.Note).
		SetFacilityID(facility.ID).SetDistrictID(facility.DistrictID).SetCityCaseID(caseID).Exec(system)
	if err != nil {
		return "", fmt.Errorf("write alarm: %w", err)
	}
	return alarmID, audit.Record(ctx, c.DB, audit.Deed{Action: "reportAlarm", Subject: v.PersonID, TargetID: caseID})
}

func (c *Cases) lockedFacility(ctx context.Context, code string) (*db.CityFacility, error) {
	q, err := ByCode(c.DB.CityFacility.Query(), code)
	if err != nil {
		return nil, fault.New(fault.NotFound).At("facilityCode")
	}
	if c.Store.Dialect() == dialect.Postgres {
		q.ForUpdate()
	}
	facility, err := q.Only(ctx)
	switch {
	case db.IsNotFound(err):
		return nil, fault.New(fault.NotFound).At("facilityCode")
	case err != nil:
		return nil, fmt.Errorf("load facility: %w", err)
	case facility.State == cityfacility.StateRemoved:
		return nil, fault.BadInput("facilityCode", "该设施已拆除。", "This facility was removed.")
	}
	return facility, nil
}

// openOrJoin returns the case of a locked facility that the alarm belongs to.
func (c *Cases) openOrJoin(ctx context.Context, facility *db.CityFacility, a Alarm) (string, error) {
	system := viewer.AsSystem(ctx, "a sensor reports for nobody in particular")
	q := c.DB.CityCase.Query().
		Where(citycase.FacilityID(facility.ID), citycase.StatusIn(machine.Unfinished()...)).
		Order(citycase.ByID()).Limit(1)
	if c.Store.Dialect() == dialect.Postgres {
		q.ForUpdate()
	}
	open, err := q.Only(system)
	switch {
	case db.IsNotFound(err):
		return c.openForSensor(system, facility, a, viewer.From(ctx).PersonID)
	case err != nil:
		return "", fmt.Errorf("look for an open case: %w", err)
	}
	if err := open.Update().AddLastSeq(1).Exec(system); err != nil {
		return "", fmt.Errorf("count event: %w", err)
	}
	c.wake(ctx, open)
	return open.ID, c.sensorEvent(system, open.ID, open.LastSeq+1, &open.Status, open.Status, a, viewer.From(ctx).PersonID)
}

func (c *Cases) openForSensor(system context.Context, facility *db.CityFacility, a Alarm, actor string) (string, error) {
	category, err := c.DB.CaseCategory.Get(system, facility.CategoryID)
	if err != nil {
		return "", fmt.Errorf("load category: %w", err)
	}
	now, caseID := c.Clock.Now(), id.New(id.CityCase)
	description := cmp.Or(a.Note, "传感器报警："+category.Name.ZH)
	err = c.DB.CityCase.Create().
		SetID(caseID).SetNumber(machine.Number(now, caseID)).SetCreatedAt(now).
		SetStatus(machine.Submitted).SetDueAt(dueAfter(now, category.SLAHours)).
		SetCategoryID(category.ID).SetKind(citycase.Kind(category.Kind)).
		SetDescription(description).SetAddress(facility.Address).
		SetLat(facility.Lat).SetLng(facility.Lng).SetCell(geo.CellOf(geo.Point{Lat: facility.Lat, Lng: facility.Lng})).
		SetStreetID(facility.StreetID).SetDistrictID(facility.DistrictID).SetFacilityID(facility.ID).
		Exec(system)
	if err != nil {
		return "", fmt.Errorf("open case: %w", err)
	}
	c.wake(system, &db.CityCase{ID: caseID, Cell: geo.CellOf(geo.Point{Lat: facility.Lat, Lng: facility.Lng})})
	return caseID, c.sensorEvent(system, caseID, 1, nil, machine.Submitted, a, actor)
}

// sensorEvent writes what the sensor told into the history. What it adds to a case that is open already
// is for officers.
func (c *Cases) sensorEvent(system context.Context, caseID string, seq int, from *machine.Status, to machine.Status, a Alarm, actor string) error {
	event := c.DB.CaseEvent.Create().
		SetCityCaseID(caseID).SetSeq(seq).SetNillableFromStatus(from).SetToStatus(to).
		SetActorKind(caseevent.ActorKindSystem).SetActorID(actor).SetNote(a.Note).SetPublic(from == nil)
	if from != nil {
		event.SetAction(machine.Update)
	}
	if err := event.Exec(system); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return nil
}

// markFacility has the plate of a facility tell what is known of it: faulty once a case on it is filed,
// in service when the last one is closed.
func (c *Cases) markFacility(ctx context.Context, found *db.CityCase, edge machine.Edge) error {
	if found.FacilityID == "" || edge.To != machine.Filed && edge.To != machine.Closed || edge.Stays() {
		return nil
	}
	system := viewer.AsSystem(ctx, "a facility's state follows its cases")
	state := cityfacility.StateFaulty
	if edge.To == machine.Closed {
		others, err := c.DB.CityCase.Query().Where(
			citycase.FacilityID(found.FacilityID), citycase.IDNEQ(found.ID), citycase.StatusIn(machine.Unfinished()...),
		).Exist(system)
		if err != nil || others {
			return err
		}
		state = cityfacility.StateInService
	}
	err := c.DB.CityFacility.Update().
		Where(cityfacility.ID(found.FacilityID), cityfacility.StateNEQ(cityfacility.StateRemoved)).SetState(state).Exec(system)
	if err != nil {
		return fmt.Errorf("mark facility: %w", err)
	}
	return nil
}
