package contracttest_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/dataexport"
	"citygraph/ent/db/wechatgrant"
	"citygraph/internal/clock"
	"citygraph/internal/identity"
	"citygraph/internal/resident"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// scene tells who runs an operation and with what. It is called once for every run, so that a
// mutation finds something to do each time.
type scene func(t testing.TB, r *rig) asked

// scenes is how every operation of every client is run for its figures, by its name. The rig has
// settled: everyone has a phone, a report and a notice.
var scenes = merged(caseScenes(), photoScenes(), recordScenes(), dayScenes(), billScenes(), careScenes(), bookingScenes(), fileScenes(), threadScenes(), lifeScenes(), map[string]scene{
	"CaseCategories":  by(visitor, citytest.Vars{"kind": "COMPONENT"}),
	"Districts":       by(visitor, nil),
	"ClinicCatalogue": by(visitor, citytest.Vars{"first": 20}),
	"ClinicsNear":     by(visitor, citytest.Vars{"point": xihu, "radiusMetres": 10_000, "first": 20}),
	"ClinicSlots": func(t testing.TB, r *rig) asked {
		return asked{r.member[visitor], citytest.Vars{"clinic": r.diary(t).ClinicID, "first": 20}}
	},
	"ClinicSchedules": func(t testing.TB, r *rig) asked {
		return asked{r.member[visitor], citytest.Vars{"id": r.diary(t).ClinicID}}
	},
	"SchoolCatalogue": by(visitor, citytest.Vars{"first": 20}),
	"MyChildren":      by("chenjing", nil),
	"MyClasses":       by("lina", nil),
	"ClassRoster": func(t testing.TB, r *rig) asked {
		return asked{r.member["lina"], citytest.Vars{"class": r.classWith(t, "zhouzihan")}}
	},
	"ScenicCatalogue": by(visitor, citytest.Vars{"first": 20}),

	"HomeScreen":       by("chenjing", nil),
	"CardTransactions": by("chenjing", citytest.Vars{"first": 20}),
	"CardStatement":    by("chenjing", citytest.Vars{"month": time.Now().In(clock.Shanghai).Format("2006-01")}),
	"MyCases":          by("chenjing", citytest.Vars{"first": 20}),
	"Inbox":            by("chenjing", citytest.Vars{"first": 20}),
	"OfficerQueue":     by("zhaoqiang", citytest.Vars{"first": 50}),
	"InboxChanged":     by("chenjing", citytest.Vars{"afterSeq": 0}),
	"CaseDetail": func(t testing.TB, r *rig) asked {
		return asked{r.member["chenjing"], citytest.Vars{"id": r.caseOf(t, "chenjing")}}
	},

	"InboxTopics":             by("chenjing", nil),
	"NotificationPreferences": by("chenjing", nil),
	"Alerts":                  by(visitor, citytest.Vars{"districts": []string{"330127"}}),
	"AlertsChanged":           by(visitor, citytest.Vars{"districts": []string{"330127"}}),
	"MarkRead": func(t testing.TB, r *rig) asked {
		return input(r.member["lina"], citytest.Vars{"notificationIds": []string{r.told(t, "lina")}})
	},
	"MarkAllRead": func(t testing.TB, r *rig) asked {
		r.told(t, "lina")
		return input(r.member["lina"], citytest.Vars{"upToSeq": 1})
	},
	"Snooze": func(t testing.TB, r *rig) asked {
		return input(r.member["xumin"], citytest.Vars{"notificationId": r.told(t, "xumin"), "until": time.Now().Add(time.Hour).UTC().Truncate(time.Second)})
	},
	"SetNotificationPreference": func(_ testing.TB, r *rig) asked {
		return input(r.member["lina"], citytest.Vars{
			"topic": "CITY_CASE", "channels": []string{"WECHAT", "FCM"}, "quietHours": citytest.Vars{"from": "22:00", "to": "07:00"},
		})
	},
	"IssueAlert": func(_ testing.TB, r *rig) asked { return input(r.member["fanglei"], r.warning("330106", "330102")) },
	"UpdateAlert": func(t testing.TB, r *rig) asked {
		return input(r.member["fanglei"], citytest.Vars{
			"idempotencyKey": uuid.NewString(), "alertId": r.warn(t, "330106", "330102"), "severity": "SEVERE",
		})
	},
	"CancelAlert": func(t testing.TB, r *rig) asked {
		return input(r.member["fanglei"], citytest.Vars{
			"idempotencyKey": uuid.NewString(), "alertId": r.warn(t, "330106", "330102"), "reason": citytest.Vars{"zh": "雨停了"},
		})
	},

	"SubmitCase": func(t testing.TB, r *rig) asked {
		return input(r.member["maming"], r.report(t, xihu))
	},
	"AcceptCase": func(t testing.TB, r *rig) asked {
		return input(r.member["zhaoqiang"], citytest.Vars{"caseId": r.submit(t, "maming", xihu), "note": "已安排"})
	},
	"BindIdentity":   func(t testing.TB, r *rig) asked { return input(r.newcomer(t), r.claim()) },
	"MyPersonalData": by("chenjing", nil),
	"Household":      by("chenjing", nil),
	"Delegations":    by("chenjing", citytest.Vars{"first": 20}),
	"ProposeDelegation": func(t testing.TB, r *rig) asked {
		r.withdraw(t)
		return input(r.member["maming"], r.proposal(t, "lina"))
	},
	"ConsentToDelegation": func(t testing.TB, r *rig) asked {
		return input(r.member["chenjing"], citytest.Vars{"delegationId": r.proposed(t, "zhouzihan", "maming")})
	},
	"AcceptDelegation": func(t testing.TB, r *rig) asked {
		return input(r.member["lina"], citytest.Vars{"delegationId": r.proposed(t, "maming", "lina")})
	},
	"RevokeDelegation": func(t testing.TB, r *rig) asked {
		return input(r.member["maming"], citytest.Vars{"delegationId": r.proposed(t, "maming", "lina")})
	},
	"IssuePayCode": func(_ testing.TB, r *rig) asked {
		return input(r.member["chenjing"], citytest.Vars{"purpose": "CLINIC", "onBehalfOf": castID("wangguiying")})
	},
	"IssueTransitCodes": func(t testing.TB, r *rig) asked {
		r.spendCodes(t, "wangguiying")
		input := keyed()
		input["onBehalfOf"] = castID("wangguiying")
		return asked{r.member["chenjing"], citytest.Vars{"input": input}}
	},
	"ReportCardLoss": func(t testing.TB, r *rig) asked {
		r.cardOf(t, "sunli", citizencard.StatusActive)
		return input(r.member["sunli"], citytest.Vars{})
	},
	"CancelCardLoss": func(t testing.TB, r *rig) asked {
		return input(r.member["sunli"], citytest.Vars{"cardId": r.cardOf(t, "sunli", citizencard.StatusLost)})
	},
	"IssueCard": func(t testing.TB, r *rig) asked {
		r.cardOf(t, "sunli", citizencard.StatusClosed)
		return input(r.member["sunli"], citytest.Vars{"idempotencyKey": uuid.NewString()})
	},
	"ReplaceCard": func(t testing.TB, r *rig) asked {
		return input(r.member["sunli"], citytest.Vars{"idempotencyKey": uuid.NewString(), "cardId": r.cardOf(t, "sunli", citizencard.StatusLost)})
	},
	"CloseCard": func(t testing.TB, r *rig) asked {
		return input(r.member["sunli"], citytest.Vars{"cardId": r.emptyCard(t, "sunli")})
	},
	"FreezeCard": func(t testing.TB, r *rig) asked {
		return input(r.member["fanglei"], ordered(r.cardOf(t, "sunli", citizencard.StatusActive)))
	},
	"UnfreezeCard": func(t testing.TB, r *rig) asked {
		return input(r.member["fanglei"], ordered(r.cardOf(t, "sunli", citizencard.StatusFrozen)))
	},
	"TopUp": func(_ testing.TB, r *rig) asked { return input(r.member["chenjing"], toppedUp(1)) },
	"TopUpStatus": func(t testing.TB, r *rig) asked {
		return asked{r.member["chenjing"], citytest.Vars{"id": r.topUp(t, "chenjing")}}
	},
	"MyCard": func(t testing.TB, r *rig) asked {
		r.creditLine(t, "chenjing", creditline.StatusActive)
		return asked{r.member["chenjing"], nil}
	},
	"CreditLine": func(t testing.TB, r *rig) asked {
		r.owing(t, "chenjing")
		return asked{r.member["chenjing"], citytest.Vars{"first": 20}}
	},
	"OpenCreditLine": func(t testing.TB, r *rig) asked {
		r.creditLine(t, "lina", creditline.StatusClosed)
		return input(r.member["lina"], keyed())
	},
	"CloseCreditLine": func(t testing.TB, r *rig) asked {
		return input(r.member["lina"], citytest.Vars{"creditLineId": r.creditLine(t, "lina", creditline.StatusActive)})
	},
	"RepayCreditLine": func(t testing.TB, r *rig) asked { return input(r.member["lina"], r.owing(t, "lina")) },
	"ChargeCode":      func(t testing.TB, r *rig) asked { return input(r.member["xumin"], r.sale(t)) },
	"HoldCode":        func(t testing.TB, r *rig) asked { return input(r.member["xumin"], r.sale(t)) },
	"CaptureHold": func(t testing.TB, r *rig) asked {
		return input(r.member["xumin"], citytest.Vars{"idempotencyKey": uuid.NewString(), "holdId": r.held(t), "amount": 1})
	},
	"VoidHold":  func(t testing.TB, r *rig) asked { return input(r.member["xumin"], citytest.Vars{"holdId": r.held(t)}) },
	"CardHolds": func(t testing.TB, r *rig) asked { r.held(t); return asked{r.member["wangguiying"], nil} },
	"ReverseTransaction": func(t testing.TB, r *rig) asked {
		return input(r.member["xumin"], citytest.Vars{"idempotencyKey": uuid.NewString(), "transactionId": r.sold(t), "amount": 1})
	},
	"Announcements": func(t testing.TB, r *rig) asked {
		r.announced(t)
		return asked{r.member["wutao"], citytest.Vars{"first": 20}}
	},
	"MarkAnnouncementRead": func(t testing.TB, r *rig) asked {
		return input(r.member["wutao"], citytest.Vars{"announcementId": r.announced(t)})
	},
	"Acknowledge": func(t testing.TB, r *rig) asked {
		return input(r.member["wutao"], citytest.Vars{"announcementId": r.announced(t)})
	},
	"SchoolAnnouncements": func(t testing.TB, r *rig) asked {
		r.announced(t)
		return asked{r.member["lina"], citytest.Vars{"school": r.linaTeachesAt(t), "first": 20}}
	},
	"PendingDeliveries": func(t testing.TB, r *rig) asked {
		return asked{r.member["lina"], citytest.Vars{"announcement": r.announced(t), "first": 20}}
	},
	"AnnouncementStats": func(t testing.TB, r *rig) asked {
		return asked{r.member["lina"], citytest.Vars{"announcement": r.announced(t)}}
	},
	"PublishAnnouncement": func(t testing.TB, r *rig) asked { return input(r.member["lina"], r.trip(t, false)) },
	"UpdateAnnouncement":  func(t testing.TB, r *rig) asked { return input(r.member["lina"], r.revised(t)) },
	"RetractAnnouncement": func(t testing.TB, r *rig) asked {
		return input(r.member["lina"], citytest.Vars{"announcementId": r.announced(t)})
	},
	"ChaseUnread": func(t testing.TB, r *rig) asked { return input(r.member["lina"], r.chased(t)) },
	"RegisterDevice": func(_ testing.TB, r *rig) asked {
		return input(r.member["maming"], citytest.Vars{"platform": "ANDROID", "pushToken": fmt.Sprintf("phone-%06d", r.next())})
	},
	"UnregisterDevice": func(t testing.TB, r *rig) asked {
		return input(r.member["lina"], citytest.Vars{"deviceId": r.register(t, "lina")})
	},
	"RecordWechatGrant": func(t testing.TB, r *rig) asked {
		err := r.DB.WechatGrant.Update().Where(wechatgrant.PersonID(castID("maming"))).SetRemaining(50).
			Exec(viewer.AsSystem(t.Context(), "keep the answer as long as it is"))
		if err != nil {
			t.Fatal(err)
		}
		return input(r.member["maming"], accepted())
	},
	"WechatGrants": by("chenjing", nil),
	"SignInWithWechat": func(_ testing.TB, r *rig) asked {
		return input(r.member[visitor], citytest.Vars{"code": "dev:golden"})
	},
	"SignInWithFirebase": func(_ testing.TB, r *rig) asked {
		return input(r.member[visitor], citytest.Vars{"idToken": r.keys.Mint(nil)})
	},
	"RefreshSession": func(t testing.TB, r *rig) asked {
		return input(r.member[visitor], citytest.Vars{"refreshToken": r.refreshToken(t, "lina")})
	},
	"Sessions": func(t testing.TB, r *rig) asked { return asked{by: r.newcomer(t)} },
	"RevokeSession": func(t testing.TB, r *rig) asked {
		return input(r.member["lina"], citytest.Vars{"sessionId": r.lostPhone(t, "lina")})
	},
	"Entitlements": by("wangguiying", nil),
	"GrantEntitlement": func(_ testing.TB, r *rig) asked {
		return input(r.member["fanglei"], r.proof())
	},
	"WithdrawEntitlement": func(t testing.TB, r *rig) asked {
		return input(r.member["fanglei"], citytest.Vars{"grantId": r.granted(t)})
	},
	"ConsentTexts": by(visitor, nil),
	"Consents": func(t testing.TB, r *rig) asked {
		r.consented(t, "xumin", "LOCATION")
		return asked{r.member["xumin"], citytest.Vars{"first": 20}}
	},
	"GiveConsent": func(t testing.TB, r *rig) asked {
		r.withdrawn(t, "lina", "MARKETING")
		return input(r.member["lina"], agreement("MARKETING"))
	},
	"WithdrawConsent": func(t testing.TB, r *rig) asked {
		r.consented(t, "lina", "MARKETING")
		return input(r.member["lina"], citytest.Vars{"purpose": "MARKETING"})
	},
	"RecordAccesses": func(t testing.TB, r *rig) asked {
		r.disclosed(t, "xumin")
		return asked{r.member["xumin"], citytest.Vars{"first": 1}}
	},
	"AccessLog": func(t testing.TB, r *rig) asked {
		r.disclosed(t, "xumin")
		return asked{r.member["qianjun"], citytest.Vars{"person": castID("xumin"), "first": 1}}
	},
	"SignOut": func(t testing.TB, r *rig) asked { return asked{by: r.As(t, "lina")} },

	"MyAccount":       func(t testing.TB, r *rig) asked { return asked{by: r.exporter(t)} },
	"ExportMyData":    func(t testing.TB, r *rig) asked { return input(r.newcomer(t), keyed()) },
	"DeleteMyAccount": func(t testing.TB, r *rig) asked { return input(r.onTwoPhones(t), keyed()) },
	"KeepMyAccount":   func(t testing.TB, r *rig) asked { return asked{by: r.leaver(t)} },
})

