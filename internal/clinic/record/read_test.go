package record_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"citygraph/ent/db/appointment"
	"citygraph/ent/db/healthrecord"
	"citygraph/ent/db/personaldata"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/clinic/record"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
)

// Each reading is noted with what it was for, the refused as well, and the person is told of those by others.
func TestWhoReadsWhoseRecord(t *testing.T) {
	h := open(t)
	for _, patient := range []string{"wangguiying", "zhouzihan", "chenjing"} {
		h.wrote(t, h.city.As(t, "xumin"), h.visit(t, patient, appointment.StatusCheckedIn))
	}
	for _, tt := range []struct {
		who, whose string
		purpose    recordaccess.Purpose
	}{
		{"wangguiying", "wangguiying", recordaccess.PurposeSelf},
		{"chenjing", "wangguiying", recordaccess.PurposeDelegation},
		{"chenjing", "zhouzihan", recordaccess.PurposeGuardian},
		{"zhouwei", "zhouzihan", ""}, // a custody bar
		{"wangguiying", "chenjing", ""},
		{"maming", "wangguiying", ""},
		{"xumin", "wangguiying", ""}, // wrote it
		{"fanglei", "wangguiying", ""},
		{"qianjun", "wangguiying", ""},
	} {
		name := tt.who + " of " + tt.whose
		told := len(h.opened)
		n, err := h.sees(t, h.city.As(t, tt.who), tt.whose)
		entry, tells := h.noted(t), tt.purpose != "" && tt.who != tt.whose
		if tt.purpose == "" {
			faulttest.Refused(t, name, err, fault.DelegationScope)
			if entry.Outcome != recordaccess.OutcomeRefused || entry.Purpose != recordaccess.PurposeUnstated {
				t.Errorf("%s: noted as %s for %s", name, entry.Outcome, entry.Purpose)
			}
		} else if err != nil || n != 1 || entry.Outcome != recordaccess.OutcomeAllowed || entry.Purpose != tt.purpose {
			t.Errorf("%s: %d, %v, noted as %s for %s", name, n, err, entry.Outcome, entry.Purpose)
		}
		if entry.PersonID != seedtest.Person(t, tt.whose) || entry.AccessorID != seedtest.Person(t, tt.who) || entry.Category != recordaccess.CategoryHealth {
			t.Errorf("%s: noted %+v", name, entry)
		}
		if (len(h.opened) > told) != tells {
			t.Errorf("%s: told %t", name, len(h.opened) > told)
		}
	}
	_, err := h.List(t.Context(), record.Filter{})
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
}

// A person of others and one who never was answer alike, with the same statements.
func TestProbesTellNothingOfAPerson(t *testing.T) {
	h := open(t)
	h.wrote(t, h.city.As(t, "xumin"), h.visit(t, "wangguiying", appointment.StatusCheckedIn))
	probe := func(as context.Context, personID string) string {
		ctx, counter := store.CountStatements(as)
		_, err := h.List(ctx, record.Filter{Person: &personID})
		return fmt.Sprint(counter.Statements(), err)
	}
	for _, who := range []string{"maming", "zhouwei", "xumin"} {
		as := h.city.As(t, who)
		want := probe(as, seedtest.Person(t, "wangguiying"))
		for range 20 {
			if got := probe(as, id.New(id.Person)); got != want {
				t.Fatalf("%s gets %s of nobody and %s of her", who, got, want)
			}
		}
		if got := probe(as, seedtest.Person(t, "zhouzihan")); got != want {
			t.Errorf("%s gets %s of a child and %s of her", who, got, want)
		}
	}
}

