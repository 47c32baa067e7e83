package care

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/carecontract"
	"citygraph/ent/db/helpcall"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/idempotency"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// same is how long after the last call another one is the same, and told to nobody.
const same = time.Minute

// callers are the scopes within either of which one calls for help for another.
var callers = scope.Of(scope.Notify, scope.Book)

// Call is somebody's call for help.
type Call struct {
	Key uuid.UUID `json:"-"`
	// Location is no part of what the key stands for: a call sent again may know better where it comes from.
	Location   *geo.Input `json:"-"`
	OnBehalfOf *string
}

// HelpCalled tells that somebody calls for help, and that nobody has come yet.
type HelpCalled struct {
	CallID, PatientID string
	Patient           mask.Name
	What              string   // of the call: each is told once
	Family            []string // who acts for the patient, within NOTIFY
	Staff             []string // of the clinic, and none of the family
}

// HelpAnswered tells that somebody comes.
type HelpAnswered struct {
	CallID, PatientID string
	Patient, By       mask.Name
	Family            []string // with the patient; not who comes
	Staff             []string // who were told of the call; not who comes
}

// HelpEnded tells that it is over.
type HelpEnded struct {
	CallID, PatientID string
	Patient           mask.Name
	Family            []string // with the patient; not who said so
	Staff             []string // who came, when they are of the clinic and did not say so
}

