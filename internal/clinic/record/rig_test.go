package record_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/recordaccess"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/internal/clinic/record"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/personal"
	"citygraph/internal/scope"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// clinics are two of them: xumin's, and another one where nurse works.
type clinics struct {
	*record.Archive
	city  *seedtest.City
	clock *seedtest.Clock
	nurse context.Context

	mu     sync.Mutex
	opened []record.Opened
}

func open(t *testing.T) *clinics {
	t.Helper()
	city, clock := seedtest.Open(t), seedtest.NewClock()
	h := &clinics{city: city, clock: clock}
	bus := event.New()
	event.On(bus, func(_ context.Context, e record.Opened) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.opened = append(h.opened, e)
		return nil
	})
	people := &personal.Records{DB: city.DB, Store: city.Store, Vault: seedtest.Vault(t)}
	register := &household.Register{DB: city.DB, Store: city.Store, Clock: clock, Records: people}
	h.Archive = &record.Archive{
		DB: city.DB, Store: city.Store, Clock: clock, Events: bus, People: people, Days: 7,
		Once: idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock},
		For:  register.For, Guards: register.Guards,
		Children: func(ctx context.Context) ([]string, error) { return register.Children(ctx, scope.School) },
	}
	first := viewer.From(city.As(t, "xumin")).Organisations(viewer.ClinicStaff)[0]
	other := city.DB.Clinic.Query().Where(clinic.IDNEQ(first)).FirstIDX(seedtest.System(t))
	h.nurse = viewer.With(t.Context(), &viewer.Viewer{
		PersonID: seedtest.Person(t, "maming"), Roles: []viewer.Role{{Kind: viewer.ClinicStaff, OrganisationID: other}},
	})
	return h
}

// visit is a member's at xumin's clinic.
func (h *clinics) visit(t *testing.T, member string, status appointment.Status) *db.Appointment {
	t.Helper()
	return seedtest.PutAppointment(t, h.city, member, status)
}

// elsewhere is a member's visit at the nurse's clinic.
func (h *clinics) elsewhere(t *testing.T, member string) *db.Appointment {
	t.Helper()
	at := viewer.From(h.nurse).Organisations(viewer.ClinicStaff)[0]
	place := h.DB.Slot.Query().Where(slot.HasScheduleWith(schedule.ClinicIDNEQ(""))).Order(db.Desc(slot.FieldID)).FirstX(seedtest.System(t))
	return h.DB.Appointment.Create().SetPatientID(seedtest.Person(t, member)).SetSlotID(place.ID).SetScheduleID(place.ScheduleID).SetClinicID(at).
		SetStartsAt(place.StartsAt).SetEndsAt(place.EndsAt).SetStatus(appointment.StatusCheckedIn).SetChannel(appointment.ChannelApp).
		SetQueueNumber(9001).SetQueueDay("2026-01-01").SaveX(seedtest.System(t))
}

// Words that stand in records and may stand nowhere else.
const (
	illness = "慢性支气管炎急性发作"
	drug    = "阿莫西林克拉维酸钾片"
)

func diagnosed(appointmentID string) record.Finding {
	return record.Finding{Key: uuid.New(), AppointmentID: appointmentID, Diagnosis: &record.Diagnosis{Code: "J42.x00", Text: illness}}
}

// wrote has staff write a diagnosis at a visit.
func (h *clinics) wrote(t *testing.T, as context.Context, visit *db.Appointment) *record.Record {
	t.Helper()
	made, err := h.Add(as, diagnosed(visit.ID))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// sees is how many records somebody reads of a member's.
func (h *clinics) sees(t *testing.T, as context.Context, member string) (int, error) {
	t.Helper()
	page, err := h.List(as, record.Filter{Person: new(seedtest.Person(t, member))})
	if err != nil {
		return 0, err
	}
	return len(page.Records), nil
}

// treats is how many records staff read for a visit.
func (h *clinics) treats(t *testing.T, as context.Context, visit *db.Appointment, purpose record.Purpose) int {
	t.Helper()
	page, err := h.Visit(as, visit.ID, purpose, record.Slice{})
	if err != nil {
		t.Fatal(err)
	}
	return len(page.Records)
}

// noted is the newest entry of the access log.
func (h *clinics) noted(t *testing.T) *db.RecordAccess {
	t.Helper()
	return h.DB.RecordAccess.Query().Order(db.Desc(recordaccess.FieldID)).FirstX(seedtest.System(t))
}

// rows are what refusals must not add to.
func (h *clinics) rows(t *testing.T) [3]int {
	t.Helper()
	ctx := seedtest.System(t)
	return [3]int{h.DB.HealthRecord.Query().CountX(ctx), h.DB.AuditEvent.Query().CountX(ctx), h.DB.IdempotencyRecord.Query().CountX(ctx)}
}

func code(err error) fault.Code { return fault.CodeOf(err) }
