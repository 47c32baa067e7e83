package journey_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"

	"citygraph/ent/db/migrate"
	"citygraph/ent/db/personaldata"
	"citygraph/internal/redisx/redistest"
	"citygraph/internal/resident"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

type deletionAnswer struct {
	DeleteMyAccount struct {
		Person     *struct{ DeletionDueAt *time.Time }
		UserErrors []problem
	}
}

func endAccount(t *testing.T, c *citytest.Client) time.Time {
	t.Helper()
	var answer deletionAnswer
	c.Do("DeleteMyAccount", keyed()).Decode(t, &answer)
	if d := answer.DeleteMyAccount; d.Person == nil || d.Person.DeletionDueAt == nil || len(d.UserErrors) > 0 {
		t.Fatalf("delete: %+v", d)
	}
	return *answer.DeleteMyAccount.Person.DeletionDueAt
}

// long has sessions outlive the grace, so that nothing but the end of the account ends them.
func long(o *wiring.Options) { o.AccessTTL, o.RefreshTTL = 40*24*time.Hour, 80*24*time.Hour }

const phoneToken = "push-token-of-lin"

// lin is somebody the city knows everything about: by real name, with a phone, a report taken on, an export.
func lin(t *testing.T, city *citytest.City) (c *citytest.Client, idNumber, caseID string) {
	t.Helper()
	c = byWechat(t, city, "dev:lin-open-id")
	digits := "33010619900101004"
	idNumber = digits + string(resident.Check(digits))
	c.Do("BindIdentity", citytest.Vars{"input": citytest.Vars{"name": "阙晓", "idNumber": idNumber, "proof": "sandbox"}}).Decode(t, &bindingAnswer{})
	register(t, c, "ANDROID", phoneToken)
	caseID = submit(t, c, "路灯不亮").ID
	accept(t, city.As(t, "zhaoqiang"), caseID)
	call := keyed()
	call["input"].(citytest.Vars)["location"] = citytest.Vars{"lat": 30.25, "lng": 120.16}
	c.Do("CallForHelp", call).Decode(t, new(any))
	exported(t, c)
	return c, idNumber, caseID
}

// Somebody asks for the end of their account, thinks better of it, asks again, and when the time is over
// nothing leads to them any more, on any replica, in any file.
func TestAnAccountEnds(t *testing.T) {
	watch := later{&atomic.Int64{}}
	here := citytest.Start(t, withSandbox, moving(watch), long, citytest.Redis(redistest.Start(t)))
	there := here.Replica(t)
	phone, idNumber, caseID := lin(t, here)
	me := account(t, phone).Me.ID
	waiting := submit(t, phone, "井盖松动").ID
	tablet := byWechat(t, here, "dev:lin-open-id")
	onTablet := tablet.On(there).Subscribe(t, "InboxChanged", nil)
	onPhone := phone.On(there).Subscribe(t, "InboxChanged", citytest.Vars{"afterSeq": 2}) // of the report and the export

	due := endAccount(t, phone)
	if left := due.Sub(watch.Now()); left > 15*24*time.Hour || left < 15*24*time.Hour-time.Minute {
		t.Errorf("the account ends in %s", left)
	}
	if code := onTablet.Ended(t); code != 4401 {
		t.Errorf("the tablet's socket closed with %d", code)
	}
	if answer := tablet.On(there).Do("MyAccount", nil); answer.Status != http.StatusUnauthorized {
		t.Errorf("the tablet asks on: %d", answer.Status)
	}
	var event change
	onPhone.Next(t).Decode(t, &event)
	if target := event.InboxChanged.Notification.Target.ID; target != me {
		t.Errorf("told of %s", target)
	}
	if shown := account(t, phone.On(there)).Me.DeletionDueAt; shown == nil || !shown.Equal(due) {
		t.Errorf("it is shown to end at %s", shown)
	}
	citytest.Eventually(t, "the phone warns its owner", func() bool { return received(here, phoneToken) == 3 })
	if found := problems(t, phone.Do("KeepMyAccount", nil)); len(found) > 0 || account(t, phone).Me.DeletionDueAt != nil {
		t.Fatalf("keep: %+v", found)
	}

	endAccount(t, phone)
	secrets := secretsOf(t, here, me, idNumber)
	if !holdsAny(t, here, secrets) {
		t.Fatal("the canaries are not what is stored")
	}
	watch.by.Store(int64(15*24*time.Hour - time.Minute))
	if shown := account(t, phone).Me.DeletionDueAt; shown == nil {
		t.Error("it is not shown to end a minute before")
	}
	watch.by.Store(int64(15*24*time.Hour + time.Minute))
	if code := onPhone.Ended(t); code != 4401 {
		t.Errorf("the phone's socket closed with %d", code)
	}
	for name, city := range map[string]*citytest.City{"here": here, "there": there} {
		if answer := phone.On(city).Do("MyAccount", nil); answer.Status != http.StatusUnauthorized {
			t.Errorf("the phone asks on %s: %d", name, answer.Status)
		}
	}
	citytest.Eventually(t, "nothing is left in the files", func() bool { return !holdsAny(t, here, secrets) && len(kept(t, here)) == 0 })

	// The city's own matters go on: the reports are worked on, and nobody is told of it.
	officer := here.As(t, "zhaoqiang")
	accept(t, officer, waiting)
	namesNobody(t, here, me)
	var detail struct{ CityCase struct{ Status string } }
	officer.Do("CaseDetail", citytest.Vars{"id": caseID}).Decode(t, &detail)
	if detail.CityCase.Status != "ACCEPTED" {
		t.Errorf("the case is %+v", detail)
	}

	again := byWechat(t, here, "dev:lin-open-id")
	if fresh := account(t, again).Me; fresh.ID == me || fresh.DeletionDueAt != nil {
		t.Errorf("the account signs in as %+v", fresh)
	}
}

