package rule_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/alert"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/broadcast"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/casephoto"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/cityfacility"
	"citygraph/ent/db/consent"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/dataexport"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/ent/db/hold"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/notificationpreference"
	"citygraph/ent/db/recordaccess"
	"citygraph/ent/db/session"
	"citygraph/ent/db/topup"
	"citygraph/ent/db/transitride"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/consent/terms"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/target"
	"citygraph/internal/viewer"
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
	mother      string                // of chenjing, who acts for her
	bare        *db.LedgerTransaction // without entries
	xihu        *db.CityCase          // of chenjing, where zhaoqiang is an officer
	shangcheng  *db.CityCase          // of sunli, who is an officer there
	internal    *db.CaseEvent
	shangInside *db.CaseEvent
	visit       *db.Appointment // of chenjing, to the clinic where xumin works
	contract    *db.CareContract
	teaches     string // lina's school
	class       *db.SchoolClass
	thread      string // of the daughter's family and lina
	message     string // in it
	announced   string // to chenjing, about her daughter, by that school
}

func set(t *testing.T) *stage {
	t.Helper()
	s := &stage{City: seedtest.Open(t), chenjing: seedtest.Person(t, "chenjing"), mother: seedtest.Person(t, "wangguiying")}
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
	s.DB.NotificationPreference.Create().SetPersonID(s.chenjing).SetTopic(notificationpreference.TopicCityCase).
		SetChannels(nil).SetPace(notificationpreference.PaceAtOnce).SetDigestAt("18:00").SetZone("UTC").ExecX(ctx)
	s.newAlert("earnest").ExecX(ctx)
	s.newAlert("drill").SetStatus(alert.StatusExercise).ExecX(ctx)
	s.newBroadcast("b").ExecX(ctx)
	s.DB.WechatGrant.Create().SetPersonID(s.chenjing).SetTemplate("template").SetRemaining(1).ExecX(ctx)
	s.DB.Session.Create().SetPersonID(s.chenjing).SetClient(session.ClientApp).SetExpiresAt(time.Now()).ExecX(ctx)
	s.DB.DataExport.Create().SetPersonID(s.chenjing).SetStatus(dataexport.StatusPreparing).ExecX(ctx)
	s.newTopUp(s.chenjing).ExecX(ctx)
	s.newBatch(s.chenjing).ExecX(ctx)
	s.newRide(s.chenjing).ExecX(ctx)
	s.DB.AuditEvent.Create().SetActorID(s.chenjing).SetSubjectID(s.chenjing).SetAction("a").ExecX(ctx)
	s.DB.IdempotencyRecord.Create().SetActorID(s.chenjing).SetKey(uuid.NewString()).SetOperation("o").SetInputHash("h").
		SetExpiresAt(time.Now()).ExecX(ctx)
	s.money(ctx)
	s.newCreditLine(s.chenjing).ExecX(ctx)
	s.visit = seedtest.PutAppointment(t, s.City, "chenjing", appointment.StatusCheckedIn)
	s.clinics(ctx)
	s.school(ctx, viewer.From(s.As(t, "lina")), seedtest.Person(t, "zhouzihan"))
	s.life(ctx, viewer.From(s.As(t, "lina")), seedtest.Person(t, "zhouzihan"))
	s.talk(ctx, seedtest.Person(t, "lina"), seedtest.Person(t, "zhouzihan"))
	s.files(ctx, viewer.From(s.As(t, "lina")))
	s.newConsent(s.chenjing).ExecX(ctx)
	s.newReading(s.chenjing).ExecX(ctx)
	s.newReading(s.chenjing).SetOutcome(recordaccess.OutcomeRefused).ExecX(ctx)
	s.DB.CaseSupporter.Create().SetCityCaseID(s.shangcheng.ID).SetPersonID(s.chenjing).ExecX(ctx)
	s.newPhoto(s.chenjing).ExecX(ctx)
	s.newPhoto(s.chenjing).SetCityCaseID(s.xihu.ID).SetCaseEventID(s.xihu.QueryEvents().Where(caseevent.Public(true)).OnlyIDX(ctx)).ExecX(ctx)
	s.newPhoto(seedtest.Person(t, "zhaoqiang")).SetCityCaseID(s.xihu.ID).SetCaseEventID(s.internal.ID).ExecX(ctx)
	lamp := s.DB.CityFacility.Query().Where(cityfacility.DistrictID(s.xihu.DistrictID)).FirstX(ctx)
	s.DB.SensorAlarm.Create().SetAlarmKey("k").SetRaisedAt(time.Now()).SetFacilityID(lamp.ID).SetDistrictID(lamp.DistrictID).
		SetCityCaseID(s.xihu.ID).ExecX(ctx)
	return s
}

