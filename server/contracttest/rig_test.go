// Package contracttest_test holds the city to its contracts with clients: what they send, what it
// costs, who may do what, and how it refuses. The reviewed answers are in mobile-contracts/golden;
// `go test ./server/contracttest -update` rewrites them.
package contracttest_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/district"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/notification"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/clock"
	"citygraph/internal/fake/jwksfake"
	"citygraph/internal/firebase"
	"citygraph/internal/ledger"
	"citygraph/internal/payment"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
	"citygraph/internal/wechat"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// visitor is the column of those who have not signed in.
const visitor = "visitor"

// rig is a city with every way of signing in, and a client for each member of the cast.
type rig struct {
	*citytest.City
	keys   *jwksfake.Server
	people []string // the visitor, then the cast
	member map[string]*citytest.Client
	began  time.Time
	serial int
}

const project = "citygraph-test"

// start runs a city whose cast is signed in.
func start(t testing.TB, options ...citytest.Option) *rig {
	t.Helper()
	keys := jwksfake.New(project, clock.System{})
	google := httptest.NewServer(keys.Handler())
	t.Cleanup(google.Close)
	options = append(options, func(o *wiring.Options) {
		o.WechatAPI = wechat.Sandbox{}
		o.Payments = []payment.Provider{unpaid{}}
		o.Firebase = &firebase.Options{ProjectID: project, KeysURL: google.URL + jwksfake.JWKPath}
	})
	r := &rig{City: citytest.Start(t, options...), keys: keys, member: map[string]*citytest.Client{}, began: time.Now()}
	r.people, r.member[visitor] = []string{visitor}, r.Visitor(t)
	for _, m := range seed.Cast {
		r.people, r.member[m.Key] = append(r.people, m.Key), r.As(t, m.Key)
	}
	return r
}

// castID is the person id of a member of the cast, or of one of the children.
func castID(name string) string {
	for _, m := range slices.Concat(seed.Cast, seed.Children) {
		if m.Key == name {
			return m.PersonID()
		}
	}
	panic(name + " is not in the cast")
}

// Two places, each in the district of one of the two officers of the cast.
var (
	xihu       = citytest.Vars{"lat": 30.259, "lng": 120.13, "crs": "WGS84"} // zhaoqiang's
	shangcheng = citytest.Vars{"lat": 30.245, "lng": 120.17, "crs": "WGS84"} // sunli's
)

// report is the input of a report at a place, with a key of its own.
func (r *rig) report(t testing.TB, place citytest.Vars) citytest.Vars {
	t.Helper()
	var catalogue struct{ CaseCategories []struct{ ID string } }
	r.member[visitor].Do("CaseCategories", citytest.Vars{"kind": "COMPONENT"}).Decode(t, &catalogue)
	return citytest.Vars{
		"idempotencyKey": uuid.NewString(), "categoryId": catalogue.CaseCategories[0].ID,
		"description": "路灯不亮", "location": place,
	}
}

// submit has a member report something at a place, and returns the case's id.
func (r *rig) submit(t testing.TB, name string, place citytest.Vars) string {
	t.Helper()
	return r.send(t, name, r.report(t, place))
}

// send has a member report something, and returns the case's id.
func (r *rig) send(t testing.TB, name string, report citytest.Vars) string {
	t.Helper()
	var answer struct {
		SubmitCase struct{ CityCase struct{ ID string } }
	}
	r.member[name].Do("SubmitCase", citytest.Vars{"input": report}).Decode(t, &answer)
	if answer.SubmitCase.CityCase.ID == "" {
		t.Fatalf("%s could not report", name)
	}
	return answer.SubmitCase.CityCase.ID
}

