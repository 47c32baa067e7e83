package crashtest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/internal/seed"
)

// kills is how often the server dies under the journey.
const kills = 20

// reporters submit; officer, of the district they report in, accepts.
var reporters = []string{"chenjing", "zhouwei", "wangguiying", "maming"}

const officer = "zhaoqiang"

// crowd are the people of the journey, and what they were told.
type crowd struct {
	t     testing.TB
	place *place
	url   atomic.Pointer[string]

	mu        sync.Mutex
	submitted map[string]report // by case id: acknowledged to the reporter
	accepted  map[string]bool   // by case id: acknowledged to the officer
	retries   int
}

// report is what a reporter knows of a case.
type report struct{ reporter, key, description string }

// A server that is killed at any moment loses nothing it has acknowledged, leaves nothing half done,
// and has every notice pushed.
func TestKilledTwentyTimes(t *testing.T) {
	p := newPlace(t)
	server, url := serve(t, p.env)
	c := &crowd{t: t, place: p, submitted: map[string]report{}, accepted: map[string]bool{}}
	c.url.Store(&url)
	journey, leave := context.WithCancel(t.Context())
	defer leave()
	busy := c.start(journey)

	random := rand.New(rand.NewPCG(1, 2))
	var inPush int
	for n := range kills {
		switch n % 3 {
		case 0: // anywhere
			pass(t, time.Duration(200+random.IntN(800))*time.Millisecond)
		case 1: // while a push is on its way
			select {
			case <-p.pushed:
				inPush++
			case <-time.After(patience):
				t.Fatal("nothing is pushed any more")
			}
		case 2: // and once more while it starts
			server.kill()
			server = launch(t, p.env)
			pass(t, time.Duration(random.IntN(60))*time.Millisecond)
		}
		server.kill()
		var at string // of its own, since phones still hold the last one
		server, at = serve(t, p.env)
		c.url.Store(&at)
	}
	leave()
	busy.Wait()
	if t.Failed() {
		return
	}
	last := time.Now()
	server.kill()
	server, _ = serve(t, p.env)
	ledger := c.ledger()
	ledger.waitForPushes(last)
	pushed := time.Since(last)
	server.stop()
	duplicates := ledger.check()
	t.Logf("%d kills, %d of them in a push; %d cases submitted and %d accepted; %d requests sent again; "+
		"%d notices on %d devices each, %d pushes twice; the last push %s after the last kill",
		kills+1+kills/3, inPush, len(c.submitted), len(c.accepted), c.retries,
		len(c.accepted), devicesEach, duplicates, pushed.Round(time.Millisecond))
}

// pass lets the work go on for a while: the moment of the kill is what it chooses.
func pass(t testing.TB, d time.Duration) {
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

// start has everyone work until ctx ends; what is under way then is finished.
func (c *crowd) start(ctx context.Context) *sync.WaitGroup {
	c.t.Helper()
	categories := c.categories()
	var busy, reporting sync.WaitGroup
	open := make(chan string, 1<<16)
	for i, member := range reporters {
		phone := c.phone(member)
		for d := range devicesEach {
			c.register(phone, pushToken(member, d))
		}
		busy.Add(1)
		reporting.Go(func() {
			defer busy.Done()
			c.report(ctx, phone, member, categories[i], open)
		})
	}
	busy.Go(func() { reporting.Wait(); close(open) })
	phone := c.phone(officer)
	busy.Go(func() { c.accept(phone, open) })
	return &busy
}

// devicesEach is how many phones a reporter has.
const devicesEach = 2

func pushToken(member string, device int) string {
	return fmt.Sprintf("phone-%d-of-%s", device, member)
}

func (c *crowd) phone(member string) *phone {
	return &phone{
		manifest: c.place.manifest, url: &c.url, token: c.place.token(c.t, member), http: &http.Client{Transport: &http.Transport{}},
	}
}

func (c *crowd) register(p *phone, token string) {
	c.t.Helper()
	var out struct{ RegisterDevice answer }
	input := map[string]any{"platform": "ANDROID", "pushToken": token}
	if err := p.until(c.t.Context(), "RegisterDevice", input, &out); err != nil || len(out.RegisterDevice.UserErrors) > 0 {
		c.t.Fatalf("register %s: %v %+v", token, err, out)
	}
}

func (c *crowd) categories() []string {
	c.t.Helper()
	visitor := c.place.client(c.t, *c.url.Load(), reporters[0])
	var out struct{ CaseCategories []struct{ ID string } }
	visitor.Do("CaseCategories", nil).Decode(c.t, &out)
	ids := make([]string, len(reporters))
	for i := range ids {
		ids[i] = out.CaseCategories[i].ID
	}
	return ids
}

// report submits one case after another. Every third is sent once more after its answer, as by a phone
// that did not hear it.
func (c *crowd) report(ctx context.Context, p *phone, member, category string, open chan<- string) {
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*patience)
	defer cancel()
	defer c.count(p)
	for n := 0; ctx.Err() == nil; n++ {
		said := report{member, uuid.NewString(), fmt.Sprintf("%s: street light %d is dark", member, n)}
		input := map[string]any{
			"idempotencyKey": said.key, "categoryId": category, "description": said.description,
			"location": map[string]any{"lat": 30.259, "lng": 120.13, "crs": "WGS84"},
		}
		var first, second struct{ SubmitCase answer }
		if err := p.until(finish, "SubmitCase", input, &first); err != nil || first.SubmitCase.CityCase == nil {
			c.t.Errorf("submit as %s: %v %+v", member, err, first)
			return
		}
		caseID := first.SubmitCase.CityCase.ID
		c.mu.Lock()
		c.submitted[caseID] = said
		c.mu.Unlock()
		open <- caseID
		if n%3 > 0 {
			continue
		}
		if err := p.until(finish, "SubmitCase", input, &second); err != nil ||
			second.SubmitCase.CityCase == nil || second.SubmitCase.CityCase.ID != caseID {
			c.t.Errorf("submit again as %s: %v %+v, want case %s", member, err, second, caseID)
			return
		}
	}
}

// accept takes on every case. One that is accepted already was accepted by a try whose answer was lost.
func (c *crowd) accept(p *phone, open <-chan string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.t.Context()), 4*patience)
	defer cancel()
	defer c.count(p)
	for caseID := range open {
		var out struct{ AcceptCase answer }
		before := p.retries
		err := p.until(ctx, "AcceptCase", map[string]any{"caseId": caseID}, &out)
		a := out.AcceptCase
		taken := len(a.UserErrors) == 1 && a.UserErrors[0].Code == "INVALID_TRANSITION" && p.retries > before
		if err != nil || !taken && (a.CityCase == nil || a.CityCase.Status != "ACCEPTED") {
			c.t.Errorf("accept %s: %v %+v", caseID, err, a)
			return
		}
		c.mu.Lock()
		c.accepted[caseID] = true
		c.mu.Unlock()
	}
}

func (c *crowd) count(p *phone) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retries += p.retries
}

// personID is the id of a cast member.
func personID(t testing.TB, member string) string {
	t.Helper()
	for _, m := range seed.Cast {
		if m.Key == member {
			return m.PersonID()
		}
	}
	t.Fatalf("nobody is called %s", member)
	return ""
}
