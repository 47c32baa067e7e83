package crashtest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/idempotencyrecord"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/person"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/jobs"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// ledger compares what people were told with what is in the database and at the push service.
type ledger struct {
	t     testing.TB
	crowd *crowd
	store *store.Store
	db    *db.Client
	ctx   context.Context //nolint:containedctx // the checks' right to see every row
}

func (c *crowd) ledger() *ledger {
	s, client := c.place.open(c.t)
	return &ledger{c.t, c, s, client, viewer.AsSystem(c.t.Context(), "compare the books after the kills")}
}

// waitForPushes waits until every notice has reached every device of its recipient and that is written
// down: a job killed between the two is rescued later, and sends again.
func (l *ledger) waitForPushes(since time.Time) {
	l.t.Helper()
	for {
		missing, unrecorded := l.unpushed(), l.unrecorded()
		if missing == 0 && unrecorded == 0 {
			return
		}
		if time.Since(since) > patience {
			l.t.Fatalf("%d pushes are missing and %d are not recorded %s after the last start", missing, unrecorded, patience)
		}
		pass(l.t, 50*time.Millisecond)
	}
}

// pushes counts what the push service took, by notification and device.
func (l *ledger) pushes() map[string]int {
	got := map[string]int{}
	for _, m := range l.crowd.place.fcm.Messages() {
		if m.Accepted {
			got[m.Data["notificationId"]+" "+m.Token]++
		}
	}
	return got
}

// unrecorded counts the deliveries that no attempt tells of.
func (l *ledger) unrecorded() int {
	told := map[string]bool{}
	for _, a := range must(l.db.DeliveryAttempt.Query().
		Where(deliveryattempt.OutcomeEQ(deliveryattempt.OutcomeDelivered)).All(l.ctx))(l.t) {
		told[a.NotificationID+" "+a.DeviceID] = true
	}
	return devicesEach*must(l.db.Notification.Query().Count(l.ctx))(l.t) - len(told)
}

func (l *ledger) unpushed() int {
	got, missing := l.pushes(), 0
	for _, n := range must(l.db.Notification.Query().All(l.ctx))(l.t) {
		for device := range devicesEach {
			if got[n.ID+" "+l.tokenOf(n, device)] == 0 {
				missing++
			}
		}
	}
	return missing
}

func (l *ledger) tokenOf(n *db.Notification, device int) string {
	for _, member := range reporters {
		if personID(l.t, member) == n.PersonID {
			return pushToken(member, device)
		}
	}
	l.t.Fatalf("notification %s is for %s, who reported nothing", n.ID, n.PersonID)
	return ""
}

// check compares everything and returns how many pushes were sent more than once.
func (l *ledger) check() (duplicates int) {
	l.t.Helper()
	l.checkHistories()
	for caseID, said := range l.crowd.submitted {
		l.checkCase(caseID, said)
	}
	l.checkTotals()
	for _, member := range reporters {
		l.checkInbox(member)
	}
	l.checkJobs()
	for _, times := range l.pushes() {
		duplicates += times - 1
	}
	return duplicates
}

// checkHistories holds every case of the city to its events: dense, joined, and the last is the status.
func (l *ledger) checkHistories() {
	l.t.Helper()
	events := map[string][]*db.CaseEvent{}
	for _, e := range must(l.db.CaseEvent.Query().Order(caseevent.BySeq()).All(l.ctx))(l.t) {
		events[e.CityCaseID] = append(events[e.CityCaseID], e)
	}
	for _, c := range must(l.db.CityCase.Query().All(l.ctx))(l.t) {
		history, status := events[c.ID], machine.Status("")
		for i, e := range history {
			if from := deref(e.FromStatus); e.Seq != i+1 || from != status {
				l.t.Errorf("case %s: event %d has seq %d and comes from %q, want %q", c.ID, i+1, e.Seq, from, status)
			}
			status = e.ToStatus
		}
		if c.Status != status || c.LastSeq != len(history) {
			l.t.Errorf("case %s is %s at seq %d, its %d events end with %s", c.ID, c.Status, c.LastSeq, len(history), status)
		}
	}
}

