package rule_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/session"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/target"
)

// cast is everybody a policy table has a word about; "" is a visitor.
var cast = []string{
	"", "chenjing", "zhouwei", "wangguiying", "lina", "xumin", "zhaoqiang", "sunli", "wutao", "qianjun", "fanglei", "maming",
}

// stage is the demo city with one row of everything that belongs to chenjing, and a case in each of
// two districts with a public and an internal event.
type stage struct {
	*seedtest.City
	chenjing    string
	xihu        *db.CityCase // of chenjing, where zhaoqiang is an officer
	shangcheng  *db.CityCase // of sunli, who is an officer there
	internal    *db.CaseEvent
	shangInside *db.CaseEvent
}

func set(t *testing.T) *stage {
	t.Helper()
	s := &stage{City: seedtest.Open(t), chenjing: seedtest.Person(t, "chenjing")}
	ctx := seedtest.System(t)
	s.xihu, s.internal = s.open(t, ctx, "chenjing", "330106")
	s.shangcheng, s.shangInside = s.open(t, ctx, "sunli", "330102")
	opens, err := target.Of(s.xihu.ID)
	if err != nil {
		t.Fatal(err)
	}
	n := s.DB.Notification.Create().SetPersonID(s.chenjing).SetSubjectPersonID(s.chenjing).SetEventKey("e").SetSeq(1).
		SetTopic(notification.TopicCityCase).SetTitle(lang.Text{ZH: "t"}).SetBody(lang.Text{ZH: "b"}).SetTarget(opens).SaveX(ctx)
	d := s.DB.Device.Create().SetPersonID(s.chenjing).SetPlatform(device.PlatformWeb).SetPushToken("t").SetPushTokenHash("h").
		SetLastSeenAt(time.Now()).SaveX(ctx)
	s.DB.DeliveryAttempt.Create().SetNotificationID(n.ID).SetPersonID(s.chenjing).SetDeviceID(d.ID).
		SetChannel(deliveryattempt.ChannelFcm).SetOutcome(deliveryattempt.OutcomeDelivered).ExecX(ctx)
	s.DB.Session.Create().SetPersonID(s.chenjing).SetClient(session.ClientApp).SetExpiresAt(time.Now()).ExecX(ctx)
	s.DB.AuditEvent.Create().SetActorID(s.chenjing).SetSubjectID(s.chenjing).SetAction("a").ExecX(ctx)
	s.DB.IdempotencyRecord.Create().SetActorID(s.chenjing).SetKey(uuid.NewString()).SetOperation("o").SetInputHash("h").
		SetExpiresAt(time.Now()).ExecX(ctx)
	return s
}

// open lays out a case with two events, the second of them internal.
func (s *stage) open(t *testing.T, ctx context.Context, reporter, districtCode string) (*db.CityCase, *db.CaseEvent) {
	t.Helper()
	c := s.newCase(ctx, seedtest.Person(t, reporter), districtCode).SaveX(ctx)
	s.newEvent(c.ID, 1, c.ReporterID).ExecX(ctx)
	inside := s.newEvent(c.ID, 2, c.ReporterID).SetPublic(false).SetActorKind(caseevent.ActorKindOfficer).SaveX(ctx)
	return c, inside
}

func (s *stage) newCase(ctx context.Context, reporterID, districtCode string) *db.CityCaseCreate {
	seeded := s.DB.CityCase.Query().Where(citycase.ReporterID(s.chenjing)).FirstX(system(ctx))
	caseID := id.New(id.CityCase)
	return s.DB.CityCase.Create().SetID(caseID).SetNumber(machine.Number(time.Now(), caseID)).SetStatus(machine.Submitted).
		SetDueAt(time.Now()).SetCategoryID(seeded.CategoryID).SetReporterID(reporterID).SetDescription("路灯").
		SetLat(30.25).SetLng(120.13).SetStreetID(seeded.StreetID).SetDistrictID(s.districtID(ctx, districtCode))
}

func (s *stage) newEvent(caseID string, seq int, actorID string) *db.CaseEventCreate {
	return s.DB.CaseEvent.Create().SetCityCaseID(caseID).SetSeq(seq).SetToStatus(machine.Submitted).
		SetActorKind(caseevent.ActorKindCitizen).SetActorID(actorID)
}
