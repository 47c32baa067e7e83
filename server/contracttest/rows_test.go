package contracttest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/dataexport"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/rule"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

const (
	rowsFile = "rows.txt"
	rowsHead = `# Who may reach which rows, held by server/contracttest: for every stored type the row rule's answer on
# rows of different people. The verbs narrow further what may be created and changed; see matrix.txt.
# Rewritten by: go test ./server/contracttest -update. Review its diff as a change of rights.
`
)

// parts are what a row rule decides.
var parts = []string{"read", "create", "change"}

// sample is a row that stands for others of its kind.
type sample struct{ about, id string }

func TestRows(t *testing.T) {
	r := rowRig(t)
	var out strings.Builder
	out.WriteString(rowsHead)
	for _, table := range tables {
		fmt.Fprintf(&out, "\n%s\n", table.name)
		for _, part := range parts {
			out.WriteString(r.section(t, table, part))
		}
	}
	matchGolden(t, rowsFile, out.String())

	for _, table := range tables {
		r.nodeAgrees(t, table)
	}
	for name := range db.Policies() {
		if !slices.ContainsFunc(tables, func(t table) bool { return t.name == name }) {
			t.Errorf("%s is stored and has no rows in tables: say who may reach them", name)
		}
	}
}

// rowsRig is a settled city in which rows are tried.
type rowsRig struct {
	*rig
	viewers map[string]*viewer.Viewer
	samples map[string][]sample // by type
}

func rowRig(t testing.TB) *rowsRig {
	t.Helper()
	r := &rowsRig{rig: start(t), viewers: map[string]*viewer.Viewer{visitor: {}}, samples: map[string][]sample{}}
	r.settle(t)
	for _, name := range []string{"chenjing", "zhaoqiang", "maming"} {
		r.exportOf(t, name)
		r.topUp(t, name)
		r.ride(t, name)
		r.creditLine(t, name, creditline.StatusActive)
		r.suspended(t, name, true)
		r.bill(t, name)
	}
	for _, name := range []string{"chenjing", "zhouzihan", "maming"} {
		r.treated(t, name)
	}
	r.inCare(t, "wangguiying")
	r.inCare(t, "maming")
	for _, name := range []string{"chenjing", "wangguiying", "zhaoqiang", "maming"} {
		r.booked(t, name, r.place(t, 5))
		r.waiting(t, name)
	}
	r.announced(t)
	r.filed(t)
	r.accused(t)
	r.attended(t)
	r.leaveOf(t)
	r.confide(t)
	r.enrolled(t)
	r.drill(t)
	system := viewer.AsSystem(t.Context(), "look for rows to try")
	citytest.Eventually(t, "everybody is pushed to", func() bool {
		people, err := r.DB.DeliveryAttempt.Query().Select(deliveryattempt.FieldPersonID).Strings(system)
		slices.Sort(people)
		return err == nil && len(slices.Compact(people)) == len(r.people)-1
	})
	citytest.Eventually(t, "the exports are ready", func() bool {
		n, err := r.DB.DataExport.Query().Where(dataexport.StatusEQ(dataexport.StatusPreparing)).Count(system)
		return err == nil && n == 0
	})
	r.quiet(t)
	for _, name := range r.people[1:] {
		proof, err := r.Accounts.Authenticate(t.Context(), r.member[name].Token)
		if err != nil {
			t.Fatal(err)
		}
		r.viewers[name] = proof.Viewer
	}
	for _, table := range tables {
		for _, s := range r.sampled(t, table.name) {
			ids, err := table.find(r.DB, s.where).IDs(system)
			if err != nil || len(ids) == 0 {
				t.Fatalf("no %s: %s: %v", table.name, s.about, err)
			}
			r.samples[table.name] = append(r.samples[table.name], sample{s.about, ids[0]})
		}
	}
	return r
}

// sampling finds a sample.
type sampling struct {
	about string
	where condition
}

