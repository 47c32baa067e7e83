package record_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"citygraph/ent/db/appointment"
	"citygraph/ent/db/personaldata"
	"citygraph/internal/clinic/record"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
)

// What was written comes back as it was, and stands nowhere in clear; printed it shows nothing.
func TestEveryKindIsSealedAndComesBack(t *testing.T) {
	h := open(t)
	visit := h.visit(t, "wangguiying", appointment.StatusCheckedIn)
	for _, f := range []record.Finding{
		{Diagnosis: &record.Diagnosis{Code: "J06.900x003", Text: illness + "\n待查"}},
		{Prescription: &record.Prescription{Medication: drug, Dose: "一次一片，一日三次", Days: 7}},
		{Laboratory: &record.LaboratoryResult{Test: "糖化血红蛋白", Value: "7.1", Unit: new("%"), ReferenceHigh: new("6.0"), Flag: new(record.High)}},
		{Report: &record.MedicalReport{Title: "胸部CT平扫", Text: "右肺中叶见斑片状高密度影"}},
	} {
		f.Key, f.AppointmentID = uuid.New(), visit.ID
		made, err := h.Add(h.city.As(t, "xumin"), f)
		if err != nil {
			t.Fatal(err)
		}
		page, err := h.List(h.city.As(t, "wangguiying"), record.Filter{Kind: &made.Kind})
		if err != nil || len(page.Records) != 1 {
			t.Fatalf("%v, %v", page, err)
		}
		if diff := cmp.Diff(made.Content, page.Records[0].Content); diff != "" {
			t.Errorf("%s comes back otherwise: %s", made.Kind, diff)
		}
		row := h.DB.HealthRecord.GetX(seedtest.System(t), made.RecordID)
		for _, word := range []string{illness, drug, "糖化", "7.1", "高密度"} {
			if bytes.Contains(row.Sealed, []byte(word)) || strings.Contains(fmt.Sprintf("%v %+v %#v", made.Content, made.Content, made.Content), word) {
				t.Errorf("%s shows %s", made.Kind, word)
			}
		}
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	h := open(t)
	visit, nurse := h.visit(t, "wangguiying", appointment.StatusCheckedIn), h.city.As(t, "xumin")
	long := func(n int) string { return strings.Repeat("长", n) }
	before := h.rows(t)
	for name, f := range map[string]record.Finding{
		"nothing":              {},
		"two things":           {Diagnosis: &record.Diagnosis{Code: "J42", Text: illness}, Report: &record.MedicalReport{Title: "a", Text: "b"}},
		"no code":              {Diagnosis: &record.Diagnosis{Text: illness}},
		"a code of nothing":    {Diagnosis: &record.Diagnosis{Code: "J4", Text: illness}},
		"a code with a tail":   {Diagnosis: &record.Diagnosis{Code: "J42.1\n", Text: illness + "\x00"}},
		"no words":             {Diagnosis: &record.Diagnosis{Code: "J42", Text: " \n "}},
		"too many words":       {Diagnosis: &record.Diagnosis{Code: "J42", Text: long(501)}},
		"a bell":               {Diagnosis: &record.Diagnosis{Code: "J42", Text: "a\ab"}},
		"writing turned round": {Report: &record.MedicalReport{Title: "a", Text: "a\u202eb"}},
		"no UTF-8":             {Report: &record.MedicalReport{Title: "a", Text: "a\xffb"}},
		"a long report":        {Report: &record.MedicalReport{Title: "a", Text: long(4001)}},
		"a title of two lines": {Report: &record.MedicalReport{Title: "a\nb", Text: "b"}},
		"no medicine":          {Prescription: &record.Prescription{Dose: "a", Days: 1}},
		"no days":              {Prescription: &record.Prescription{Medication: drug, Dose: "a"}},
		"days without end":     {Prescription: &record.Prescription{Medication: drug, Dose: "a", Days: 181}},
		"no value":             {Laboratory: &record.LaboratoryResult{Test: "a"}},
		"an empty unit":        {Laboratory: &record.LaboratoryResult{Test: "a", Value: "1", Unit: new("")}},
		"a long limit":         {Laboratory: &record.LaboratoryResult{Test: "a", Value: "1", ReferenceLow: new(long(33))}},
	} {
		f.Key, f.AppointmentID = uuid.New(), visit.ID
		_, err := h.Add(nurse, f)
		faulttest.Refused(t, name, err, fault.BadUserInput)
	}
	if diff := cmp.Diff(before, h.rows(t)); diff != "" {
		t.Errorf("refusals leave rows: %s", diff)
	}
}

// A clinic writes for its own visits while they last and a week longer, and to a person with a key.
func TestWhoWritesWhen(t *testing.T) {
	h := open(t)
	xumin := h.city.As(t, "xumin")
	for _, tt := range []struct {
		status appointment.Status
		want   fault.Code
	}{
		{appointment.StatusPending, fault.InvalidTransition},
		{appointment.StatusBooked, fault.InvalidTransition},
		{appointment.StatusCheckedIn, ""},
		{appointment.StatusFulfilled, ""},
		{appointment.StatusNoShow, fault.InvalidTransition},
		{appointment.StatusCancelled, fault.InvalidTransition},
	} {
		if _, err := h.Add(xumin, diagnosed(h.visit(t, "wangguiying", tt.status).ID)); code(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.status, err, tt.want)
		}
	}
	visit := h.visit(t, "wangguiying", appointment.StatusFulfilled)
	before := h.rows(t)
	for name, tt := range map[string]struct {
		as   string
		want fault.Code
	}{"a visitor": {"", fault.Unauthenticated}, "the patient": {"wangguiying", fault.Forbidden}, "an administrator": {"fanglei", fault.Forbidden}} {
		_, err := h.Add(h.city.As(t, tt.as), diagnosed(visit.ID))
		faulttest.Refused(t, name, err, tt.want)
	}
	statements := map[int]bool{}
	for _, appointmentID := range []string{visit.ID, id.New(id.Appointment)} {
		ctx, counter := store.CountStatements(h.nurse)
		_, err := h.Add(ctx, diagnosed(appointmentID))
		faulttest.Refused(t, "another clinic", err, fault.NotFound)
		statements[counter.Statements()] = true
	}
	if len(statements) != 1 {
		t.Errorf("a foreign visit and a missing one differ in statements: %v", statements)
	}
	h.clock.Turn(visit.EndsAt.Sub(h.clock.Now()) + 7*24*time.Hour)
	_, err := h.Add(xumin, diagnosed(visit.ID))
	faulttest.Refused(t, "a week later", err, fault.InvalidTransition)
	h.clock.Turn(-time.Minute)
	h.DB.PersonalData.Delete().Where(personaldata.PersonID(seedtest.Person(t, "wangguiying"))).ExecX(seedtest.System(t))
	_, err = h.Add(xumin, diagnosed(visit.ID))
	faulttest.Refused(t, "without a key", err, fault.RealNameRequired)
	if diff := cmp.Diff(before, h.rows(t)); diff != "" {
		t.Errorf("refusals leave rows: %s", diff)
	}
}

