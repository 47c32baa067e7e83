package record_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"citygraph/ent/db/appointment"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/clinic/record"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/vault"
)

// A clinic reads its own visit; the rest where it is shared, while it is, or in an emergency.
func TestWhatAVisitOpens(t *testing.T) {
	h := open(t)
	xumin, her := h.city.As(t, "xumin"), h.city.As(t, "wangguiying")
	visit := h.elsewhere(t, "wangguiying")
	h.wrote(t, xumin, h.visit(t, "wangguiying", appointment.StatusFulfilled))
	h.wrote(t, h.nurse, visit)
	h.wrote(t, xumin, h.visit(t, "chenjing", appointment.StatusCheckedIn))
	sees := func(when string, purpose record.Purpose, want int) {
		t.Helper()
		if n := h.treats(t, h.nurse, visit, purpose); n != want {
			t.Errorf("%s the nurse reads %d, want %d", when, n, want)
		}
		entry := h.noted(t)
		if entry.PersonID != visit.PatientID || entry.TargetID != visit.ID || string(entry.Purpose) != string(purpose) ||
			entry.AccessorRole != recordaccess.AccessorRoleClinicStaff || entry.Organisation.ZH == "" || entry.Outcome != recordaccess.OutcomeAllowed {
			t.Errorf("%s: noted %+v", when, entry)
		}
		if told := h.opened[len(h.opened)-1]; told.PatientID != visit.PatientID || told.AppointmentID != visit.ID || string(told.Purpose) != string(purpose) {
			t.Errorf("%s: told %+v", when, told)
		}
	}
	sees("unshared", record.Care, 1)
	if shared, err := h.Share(her, visit.ID); err != nil || shared.SharedAt == nil {
		t.Fatalf("%v, %v", shared, err)
	}
	sees("shared", record.Care, 2)
	if kept, err := h.Unshare(her, visit.ID); err != nil || kept.SharedAt != nil {
		t.Fatalf("%v, %v", kept, err)
	}
	sees("withdrawn", record.Care, 1)
	sees("in an emergency", record.Emergency, 2)

	h.clock.Turn(visit.EndsAt.Sub(h.clock.Now()) + 7*24*time.Hour)
	for _, purpose := range []record.Purpose{record.Care, record.Emergency} {
		_, err := h.Visit(h.nurse, visit.ID, purpose, record.Slice{})
		faulttest.Refused(t, "a week later", err, fault.InvalidTransition)
		if entry := h.noted(t); entry.Outcome != recordaccess.OutcomeRefused || entry.PersonID != visit.PatientID {
			t.Errorf("noted %+v", entry)
		}
	}
}

func TestWhoReadsForAVisit(t *testing.T) {
	h := open(t)
	visit := h.visit(t, "wangguiying", appointment.StatusCheckedIn)
	for name, want := range map[string]fault.Code{"": fault.Unauthenticated, "wangguiying": fault.Forbidden, "chenjing": fault.Forbidden, "fanglei": fault.Forbidden} {
		_, err := h.Visit(h.city.As(t, name), visit.ID, record.Emergency, record.Slice{})
		faulttest.Refused(t, name, err, want)
	}
	_, err := h.Visit(h.city.As(t, "xumin"), visit.ID, record.Care, record.Slice{First: new(0)})
	faulttest.Refused(t, "no page", err, fault.BadUserInput)
	booked := h.visit(t, "wangguiying", appointment.StatusBooked)
	_, err = h.Visit(h.city.As(t, "xumin"), booked.ID, record.Emergency, record.Slice{})
	faulttest.Refused(t, "before check-in", err, fault.InvalidTransition)

	// A visit at another clinic and one that never was answer alike; both attempts are noted.
	probe := func(appointmentID string) string {
		ctx, counter := store.CountStatements(h.nurse)
		_, err := h.Visit(ctx, appointmentID, record.Emergency, record.Slice{})
		if entry := h.noted(t); entry.Outcome != recordaccess.OutcomeRefused || entry.TargetID != appointmentID {
			t.Errorf("noted %+v", entry)
		}
		return fmt.Sprint(counter.Statements(), fault.CodeOf(err))
	}
	want := probe(visit.ID)
	for range 20 {
		if got := probe(id.New(id.Appointment)); got != want {
			t.Fatalf("%s of nothing, %s of a foreign one", got, want)
		}
	}
}

