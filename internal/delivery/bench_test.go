package delivery_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/device"
	"citygraph/ent/db/district"
	"citygraph/ent/db/notification"
	"citygraph/internal/delivery"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/notice"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/target"
	"citygraph/internal/wording"
)

// latency is how long the provider takes for each message.
const latency = 50 * time.Millisecond

// people is how many are told: 20,000, or as many as CITYGRAPH_BENCH_PEOPLE says.
func people() int {
	if set, err := strconv.Atoi(os.Getenv("CITYGRAPH_BENCH_PEOPLE")); err == nil {
		return set
	}
	return 20_000
}

// BenchmarkDrain pushes a notice to each of many people, who have a device each, through the durable queue to a
// provider that takes 50 ms a message, in a process of its own on the same machine. Run it once: -benchtime 1x.
func BenchmarkDrain(b *testing.B) {
	for _, protocol := range []string{"HTTP2", "HTTP1"} {
		b.Run(protocol, func(b *testing.B) {
			o := openPostOffice(b, protocol)
			ids := o.settle(b, people(), true)
			began := time.Now()
			if err := o.store.InTx(b.Context(), func(ctx context.Context) error { return delivery.Enqueue(ctx, o.queue, ids...) }); err != nil {
				b.Fatal(err)
			}
			b.Logf("enqueued in %s", time.Since(began).Round(time.Millisecond))
			b.ResetTimer()
			o.drain(b, len(ids))
		})
	}
}

// BenchmarkDistrictAlert warns a district: from the order of the alert, which knows nobody, to the last push. Run it
// once: -benchtime 1x.
func BenchmarkDistrictAlert(b *testing.B) {
	o := openPostOffice(b, "HTTP2")
	people := people()
	o.settle(b, people, false)
	began := time.Now()
	err := o.store.InTx(b.Context(), func(ctx context.Context) error {
		return o.desk.Broadcast(ctx, notice.Circular{EventKey: "flood", Districts: []string{flooded}, Letter: notice.Letter{
			Template: "alert/issued", TargetID: id.New(id.Alert),
			Params: wording.Params{
				"event":    wording.ALabel(lang.Text{ZH: "暴雨", EN: "Rainstorm"}),
				"headline": wording.ASentence(lang.Text{ZH: "西湖区暴雨红色预警", EN: "Red rainstorm alert for Xihu District"}),
			},
		}})
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("ordered in %s", time.Since(began).Round(time.Millisecond))
	b.ResetTimer()
	o.drain(b, people)
}

// flooded is the district where the people live.
var flooded = id.Derive(id.District, 0, "flooded")

// settle lays out people of a district with a device each, and with a notice each if it is told to, whose ids it
// returns.
func (o *postOffice) settle(b *testing.B, people int, told bool) (noticeIDs []string) {
	b.Helper()
	system, began := seedtest.System(b), time.Now()
	opens, err := target.Of(id.New(id.CityCase))
	if err != nil {
		b.Fatal(err)
	}
	o.db.District.Create().SetID(flooded).SetCode("330106").SetName(lang.Text{ZH: "西湖区"}).
		SetKind(district.KindDistrict).SetLat(30.26).SetLng(120.13).ExecX(system)
	for done := 0; done < people; {
		n := min(1000, people-done)
		err := o.store.InTx(system, func(ctx context.Context) error {
			crowd, devices, notices := make([]*db.PersonCreate, n), make([]*db.DeviceCreate, n), make([]*db.NotificationCreate, n)
			for i := range n {
				personID, noticeID := id.New(id.Person), id.New(id.Notification)
				token := fmt.Sprintf("token-%s", personID)
				crowd[i] = o.db.Person.Create().SetID(personID).SetName("张*").SetDistrictID(flooded)
				devices[i] = o.db.Device.Create().SetPersonID(personID).SetPlatform(device.PlatformAndroid).
					SetPushToken(token).SetPushTokenHash(token).SetLastSeenAt(time.Now())
				notices[i] = o.db.Notification.Create().SetID(noticeID).SetPersonID(personID).SetSubjectPersonID(personID).
					SetEventKey("flood").SetSeq(1).SetTopic(notification.TopicCityCase).SetTarget(opens).
					SetTitle(lang.Text{ZH: "西湖区暴雨红色预警", EN: "Red rainstorm alert for Xihu District"}).
					SetBody(lang.Text{ZH: "请留在室内，远离低洼处和河道。", EN: "Stay inside, away from low ground and rivers."})
				if told {
					noticeIDs = append(noticeIDs, noticeID)
				}
			}
			if err := o.db.Person.CreateBulk(crowd...).Exec(ctx); err != nil {
				return err
			}
			if err := o.db.Device.CreateBulk(devices...).Exec(ctx); err != nil || !told {
				return err
			}
			return o.db.Notification.CreateBulk(notices...).Exec(ctx)
		})
		if err != nil {
			b.Fatal(err)
		}
		done += n
	}
	b.Logf("%d people laid out in %s", people, time.Since(began).Round(time.Millisecond))
	return noticeIDs
}