// The same request writes once; what is corrected is this clinic's, about this patient, and of the kind.
func TestARecordIsWrittenOnceAndCorrectedByALaterOne(t *testing.T) {
	h := open(t)
	xumin, visit := h.city.As(t, "xumin"), h.visit(t, "wangguiying", appointment.StatusCheckedIn)
	f := diagnosed(visit.ID)
	first, err := h.Add(xumin, f)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := h.Add(xumin, f); err != nil || again.RecordID != first.RecordID {
		t.Errorf("again: %v, %v", again, err)
	}
	f.Diagnosis = &record.Diagnosis{Code: "J42", Text: "别的"}
	_, err = h.Add(xumin, f)
	faulttest.Refused(t, "another text", err, fault.IdempotencyKeyReused)
	correction := diagnosed(visit.ID)
	correction.Corrects = &first.RecordID
	if made, err := h.Add(xumin, correction); err != nil || made.Corrects == nil || *made.Corrects != first.RecordID {
		t.Errorf("corrected: %v, %v", made, err)
	}
	theirs := h.wrote(t, xumin, h.visit(t, "chenjing", appointment.StatusCheckedIn))
	foreign := h.wrote(t, h.nurse, h.elsewhere(t, "wangguiying"))
	for name, recordID := range map[string]string{"another patient's": theirs.RecordID, "another clinic's": foreign.RecordID, "none": id.New(id.HealthRecord)} {
		correction := diagnosed(visit.ID)
		correction.Corrects = &recordID
		_, err := h.Add(xumin, correction)
		faulttest.Refused(t, name, err, fault.NotFound)
	}
	other := record.Finding{Key: uuid.New(), AppointmentID: visit.ID, Corrects: &first.RecordID, Report: &record.MedicalReport{Title: "a", Text: "b"}}
	_, err = h.Add(xumin, other)
	faulttest.Refused(t, "of another kind", err, fault.NotFound)
}

// Rotating the keys of people leaves their records readable.
func TestRecordsOutliveARotation(t *testing.T) {
	h := open(t)
	h.wrote(t, h.city.As(t, "xumin"), h.visit(t, "wangguiying", appointment.StatusCheckedIn))
	h.People.Vault = rotated(t)
	if n, err := h.People.Rotate(t.Context(), nil); n == 0 || err != nil {
		t.Fatalf("%d rotated: %v", n, err)
	}
	if n, err := h.sees(t, h.city.As(t, "wangguiying"), "wangguiying"); n != 1 || err != nil {
		t.Errorf("%d open afterwards: %v", n, err)
	}
}
