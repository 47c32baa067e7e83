package crashtest_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/ent/db/notification"
	"citygraph/internal/delivery"
	"citygraph/internal/fake/fcmfake"
	"citygraph/internal/id"
	"citygraph/internal/jobs"
	"citygraph/internal/lang"
	"citygraph/internal/push"
	"citygraph/internal/store"
	"citygraph/internal/target"
	"citygraph/internal/viewer"
)

var (
	fanned     = flag.Int("deliveries", 6_000, "how many deliveries TestFanOutSurvivesKills has: 100000 is the full size")
	fanOutKill = flag.Int("fanout-kills", 3, "how often the server dies under them: 10 is the full size")
)

const (
	// fanLatency is how long the push service takes for each message, so that many are under way at a kill.
	fanLatency = 50 * time.Millisecond
	// fanBatch makes for more jobs than a process works at once: the next has something to do at once.
	fanBatch = 100
	// redelivery is within what time after a kill what was under way must have arrived.
	redelivery = 120 * time.Second
)

// A notice to many people is delivered to everybody, however often the server dies meanwhile. Twice goes only
// what was under way at a kill: sent, and not written down yet.
func TestFanOutSurvivesKills(t *testing.T) {
	p := newPlace(t)
	p.fcm.SetLatency(fanLatency)
	server, _ := serve(t, p.env) // which seeds
	server.stop()
	s, client := p.open(t)
	f := &fan{t, p.fcm, client, viewer.AsSystem(t.Context(), "look at what was delivered"), *fanned}
	f.enqueue(s, *fanned)

	random := rand.New(rand.NewPCG(3, 4))
	underWay, seen, began := 0, 0, time.Now()
	var last time.Time
	for kill := range *fanOutKill {
		server = launch(t, p.env)
		goal := (kill + 1) * *fanned / (*fanOutKill + 1) // spread over the whole
		f.until("the deliveries go on", func() bool { return p.fcm.Received() >= goal })
		pass(t, time.Duration(random.IntN(200))*time.Millisecond)
		server.kill()
		last = time.Now()
		f.until("what had left the server arrives", func() bool { return p.fcm.UnderWay() == 0 })
		at := f.unwritten(seen)
		if at > push.DefaultPlaces {
			t.Errorf("%d messages were under way at a kill, of at most %d", at, push.DefaultPlaces)
		}
		seen = p.fcm.Received()
		underWay += at
	}
	server, _ = serve(t, p.env)
	f.until("everything is written down", func() bool { return f.written() == *fanned })
	took := time.Since(last)
	server.stop()

	arrived := map[string]int{}
	for _, m := range p.fcm.Messages() {
		if m.Accepted {
			arrived[m.Data["notificationId"]]++
		}
	}
	duplicates := -len(arrived)
	for _, times := range arrived {
		duplicates += times
	}
	if len(arrived) != *fanned {
		t.Errorf("%d of %d arrived", len(arrived), *fanned)
	}
	if duplicates > underWay {
		t.Errorf("%d arrived twice, and %d were under way at the kills", duplicates, underWay)
	}
	if took > redelivery {
		t.Errorf("the last arrived %s after the last kill", took)
	}
	t.Logf("%d deliveries, %d kills: 0 lost, %d twice of %d under way at the kills; all done in %s, %s after the last kill",
		*fanned, *fanOutKill, duplicates, underWay, time.Since(began).Round(time.Millisecond), took.Round(time.Millisecond))
}

// fan is a notice to many people.
type fan struct {
	t    testing.TB
	fcm  *fcmfake.Server
	db   *db.Client
	ctx  context.Context //nolint:containedctx // the checks' right to see every row
	size int
}

// enqueue lays out a person, a phone and a notice for each delivery, and the jobs that push them.
func (f *fan) enqueue(s *store.Store, size int) {
	f.t.Helper()
	queue := must(jobs.New(s, jobs.NewRegistry(), jobs.Options{Queues: map[string]int{delivery.Queue: 1}}))(f.t)
	opens := must(target.Of(id.New(id.CityCase)))(f.t)
	for done := 0; done < size; {
		n := min(fanBatch, size-done)
		err := s.InTx(f.ctx, func(ctx context.Context) error {
			people, phones, notices, ids := make([]*db.PersonCreate, n), make([]*db.DeviceCreate, n), make([]*db.NotificationCreate, n), make([]string, n)
			for i := range n {
				personID, token := id.New(id.Person), fmt.Sprintf("fan-%d", done+i)
				ids[i] = id.New(id.Notification)
				people[i] = f.db.Person.Create().SetID(personID).SetName("张*")
				phones[i] = f.db.Device.Create().SetPersonID(personID).SetPlatform(device.PlatformAndroid).
					SetPushToken(token).SetPushTokenHash(token).SetLastSeenAt(time.Now())
				notices[i] = f.db.Notification.Create().SetID(ids[i]).SetPersonID(personID).SetSubjectPersonID(personID).
					SetEventKey("fan").SetSeq(1).SetTopic(notification.TopicCityCase).SetTarget(opens).
					SetTitle(lang.Text{ZH: "暴雨红色预警", EN: "Red rainstorm alert"}).SetBody(lang.Text{ZH: "请留在室内。", EN: "Stay inside."})
			}
			if err := f.db.Person.CreateBulk(people...).Exec(ctx); err != nil {
				return err
			}
			if err := f.db.Device.CreateBulk(phones...).Exec(ctx); err != nil {
				return err
			}
			if err := f.db.Notification.CreateBulk(notices...).Exec(ctx); err != nil {
				return err
			}
			return delivery.Enqueue(ctx, queue, ids...)
		})
		if err != nil {
			f.t.Fatal(err)
		}
		done += n
	}
}

// unwritten counts the messages after the first so many that arrived and are not written down.
func (f *fan) unwritten(seen int) int {
	written := map[string]bool{}
	for _, noticeID := range must(f.db.DeliveryAttempt.Query().Where(deliveryattempt.OutcomeEQ(deliveryattempt.OutcomeDelivered)).
		Select(deliveryattempt.FieldNotificationID).Strings(f.ctx))(f.t) {
		written[noticeID] = true
	}
	n := 0
	for _, m := range f.fcm.Messages()[seen:] {
		if m.Accepted && !written[m.Data["notificationId"]] {
			n++
		}
	}
	return n
}

// written counts the deliveries that are written down.
func (f *fan) written() int {
	return must(f.db.DeliveryAttempt.Query().Where(deliveryattempt.OutcomeEQ(deliveryattempt.OutcomeDelivered)).Count(f.ctx))(f.t)
}

func (f *fan) until(what string, ok func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(redelivery + time.Duration(f.size)*5*time.Millisecond); !ok(); {
		if time.Now().After(deadline) {
			f.t.Fatalf("in vain: %s: %d arrived and %d are written down", what, f.fcm.Received(), f.written())
		}
		pass(f.t, 20*time.Millisecond)
	}
}