// checkCase looks for one acknowledged case with all that belongs to it, each once.
func (l *ledger) checkCase(caseID string, said report) {
	l.t.Helper()
	c, err := l.db.CityCase.Get(l.ctx, caseID)
	if err != nil {
		l.t.Errorf("case %s was acknowledged and is lost: %v", caseID, err)
		return
	}
	reporter, accepted := personID(l.t, said.reporter), l.crowd.accepted[caseID]
	if c.ReporterID != reporter || c.Description != said.description {
		l.t.Errorf("case %s is %+v, want %+v", caseID, c, said)
	}
	want := map[string]int{"submitCase": 1, "idempotency record": 1, "notice": 0}
	if accepted {
		want["acceptCase"], want["notice"] = 1, 1
	}
	if accepted != (c.Status == machine.Accepted) {
		l.t.Errorf("case %s is %s, and its acceptance acknowledged: %v", caseID, c.Status, accepted)
	}
	got := map[string]int{
		"idempotency record": must(l.db.IdempotencyRecord.Query().Where(idempotencyrecord.ResultID(caseID),
			idempotencyrecord.ActorID(reporter), idempotencyrecord.Key(said.key)).Count(l.ctx))(l.t),
		"notice": must(l.db.Notification.Query().Where(notification.PersonID(reporter),
			notification.EventKey(fmt.Sprintf("%s/2", caseID))).Count(l.ctx))(l.t),
	}
	for _, deed := range must(l.db.AuditEvent.Query().Where(auditevent.TargetID(caseID)).All(l.ctx))(l.t) {
		got[deed.Action]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		l.t.Errorf("case %s has (-want +got):\n%s", caseID, diff)
	}
}

// checkTotals finds what nobody was told of.
func (l *ledger) checkTotals() {
	l.t.Helper()
	submitted, accepted := len(l.crowd.submitted), len(l.crowd.accepted)
	taken := l.db.CityCase.Query().Where(citycase.StatusEQ(machine.Accepted), citycase.DescriptionContains(": street light "))
	shared := must(taken.Clone().Where(citycase.ReporterID(personID(l.t, "wangguiying"))).Count(l.ctx))(l.t) // her daughter is told with her
	told := l.db.Notification.Query().Where(notification.Not(notification.EventKeyContains("/due/")))        // seeded cases become due meanwhile
	for what, count := range map[string]struct{ got, want int }{
		"cases":               {must(l.db.CityCase.Query().Where(citycase.DescriptionContains(": street light ")).Count(l.ctx))(l.t), submitted},
		"idempotency records": {must(l.db.IdempotencyRecord.Query().Count(l.ctx))(l.t), submitted},
		"accepted cases":      {must(taken.Count(l.ctx))(l.t), accepted},
		"notices":             {must(told.Count(l.ctx))(l.t), accepted + shared},
	} {
		if count.got != count.want {
			l.t.Errorf("%d %s, want %d", count.got, what, count.want)
		}
	}
	if submitted == 0 || accepted == 0 {
		l.t.Errorf("%d submitted and %d accepted: nothing was tried", submitted, accepted)
	}
}

// checkInbox wants seq from 1 without a gap, and a recorded delivery of each notice to each device.
func (l *ledger) checkInbox(member string) {
	l.t.Helper()
	id := personID(l.t, member)
	notices := must(l.db.Notification.Query().Where(notification.PersonID(id)).Order(notification.BySeq()).All(l.ctx))(l.t)
	for i, n := range notices {
		if n.Seq != int64(i+1) {
			l.t.Errorf("notice %d of %s has seq %d", i+1, member, n.Seq)
		}
		reached := map[string]bool{}
		for _, a := range must(l.db.DeliveryAttempt.Query().Where(deliveryattempt.NotificationID(n.ID),
			deliveryattempt.OutcomeEQ(deliveryattempt.OutcomeDelivered)).All(l.ctx))(l.t) {
			reached[a.DeviceID] = true
		}
		if len(reached) != devicesEach {
			l.t.Errorf("notice %d of %s is recorded as delivered to %d devices, want %d", n.Seq, member, len(reached), devicesEach)
		}
	}
	if last := must(l.db.Person.Query().Where(person.ID(id)).Only(l.ctx))(l.t).InboxSeq; last != int64(len(notices)) {
		l.t.Errorf("the inbox of %s counts to %d and has %d notices", member, last, len(notices))
	}
}

// checkJobs wants no push given up.
func (l *ledger) checkJobs() {
	l.t.Helper()
	queue := must(jobs.New(l.store, jobs.NewRegistry(), jobs.Options{}))(l.t)
	for _, d := range must(queue.Dead(l.ctx, 10))(l.t) {
		l.t.Errorf("a job is dead: %+v", d)
	}
}

// must unwraps a query's result, or fails.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func deref(s *machine.Status) machine.Status {
	if s == nil {
		return ""
	}
	return *s
}