// Who may open the record may share it, for what is to come; a foreign appointment answers as a missing one.
func TestWhoSharesARecord(t *testing.T) {
	h := open(t)
	for _, tt := range []struct {
		who, whose string
		status     appointment.Status
		want       fault.Code
	}{
		{"wangguiying", "wangguiying", appointment.StatusBooked, ""},
		{"chenjing", "wangguiying", appointment.StatusCheckedIn, ""},
		{"chenjing", "zhouzihan", appointment.StatusBooked, ""},
		{"zhouwei", "zhouzihan", appointment.StatusBooked, fault.NotFound},
		{"maming", "wangguiying", appointment.StatusBooked, fault.NotFound},
		{"xumin", "wangguiying", appointment.StatusCheckedIn, fault.NotFound},
		{"", "wangguiying", appointment.StatusBooked, fault.Unauthenticated},
		{"wangguiying", "wangguiying", appointment.StatusFulfilled, fault.InvalidTransition},
		{"wangguiying", "wangguiying", appointment.StatusCancelled, fault.InvalidTransition},
	} {
		name, as := tt.who+" "+tt.whose+" "+string(tt.status), h.city.As(t, tt.who)
		visit := h.visit(t, tt.whose, tt.status)
		before := h.rows(t)
		shared, err := h.Share(as, visit.ID)
		if tt.want != "" {
			faulttest.Refused(t, name, err, tt.want)
			if h.rows(t) != before {
				t.Errorf("%s: a refusal leaves rows", name)
			}
			continue
		}
		if err != nil || shared.SharedAt == nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again, err := h.Share(as, visit.ID); err != nil || !again.SharedAt.Equal(*shared.SharedAt) {
			t.Errorf("%s: again %v", name, err)
		}
		if kept, err := h.Unshare(as, visit.ID); err != nil || kept.SharedAt != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	foreign := h.visit(t, "wangguiying", appointment.StatusBooked)
	statements := map[int]bool{}
	for _, appointmentID := range []string{foreign.ID, id.New(id.Appointment)} {
		ctx, counter := store.CountStatements(h.city.As(t, "zhouwei"))
		_, err := h.Unshare(ctx, appointmentID)
		faulttest.Refused(t, "not his", err, fault.NotFound)
		statements[counter.Statements()] = true
	}
	if len(statements) != 1 {
		t.Errorf("a foreign appointment and a missing one differ in statements: %v", statements)
	}
}

// From the commit that withdraws the sharing, no reading that begins finds what others wrote.
func TestNothingIsReadAfterTheSharingIsWithdrawn(t *testing.T) {
	h := open(t)
	her, visit := h.city.As(t, "wangguiying"), h.elsewhere(t, "wangguiying")
	h.wrote(t, h.city.As(t, "xumin"), h.visit(t, "wangguiying", appointment.StatusFulfilled))
	h.wrote(t, h.nurse, visit)
	for range 5 {
		if _, err := h.Share(her, visit.ID); err != nil {
			t.Fatal(err)
		}
		var withdrawn, full atomic.Bool
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for last := false; !last; {
					last = withdrawn.Load()
					page, err := h.Visit(h.nurse, visit.ID, record.Care, record.Slice{})
					switch {
					case err != nil:
						t.Error(err)
						return
					case last && len(page.Records) != 1:
						t.Errorf("%d records are read after the withdrawal", len(page.Records))
					case len(page.Records) == 2:
						full.Store(true)
					}
				}
			})
		}
		for !full.Load() && !t.Failed() {
			if _, err := h.Share(her, visit.ID); err != nil {
				t.Error(err)
			}
		}
		if _, err := h.Unshare(her, visit.ID); err != nil {
			t.Error(err)
		}
		withdrawn.Store(true)
		all.Wait()
	}
}

// The page that is read while the sharing is withdrawn waits for it, or it waits for the page.
func TestAWithdrawalWaitsForAReadingUnderWay(t *testing.T) {
	h := open(t)
	her, visit := h.city.As(t, "wangguiying"), h.elsewhere(t, "wangguiying")
	if _, err := h.Share(her, visit.ID); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	err := h.Store.InTx(h.nurse, func(ctx context.Context) error {
		if _, err := h.Visit(ctx, visit.ID, record.Care, record.Slice{}); err != nil {
			return err
		}
		go func() { _, err := h.Unshare(her, visit.ID); done <- err }()
		select {
		case err := <-done:
			t.Errorf("it did not wait: %v", err)
		case <-time.After(200 * time.Millisecond):
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if h.DB.Appointment.GetX(seedtest.System(t), visit.ID).SharedAt != nil {
		t.Error("it is still shared")
	}
}

// rotated is the vault of the tests with another key before its own.
func rotated(t *testing.T) *vault.Vault {
	t.Helper()
	encoded := func(fill string) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(fill), 32)) }
	keys, err := vault.ParseRing("next:" + encoded("n") + ",test:" + encoded("v"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.New(keys, vault.SM4GCM, bytes.Repeat([]byte("v"), 32))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