// Pages follow each other without a gap, narrowed or not, and as many statements read a hundred records as one.
func TestPagesOfARecord(t *testing.T) {
	h := open(t)
	as, me := h.city.As(t, "xumin"), h.city.As(t, "wangguiying")
	visit, other := h.visit(t, "wangguiying", appointment.StatusCheckedIn), h.visit(t, "wangguiying", appointment.StatusCheckedIn)
	h.wrote(t, as, visit)
	statements := func(f record.Filter) (int, *record.Page) {
		ctx, counter := store.CountStatements(me)
		page, err := h.List(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		return counter.Statements(), page
	}
	one, _ := statements(record.Filter{})
	for range 24 {
		h.wrote(t, as, other)
	}
	f := diagnosed(other.ID)
	f.Diagnosis, f.Prescription = nil, &record.Prescription{Medication: drug, Dose: "一日三次", Days: 7}
	if _, err := h.Add(as, f); err != nil {
		t.Fatal(err)
	}
	many, first := statements(record.Filter{})
	if one != many || len(first.Records) != 20 || first.Next == nil {
		t.Errorf("%d statements for one record and %d for %d", one, many, len(first.Records))
	}
	_, second := statements(record.Filter{Slice: record.Slice{After: first.Next}})
	if len(second.Records) != 6 || second.Next != nil {
		t.Errorf("the second page has %d", len(second.Records))
	}
	last := "z"
	for _, r := range append(first.Records, second.Records...) {
		if r.RecordID >= last {
			t.Errorf("%s comes after %s", r.RecordID, last)
		}
		last = r.RecordID
	}
	if _, page := statements(record.Filter{Appointment: &visit.ID}); len(page.Records) != 1 || !page.Records[0].VisitStart.Equal(visit.StartsAt) || page.Records[0].ClinicName.ZH == "" {
		t.Errorf("of one visit: %d", len(page.Records))
	}
	if _, page := statements(record.Filter{Kind: new(healthrecord.KindPrescription)}); len(page.Records) != 1 {
		t.Errorf("of one kind: %d", len(page.Records))
	}
	for name, s := range map[string]record.Slice{"none": {First: new(0)}, "too many": {First: new(101)}, "no record": {After: &visit.ID}} {
		_, err := h.List(me, record.Filter{Slice: s})
		faulttest.Refused(t, name, err, fault.BadUserInput)
	}
}

// What a clinic wrote goes with the account, and what is left without a key opens no more.
func TestARecordEndsWithItsPerson(t *testing.T) {
	h := open(t)
	h.wrote(t, h.city.As(t, "xumin"), h.visit(t, "wangguiying", appointment.StatusCheckedIn))
	h.wrote(t, h.city.As(t, "xumin"), h.visit(t, "chenjing", appointment.StatusCheckedIn))
	forget := func(ctx context.Context) error { return h.Forget(ctx, seedtest.Person(t, "wangguiying")) }
	if err := h.Store.InTx(t.Context(), forget); err != nil {
		t.Fatal(err)
	}
	left := h.DB.HealthRecord.Query().AllX(seedtest.System(t))
	if len(left) != 1 || left[0].PatientID != seedtest.Person(t, "chenjing") {
		t.Errorf("%d records are left", len(left))
	}
	h.DB.PersonalData.Delete().ExecX(seedtest.System(t))
	if n, err := h.sees(t, h.city.As(t, "chenjing"), "chenjing"); n != 0 || err != nil {
		t.Errorf("without a key %d open: %v", n, err)
	}
}

// What is written while an account ends is deleted with the rest, or not written.
func TestNothingIsWrittenBehindAnEnd(t *testing.T) {
	h := open(t)
	visit, gone := h.visit(t, "wangguiying", appointment.StatusCheckedIn), seedtest.Person(t, "wangguiying")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				_, err := h.Add(h.city.As(t, "xumin"), diagnosed(visit.ID))
				if err != nil {
					faulttest.Refused(t, "after the end", err, fault.RealNameRequired)
					return
				}
			}
		})
	}
	err := h.Store.InTx(seedtest.System(t), func(ctx context.Context) error {
		if _, err := h.DB.PersonalData.Delete().Where(personaldata.PersonID(gone)).Exec(ctx); err != nil {
			return err
		}
		return h.Forget(ctx, gone)
	})
	if err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if n := h.DB.HealthRecord.Query().CountX(seedtest.System(t)); n != 0 {
		t.Errorf("%d records are left", n)
	}
}