// merged is two tables of scenes in one.
func merged(rooms ...map[string]scene) map[string]scene {
	all := map[string]scene{}
	for _, room := range rooms {
		maps.Copy(all, room)
	}
	return all
}

// by is the scene of a member who asks the same every time.
func by(name string, vars citytest.Vars) scene {
	return func(_ testing.TB, r *rig) asked { return asked{r.member[name], vars} }
}

// input asks with the one argument mutations take.
func input(c *citytest.Client, vars citytest.Vars) asked {
	return asked{c, citytest.Vars{"input": vars}}
}

// keyed is the input of a mutation that takes a key and nothing else.
func keyed() citytest.Vars { return citytest.Vars{"idempotencyKey": uuid.NewString()} }

// must has a client do something that is not refused.
func must(t testing.TB, c *citytest.Client, operation string, vars citytest.Vars) {
	t.Helper()
	if answer := c.Do(operation, vars); faulty(answer.Body) {
		t.Fatalf("%s: %s", operation, answer.Body)
	}
}

// exporter is somebody who has asked for an export of their data.
func (r *rig) exporter(t testing.TB) *citytest.Client {
	t.Helper()
	c := r.newcomer(t)
	must(t, c, "ExportMyData", citytest.Vars{"input": keyed()})
	return c
}

