package record_test

import (
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/internal/clock"
	"citygraph/internal/memo"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
)

// at is an appointment of a person's for half an hour at a time of Hangzhou.
func at(t *testing.T, patient, start string, status appointment.Status) *db.Appointment {
	t.Helper()
	begins, err := time.ParseInLocation("2006-01-02 15:04", start, clock.Shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return &db.Appointment{PatientID: seedtest.Person(t, patient), Status: status, StartsAt: begins.UTC(), EndsAt: begins.UTC().Add(30 * time.Minute)}
}

// A guardian is offered a leave for a minor's visit that takes them from school, and nobody else anything.
func TestWhoIsOfferedALeave(t *testing.T) {
	h := open(t)
	for _, tt := range []struct {
		who, whose, start string
		status            appointment.Status
		want              bool
	}{
		{"chenjing", "zhouzihan", "2026-06-03 10:00", appointment.StatusBooked, true},
		{"chenjing", "zhouzihan", "2026-06-03 10:00", appointment.StatusCheckedIn, true},
		{"chenjing", "zhouzixuan", "2026-06-03 10:00", appointment.StatusBooked, true},
		{"chenjing", "zhouzihan", "2026-06-03 10:00", appointment.StatusPending, false},
		{"chenjing", "zhouzihan", "2026-06-03 10:00", appointment.StatusFulfilled, false},
		{"chenjing", "zhouzihan", "2026-06-03 10:00", appointment.StatusCancelled, false},
		{"zhouwei", "zhouzihan", "2026-06-03 10:00", appointment.StatusBooked, false}, // a custody bar
		{"zhouzihan", "zhouzihan", "2026-06-03 10:00", appointment.StatusBooked, false},
		{"chenjing", "wangguiying", "2026-06-03 10:00", appointment.StatusBooked, false},
		{"xumin", "zhouzihan", "2026-06-03 10:00", appointment.StatusBooked, false},
		{"", "zhouzihan", "2026-06-03 10:00", appointment.StatusBooked, false},
		{"chenjing", "zhouzihan", "2026-06-03 06:30", appointment.StatusBooked, false}, // back at eight
		{"chenjing", "zhouzihan", "2026-06-03 06:31", appointment.StatusBooked, true},
		{"chenjing", "zhouzihan", "2026-06-03 17:29", appointment.StatusBooked, true},
		{"chenjing", "zhouzihan", "2026-06-03 17:30", appointment.StatusBooked, false},  // leaves after school
		{"chenjing", "zhouzihan", "2026-06-06 10:00", appointment.StatusBooked, false},  // a Saturday
		{"chenjing", "zhouzihan", "2026-10-01 10:00", appointment.StatusBooked, false},  // the National Day
		{"chenjing", "zhouzixuan", "2029-05-07 10:00", appointment.StatusBooked, true},  // a day before he is eighteen
		{"chenjing", "zhouzixuan", "2029-05-08 10:00", appointment.StatusBooked, false}, // of age
	} {
		visit := at(t, tt.whose, tt.start, tt.status)
		got, err := h.Leave(h.city.As(t, tt.who), visit)
		if err != nil || (got != nil) != tt.want {
			t.Errorf("%s for %s at %s, %s: %v, %v", tt.who, tt.whose, tt.start, tt.status, got, err)
		}
		if got != nil && (got.ChildID != visit.PatientID || !got.From.Equal(visit.StartsAt.Add(-time.Hour)) || !got.To.Equal(visit.EndsAt.Add(time.Hour))) {
			t.Errorf("the draft is %+v", got)
		}
	}
}

// However many appointments a response has, the children are asked for once.
func TestLeavesAreAskedForOnce(t *testing.T) {
	h := open(t)
	ctx, counter := store.CountStatements(memo.With(h.city.As(t, "chenjing")))
	for range 50 {
		if _, err := h.Leave(ctx, at(t, "zhouzihan", "2026-06-03 10:00", appointment.StatusBooked)); err != nil {
			t.Fatal(err)
		}
	}
	if n := counter.Statements(); n != 2 {
		t.Errorf("%d statements", n)
	}
}