// accept has the officer of Xihu District take a case on, which puts a notice into its reporter's inbox.
func (r *rig) accept(t testing.TB, caseID string) {
	t.Helper()
	var answer struct {
		AcceptCase struct{ CityCase struct{ Status string } }
	}
	r.member["zhaoqiang"].Do("AcceptCase", citytest.Vars{"input": citytest.Vars{"caseId": caseID}}).Decode(t, &answer)
	if answer.AcceptCase.CityCase.Status != string(machine.Accepted) {
		t.Fatalf("%s was not accepted", caseID)
	}
}

// register puts a member's phone into push, and returns the device's id.
func (r *rig) register(t testing.TB, name string) string {
	t.Helper()
	var answer struct {
		RegisterDevice struct{ Device struct{ ID string } }
	}
	r.member[name].Do("RegisterDevice", citytest.Vars{
		"input": citytest.Vars{"platform": "ANDROID", "pushToken": "phone-of-" + name, "appVersion": "1.0.0"},
	}).Decode(t, &answer)
	return answer.RegisterDevice.Device.ID
}

// cardOf puts a member's latest card into a status, as its verbs would, and returns its id.
func (r *rig) cardOf(t testing.TB, name string, status citizencard.Status) string {
	t.Helper()
	system := viewer.AsSystem(t.Context(), "put the card where a test wants it")
	card, err := r.DB.CitizenCard.Query().Where(citizencard.HolderID(castID(name))).Only(system)
	if db.IsNotFound(err) {
		card, err = r.DB.CitizenCard.Query().Where(citizencard.PersonID(castID(name))).Order(db.Desc(citizencard.FieldCreatedAt)).First(system)
	}
	if err != nil {
		t.Fatal(err)
	}
	seedtest.PutCard(t, r.DB, card.ID, status)
	if err := r.DB.LedgerAccount.UpdateOneID(card.AccountID).SetBlocked(status != citizencard.StatusActive).Exec(system); err != nil {
		t.Fatal(err)
	}
	return card.ID
}

// emptyCard is cardOf with nothing on the card, which is in use.
func (r *rig) emptyCard(t testing.TB, name string) string {
	t.Helper()
	cardID := r.cardOf(t, name, citizencard.StatusActive)
	account, err := r.DB.CitizenCard.Query().Where(citizencard.ID(cardID)).QueryAccount().Only(viewer.AsSystem(t.Context(), "empty the card"))
	if err != nil {
		t.Fatal(err)
	}
	if account.Balance == 0 {
		return cardID
	}
	till, err := r.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindSuspense})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Book.Post(t.Context(), ledger.Posting{
		Key: "empty/" + uuid.NewString(), Kind: ledgertransaction.KindTransfer, Domain: ledgertransaction.DomainCard,
		Lines: []ledger.Line{{AccountID: account.ID, Amount: -account.Balance}, {AccountID: till.ID, Amount: account.Balance}},
	}); err != nil {
		t.Fatal(err)
	}
	return cardID
}

// ordered is the input of an admin's order about a card.
func ordered(cardID string) citytest.Vars {
	return citytest.Vars{"cardId": cardID, "reason": "order 12"}
}

// settle gives every member of the cast a phone, a case in Xihu District and a notice of it; chenjing a
// case in Shangcheng District and, in her first case, a step only officers may see, and a follower in
// maming; maming an accepted case kept from the public, which chenjing may not see; and a lamp in each of the
// two districts an alarm.
// accepted is the input of somebody who has accepted a subscribe message of cases.
func accepted() citytest.Vars {
	return citytest.Vars{"idempotencyKey": uuid.NewString(), "template": citytest.CaseTemplate.ID}
}