// money gives chenjing and her mother an account each, with a fen in it, and chenjing a hold.
func (s *stage) money(ctx context.Context) {
	s.bare = s.newTransaction("bare").SaveX(ctx)
	city := s.newAccount("").SetKind(ledgeraccount.KindProviderClearing).SaveX(ctx)
	for i, owner := range []string{s.chenjing, s.mother} {
		a := s.newAccount(owner).SaveX(ctx)
		made := s.newTransaction(owner).SaveX(ctx)
		s.newEntry(made, a, 1, 1).ExecX(ctx)
		s.newEntry(made, city, -1, int64(i+1)).ExecX(ctx)
		if i == 0 {
			s.newHold(a).ExecX(ctx)
		}
	}
}

// accountOf is an account that a write is tried on: another's for who has none.
func (s *stage) accountOf(ownerID string) *db.LedgerAccount {
	ctx := system(context.Background())
	if own := s.DB.LedgerAccount.Query().Where(ledgeraccount.OwnerID(ownerID), ledgeraccount.KindEQ(ledgeraccount.KindCreditLine)).AllX(ctx); len(own) > 0 {
		return own[0]
	}
	return s.DB.LedgerAccount.Query().Where(ledgeraccount.OwnerID(s.chenjing)).FirstX(ctx)
}

func (s *stage) newAccount(owner string) *db.LedgerAccountCreate {
	return s.DB.LedgerAccount.Create().SetKind(ledgeraccount.KindCreditLine).SetOwnerID(owner)
}

func (s *stage) newTransaction(key string) *db.LedgerTransactionCreate {
	return s.DB.LedgerTransaction.Create().SetKind(ledgertransaction.KindTopUp).SetDomain(ledgertransaction.DomainCard).
		SetMerchant(lang.Text{}).SetEventKey(key).SetAmount(1)
}

func (s *stage) newEntry(of *db.LedgerTransaction, in *db.LedgerAccount, amount, seq int64) *db.LedgerEntryCreate {
	return s.DB.LedgerEntry.Create().SetLedgerTransactionID(of.ID).SetLedgerAccountID(in.ID).SetAmount(amount).
		SetBalanceAfter(amount * seq).SetSeq(seq)
}

func (s *stage) newHold(in *db.LedgerAccount) *db.HoldCreate {
	return s.DB.Hold.Create().SetAmount(1).SetExpiresAt(time.Now()).SetDomain(hold.DomainClinic).SetMerchant(lang.Text{}).
		SetEventKey(uuid.NewString()).SetLedgerAccountID(in.ID).SetPayeeID(in.ID)
}

func (s *stage) newCreditLine(personID string) *db.CreditLineCreate {
	return s.DB.CreditLine.Create().SetPersonID(personID).SetAccountID(s.accountOf(personID).ID).SetStatus(creditline.StatusClosed)
}

func (s *stage) newTopUp(personID string) *db.TopUpCreate {
	return s.DB.TopUp.Create().SetPersonID(personID).SetAccountID("a").SetAmount(1).SetProvider(topup.ProviderSandbox).
		SetStatus(topup.StatusPending).SetExpiresAt(time.Now())
}