// sampled says which rows of a type are tried: some person's, an officer's, a stranger's.
func (r *rowsRig) sampled(t testing.TB, table string) []sampling {
	t.Helper()
	switch table {
	case "Person":
		return of("id", "chenjing", "wangguiying", "zhouzihan", "zhaoqiang", "maming")
	case "Delegation":
		return of("delegator_id", "wangguiying")
	case "Guardianship":
		child := sql.FieldEQ("child_id", castID("zhouzihan"))
		return []sampling{
			{"of her mother", sql.AndPredicates(child, sql.FieldEQ("guardian_id", castID("chenjing")))},
			{"of her barred father", sql.AndPredicates(child, sql.FieldEQ("guardian_id", castID("zhouwei")))},
		}
	case "Thread":
		return of("teacher_id", "lina")
	case "Message":
		return of("author_id", "lina")
	case "ThreadRead":
		return of("person_id", "lina")
	case "MessageReport":
		return of("reporter_id", "wutao")
	case "Announcement":
		return of("author_id", "lina")
	case "Attachment":
		return fileSamples()
	case "BureauNotice":
		return of("author_id", "fanglei")
	case "Delivery":
		return of("guardian_id", "wutao")
	case "CitizenCard", "CreditLine", "DataExport", "DeliveryAttempt", "Device", "Identity", "Notification", "NotificationPreference", "PersonalData",
		"Session", "TopUp", "TransitBatch", "TransitRide", "WechatGrant":
		return of("person_id", "chenjing", "zhaoqiang", "maming")
	case "HealthRecord":
		return of("patient_id", "chenjing", "zhouzihan", "maming")
	case "BookingSuspension":
		return of("patient_id", "chenjing", "zhaoqiang", "maming")
	case "Bill":
		return of("patient_id", "chenjing", "maming", "zhaoqiang")
	case "CareContract", "CareVisit", "HelpCall":
		return of("patient_id", "wangguiying", "maming")
	case "Appointment", "WaitlistEntry":
		return of("patient_id", "chenjing", "wangguiying", "zhaoqiang", "maming")
	case "AttendanceEvent", "LeaveRequest":
		return of("student_id", "zhouzihan")
	case "SchoolClass", "Enrollment", "RosterUser":
		return r.schoolSamples(t, table)
	case "Consent", "EntitlementGrant":
		return of("person_id", "chenjing", "zhouzihan", "maming")
	case "RecordAccess":
		found := of("person_id", "chenjing", "zhouzihan", "maming")
		refused := sql.AndPredicates(found[0].where, sql.FieldEQ("outcome", "REFUSED"))
		found[0].where = sql.AndPredicates(found[0].where, sql.FieldEQ("outcome", "ALLOWED"))
		return append(found, sampling{"chenjing's, and refused", refused})
	case "Hold", "LedgerAccount", "LedgerEntry", "LedgerTransaction":
		return r.moneySamples(t, table)
	case "CaseSupporter":
		return of("person_id", "chenjing", "maming")
	case "SensorAlarm":
		return []sampling{
			{"in Xihu District", sql.FieldEQ("district_id", r.districtID(t, "330106"))},
			{"in Shangcheng District", sql.FieldEQ("district_id", r.districtID(t, "330102"))},
		}
	case "Alert":
		return []sampling{{"in earnest", sql.FieldEQ("status", "ACTUAL")}, {"for an exercise", sql.FieldEQ("status", "EXERCISE")}}
	case "StaffRole":
		return of("person_id", "lina", "zhaoqiang")
	case "IdempotencyRecord":
		return of("actor_id", "chenjing", "maming")
	case "AuditEvent":
		return of("subject_id", "chenjing", "maming")
	case "CasePhoto":
		return photoSamples()
	case "CityCase", "CaseEvent":
		key := map[string]string{"CityCase": "id", "CaseEvent": "city_case_id"}[table]
		mine := r.cases(t, "chenjing")
		found := []sampling{
			{"chenjing's in Xihu District", sql.FieldEQ(key, mine[0])},
			{"chenjing's in Shangcheng District", sql.FieldEQ(key, mine[1])},
			{"maming's in Xihu District", sql.FieldEQ(key, r.caseOf(t, "maming"))},
			{"maming's kept from the public", sql.FieldEQ(key, r.cases(t, "maming")[1])},
		}
		if table == "CaseEvent" {
			private := sql.AndPredicates(found[0].where, sql.FieldEQ("public", false))
			found[0].where = sql.AndPredicates(found[0].where, sql.FieldEQ("public", true))
			found = append(found, sampling{"chenjing's in Xihu District, for officers only", private})
		}
		return found
	default:
		return []sampling{{"any", func(*sql.Selector) {}}}
	}
}

// of samples one row of each person.
func of(column string, names ...string) []sampling {
	var found []sampling
	for _, name := range names {
		found = append(found, sampling{name + "'s", sql.FieldEQ(column, castID(name))})
	}
	return found
}