// settle gives every member of the cast a phone, a preference, a grant, a case in Xihu District and a notice of
// it; the city a pending alert for Xihu District and one in force elsewhere; and chenjing a case in Shangcheng
// District and, in her first case, a step only officers may see.
func (r *rig) settle(t testing.TB) {
	t.Helper()
	for _, name := range r.people[1:] {
		r.register(t, name)
		r.prefer(t, name)
		r.member[name].DoFor("wechat-miniprogram", "RecordWechatGrant", citytest.Vars{"input": accepted()}).Decode(t, new(any))
		caseID := r.submit(t, name, xihu)
		r.accept(t, caseID)
		if name == "chenjing" {
			r.whisper(t, caseID)
			r.show(t, caseID)
		}
	}
	r.submit(t, "chenjing", shangcheng)
	private := r.report(t, xihu)
	private["visibility"] = "PRIVATE"
	r.accept(t, r.send(t, "maming", private))
	r.follow(t, "maming", r.caseOf(t, "chenjing"))
	r.follow(t, "chenjing", r.caseOf(t, "maming"))
	r.spend(t, "chenjing")
	r.spend(t, "maming")
	r.ring(t, "zhaoqiang", xihuLamp)
	r.ring(t, "sunli", shangchengLamp)
	r.warn(t, "330106")
	r.warnNow(t, "330127")
}

// The plates of two lamps, each in the district of one of the two officers of the cast.
const (
	xihuLamp       = "3301060118000001"
	shangchengLamp = "3301020118000001"
)

// follow has a member support a case.
func (r *rig) follow(t testing.TB, name, caseID string) {
	t.Helper()
	var answer struct {
		SupportCase struct{ CityCase struct{ Supporters int } }
	}
	r.member[name].Do("SupportCase", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "caseId": caseID}}).Decode(t, &answer)
	if answer.SupportCase.CityCase.Supporters == 0 {
		t.Fatalf("%s could not support %s", name, caseID)
	}
}

// alarm is the input of an alarm of a lamp, with keys of its own.
func (r *rig) alarm(plate string) citytest.Vars {
	return citytest.Vars{
		"idempotencyKey": uuid.NewString(), "alarmKey": fmt.Sprintf("alarm-%06d", r.next()), "facilityCode": plate, "raisedAt": "2026-01-01T00:00:00Z",
	}
}

// ring has an officer pass the alarm of a lamp on, and returns the id of its case.
func (r *rig) ring(t testing.TB, name, plate string) string {
	t.Helper()
	var answer struct {
		ReportAlarm struct {
			Alarm struct{ CityCase struct{ ID string } }
		}
	}
	r.member[name].Do("ReportAlarm", citytest.Vars{"input": r.alarm(plate)}).Decode(t, &answer)
	if answer.ReportAlarm.Alarm.CityCase.ID == "" {
		t.Fatalf("%s could not pass an alarm on", name)
	}
	return answer.ReportAlarm.Alarm.CityCase.ID
}

// warnNow has an alert in force where nobody of the cast lives, so that none of them is told.
func (r *rig) warnNow(t testing.TB, districts ...string) {
	t.Helper()
	input := r.warning(districts...)
	delete(input, "effective")
	r.done(t, r.member["fanglei"].Do("IssueAlert", citytest.Vars{"input": input}))
}

// prefer has a member keep a topic to its defaults, by choice.
func (r *rig) prefer(t testing.TB, name string) {
	t.Helper()
	r.done(t, r.member[name].Do("SetNotificationPreference", citytest.Vars{
		"input": citytest.Vars{"topic": "CARD", "channels": []string{"FCM", "WECHAT"}},
	}))
}

// warning is the input of an alert that is pending, so that nobody is told of it during a test.
func (r *rig) warning(districts ...string) citytest.Vars {
	begins := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	return citytest.Vars{
		"idempotencyKey": uuid.NewString(), "category": "MET", "urgency": "FUTURE", "severity": "MINOR", "certainty": "LIKELY",
		"event": citytest.Vars{"zh": "暴雨", "en": "Rainstorm"}, "headline": citytest.Vars{"zh": "明日有暴雨", "en": "Heavy rain tomorrow"},
		"description": citytest.Vars{"zh": "明日有暴雨，注意防范。"}, "districts": districts,
		"effective": begins, "expires": begins.Add(time.Hour),
	}
}