// secretsOf is what identifies the person, as it is stored.
func secretsOf(t *testing.T, city *citytest.City, me, idNumber string) [][]byte {
	t.Helper()
	row := city.DB.PersonalData.Query().Where(personaldata.PersonID(me)).OnlyX(system(t))
	secrets := [][]byte{[]byte("lin-open-id"), []byte(phoneToken), []byte("阙*"), []byte(row.IDNumberIndex), []byte(idNumber[:6] + "********" + idNumber[14:])}
	for _, sealed := range [][]byte{row.DataKey, row.Sealed} { // PostgreSQL shows bytes in hexadecimal
		secrets = append(secrets, sealed, []byte(hex.EncodeToString(sealed)))
	}
	return secrets
}

// holdsAny tells whether any secret is in SQLite's files, free pages and log included, or in any row of
// PostgreSQL.
func holdsAny(t *testing.T, city *citytest.City, secrets [][]byte) bool {
	t.Helper()
	for _, kept := range []map[string][]byte{city.Columns(t), city.Files(t)} {
		for _, text := range kept {
			if slices.ContainsFunc(secrets, func(s []byte) bool { return bytes.Contains(text, s) }) {
				return true
			}
		}
	}
	return false
}

// tombstones are the columns that may name somebody whose account has ended: what the law has kept.
var tombstones = []string{
	"announcements.author_id", "attachments.uploader_id", "bureau_notices.author_id",
	"messages.author_id", "message_reports.reporter_id", "threads.student_id", "threads.teacher_id", "attendance_events.recorder_id", "leave_requests.decider_id", "leave_requests.requester_id",
	"audit_events.actor_id", "audit_events.subject_id", "audit_events.target_id",
	"care_contracts.patient_id", "care_visits.patient_id", "help_calls.acknowledged_by_id", "help_calls.patient_id",
	"case_events.actor_id", "case_supporters.person_id", "city_cases.assignee_id", "city_cases.reporter_id", "city_cases.resolver_id",
	"booking_suspensions.decided_by_id", "consents.given_by_id", "consents.person_id", "health_records.author_id", "record_accesses.accessor_id",
	"record_accesses.person_id", "people.id",
}