func (s *stage) newBatch(personID string) *db.TransitBatchCreate {
	return s.DB.TransitBatch.Create().SetPersonID(personID).SetCardID("c").SetCodes(1).SetIssuedAt(time.Now()).SetExpiresAt(time.Now())
}

func (s *stage) newRide(personID string) *db.TransitRideCreate {
	return s.DB.TransitRide.Create().SetOperatorID("o").SetScanID(uuid.NewString()).SetContentHash("h").SetGate("g").SetFare(1).
		SetScannedAt(time.Now()).SetOutcome(transitride.OutcomeExpired).SetPersonID(personID)
}

func (s *stage) newConsent(personID string) *db.ConsentCreate {
	return s.DB.Consent.Create().SetPersonID(personID).SetGivenByID(personID).SetPurpose(terms.Marketing).SetVersion("1.0").
		SetLanguage(consent.LanguageChinese)
}

func (s *stage) newPhoto(uploaderID string) *db.CasePhotoCreate {
	return s.DB.CasePhoto.Create().SetUploaderID(uploaderID).SetPurpose(casephoto.PurposeReport).SetWidth(4).SetHeight(3).
		SetBlurHash("L").SetSizeBytes(1).SetFile(uuid.NewString()).SetDataKey([]byte("key"))
}

func (s *stage) newReading(personID string) *db.RecordAccessCreate {
	return s.DB.RecordAccess.Create().SetPersonID(personID).SetAccessorID(personID).SetCategory(recordaccess.CategoryHealth).
		SetPurpose(recordaccess.PurposeCare).SetOutcome(recordaccess.OutcomeAllowed).
		SetAccessorRole(recordaccess.AccessorRoleCitizen).SetOrganisation(lang.Text{})
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
	return s.DB.CityCase.Create().SetID(caseID).SetNumber(machine.Number(time.Now(), caseID)).SetStatus(machine.Submitted).SetKind(seeded.Kind).SetCell(seeded.Cell).
		SetDueAt(time.Now()).SetCategoryID(seeded.CategoryID).SetReporterID(reporterID).SetDescription("路灯").
		SetLat(30.25).SetLng(120.13).SetStreetID(seeded.StreetID).SetDistrictID(s.districtID(ctx, districtCode))
}

func (s *stage) newEvent(caseID string, seq int, actorID string) *db.CaseEventCreate {
	return s.DB.CaseEvent.Create().SetCityCaseID(caseID).SetSeq(seq).SetToStatus(machine.Submitted).
		SetActorKind(caseevent.ActorKindCitizen).SetActorID(actorID)
}

func (s *stage) newAlert(identifier string) *db.AlertCreate {
	text := lang.Text{ZH: "暴雨"}
	return s.DB.Alert.Create().SetIdentifier(identifier).SetSender("s").SetSent(time.Now()).SetStatus(alert.StatusActual).
		SetMessageType(alert.MessageTypeAlert).SetCategory(alert.CategoryMet).SetUrgency(alert.UrgencyFuture).
		SetSeverity(alert.SeverityMinor).SetCertainty(alert.CertaintyLikely).SetEvent(text).SetHeadline(text).
		SetDescription(text).SetInstruction(text).SetEffective(time.Now()).SetExpires(time.Now())
}

func (s *stage) newBroadcast(event string) *db.BroadcastCreate {
	return s.DB.Broadcast.Create().SetEventKey(event).SetDistrictIds([]string{s.xihu.DistrictID}).
		SetTopic(broadcast.TopicAlert).SetPriority(broadcast.PriorityUrgent).SetTemplate("t").SetTarget(target.Target(s.xihu.ID)).
		SetTitle(lang.Text{ZH: "t"}).SetBody(lang.Text{ZH: "b"})
}
