package journey_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/notification"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/redisx/redistest"
	"citygraph/server/citytest"
)

// crowd runs do for so many callers at once.
func crowd(n int, do func(i int)) {
	var everyone sync.WaitGroup
	for i := range n {
		everyone.Go(func() { do(i) })
	}
	everyone.Wait()
}

// One idempotency key has one effect, however many ask at once and hang up on the way.
func TestOneKeyOneCase(t *testing.T) {
	city := citytest.Start(t, citytest.Redis(redistest.Start(t)))
	other := city.Replica(t)
	citizen := city.As(t, "maming")
	vars := citytest.Vars{"input": report(t, citizen, "井盖松动")}

	ids := make([]string, 64)
	crowd(len(ids), func(i int) {
		client := citizen
		if i%2 == 1 {
			client = citizen.On(other)
		}
		for ids[i] == "" {
			ctx, hangUp := context.WithTimeout(t.Context(), time.Duration(20+rand.IntN(2000))*time.Millisecond) // a phone in a lift
			answer, err := client.Try(ctx, "SubmitCase", vars)
			hangUp()
			if err != nil {
				continue
			}
			var data struct {
				SubmitCase struct{ CityCase caseRow }
			}
			answer.Decode(t, &data)
			ids[i] = data.SubmitCase.CityCase.ID
		}
	})
	if distinct := slices.Compact(slices.Sorted(slices.Values(ids))); len(distinct) != 1 {
		t.Fatalf("one key made %d cases", len(distinct))
	}
	ctx := system(t)
	for what, count := range map[string]func(context.Context) (int, error){
		"cases":  city.DB.CityCase.Query().Where(citycase.Description("井盖松动")).Count,
		"events": city.DB.CaseEvent.Query().Where(caseevent.CityCaseID(ids[0])).Count,
		"deeds":  city.DB.AuditEvent.Query().Where(auditevent.TargetID(ids[0])).Count,
		"keys":   city.DB.IdempotencyRecord.Query().Count,
	} {
		if n, err := count(ctx); err != nil || n != 1 {
			t.Errorf("%d %s, %v", n, what, err)
		}
	}
}

// Of two officers who accept a case at once one moves it, and the other is told where it stands; its
// history stays dense, and its reporter is told once, in order.
func TestTwoOfficersOneCase(t *testing.T) {
	city := citytest.Start(t, citytest.Redis(redistest.Start(t)))
	promote(t, city, "xumin")
	other := city.Replica(t)
	citizen := city.As(t, "chenjing")
	officers := []*citytest.Client{city.As(t, "zhaoqiang"), city.As(t, "xumin").On(other)}

	const cases = 24
	crowd(cases, func(int) {
		id := submit(t, citizen, "路面塌陷").ID
		codes := make([]string, len(officers))
		crowd(len(officers), func(i int) {
			answer := officers[i].Do("AcceptCase", citytest.Vars{"input": citytest.Vars{"caseId": id}})
			for _, p := range problems(t, answer) {
				codes[i] = p.Code
			}
		})
		if slices.Sort(codes); !slices.Equal(codes, []string{"", "INVALID_TRANSITION"}) {
			t.Errorf("two officers got %q", codes)
		}
	})
	historiesAreWhole(t, city)
	inboxesAreWhole(t, city, "chenjing", cases)
}

// historiesAreWhole holds every case to its events: dense from 1, linked, the last one its status.
func historiesAreWhole(t *testing.T, city *citytest.City) {
	t.Helper()
	cases, err := city.DB.CityCase.Query().WithEvents(func(q *db.CaseEventQuery) { q.Order(caseevent.BySeq()) }).All(system(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		var last machine.Status
		for i, e := range c.Edges.Events {
			if e.Seq != i+1 || i > 0 && (e.FromStatus == nil || *e.FromStatus != last) {
				t.Errorf("%s: event %d has seq %d and comes from %v after %s", c.Number, i+1, e.Seq, e.FromStatus, last)
			}
			last = e.ToStatus
		}
		if last != c.Status || c.LastSeq != len(c.Edges.Events) {
			t.Errorf("%s is %s with last seq %d; its %d events end at %s", c.Number, c.Status, c.LastSeq, len(c.Edges.Events), last)
		}
	}
}

// inboxesAreWhole holds a member's inbox to so many rows, their seq free of gaps, and the badge to them.
func inboxesAreWhole(t *testing.T, city *citytest.City, name string, rows int) {
	t.Helper()
	person := member(t, name).PersonID()
	seqs, err := city.DB.Notification.Query().Where(notification.PersonID(person)).
		Order(notification.BySeq()).Select(notification.FieldSeq).Ints(system(t))
	if err != nil {
		t.Fatal(err)
	}
	for i, seq := range seqs {
		if seq != i+1 {
			t.Fatalf("the inbox has seq %d at place %d", seq, i+1)
		}
	}
	var home struct{ UnreadCount int }
	city.As(t, name).Do("HomeScreen", nil).Decode(t, &home)
	if len(seqs) != rows || home.UnreadCount != rows {
		t.Errorf("%d events made %d inbox rows and a badge of %d", rows, len(seqs), home.UnreadCount)
	}
}
