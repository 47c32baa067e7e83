package intake_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/internal/cache"
	"citygraph/internal/clinic/intake"
	"citygraph/internal/fhir"
	"citygraph/internal/place"
	"citygraph/internal/seed/seedtest"
)

// at stands still, a day before the slots of testdata.
type at struct{ time.Time }

func (a at) Now() time.Time { return a.Time }

var sunday = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// rig is the demo city with an import of one source.
type rig struct {
	*seedtest.City
	intake  intake.Intake
	refused []string
}

func open(t *testing.T) *rig {
	t.Helper()
	r := &rig{City: seedtest.Open(t)}
	r.intake = intake.Intake{
		DB: r.DB, Store: r.Store, Places: &place.Finder{DB: r.DB, Cache: cache.New(nil, at{sunday}, 10)}, Clock: at{sunday}, Source: "his.example",
		Refused: func(p fhir.Problem) { r.refused = append(r.refused, strings.TrimPrefix(p.Error(), "testdata/")) },
	}
	return r
}

func (r *rig) run(t *testing.T, files ...string) intake.Taken {
	t.Helper()
	r.refused = nil
	done, err := r.intake.Run(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	if done.Bytes != done.All || done.Refused != len(r.refused) {
		t.Errorf("%d of %d bytes; %d refused, %d told", done.Bytes, done.All, done.Refused, len(r.refused))
	}
	return done
}

// written writes a file of NDJSON.
func written(t *testing.T, lines ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "more.ndjson")
	if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

var sample = []string{"testdata/hospital.json", "testdata/slots.ndjson"}

// The good ones are kept whatever their order, and each bad one is told with its place and reason.
func TestGoodOnesAreKeptAndBadOnesTold(t *testing.T) {
	r, ctx := open(t), seedtest.System(t)
	done := r.run(t, sample...)
	for kind, want := range map[string]int{"Organization": 1, "Location": 1, "Practitioner": 1, "PractitionerRole": 1, "Schedule": 2, "Slot": 3} {
		if done.New[kind] != want {
			t.Errorf("took over %d of %s, want %d", done.New[kind], kind, want)
		}
	}
	if done.Others != 1 || done.Known != 0 {
		t.Errorf("%d others, %d known", done.Others, done.Known)
	}
	slices.Sort(r.refused)
	want := []string{
		"slots.ndjson:10: Slot/9: this is FHIR DSTU2, not R4",
		"slots.ndjson:11: Slot/1: its identifier or id is that of another one",
		`slots.ndjson:12: Slot/10: start and end are "2026-03-05"`,
		"slots.ndjson:13: this is not a JSON object",
		`slots.ndjson:14: Slot/12: this is FHIR "5.0.0", not R4`,
		"slots.ndjson:15: Slot/13: its capacity is 0",
		"slots.ndjson:5: Slot/4: it overlaps another slot of its schedule",
		"slots.ndjson:6: Slot/5: it refers to Schedule/nobody, which is not there",
		"slots.ndjson:7: Slot/6: it is in the past",
		"slots.ndjson:8: Slot/7: it does not end within a day after it starts",
		`slots.ndjson:9: Slot/8: status is "FREE"`,
	}
	if len(r.refused) != len(want) {
		t.Fatalf("refused %q", r.refused)
	}
	for i, reason := range want {
		if !strings.HasPrefix(r.refused[i], reason) {
			t.Errorf("refused %q, want %q", r.refused[i], reason)
		}
	}
	place := r.DB.Clinic.Query().Where(clinic.SourceRef("his.example Location/l1")).WithDistrict().OnlyX(ctx)
	if place.Name.ZH != "城西试验门诊部" || place.Address != "文三路" || place.Edges.District.Code != "330106" || !strings.Contains(place.SearchKeys, "cxsy") {
		t.Errorf("the place is %+v", place)
	}
	diary := r.DB.Schedule.Query().Where(schedule.SourceValue("D-1")).WithPractitioner().WithDepartment().OnlyX(ctx)
	if p, d := diary.Edges.Practitioner, diary.Edges.Department; p.Name.ZH != "沈秋实" || p.Title.ZH != "主任医师" || d.Code != "03.04" || d.ClinicID != place.ID {
		t.Errorf("the diary is of %+v in %+v", p, d)
	}
	first := r.DB.Slot.Query().Where(slot.SourceValue("Slot/1")).OnlyX(ctx)
	if first.Capacity != 20 || first.Remaining != 20 || first.Fee != 50_00 || first.Reason != "复诊" || !first.StartsAt.Equal(sunday) && first.StartsAt.UTC().Hour() != 0 {
		t.Errorf("the slot is %+v", first)
	}
	if busy := r.DB.Slot.Query().Where(slot.SourceValue("Slot/2")).OnlyX(ctx); busy.Remaining != 0 || busy.Status != slot.StatusBusy {
		t.Errorf("the busy slot is %+v", busy)
	}
}

// What was taken over before stays as it is, and what is new finds what it refers to.
func TestAgainChangesNothingAndMoreIsAdded(t *testing.T) {
	r, ctx := open(t), seedtest.System(t)
	r.run(t, sample...)
	r.DB.Slot.Update().Where(slot.SourceValue("Slot/1")).SetRemaining(7).ExecX(ctx)
	before := r.count(t)
	r.intake.Clock = at{sunday.Add(time.Hour)}
	if done := r.run(t, sample...); len(done.New) != 1 || done.New["Organization"] != 1 || done.Known != 9 {
		t.Errorf("took over %v, %d known; refused %q", done.New, done.Known, r.refused)
	}
	if after := r.count(t); after != before {
		t.Errorf("there were %s, and are %s", before, after)
	}
	if left := r.DB.Slot.Query().Where(slot.SourceValue("Slot/1")).OnlyX(ctx).Remaining; left != 7 {
		t.Errorf("%d places are left of 7", left)
	}
	more := written(t,
		`{"resourceType":"Slot","id":"20","schedule":{"reference":"Schedule/s1"},"status":"free","start":"2026-03-02T08:59:59+08:00","end":"2026-03-02T09:10:00+08:00"}`,
		`{"resourceType":"Slot","id":"21","schedule":{"reference":"Schedule/s1"},"status":"free","start":"2026-03-02T09:00:00+08:00","end":"2026-03-02T09:10:00+08:00"}`)
	if done := r.run(t, more); done.New["Slot"] != 1 || len(r.refused) != 1 || !strings.HasSuffix(r.refused[0], ":1: Slot/20: it overlaps another slot of its schedule") {
		t.Errorf("took over %v, refused %q", done.New, r.refused)
	}
}

func (r *rig) count(t *testing.T) string {
	t.Helper()
	ctx := seedtest.System(t)
	return fmt.Sprint(r.DB.Clinic.Query().CountX(ctx), r.DB.Practitioner.Query().CountX(ctx), r.DB.PractitionerRole.Query().CountX(ctx),
		r.DB.Schedule.Query().CountX(ctx), r.DB.Slot.Query().CountX(ctx), r.DB.Department.Query().CountX(ctx))
}

// A place with the name of a clinic that is here is that clinic, and one that cannot stand here is refused.
func TestPlaces(t *testing.T) {
	r, ctx := open(t), seedtest.System(t)
	known := r.DB.Clinic.Query().Order(db.Asc(clinic.FieldID)).FirstX(ctx)
	before := r.DB.Clinic.Query().CountX(ctx)
	done := r.run(t, written(t,
		fmt.Sprintf(`{"resourceType":"Location","id":"1","name":%q}`, known.Name.ZH),
		`{"resourceType":"Location","id":"2","name":"外滩门诊","position":{"latitude":31.23,"longitude":121.47}}`,
		`{"resourceType":"Location","id":"3","name":"无处门诊"}`,
		`{"resourceType":"Location","id":"4","position":{"latitude":30.28,"longitude":120.1}}`,
		`{"resourceType":"Location","id":"5","name":"甲","position":{"latitude":30.28,"longitude":120.1},"managingOrganization":{"reference":"Organization/9"}}`,
		`{"resourceType":"Location","id":"6","name":7}`,
		`{"resourceType":"Practitioner","id":"7"}`,
		`{"resourceType":"PractitionerRole","id":"8","practitioner":{"reference":"Practitioner/7"},"location":[{"reference":"Location/1"}]}`,
		`{"resourceType":"Schedule","id":"9","actor":[{"reference":"Location/1"}],"specialty":[{"coding":[{"code":"99.99"}]}]}`,
		`{"resourceType":"Schedule","id":"10","actor":[]}`,
	))
	if done.Known != 1 || done.Refused != 9 || len(done.New) != 0 {
		t.Errorf("%+v refused %q", done, r.refused)
	}
	if claimed := r.DB.Clinic.GetX(ctx, known.ID); *claimed.SourceRef != "his.example Location/1" || r.DB.Clinic.Query().CountX(ctx) != before {
		t.Errorf("%+v was not taken for the place", claimed)
	}
}

// The database itself keeps two slots of a schedule from starting at once, unless one should never have been there.
func TestOneSlotAtATime(t *testing.T) {
	r, ctx := open(t), seedtest.System(t)
	at := sunday.AddDate(1, 0, 0)
	diary := r.DB.Schedule.Query().Order(db.Asc(schedule.FieldID)).FirstIDX(ctx)
	slotAt := func(status slot.Status) *db.SlotCreate {
		return r.DB.Slot.Create().SetScheduleID(diary).SetStartsAt(at).SetEndsAt(at.Add(time.Hour)).SetCapacity(1).SetRemaining(1).SetFee(0).SetStatus(status)
	}
	slotAt(slot.StatusEnteredInError).ExecX(ctx)
	slotAt(slot.StatusFree).ExecX(ctx)
	if err := slotAt(slot.StatusFree).Exec(ctx); !db.IsConstraintError(err) {
		t.Errorf("a second slot at the same time: %v", err)
	}
	if err := slotAt(slot.StatusEnteredInError).SetRemaining(2).Exec(ctx); !db.IsConstraintError(err) {
		t.Errorf("more places left than there are: %v", err)
	}
}
