package rule_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/alert"
	"citygraph/ent/db/casecategory"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/dataexport"
	"citygraph/ent/db/delegation"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/ent/db/district"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/hold"
	"citygraph/ent/db/identity"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/notificationpreference"
	"citygraph/ent/db/scenicspot"
	"citygraph/ent/db/school"
	"citygraph/ent/db/session"
	"citygraph/ent/db/slot"
	"citygraph/ent/db/staffrole"
	"citygraph/ent/db/street"
	"citygraph/ent/db/topup"
	"citygraph/internal/entitlement/kind"
	"citygraph/internal/fault"
	"citygraph/internal/lang"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
	"citygraph/internal/target"
	"citygraph/internal/viewer"
)

func system(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "lay out a test") }

func (s *stage) districtID(ctx context.Context, code string) string {
	return s.DB.District.Query().Where(district.Code(code)).OnlyX(system(ctx)).ID
}

// writes are the ways to write one type, by somebody who would put their own name on the row. The
// counts are of the rows they reached; update is nil where nothing can change.
type writes struct {
	create func(ctx context.Context, me string) error
	update func(ctx context.Context) (int, error)
	delete func(ctx context.Context) (int, error)

	creators []string       // of the cast; nobody else
	updaters map[string]int // and how many rows they reach
}

// everyoneSignedIn is the cast without the visitor.
func everyoneSignedIn() []string { return cast[1:] }