// leaver is somebody whose account is to end.
func (r *rig) leaver(t testing.TB) *citytest.Client {
	t.Helper()
	c := r.newcomer(t)
	must(t, c, "DeleteMyAccount", citytest.Vars{"input": keyed()})
	return c
}

// onTwoPhones is somebody who has just signed in twice.
func (r *rig) onTwoPhones(t testing.TB) *citytest.Client {
	t.Helper()
	code := fmt.Sprintf("dev:newcomer-%d", r.next())
	if _, err := r.Accounts.SignInWithWechat(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	tokens, err := r.Accounts.SignInWithWechat(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	return r.With(t, tokens.AccessToken)
}

// exportOf is the id of a member's export; it is asked for the first time.
func (r *rig) exportOf(t testing.TB, name string) string {
	t.Helper()
	mine := r.DB.DataExport.Query().Where(dataexport.PersonID(castID(name)))
	system := viewer.AsSystem(t.Context(), "look for what a test made")
	if n, err := mine.Clone().Count(system); err == nil && n == 0 {
		must(t, r.member[name], "ExportMyData", citytest.Vars{"input": keyed()})
	}
	id, err := mine.OnlyID(system)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// newcomer is somebody who has just signed in for the first time.
func (r *rig) newcomer(t testing.TB) *citytest.Client {
	t.Helper()
	tokens, err := r.Accounts.SignInWithWechat(t.Context(), fmt.Sprintf("dev:newcomer-%d", r.next()))
	if err != nil {
		t.Fatal(err)
	}
	return r.With(t, tokens.AccessToken)
}

// claim is the claim of somebody the city does not know yet.
func (r *rig) claim() citytest.Vars {
	digits := fmt.Sprintf("33010619910203%03d", r.next()%1000)
	return citytest.Vars{"name": "林晓", "idNumber": digits + string(resident.Check(digits)), "proof": identity.SandboxProof}
}

// lostPhone is the id of a session a member has opened elsewhere.
func (r *rig) lostPhone(t testing.TB, name string) string {
	t.Helper()
	proof, err := r.Accounts.Authenticate(t.Context(), r.As(t, name).Token)
	if err != nil {
		t.Fatal(err)
	}
	return proof.Viewer.SessionID
}

// refreshToken opens a session of a member and returns its first refresh token.
func (r *rig) refreshToken(t testing.TB, name string) string {
	t.Helper()
	tokens, err := r.Accounts.SignInForDevelopment(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return tokens.RefreshToken
}