// namesNobody looks into every column for a person.
func namesNobody(t *testing.T, city *citytest.City, personID string) {
	t.Helper()
	for _, table := range migrate.Tables {
		for _, column := range table.Columns {
			if column.Type != field.TypeString {
				continue
			}
			n := counted(t, city, fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = '%s'", table.Name, quoted(column), personID))
			if where := table.Name + "." + column.Name; n > 0 && !slices.Contains(tombstones, where) {
				t.Errorf("%s names who is gone in %d rows", where, n)
			}
		}
	}
}

func quoted(c *schema.Column) string { return `"` + strings.ReplaceAll(c.Name, `"`, "") + `"` }

// A new table cannot name people without saying what becomes of its rows when an account ends.
func TestEveryTableThatNamesPeopleIsClassified(t *testing.T) {
	ends := []string{
		"data_exports.person_id", "delivery_attempts.person_id", "devices.person_id", "entitlement_grants.person_id", "identities.person_id",
		"booking_suspensions.patient_id", "deliveries.guardian_id", "delivery_students.person_id", "health_records.patient_id",
		"idempotency_records.actor_id", "notification_preferences.person_id", "notifications.person_id", "personal_data.person_id",
		"roster_users.person_id", "sessions.person_id", "staff_roles.person_id", "thread_reads.person_id", "wechat_grants.person_id",
	}
	stays := []string{
		"audit_events.actor_id", "audit_events.subject_id", "case_events.actor_id", "city_cases.reporter_id", "citizen_cards.person_id",
		"credit_lines.person_id", "top_ups.person_id", "transit_batches.person_id", "transit_rides.person_id", "ledger_accounts.owner_id", // or the book would not add up
		"bills.patient_id", "bills.payer_id", // likewise, without its lines
		"appointments.patient_id", "waitlist_entries.patient_id", // under an id that leads to nobody
		"care_contracts.patient_id", "care_visits.patient_id", "help_calls.patient_id", "help_calls.acknowledged_by_id", // without a name or a place
		"case_supporters.person_id",                       // or the count of supporters would be wrong
		"consents.person_id", "record_accesses.person_id", // what was agreed to, and who read what, stays proven
		"health_records.author_id",        // who found it stays in the patient's record
		"enrollments.person_id",           // ended, of a tombstone: the class keeps its history
		"messages.author_id",              // what was said stays with those it was said to, without the name
		"message_reports.reporter_id",     // what was reported stays decided
		"announcements.author_id",         // what a school said stays its own, without the name
		"bureau_notices.author_id",        // what the bureau said stays its own
		"notifications.subject_person_id", // of a notice in somebody else's inbox
	}
	for _, table := range migrate.Tables {
		for _, column := range table.Columns {
			names := []string{"person_id", "patient_id", "actor_id", "author_id", "subject_id", "reporter_id", "owner_id", "payer_id", "acknowledged_by_id"}
			where := table.Name + "." + column.Name
			if slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(column.Name, n) }) &&
				slices.Contains(ends, where) == slices.Contains(stays, where) {
				t.Errorf("%s: say whether it ends with the account", where)
			}
		}
	}
}

// What is open under a Firebase token ends with the account too, though there is no session to end; the next
// request of the same user is of somebody new.
func TestAnAccountEndsUnderABearerToken(t *testing.T) {
	watch := later{&atomic.Int64{}}
	google, option := withFirebase(t)
	city := citytest.Start(t, option, moving(watch))
	bearer := city.With(t, google.Mint(user("uid-lin")))
	if answer := bearer.Do("DeleteMyAccount", keyed()); answer.Code() != "UNAUTHENTICATED" {
		t.Fatalf("without a sign-in just now: %s", answer.Body)
	}
	before := account(t, bearer).Me.ID
	live := bearer.Subscribe(t, "InboxChanged", nil)
	got, _ := opened(t, signInWithFirebase(city.Visitor(t), google.Mint(user("uid-lin"))))
	endAccount(t, city.With(t, got.AccessToken))
	watch.by.Store(int64(16 * 24 * time.Hour))
	if code := live.Ended(t); code != 4401 {
		t.Errorf("the socket closed with %d", code)
	}
	citytest.Eventually(t, "the user is somebody new", func() bool { return account(t, bearer).Me.ID != before })
}

// A phone that was signed in long ago, or nobody, cannot end an account.
func TestAnAccountIsNotEndedByAPhoneThatLiesAround(t *testing.T) {
	watch := later{&atomic.Int64{}}
	city := citytest.Start(t, moving(watch), long)
	phone := city.As(t, "chenjing")
	watch.by.Store(int64(time.Hour))
	refused := phone.Speaking("en").Do("DeleteMyAccount", keyed())
	if refused.Code() != "UNAUTHENTICATED" || !strings.Contains(refused.Errors[0].Message, "sign in again") {
		t.Errorf("an hour after signing in: %s", refused.Body)
	}
	for _, operation := range []string{"DeleteMyAccount", "KeepMyAccount"} {
		if answer := city.Visitor(t).Do(operation, keyed()); answer.Code() != "UNAUTHENTICATED" {
			t.Errorf("a visitor: %s", answer.Body)
		}
	}
	if account(t, phone).Me.DeletionDueAt != nil {
		t.Error("the account is to end")
	}
	endAccount(t, city.As(t, "chenjing"))
}