// section tells who the rule of a type lets read, create or change.
func (r *rowsRig) section(t testing.TB, table table, part string) string {
	t.Helper()
	var out strings.Builder
	line := func(about string, may func(context.Context) bool) {
		var who []string
		for _, name := range r.people {
			if may(viewer.With(t.Context(), r.viewers[name])) {
				who = append(who, name)
			}
		}
		fmt.Fprintf(&out, "  %-7s %s: %s\n", part, about, crowd(who, r.people))
	}
	switch part {
	case "read":
		for _, s := range r.samples[table.name] {
			line(s.about, func(ctx context.Context) bool { return r.reads(t, ctx, table, s.id) })
		}
	case "create":
		line("one's own", func(ctx context.Context) bool { return r.creates(t, ctx, table, viewer.From(ctx).PersonID) })
		line("chenjing's", func(ctx context.Context) bool { return r.creates(t, ctx, table, castID("chenjing")) })
	case "change":
		for _, s := range r.samples[table.name] {
			line(s.about, func(ctx context.Context) bool { return r.changes(t, ctx, table, s.id) })
		}
	}
	return out.String()
}

// crowd names people, or all or none of them in a word.
func crowd(who, all []string) string {
	switch len(who) {
	case 0:
		return "nobody"
	case len(all):
		return "everybody"
	default:
		return strings.Join(who, " ")
	}
}

func (r *rowsRig) reads(t testing.TB, ctx context.Context, table table, id string) bool {
	t.Helper()
	ids, err := table.find(r.DB, sql.FieldEQ("id", id)).IDs(ctx)
	if err != nil {
		t.Fatalf("read %s: %v", table.name, err)
	}
	return len(ids) == 1
}

// creates reports whether the rule lets the viewer create a row; what is made is undone. A row the
// rule lets pass fails for the columns it lacks.
func (r *rowsRig) creates(t testing.TB, ctx context.Context, table table, owner string) bool {
	t.Helper()
	err := r.undone(t, ctx, func(ctx context.Context) error { return table.create(r.DB, owner).Exec(ctx) })
	switch {
	case err == nil, db.IsValidationError(err), db.IsConstraintError(err):
		return true
	case fault.CodeOf(err) != fault.Forbidden:
		t.Fatalf("create %s: %v", table.name, err)
	}
	return false
}

// changes reports whether the rule lets the viewer at a row to change it. That ent narrows every update
// by this part of the rule is held in ent/rule.
func (r *rowsRig) changes(t testing.TB, ctx context.Context, table table, id string) bool {
	t.Helper()
	policy, replaced := (*table.policy).(rule.Policy)
	if !replaced { // ent wraps the rule of its schema
		policy = table.rule.(rule.Policy) //nolint:forcetypeassert // see knockedOut
	}
	changeable := policy.Change.For(viewer.From(ctx))
	ids, err := table.find(r.DB, func(s *sql.Selector) {
		s.Where(sql.EQ(s.C("id"), id))
		changeable(s)
	}).IDs(viewer.AsSystem(ctx, "the condition is the rule itself"))
	if err != nil {
		t.Fatalf("change %s: %v", table.name, err)
	}
	return len(ids) == 1
}

// undone runs do in a transaction that is rolled back, and returns its error.
func (r *rowsRig) undone(t testing.TB, ctx context.Context, do func(context.Context) error) error {
	t.Helper()
	errUndo := errors.New("undo")
	var err error
	if undo := r.Store.InTx(ctx, func(ctx context.Context) error { err = do(ctx); return errUndo }); !errors.Is(undo, errUndo) {
		t.Fatal(undo)
	}
	return err
}

// hiddenTypes cannot be reached through the graph.
var hiddenTypes = []string{
	"AuditEvent", "Broadcast", "CaseSupporter", "DeliveryAttempt", "Enrollment", "EntitlementGrant", "Guardianship", "HealthRecord", "Hold",
	"IdempotencyRecord", "Identity", "LedgerAccount", "NotificationPreference", "PersonalData", "PractitionerRole", "RosterUser", "StaffRole", "ThreadRead", "TransitBatch", "TransitRide", "WechatGrant",
}

// nodeAgrees holds node(id) over HTTP to the row rule; of a hidden type it never finds anything.
func (r *rowsRig) nodeAgrees(t testing.TB, table table) {
	t.Helper()
	for _, s := range r.samples[table.name] {
		for _, name := range r.people {
			got := r.member[name].Query(`query($id: ID!) { node(id: $id) { id } }`, citytest.Vars{"id": s.id})
			want := r.reads(t, viewer.With(t.Context(), r.viewers[name]), table, s.id) && !slices.Contains(hiddenTypes, table.name)
			if (got.Code() == "") != want || !want && got.Code() != string(fault.NotFound) {
				t.Errorf("node: %s asks for %s of %s, visible %t: %s", name, table.name, s.about, want, got.Body)
			}
		}
	}
}
