// Package contracttest_test holds the city to its contracts with clients: what they send, what it
// costs, who may do what, and how it refuses. The reviewed answers are in mobile-contracts/golden;
// `go test ./server/contracttest -update` rewrites them.
package contracttest_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/district"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/clock"
	"citygraph/internal/fake/jwksfake"
	"citygraph/internal/firebase"
	"citygraph/internal/seed"
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
		o.Firebase = &firebase.Options{ProjectID: project, KeysURL: google.URL + jwksfake.JWKPath}
	})
	r := &rig{City: citytest.Start(t, options...), keys: keys, member: map[string]*citytest.Client{}, began: time.Now()}
	r.people, r.member[visitor] = []string{visitor}, r.Visitor(t)
	for _, m := range seed.Cast {
		r.people, r.member[m.Key] = append(r.people, m.Key), r.As(t, m.Key)
	}
	return r
}

// castID is the person id of a member of the cast.
func castID(name string) string {
	for _, m := range seed.Cast {
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
	var answer struct {
		SubmitCase struct{ CityCase struct{ ID string } }
	}
	r.member[name].Do("SubmitCase", citytest.Vars{"input": r.report(t, place)}).Decode(t, &answer)
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

// settle gives every member of the cast a phone, a case in Xihu District and a notice of it; and
// chenjing a case in Shangcheng District and, in her first case, a step only officers may see.
func (r *rig) settle(t testing.TB) {
	t.Helper()
	for _, name := range r.people[1:] {
		r.register(t, name)
		caseID := r.submit(t, name, xihu)
		r.accept(t, caseID)
		if name == "chenjing" {
			r.whisper(t, caseID)
		}
	}
	r.submit(t, "chenjing", shangcheng)
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

// whisper adds a step to a case that is for officers only, as a later version may.
func (r *rig) whisper(t testing.TB, caseID string) {
	t.Helper()
	system := viewer.AsSystem(t.Context(), "no verb writes private steps yet")
	err := r.DB.CaseEvent.Create().SetCityCaseID(caseID).SetSeq(3).
		SetFromStatus(machine.Accepted).SetToStatus(machine.Accepted).SetPublic(false).
		SetActorKind(caseevent.ActorKindOfficer).SetActorID(castID("zhaoqiang")).Exec(system)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.DB.CityCase.UpdateOneID(caseID).AddLastSeq(1).Exec(system); err != nil {
		t.Fatal(err)
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
