package crashtest_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/casephoto"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/viewer"
)

const (
	stepKills = 4
	// casesEach is few, so that everybody is at the same ones.
	casesEach = 3
	// proofsEach is more than an officer can resolve cases.
	proofsEach = 200
)

// mob are people who do whatever comes to their minds to the same few cases, several at once.
type mob struct {
	t     testing.TB
	place *place
	url   atomic.Pointer[string]
	cases []string
	proof map[string][]string // photos of each officer's; each shows one repair

	mu      sync.Mutex
	acks    map[deed]int     // steps that were acknowledged
	follows map[backing]bool // acknowledged
	retries int
}

// deed is a step of a case.
type deed struct {
	caseID string
	action machine.Action
}

// backing is somebody who supports a case.
type backing struct{ caseID, member string }

// Cases that many people move at once, on a server that is killed again and again, have lives that the
// machine allows, and everything that belongs to a step, once.
func TestStepsSurviveKills(t *testing.T) {
	p := newPlace(t)
	if o := command(t, p.env, "seed", "--citizens", "5"); o.code != 0 {
		t.Fatal(o.problems)
	}
	_, client := p.open(t)
	system := viewer.AsSystem(t.Context(), "a second officer of the district, so that one can check the other")
	district := must(client.StaffRole.Query().Where(staffrole.PersonID(personID(t, officer)), staffrole.KindEQ(staffrole.KindCaseOfficer)).Only(system))(t).OrganisationID
	err := client.StaffRole.Create().SetPersonID(personID(t, "xumin")).SetKind(staffrole.KindCaseOfficer).SetOrganisationID(district).Exec(system)
	if err != nil {
		t.Fatal(err)
	}
	m := &mob{t: t, place: p, proof: map[string][]string{}, acks: map[deed]int{}, follows: map[backing]bool{}}
	for _, member := range []string{officer, "xumin"} {
		m.proof[member] = proofs(t, client, member)
	}
	server, url := serve(t, p.env)
	m.url.Store(&url)
	category := categoryOf(t, p.client(t, url, reporters[0]))
	for _, member := range reporters {
		for range casesEach {
			m.cases = append(m.cases, submit(t, p.client(t, url, member), category))
		}
	}
	work, leave := context.WithCancel(t.Context())
	defer leave()
	var busy sync.WaitGroup
	for i, member := range slices.Concat(reporters, []string{officer, officer, officer, "xumin", "xumin", "xumin"}) {
		phone := &phone{manifest: p.manifest, url: &m.url, token: p.token(t, member), http: &http.Client{Transport: &http.Transport{}}}
		busy.Go(func() { m.act(work, phone, member, rand.New(rand.NewPCG(5, uint64(i)))) })
	}
	random := rand.New(rand.NewPCG(6, 7))
	for range stepKills {
		pass(t, time.Duration(500+random.IntN(1000))*time.Millisecond)
		server.kill()
		var at string
		server, at = serve(t, p.env)
		m.url.Store(&at)
	}
	pass(t, time.Second)
	leave()
	busy.Wait()
	server.stop()
	if t.Failed() {
		return
	}
	l := &ledger{t: t, db: client, ctx: viewer.AsSystem(t.Context(), "compare the books after the kills")}
	l.checkHistories()
	m.check(&lives{ledger: l})
}

// proofs are photos of mended things that an officer has uploaded, as far as steps look at them.
func proofs(t testing.TB, client *db.Client, member string) []string {
	t.Helper()
	rows := make([]*db.CasePhotoCreate, proofsEach)
	for i := range rows {
		rows[i] = client.CasePhoto.Create().SetUploaderID(personID(t, member)).SetPurpose(casephoto.PurposeProof).
			SetWidth(4).SetHeight(3).SetBlurHash("L").SetSizeBytes(1).SetFile(uuid.NewString()).SetDataKey([]byte("key"))
	}
	made := must(client.CasePhoto.CreateBulk(rows...).Save(viewer.AsSystem(t.Context(), "lay out photos")))(t)
	ids := make([]string, len(made))
	for i, row := range made {
		ids[i] = row.ID
	}
	return ids
}