func (s *stage) writes() map[string]writes {
	c, now, name := s.DB, time.Now(), lang.Text{ZH: "名"}
	table := map[string]writes{
		"Alert": {
			create: func(ctx context.Context, _ string) error { return s.newAlert("another").Exec(ctx) },
			update: func(ctx context.Context) (int, error) {
				return c.Alert.Update().Where(alert.StatusEQ(alert.StatusActual)).SetEnded(alert.EndedCancelled).Save(ctx)
			},
			delete:   func(ctx context.Context) (int, error) { return c.Alert.Delete().Exec(ctx) },
			creators: []string{"fanglei"}, updaters: map[string]int{"fanglei": 1},
		},
		"Broadcast": {
			create: func(ctx context.Context, _ string) error { return s.newBroadcast("another").Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.Broadcast.Update().SetCancelledAt(now).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Broadcast.Delete().Exec(ctx) },
		},
		"NotificationPreference": {
			create: func(ctx context.Context, me string) error {
				return c.NotificationPreference.Create().SetPersonID(me).SetTopic(notificationpreference.TopicCard).
					SetChannels(nil).SetPace(notificationpreference.PaceAtOnce).SetDigestAt("18:00").SetZone("UTC").Exec(ctx)
			},
			delete:   func(ctx context.Context) (int, error) { return c.NotificationPreference.Delete().Exec(ctx) },
			creators: everyoneSignedIn(),
		},
		"AuditEvent": {
			create: func(ctx context.Context, me string) error {
				return c.AuditEvent.Create().SetActorID(me).SetSubjectID(me).SetAction("a").Exec(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.AuditEvent.Delete().Exec(ctx) },
		},
		"CaseCategory": {
			create: func(ctx context.Context, _ string) error {
				return c.CaseCategory.Create().SetCode("x").SetName(name).SetGroupName(name).SetKind(casecategory.KindEvent).SetSLAHours(1).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.CaseCategory.Update().SetSLAHours(1).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.CaseCategory.Delete().Exec(ctx) },
		},
		"CaseEvent": {
			create:   func(ctx context.Context, me string) error { return s.newEvent(s.xihu.ID, 3, me).Exec(ctx) },
			delete:   func(ctx context.Context) (int, error) { return c.CaseEvent.Delete().Exec(ctx) },
			creators: everyoneSignedIn(),
		},
		"CasePhoto": {
			create:   func(ctx context.Context, me string) error { return s.newPhoto(me).Exec(ctx) },
			update:   func(ctx context.Context) (int, error) { return c.CasePhoto.Update().SetCityCaseID(s.xihu.ID).Save(ctx) },
			delete:   func(ctx context.Context) (int, error) { return c.CasePhoto.Delete().Exec(ctx) },
			creators: everyoneSignedIn(), updaters: map[string]int{"chenjing": 1},
		},
		"CaseSupporter": {
			create: func(ctx context.Context, me string) error {
				return c.CaseSupporter.Create().SetCityCaseID(s.xihu.ID).SetPersonID(me).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.CaseSupporter.Update().SetCityCaseID("x").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.CaseSupporter.Delete().Exec(ctx) },
		},
		"CreditLine": {
			create: func(ctx context.Context, me string) error { return s.newCreditLine(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) {
				return c.CreditLine.Update().SetStatus(creditline.StatusActive).Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.CreditLine.Delete().Exec(ctx) },
		},
		"TopUp": {
			create: func(ctx context.Context, me string) error { return s.newTopUp(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.TopUp.Update().SetStatus(topup.StatusPaid).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.TopUp.Delete().Exec(ctx) },
		},
		"TransitBatch": {
			create: func(ctx context.Context, me string) error { return s.newBatch(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.TransitBatch.Update().ClearStoppedAt().Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.TransitBatch.Delete().Exec(ctx) },
		},
		// Nobody changes or deletes one, not even the system: it is what an operator was answered.
		"TransitRide": {create: func(ctx context.Context, me string) error { return s.newRide(me).Exec(ctx) }},
		"Hold": {
			create: func(ctx context.Context, me string) error { return s.newHold(s.accountOf(me)).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.Hold.Update().SetStatus(hold.StatusVoided).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Hold.Delete().Exec(ctx) },
		},
		"LedgerAccount": {
			create: func(ctx context.Context, me string) error {
				return s.newAccount(me).SetKind(ledgeraccount.KindMerchant).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) {
				return c.LedgerAccount.Update().SetBlocked(true).Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.LedgerAccount.Delete().Exec(ctx) },
		},
		// Nobody changes or deletes these two, not even the system: see internal/ledger.
		"LedgerEntry": {create: func(ctx context.Context, me string) error {
			return s.newEntry(s.bare, s.accountOf(me), 1, 9).Exec(ctx)
		}},
		"LedgerTransaction": {create: func(ctx context.Context, me string) error { return s.newTransaction("forged by " + me).Exec(ctx) }},
		"CitizenCard": {
			create: func(ctx context.Context, me string) error {
				return c.CitizenCard.Create().SetPersonID(me).SetHolderID(me).SetMaskedNumber("1").SetKind(citizencard.KindNamed).
					SetStatus(citizencard.StatusActive).SetAccountID(s.accountOf(me).ID).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) {
				return c.CitizenCard.Update().SetStatus(citizencard.StatusFrozen).Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.CitizenCard.Delete().Exec(ctx) },
		},
		"CityCase": {
			create: func(ctx context.Context, me string) error { return s.newCase(ctx, me, "330106").Exec(ctx) },
			update: func(ctx context.Context) (int, error) {
				return c.CityCase.Update().Where(citycase.IDIn(s.xihu.ID, s.shangcheng.ID)).SetLastSeq(9).Save(ctx)
			},
			delete:   func(ctx context.Context) (int, error) { return c.CityCase.Delete().Exec(ctx) },
			creators: everyoneSignedIn(), updaters: map[string]int{"chenjing": 1, "zhaoqiang": 1, "sunli": 1},
		},
		"CityFacility": {
			create: func(ctx context.Context, _ string) error {
				return c.CityFacility.Create().SetCode("x").SetCategoryID(s.xihu.CategoryID).SetDistrictID(s.xihu.DistrictID).
					SetStreetID(s.xihu.StreetID).SetLat(1).SetLng(1).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.CityFacility.Update().SetAddress("x").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.CityFacility.Delete().Exec(ctx) },
		},
		"Clinic": {
			create: func(ctx context.Context, _ string) error {
				return c.Clinic.Create().SetName(name).SetGrade(name).SetKind(clinic.KindEye).SetDistrictID(s.xihu.DistrictID).SetLat(1).SetLng(1).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.Clinic.Update().SetAddress("x").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Clinic.Delete().Exec(ctx) },
		},
		"Consent": {
			create: func(ctx context.Context, me string) error { return s.newConsent(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.Consent.Update().SetWithdrawnAt(now).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Consent.Delete().Exec(ctx) },
		},
		"DeliveryAttempt": {
			create: func(ctx context.Context, me string) error {
				return c.DeliveryAttempt.Create().SetNotificationID("n").SetPersonID(me).SetDeviceID("d").
					SetChannel(deliveryattempt.ChannelFcm).SetOutcome(deliveryattempt.OutcomeDelivered).Exec(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.DeliveryAttempt.Delete().Exec(ctx) },
		},
		"DataExport": {
			create: func(ctx context.Context, me string) error {
				return c.DataExport.Create().SetPersonID(me).SetStatus(dataexport.StatusPreparing).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) {
				return c.DataExport.Update().SetStatus(dataexport.StatusFailed).Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.DataExport.Delete().Exec(ctx) },
		},
		"Delegation": {
			create: func(ctx context.Context, me string) error {
				return c.Delegation.Create().SetDelegatorID(me).SetDelegateID(s.chenjing).SetDelegatorName("张三").SetDelegateName("陈静").
					SetScopeSet(scope.All).SetConsents([]string{}).SetAcceptBy(now).SetValidTo(now).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) {
				return c.Delegation.Update().SetState(delegation.StateActive).Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.Delegation.Delete().Exec(ctx) },
		},
		"Guardianship": {
			create: func(ctx context.Context, me string) error {
				return c.Guardianship.Create().SetGuardianID(me).SetChildID(s.chenjing).
					SetBasis(guardianship.BasisCivilRecord).SetScopeSet(scope.All).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) {
				return c.Guardianship.Update().SetStatus(guardianship.StatusActive).Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.Guardianship.Delete().Exec(ctx) },
		},
		"Department": {
			create: func(ctx context.Context, _ string) error {
				return c.Department.Create().SetCode("x").SetName(name).SetClinicID(c.Clinic.Query().FirstIDX(ctx)).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.Department.Update().SetName(name).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Department.Delete().Exec(ctx) },
		},
		"Device": {
			create: func(ctx context.Context, me string) error {
				return c.Device.Create().SetPersonID(me).SetPlatform(device.PlatformWeb).SetPushToken("p").
					SetPushTokenHash("p of " + me).SetLastSeenAt(now).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.Device.Update().SetPushToken("stolen").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Device.Delete().Exec(ctx) },
		},
		"District": {
			create: func(ctx context.Context, _ string) error {
				return c.District.Create().SetCode("x").SetName(name).SetKind(district.KindCounty).SetLat(1).SetLng(1).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.District.Update().SetName(name).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.District.Delete().Exec(ctx) },
		},
		"EntitlementGrant": {
			create: func(ctx context.Context, me string) error {
				return c.EntitlementGrant.Create().SetPersonID(me).SetKind(kind.Student).SetBasis(kind.SchoolRoll).SetValidFrom(now).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.EntitlementGrant.Update().ClearValidTo().Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.EntitlementGrant.Delete().Exec(ctx) },
		},
		"IdempotencyRecord": {
			create: func(ctx context.Context, me string) error {
				return c.IdempotencyRecord.Create().SetActorID(me).SetKey(uuid.NewString()).SetOperation("o").SetInputHash("h").SetExpiresAt(now).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.IdempotencyRecord.Update().SetResultID("x").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.IdempotencyRecord.Delete().Exec(ctx) },
		},
		"Identity": {
			create: func(ctx context.Context, me string) error {
				return c.Identity.Create().SetProvider(identity.ProviderWechat).SetSubject("of " + me).SetPersonID(me).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.Identity.Update().SetPersonID(s.chenjing).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Identity.Delete().Exec(ctx) },
		},
		"Notification": {
			create: func(ctx context.Context, me string) error {
				return c.Notification.Create().SetPersonID(me).SetSubjectPersonID(me).SetEventKey("x").SetSeq(9).
					SetTopic(notification.TopicCityCase).SetTitle(name).SetBody(name).SetTarget(target.Target(s.xihu.ID)).Exec(ctx)
			},
			update:   func(ctx context.Context) (int, error) { return c.Notification.Update().SetReadAt(now).Save(ctx) },
			delete:   func(ctx context.Context) (int, error) { return c.Notification.Delete().Exec(ctx) },
			updaters: map[string]int{"chenjing": 1},
		},
		"Person": {
			create: func(ctx context.Context, _ string) error { return c.Person.Create().Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.Person.Update().SetName(mask.Name("改")).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Person.Delete().Exec(ctx) },
		},
		"Practitioner": {
			create: func(ctx context.Context, _ string) error {
				return c.Practitioner.Create().SetName(name).SetTitle(name).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.Practitioner.Update().SetTitle(name).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Practitioner.Delete().Exec(ctx) },
		},
		"PractitionerRole": {
			create: func(ctx context.Context, _ string) error {
				return c.PractitionerRole.Create().SetPractitionerID("p").SetClinicID("c").Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) {
				return c.PractitionerRole.Update().ClearSourceRef().Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.PractitionerRole.Delete().Exec(ctx) },
		},
		"Schedule": {
			create: func(ctx context.Context, _ string) error {
				return c.Schedule.Create().SetClinicID(c.Clinic.Query().FirstIDX(ctx)).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.Schedule.Update().ClearSourceRef().Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Schedule.Delete().Exec(ctx) },
		},
		"Slot": {
			create: func(ctx context.Context, _ string) error {
				return c.Slot.Create().SetScheduleID(c.Schedule.Query().FirstIDX(ctx)).SetStartsAt(now).SetEndsAt(now.Add(time.Hour)).
					SetCapacity(1).SetRemaining(1).SetFee(0).SetStatus(slot.StatusFree).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.Slot.Update().SetRemaining(0).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Slot.Delete().Exec(ctx) },
		},
		"ScenicSpot": {
			create: func(ctx context.Context, _ string) error {
				return c.ScenicSpot.Create().SetName(name).SetDescription(name).SetGrade(scenicspot.GradeUnrated).SetDailyCapacity(1).
					SetInstantCapacity(1).SetDistrictID(s.xihu.DistrictID).SetLat(1).SetLng(1).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.ScenicSpot.Update().SetDailyCapacity(1).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.ScenicSpot.Delete().Exec(ctx) },
		},
		"School": {
			create: func(ctx context.Context, _ string) error {
				return c.School.Create().SetName(name).SetStage(school.StageSenior).SetDistrictID(s.xihu.DistrictID).SetLat(1).SetLng(1).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) {
				return c.School.Update().SetStage(school.StageSenior).Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.School.Delete().Exec(ctx) },
		},
		"PersonalData": {
			create: func(ctx context.Context, me string) error {
				return c.PersonalData.Create().SetPersonID(me).SetDataKey([]byte("k")).SetSealed([]byte("s")).SetIDNumberIndex("i").Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) {
				return c.PersonalData.Update().SetSealed([]byte("s")).Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.PersonalData.Delete().Exec(ctx) },
		},
		"RecordAccess": {
			create: func(ctx context.Context, me string) error { return s.newReading(me).Exec(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.RecordAccess.Delete().Exec(ctx) },
		},
		"SensorAlarm": {
			create: func(ctx context.Context, _ string) error {
				lamp := c.CityFacility.Query().FirstX(system(ctx))
				return c.SensorAlarm.Create().SetAlarmKey("x").SetRaisedAt(now).SetFacilityID(lamp.ID).SetDistrictID(lamp.DistrictID).
					SetCityCaseID(s.xihu.ID).Exec(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.SensorAlarm.Delete().Exec(ctx) },
		},
		"Session": {
			create: func(ctx context.Context, me string) error {
				return c.Session.Create().SetPersonID(me).SetClient(session.ClientApp).SetExpiresAt(now).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.Session.Update().SetGeneration(9).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Session.Delete().Exec(ctx) },
		},
		"StaffRole": {
			create: func(ctx context.Context, me string) error {
				return c.StaffRole.Create().SetPersonID(me).SetKind(staffrole.KindAdmin).SetOrganisationID("x").Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.StaffRole.Update().SetPersonID(s.chenjing).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.StaffRole.Delete().Exec(ctx) },
		},
		"Street": {
			create: func(ctx context.Context, _ string) error {
				return c.Street.Create().SetCode("x").SetName(name).SetKind(street.KindTown).SetDistrictID(s.xihu.DistrictID).SetLat(1).SetLng(1).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.Street.Update().SetName(name).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Street.Delete().Exec(ctx) },
		},
		"WechatGrant": {
			create: func(ctx context.Context, me string) error {
				return c.WechatGrant.Create().SetPersonID(me).SetTemplate("x").SetRemaining(9).Exec(ctx)
			},
			update: func(ctx context.Context) (int, error) { return c.WechatGrant.Update().SetRemaining(9).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.WechatGrant.Delete().Exec(ctx) },
		},
	}
	maps.Copy(table, s.clinicWrites())
	maps.Copy(table, s.schoolWrites())
	maps.Copy(table, s.fileWrites())
	maps.Copy(table, s.threadWrites())
	maps.Copy(table, s.lifeWrites())
	return table
}

// Who may write what, over every type and the whole cast: what the table does not name is denied.
func TestWhoWritesWhat(t *testing.T) {
	s := set(t)
	table := s.writes()
	for name := range db.Policies() {
		w, ok := table[name]
		if !ok {
			t.Errorf("nobody has thought about who writes a %s", name)
			continue
		}
		for _, member := range cast {
			ctx := s.As(t, member)
			me := viewer.From(ctx).PersonID
			err := rolledBack(ctx, s, func(ctx context.Context) error { return w.create(ctx, me) })
			if slices.Contains(w.creators, member) {
				if err != nil {
					t.Errorf("%q cannot create a %s: %v", member, name, err)
				}
			} else if fault.CodeOf(err) != fault.Forbidden {
				t.Errorf("%q creates a %s: %v", member, name, err)
			}
			s.reaches(t, ctx, member+" updates "+name, w.update, w.updaters[member])
			s.reaches(t, ctx, member+" deletes "+name, w.delete, 0)
		}
	}
}

// reaches runs a write, undoes it, and compares the rows it reached.
func (s *stage) reaches(t *testing.T, ctx context.Context, what string, write func(context.Context) (int, error), want int) {
	t.Helper()
	if write == nil {
		return
	}
	var got int
	err := rolledBack(ctx, s, func(ctx context.Context) (err error) {
		got, err = write(ctx)
		return err
	})
	if err != nil || got != want {
		t.Errorf("%s: reaches %d rows, want %d, %v", what, got, want, err)
	}
}

type undo struct{ error }

// rolledBack runs fn in a transaction that leaves nothing, and returns fn's error.
func rolledBack(ctx context.Context, s *stage, fn func(context.Context) error) error {
	err := s.Store.InTx(ctx, func(ctx context.Context) error { return undo{fn(ctx)} })
	var undone undo
	if !errors.As(err, &undone) {
		return err
	}
	return undone.error
}

// The system passes every rule, or the table above would prove nothing.
func TestTheSystemWrites(t *testing.T) {
	s := set(t)
	ctx := system(t.Context())
	for name, w := range s.writes() {
		// A fresh person is free of the unique rows that the cast has.
		me := s.DB.Person.Create().SaveX(ctx).ID
		if err := rolledBack(ctx, s, func(ctx context.Context) error { return w.create(ctx, me) }); err != nil {
			t.Errorf("the system cannot create a %s: %v", name, err)
		}
		if w.update == nil || name == "StaffRole" { // whose holders cannot all be one
			continue
		}
		var reached int
		err := rolledBack(ctx, s, func(ctx context.Context) (err error) {
			reached, err = w.update(ctx)
			return err
		})
		if err != nil || reached == 0 {
			t.Errorf("the system updates %d of %s: %v", reached, name, err)
		}
	}
}

// Nobody signs for somebody else.
func TestNobodyWritesInAnothersName(t *testing.T) {
	s := set(t)
	for _, member := range cast {
		if member == "chenjing" {
			continue
		}
		ctx := s.As(t, member)
		for what, create := range map[string]func(context.Context) error{
			"a case":  func(ctx context.Context) error { return s.newCase(ctx, s.chenjing, "330106").Exec(ctx) },
			"a step":  func(ctx context.Context) error { return s.newEvent(s.xihu.ID, 3, s.chenjing).Exec(ctx) },
			"no name": func(ctx context.Context) error { return s.newEvent(s.xihu.ID, 3, "").Exec(ctx) },
		} {
			err := rolledBack(ctx, s, create)
			if fault.CodeOf(err) != fault.Forbidden {
				t.Errorf("%q writes %s: %v", member, what, err)
			}
		}
	}
}

// What a viewer cannot reach is not there: one update by id answers as for a forged id.
func TestOneRowOutOfReachIsNotFound(t *testing.T) {
	s := set(t)
	for _, member := range []string{"", "zhouwei", "sunli", "qianjun", "fanglei", "maming"} {
		ctx := s.As(t, member)
		if err := s.DB.CityCase.UpdateOneID(s.xihu.ID).SetLastSeq(9).Exec(ctx); !db.IsNotFound(err) {
			t.Errorf("%q updates the case of Xihu: %v", member, err)
		}
		if err := s.DB.CityCase.DeleteOneID(s.xihu.ID).Exec(ctx); !db.IsNotFound(err) {
			t.Errorf("%q deletes the case of Xihu: %v", member, err)
		}
	}
	if err := s.DB.CityCase.DeleteOneID(s.xihu.ID).Exec(s.As(t, "zhaoqiang")); !db.IsNotFound(err) {
		t.Errorf("an officer deletes a case: %v", err)
	}
}

func TestTheSystemUpdatesOneRow(t *testing.T) {
	s := set(t)
	ctx := system(t.Context())
	if got, err := s.DB.CityCase.UpdateOneID(s.xihu.ID).SetLastSeq(9).Save(ctx); err != nil || got.LastSeq != 9 {
		t.Errorf("updates %+v, %v", got, err)
	}
	if err := s.DB.Device.DeleteOneID(s.DB.Device.Query().OnlyIDX(ctx)).Exec(ctx); err != nil {
		t.Errorf("deletes: %v", err)
	}
}