// warn has the administrator issue an alert, and returns its id.
func (r *rig) warn(t testing.TB, districts ...string) string {
	t.Helper()
	var answer struct {
		IssueAlert struct{ Alert struct{ ID string } }
	}
	r.member["fanglei"].Do("IssueAlert", citytest.Vars{"input": r.warning(districts...)}).Decode(t, &answer)
	if answer.IssueAlert.Alert.ID == "" {
		t.Fatal("the administrator could not warn")
	}
	return answer.IssueAlert.Alert.ID
}

// drill takes in an alert for an exercise.
func (r *rig) drill(t testing.TB) {
	t.Helper()
	sent := time.Now().UTC().Format(time.RFC3339)
	report, err := r.Alerts.Import(t.Context(), strings.NewReader(`<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
		<identifier>drill</identifier><sender>test</sender><sent>`+sent+`</sent><status>Exercise</status><msgType>Alert</msgType>
		<scope>Public</scope><info><category>Met</category><event>演练</event><urgency>Future</urgency><severity>Minor</severity>
		<certainty>Likely</certainty><area><areaDesc>西湖区</areaDesc></area></info></alert>`))
	if err != nil || len(report.Kept) != 1 {
		t.Fatalf("kept %d, %v, %v", len(report.Kept), report.Problems, err)
	}
}

// done fails the test when a mutation was refused.
func (r *rig) done(t testing.TB, a citytest.Answer) {
	t.Helper()
	if strings.Contains(string(a.Body), `"userErrors":[{`) || a.Code() != "" {
		t.Fatalf("refused: %s", a.Body)
	}
}

// noticeOf is the newest notice of a member.
func (r *rig) noticeOf(t testing.TB, name string) string {
	t.Helper()
	id, err := r.DB.Notification.Query().Where(notification.PersonID(castID(name))).Order(notification.BySeq(sql.OrderDesc())).
		FirstID(viewer.AsSystem(t.Context(), "look for what a test made"))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// told tells a member of a new case of theirs, and returns the notice.
func (r *rig) told(t testing.TB, name string) string {
	t.Helper()
	r.accept(t, r.submit(t, name, xihu))
	return r.noticeOf(t, name)
}

// caseOf is the first case a member reported in this run.
func (r *rig) caseOf(t testing.TB, name string) string { return r.cases(t, name)[0] }

// cases are the cases a member reported, oldest first, without those of the seed, which lie in the past.
func (r *rig) cases(t testing.TB, name string) []string {
	t.Helper()
	ids, err := r.DB.CityCase.Query().
		Where(citycase.ReporterID(castID(name)), citycase.CreatedAtGT(r.began)).Order(citycase.ByID()).
		IDs(viewer.AsSystem(t.Context(), "look for what a test made"))
	if err != nil || len(ids) == 0 {
		t.Fatalf("%s has no case: %v", name, err)
	}
	return ids
}

// next is a number no other call got.
func (r *rig) next() int { r.serial++; return r.serial }

// whisper adds a note to a case that is for officers only.
func (r *rig) whisper(t testing.TB, caseID string) {
	t.Helper()
	var answer struct {
		AddCaseUpdate struct{ CityCase struct{ ID string } }
	}
	r.member["zhaoqiang"].Do("AddCaseUpdate", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "caseId": caseID, "note": "业主电话打不通", "audience": "OFFICERS",
	}}).Decode(t, &answer)
	if answer.AddCaseUpdate.CityCase.ID != caseID {
		t.Fatalf("nothing was noted of %s", caseID)
	}
}

// districtID is the id of a district by its code.
func (r *rig) districtID(t testing.TB, code string) string {
	t.Helper()
	id, err := r.DB.District.Query().Where(district.Code(code)).OnlyID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// quiet stops the job workers, so that the test alone uses the process and the database.
func (r *rig) quiet(t testing.TB) {
	t.Helper()
	if err := r.Queue.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}