// officers' and citizens' actions, and the operation that does each.
var (
	officersDo = []machine.Action{
		machine.Accept, machine.Accept, machine.File, machine.Dispatch, machine.Start, machine.Start, machine.Return, machine.Suspend, machine.Resume,
		machine.Resolve, machine.Resolve, machine.Verify, machine.Verify, machine.Close, machine.Close, machine.Merge,
	}
	citizensDo = []machine.Action{
		machine.Support, machine.Support, machine.Update, machine.Update, machine.Rate, machine.Reopen, machine.Reopen, machine.Withdraw,
	}
)

// act takes step after step until ctx ends; the one under way then is finished.
func (m *mob) act(ctx context.Context, p *phone, member string, random *rand.Rand) {
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*patience)
	defer cancel()
	actions := officersDo
	if slices.Contains(reporters, member) {
		actions = citizensDo
	}
	for ctx.Err() == nil {
		caseID, action := m.cases[random.IntN(len(m.cases))], actions[random.IntN(len(actions))]
		if (action == machine.Merge || action == machine.Withdraw) && random.IntN(12) > 0 {
			continue // which end a life early
		}
		operation := action.Mutation()
		var out map[string]answer
		err := p.until(finish, strings.ToUpper(operation[:1])+operation[1:], m.input(member, caseID, action, random), &out)
		if err != nil {
			if finish.Err() != nil || !refused(err.Error()) {
				m.t.Errorf("%s of %s as %s: %v", operation, caseID, member, err)
				return
			}
			continue
		}
		a := out[operation]
		if len(a.UserErrors) > 0 && !refused(a.UserErrors[0].Code) {
			m.t.Errorf("%s of %s as %s: %+v", operation, caseID, member, a.UserErrors)
			return
		}
		if a.CityCase == nil {
			continue
		}
		m.mu.Lock()
		if action == machine.Support {
			m.follows[backing{caseID, member}] = true
		} else {
			m.acks[deed{caseID, action}]++
		}
		m.mu.Unlock()
	}
	m.mu.Lock()
	m.retries += p.retries
	m.mu.Unlock()
}

// refused reports whether an error says that the step was not theirs to take then.
func refused(text string) bool {
	for _, code := range []string{"INVALID_TRANSITION", "FORBIDDEN", "SAME_ACTOR", "REOPEN_LIMIT", "BAD_USER_INPUT", "NOT_FOUND"} {
		if strings.Contains(text, code) {
			return true
		}
	}
	return false
}

func (m *mob) input(member, caseID string, action machine.Action, random *rand.Rand) map[string]any {
	in := map[string]any{"caseId": caseID}
	switch action {
	case machine.Return, machine.Suspend, machine.Reopen:
		in["reason"] = "so it is"
	case machine.Dispatch:
		in["unit"] = "MUNICIPAL"
	case machine.Resolve:
		in["photoIds"] = []string{m.proof[member][random.IntN(proofsEach)]}
	case machine.Verify:
		in["result"], in["note"] = []string{"PASSED", "PASSED", "FAILED"}[random.IntN(3)], "looked at"
	case machine.Rate:
		in["stars"] = 1 + random.IntN(5)
	case machine.Merge:
		in["intoId"] = m.cases[random.IntN(len(m.cases))]
	case machine.Update:
		in["note"] = "still dark"
		in["idempotencyKey"] = uuid.NewString()
	case machine.Support:
		in["idempotencyKey"] = uuid.NewString()
	}
	return in
}

// check holds every case that was moved to its life, and what was acknowledged to what is there.
func (m *mob) check(l *lives) {
	moved := map[machine.Action]int{}
	l.load(m.cases)
	for _, c := range l.cases {
		for _, e := range l.events[c.ID][1:] {
			moved[*e.Action]++
		}
		l.checkLife(c)
		l.checkBooks(c)
		l.checkFollowers(c)
	}
	for d, n := range m.acks {
		if got := l.count(d.caseID, d.action); got < n {
			m.t.Errorf("%s of %s was acknowledged %d times and is there %d times", d.action, d.caseID, n, got)
		}
	}
	for f := range m.follows {
		if !l.follows(f.caseID, personID(m.t, f.member)) {
			m.t.Errorf("%s supports %s, and follows nothing", f.member, f.caseID)
		}
	}
	for _, action := range []machine.Action{machine.Accept, machine.File, machine.Dispatch, machine.Start, machine.Suspend, machine.Return, machine.Resolve, machine.Update} {
		if moved[action] == 0 {
			m.t.Errorf("no case was moved by %s: little was tried", action)
		}
	}
	m.t.Logf("%d kills; %v; %d requests sent again", stepKills, moved, m.retries)
}