// Call calls for help for the viewer, or for whom they act within NOTIFY or BOOK. It is accepted with any contract or none,
// whatever the location is, and at any rate: a place that is none is left out, and a second call while the first one is OPEN
// is the same call. Within a minute of the last it is counted and told to nobody; later it is told again. Those who act
// for the person within NOTIFY are told at once, and the staff on duty at the clinic of their last contract, or all its staff when
// nobody is. Returns UNAUTHENTICATED; DELEGATION_SCOPE; and IDEMPOTENCY_KEY_REUSED for a key that was of something else.
func (o *Office) Call(ctx context.Context, c Call) (*db.HelpCall, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	made, err := o.Once.Once(ctx, idempotency.Request{Key: c.Key, Operation: "callForHelp", Input: c}, func(ctx context.Context) (string, error) {
		return o.call(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	row, err := o.DB.HelpCall.Get(ctx, made)
	return found(row, err, "onBehalfOf")
}

func (o *Office) call(ctx context.Context, c Call) (string, error) {
	ctx, err := o.ForAny(ctx, c.OnBehalfOf, callers)
	if err != nil {
		return "", fault.From(err).At("onBehalfOf")
	}
	patient := viewer.From(ctx).Subject()
	// Those who press the button at once follow one another, and the index gives them one call if they did not.
	if err := o.Store.Lock(ctx, "help/"+patient); err != nil {
		return "", err
	}
	open, err := o.DB.HelpCall.Query().Where(helpcall.PatientID(patient), helpcall.StatusEQ(helpcall.StatusOpen)).Only(system(ctx))
	if err != nil && !db.IsNotFound(err) {
		return "", fmt.Errorf("look for an open call: %w", err)
	}
	at := place(c.Location)
	if open != nil {
		again, err := o.again(ctx, open, at)
		if again || err != nil {
			return open.ID, err
		}
	}
	return o.first(ctx, patient, at)
}

// place is where the call comes from; nil unless it is somewhere on Earth.
func place(in *geo.Input) *geo.Point {
	if in == nil || !in.CRS.Valid() || !(geo.Point{Lat: in.Lat, Lng: in.Lng}).Valid() {
		return nil
	}
	if at := in.WGS84(); at.Valid() {
		return &at
	}
	return nil
}

// first writes a call down, and has it told.
func (o *Office) first(ctx context.Context, patient string, at *geo.Point) (string, error) {
	name, err := o.nameOf(ctx, patient)
	if err != nil {
		return "", err
	}
	clinicID, err := o.lastClinic(ctx, patient)
	if err != nil {
		return "", err
	}
	now := o.Clock.Now()
	row := o.DB.HelpCall.Create().SetPatientID(patient).SetPatientName(name).SetClinicID(clinicID).
		SetLastCalledAt(now).SetEscalateAt(now.Add(o.Pace.Clinic)).SetCreatedAt(now).SetUpdatedAt(now)
	if at != nil {
		row.SetCallerLat(at.Lat).SetCallerLng(at.Lng)
	}
	made, err := row.Save(system(ctx))
	if err != nil {
		return "", fmt.Errorf("write call for help: %w", err)
	}
	return made.ID, o.called(ctx, made)
}

// again counts a call that is open, and reports whether it still was. Later than a minute after the last it is told again.
func (o *Office) again(ctx context.Context, open *db.HelpCall, at *geo.Point) (bool, error) {
	now := o.Clock.Now()
	update := o.DB.HelpCall.Update().Where(helpcall.ID(open.ID), helpcall.StatusEQ(helpcall.StatusOpen)).
		AddTimes(1).SetLastCalledAt(now).SetUpdatedAt(now)
	if at != nil {
		update.SetCallerLat(at.Lat).SetCallerLng(at.Lng)
	}
	counted, err := update.Save(system(ctx))
	if err != nil {
		return false, fmt.Errorf("count call for help: %w", err)
	}
	if counted == 0 {
		return false, nil // somebody comes, or it is over: this is another call
	}
	last := open.LastCalledAt
	open.Times, open.LastCalledAt = open.Times+1, now
	if now.Sub(last) <= same {
		o.wake(ctx, open)
		return true, audit.Record(ctx, o.DB, audit.Deed{Action: "callForHelp", Subject: open.PatientID, TargetID: open.ID})
	}
	return true, o.called(ctx, open)
}

// called writes down who called, and tells who can come.
func (o *Office) called(ctx context.Context, c *db.HelpCall) error {
	if err := audit.Record(ctx, o.DB, audit.Deed{Action: "callForHelp", Subject: c.PatientID, TargetID: c.ID}); err != nil {
		return err
	}
	return o.tell(ctx, c, fmt.Sprintf("called/%d", c.Times), reach{family: true, staff: true, all: c.Level > 0})
}

// lastClinic is the clinic of the person's last contract that was in force, however long ago; empty without one.
func (o *Office) lastClinic(ctx context.Context, patient string) (string, error) {
	last, err := o.DB.CareContract.Query().
		Where(carecontract.PatientID(patient), carecontract.StateIn(carecontract.StateActive, carecontract.StateEnded)).
		Order(db.Desc(carecontract.FieldID)).First(system(ctx))
	if db.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for the last contract: %w", err)
	}
	return last.ClinicID, nil
}

// reach is to whom a call is told.
type reach struct {
	family, staff bool
	all           bool // all the staff, on duty or not
}

// tell has a call told. Where nobody can be, the operator has to know.
func (o *Office) tell(ctx context.Context, c *db.HelpCall, what string, r reach) error {
	family, staff, err := o.circle(ctx, c, r)
	if err != nil {
		return err
	}
	if len(family)+len(staff) == 0 {
		store.AfterCommit(ctx, func(context.Context) {
			o.Log.Error().Str("help_call", c.ID).Msg("a call for help reaches nobody: there is no delegate to be told, and no staff")
		})
	}
	o.wake(ctx, c)
	return o.Events.Emit(ctx, HelpCalled{CallID: c.ID, PatientID: c.PatientID, Patient: c.PatientName, What: what, Family: family, Staff: staff})
}

// circle lists who acts for the patient and the staff, each once, without the patient and without who asks.
func (o *Office) circle(ctx context.Context, c *db.HelpCall, r reach) (family, staff []string, err error) {
	if r.family {
		if family, err = o.Told(ctx, c.PatientID); err != nil {
			return nil, nil, err
		}
	}
	if r.staff {
		if staff, err = o.staff(ctx, c.ClinicID, !r.all); err != nil {
			return nil, nil, err
		}
		if len(staff) == 0 && !r.all {
			if staff, err = o.staff(ctx, c.ClinicID, false); err != nil {
				return nil, nil, err
			}
		}
	}
	me := viewer.From(ctx).PersonID
	not := func(p string) bool { return p == c.PatientID || p == me }
	family = slices.DeleteFunc(family, not)
	staff = slices.DeleteFunc(staff, func(p string) bool { return not(p) || slices.Contains(family, p) })
	return family, staff, nil
}
