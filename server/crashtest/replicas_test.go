package crashtest_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"citygraph/internal/store/storetest"
	"citygraph/server/citytest"
)

const (
	rounds        = 4 // of the subscriber's server dying
	casesPerRound = 5
)

// A subscriber whose server dies goes on at another, or at the same when it is back, with the seq it
// has seen: nothing is lost and nothing comes twice. The cases are submitted and accepted elsewhere.
func TestSubscriberOutlivesItsServer(t *testing.T) {
	p := newPlace(t)
	first, firstURL := serve(t, p.env)
	second, secondURL := first, firstURL
	if !p.sqlite() {
		second, secondURL = serve(t, p.env)
	}
	citizen, officer := p.client(t, firstURL, "chenjing"), p.client(t, firstURL, officer)
	at := func(c *citytest.Client, url string) *citytest.Client {
		return c.On(&citytest.City{URL: url, Manifest: p.manifest})
	}
	category := categoryOf(t, citizen)

	var seq int64
	for range rounds {
		live := at(citizen, secondURL).Subscribe(t, "InboxChanged", citytest.Vars{"afterSeq": seq})
		opened := seq
		for range casesPerRound {
			caseID := submit(t, at(citizen, firstURL), category)
			accept(t, at(officer, firstURL), caseID)
			if seq-opened < casesPerRound-2 { // the last two are still on their way when the server dies
				seq = next(t, live, seq)
			}
		}
		second.kill()
		seq = drain(t, live, seq)

		reopened := at(citizen, firstURL)
		if p.sqlite() {
			first, firstURL = serve(t, p.env)
			second, secondURL = first, firstURL
			reopened = at(citizen, firstURL)
		}
		live = reopened.Subscribe(t, "InboxChanged", citytest.Vars{"afterSeq": seq})
		for seq < opened+casesPerRound {
			seq = next(t, live, seq)
		}
		live.Close()
		if !p.sqlite() {
			// The survivor changes sides: it is the subscriber's server now, and the next to die.
			replacement, url := serve(t, p.env)
			first, firstURL, second, secondURL = replacement, url, first, firstURL
		}
	}
	if want := int64(rounds * casesPerRound); seq != want {
		t.Errorf("the subscriber heard %d notices, want %d", seq, want)
	}
	citizen = at(citizen, firstURL)
	var inbox struct {
		UnreadCount int
		Inbox       struct {
			Edges []struct{ Node struct{ Seq int64 } }
		}
	}
	citizen.Do("Inbox", citytest.Vars{"first": 100}).Decode(t, &inbox)
	if inbox.UnreadCount != int(seq) || len(inbox.Inbox.Edges) != int(seq) {
		t.Errorf("the inbox has %d unread of %d, the subscriber heard %d", inbox.UnreadCount, len(inbox.Inbox.Edges), seq)
	}
	first.stop()
}

// next reads one event, which must be the next.
func next(t testing.TB, live *citytest.Subscription, seq int64) int64 {
	t.Helper()
	return follow(t, live.Next(t), seq)
}

// drain reads what had arrived before the server died.
func drain(t testing.TB, live *citytest.Subscription, seq int64) int64 {
	t.Helper()
	for event := range live.Events {
		seq = follow(t, event, seq)
	}
	return seq
}

func follow(t testing.TB, event citytest.Answer, seq int64) int64 {
	t.Helper()
	var out struct {
		InboxChanged struct{ Notification struct{ Seq int64 } }
	}
	event.Decode(t, &out)
	if got := out.InboxChanged.Notification.Seq; got != seq+1 {
		t.Fatalf("after notice %d came %d", seq, got)
	}
	return seq + 1
}

func categoryOf(t testing.TB, c *citytest.Client) string {
	t.Helper()
	var out struct{ CaseCategories []struct{ ID string } }
	c.Do("CaseCategories", nil).Decode(t, &out)
	return out.CaseCategories[0].ID
}

// darkLight is the input of a report in the officer's district.
func darkLight(category string) citytest.Vars {
	return citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "categoryId": category, "description": "a street light is dark",
		"location": citytest.Vars{"lat": 30.259, "lng": 120.13, "crs": "WGS84"},
	}}
}

func submit(t testing.TB, c *citytest.Client, category string) string {
	t.Helper()
	var out struct{ SubmitCase answer }
	c.Do("SubmitCase", darkLight(category)).Decode(t, &out)
	if out.SubmitCase.CityCase == nil {
		t.Fatalf("submit: %+v", out)
	}
	return out.SubmitCase.CityCase.ID
}

func accept(t testing.TB, c *citytest.Client, caseID string) {
	t.Helper()
	var out struct{ AcceptCase answer }
	c.Do("AcceptCase", citytest.Vars{"input": citytest.Vars{"caseId": caseID}}).Decode(t, &out)
	if out.AcceptCase.CityCase == nil {
		t.Fatalf("accept %s: %+v", caseID, out)
	}
}

// Replicas that start together on an empty database migrate and seed it once, and all serve.
func TestReplicasStartTogether(t *testing.T) {
	p := newPlace(t)
	p.env["DATABASE_URL"] = storetest.URL(t) // without a table of ours
	replicas := make([]*process, 3)
	if p.sqlite() {
		replicas = replicas[:1] // which has the file to itself
	}
	for i := range replicas {
		replicas[i] = launch(t, p.env)
	}
	for _, r := range replicas {
		wantStatus(t, r.url()+"/readyz", http.StatusOK)
	}
	_, client := p.open(t)
	if n := must(client.District.Query().Count(t.Context()))(t); n != 13 {
		t.Errorf("%d districts, want 13", n)
	}
	for _, r := range replicas {
		r.stop()
	}
}
