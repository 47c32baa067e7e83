package contracttest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/access"
	"citygraph/internal/id"
	"citygraph/server/citytest"
)

// ask is how a probe finds who asks and with what.
type ask = func(t testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars)

// everybody asks the same.
func everybody(vars citytest.Vars) ask {
	return func(_ testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars) { return r.member[name], vars }
}

// with asks with variables made for the occasion.
func with(vars func(t testing.TB, r *rig, name string) citytest.Vars) ask {
	return func(t testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars) {
		return r.member[name], vars(t, r, name)
	}
}

// act asks a mutation with an input made for the occasion.
func act(input func(t testing.TB, r *rig, name string) citytest.Vars) ask {
	return with(func(t testing.TB, r *rig, name string) citytest.Vars {
		return citytest.Vars{"input": input(t, r, name)}
	})
}

const (
	exportMyData    = `mutation($input: ExportMyDataInput!) { exportMyData(input: $input) { userErrors { code } } }`
	deleteMyAccount = `mutation($input: DeleteMyAccountInput!) { deleteMyAccount(input: $input) { userErrors { code } } }`
)

// fresh asks as somebody made for the occasion, since what they do ends what they are; a visitor asks as a
// visitor. A mutation may need a key.
func fresh(person func(*rig, testing.TB) *citytest.Client, key bool) ask {
	return func(t testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars) {
		vars := citytest.Vars{}
		if key {
			vars["input"] = keyed()
		}
		if name == visitor {
			return r.member[visitor], vars
		}
		return person(r, t), vars
	}
}

const acceptCase = `mutation($input: AcceptCaseInput!) { acceptCase(input: $input) { userErrors { code } } }`

const (
	giveConsent     = `mutation($input: GiveConsentInput!) { giveConsent(input: $input) { userErrors { code } } }`
	withdrawConsent = `mutation($input: WithdrawConsentInput!) { withdrawConsent(input: $input) { userErrors { code } } }`
)
const issuePayCode = `mutation($input: IssuePayCodeInput!) { issuePayCode(input: $input) { userErrors { code } } }`
const issueTransitCodes = `mutation($input: IssueTransitCodesInput!) { issueTransitCodes(input: $input) { userErrors { code } } }`
const (
	reportCardLoss = `mutation($input: ReportCardLossInput!) { reportCardLoss(input: $input) { card { id } userErrors { code } } }`
	issueCard      = `mutation($input: IssueCardInput!) { issueCard(input: $input) { card { id } userErrors { code } } }`
	replaceCard    = `mutation($input: ReplaceCardInput!) { replaceCard(input: $input) { card { id } userErrors { code } } }`
	closeCard      = `mutation($input: CloseCardInput!) { closeCard(input: $input) { card { id } userErrors { code } } }`
	freezeCard     = `mutation($input: FreezeCardInput!) { freezeCard(input: $input) { cardStatus userErrors { code } } }`
	unfreezeCard   = `mutation($input: UnfreezeCardInput!) { unfreezeCard(input: $input) { cardStatus userErrors { code } } }`
	cancelCardLoss = `mutation($input: CancelCardLossInput!) { cancelCardLoss(input: $input) { card { id } userErrors { code } } }`
)
const topUp = `mutation($input: TopUpInput!) { topUp(input: $input) { userErrors { code } } }`
const recordWechatGrant = `mutation($input: RecordWechatGrantInput!) { recordWechatGrant(input: $input) { userErrors { code } } }`

// probes are the rows of the matrix; a root field may have several, on objects of different people.
var probes = slices.Concat(caseProbes(), photoProbes(), recordProbes(), dayProbes(), billProbes(), careProbes(), bookingProbes(), announcementProbes(), fileProbes(), threadProbes(), lifeProbes(), []probe{
	{"Query.me", "oneself", everybody(nil), `{ me { id } }`},
	{"Person.personalData", "oneself", everybody(nil), `{ me { personalData { name idNumber birthDate sex phone } } }`},
	{"Person.personalData", "chenjing", everybody(citytest.Vars{"id": castID("chenjing")}), `query($id: ID!) { node(id: $id) { ... on Person { personalData { name idNumber birthDate sex phone } } } }`},
	{"Mutation.bindIdentity", "another number than the account is bound to", act(func(_ testing.TB, r *rig, _ string) citytest.Vars { return r.claim() }),
		`mutation($input: BindIdentityInput!) { bindIdentity(input: $input) { userErrors { code } } }`},
	{"Mutation.bindIdentity", "by somebody who has just signed in", func(t testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars) {
		if name == visitor {
			return r.member[visitor], citytest.Vars{"input": r.claim()}
		}
		return r.newcomer(t), citytest.Vars{"input": r.claim()}
	}, `mutation($input: BindIdentityInput!) { bindIdentity(input: $input) { userErrors { code } } }`},
	{"Query.card", "one's own", everybody(nil), `{ card { id } }`},
	{"Mutation.issuePayCode", "for one's own card", act(func(testing.TB, *rig, string) citytest.Vars {
		return citytest.Vars{"purpose": "CLINIC"}
	}), issuePayCode},
	{"Mutation.issuePayCode", "for wangguiying's card", act(func(testing.TB, *rig, string) citytest.Vars {
		return citytest.Vars{"purpose": "CLINIC", "onBehalfOf": castID("wangguiying")}
	}), issuePayCode},
	{"Mutation.issueTransitCodes", "for one's own card", act(func(t testing.TB, r *rig, name string) citytest.Vars {
		if name != visitor {
			r.spendCodes(t, name)
		}
		return keyed()
	}), issueTransitCodes},
	{"Mutation.issueTransitCodes", "for wangguiying's card", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		r.spendCodes(t, "wangguiying")
		input := keyed()
		input["onBehalfOf"] = castID("wangguiying")
		return input
	}), issueTransitCodes},
	{"Mutation.issueCard", "with a card of one's own", act(func(t testing.TB, r *rig, name string) citytest.Vars {
		if name != visitor {
			r.cardOf(t, name, citizencard.StatusActive)
		}
		return citytest.Vars{"idempotencyKey": uuid.NewString()}
	}), issueCard},
	{"Mutation.replaceCard", "of wangguiying's card", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"idempotencyKey": uuid.NewString(), "cardId": r.cardOf(t, "wangguiying", citizencard.StatusLost)}
	}), replaceCard},
	{"Mutation.closeCard", "of wangguiying's card, which has money on it", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"cardId": r.cardOf(t, "wangguiying", citizencard.StatusActive)}
	}), closeCard},
	{"Mutation.freezeCard", "of wangguiying's card", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return ordered(r.cardOf(t, "wangguiying", citizencard.StatusActive))
	}), freezeCard},
	{"Mutation.unfreezeCard", "of wangguiying's card", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return ordered(r.cardOf(t, "wangguiying", citizencard.StatusFrozen))
	}), unfreezeCard},
	{"Mutation.reportCardLoss", "of one's own card", act(func(t testing.TB, r *rig, name string) citytest.Vars {
		if name != visitor {
			r.cardOf(t, name, citizencard.StatusActive)
		}
		return citytest.Vars{}
	}), reportCardLoss},
	{"Mutation.reportCardLoss", "of wangguiying's card", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		r.cardOf(t, "wangguiying", citizencard.StatusActive)
		return citytest.Vars{"onBehalfOf": castID("wangguiying")}
	}), reportCardLoss},
	{"Mutation.cancelCardLoss", "of wangguiying's card", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"cardId": r.cardOf(t, "wangguiying", citizencard.StatusLost)}
	}), cancelCardLoss},
	{"Mutation.cancelCardLoss", "of one's own card", act(func(t testing.TB, r *rig, name string) citytest.Vars {
		if name == visitor {
			return citytest.Vars{"cardId": id.New(id.CitizenCard)}
		}
		return citytest.Vars{"cardId": r.cardOf(t, name, citizencard.StatusLost)}
	}), cancelCardLoss},
	{"Mutation.topUp", "of one's own card", act(func(testing.TB, *rig, string) citytest.Vars { return toppedUp(1) }), topUp},
	{"Query.topUp", "chenjing's", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"id": r.topUp(t, "chenjing")}
	}), `query($id: ID!) { topUp(id: $id) { id } }`},
	{"Query.creditLine", "one's own", everybody(nil), `{ creditLine { id } }`},
	{"Query.creditLineTransactions", "of one's own", everybody(nil), `{ creditLineTransactions { edges { node { id } } } }`},
	{"Mutation.openCreditLine", "one's own", act(func(t testing.TB, r *rig, name string) citytest.Vars {
		r.creditLine(t, name, creditline.StatusClosed)
		return keyed()
	}), openCreditLine},
	{"Mutation.closeCreditLine", "one's own", act(func(t testing.TB, r *rig, name string) citytest.Vars {
		return citytest.Vars{"creditLineId": r.creditLine(t, name, creditline.StatusActive)}
	}), closeCreditLine},
	{"Mutation.closeCreditLine", "chenjing's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"creditLineId": r.creditLine(t, "chenjing", creditline.StatusActive)}
	}), closeCreditLine},
	{"Mutation.repayCreditLine", "one's own", act(func(t testing.TB, r *rig, name string) citytest.Vars { return r.owing(t, name) }), repayCreditLine},
	{"Mutation.chargeCode", "for zju-1", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.sale(t) }), chargeCode},
	{"Mutation.reverseTransaction", "of what zju-1 received", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"idempotencyKey": uuid.NewString(), "transactionId": r.sold(t), "amount": 1}
	}), reverseTransaction},
	{"Mutation.holdCode", "for zju-1", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.sale(t) }), holdCode},
	{"Mutation.captureHold", "of zju-1", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"idempotencyKey": uuid.NewString(), "holdId": r.held(t), "amount": 1}
	}), captureHold},
	{"Mutation.voidHold", "of zju-1", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"holdId": r.held(t)}
	}), voidHold},
	{"Query.cardHolds", "of one's own card", everybody(nil), `{ cardHolds { holdId } }`},
	{"Query.cardTransactions", "of one's own card", everybody(nil), `{ cardTransactions { edges { node { id } } } }`},
	{"Query.cardStatement", "of one's own card", everybody(nil), `{ cardStatement(month: "2025-01") { closingBalance } }`},
	{"Query.districts", "all", everybody(nil), `{ districts { id } }`},
	{"Query.clinics", "all", everybody(nil), `{ clinics { edges { node { id } } } }`},
	{"Query.slots", "of a clinic", slotsOf("clinic", clinicOf), `query($clinic: ID) { slots(clinic: $clinic) { edges { node { id } } } }`},
	{"Query.slots", "of a department", slotsOf("department", departmentOf), `query($department: ID) { slots(department: $department) { edges { node { id } } } }`},
	{"Query.slots", "of a practitioner", slotsOf("practitioner", practitionerOf), `query($practitioner: ID) { slots(practitioner: $practitioner) { edges { node { id } } } }`},
	{"Query.schools", "all", everybody(nil), `{ schools { edges { node { id } } } }`},
	{"Query.myChildren", "one's own", everybody(nil), `{ myChildren { personId } }`},
	{"Query.myClasses", "one's own", everybody(nil), `{ myClasses { id } }`},
	{"Query.classRoster", "of zhouzihan's class", classOf("zhouzihan"), classRoster},
	{"Query.classRoster", "of zhouzixuan's class", classOf("zhouzixuan"), classRoster},
	{"Query.scenicSpots", "all", everybody(nil), `{ scenicSpots { edges { node { id } } } }`},
	{"Query.caseCategories", "all", everybody(nil), `{ caseCategories { id } }`},
	{"Query.myCases", "one's own", everybody(nil), `{ myCases { edges { node { id } } } }`},
	{"Query.inbox", "one's own", everybody(nil), `{ inbox { edges { node { id } } } }`},
	{"Query.inbox", "after the last seq", everybody(nil), `{ inbox(afterSeq: 1000) { edges { node { id } } } }`},
	{"Query.unreadCount", "one's own", everybody(nil), `{ unreadCount }`},
	{"Query.inboxTopics", "one's own", everybody(nil), `{ inboxTopics { topic unread } }`},
	{"Query.notificationPreferences", "one's own", everybody(nil), `{ notificationPreferences { topic } }`},
	{"Mutation.setNotificationPreference", "one's own", act(func(testing.TB, *rig, string) citytest.Vars {
		return citytest.Vars{"topic": "CARD", "channels": []string{"FCM"}}
	}), `mutation($input: SetNotificationPreferenceInput!) { setNotificationPreference(input: $input) { userErrors { code } } }`},
	{"Mutation.markRead", "a new notice of chenjing's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"notificationIds": []string{r.told(t, "chenjing")}}
	}), `mutation($input: MarkReadInput!) { markRead(input: $input) { userErrors { code } } }`},
	{"Mutation.markAllRead", "what one has", act(func(testing.TB, *rig, string) citytest.Vars {
		return citytest.Vars{"upToSeq": 1}
	}), `mutation($input: MarkAllReadInput!) { markAllRead(input: $input) { userErrors { code } } }`},
	{"Mutation.snooze", "a new notice of chenjing's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"notificationId": r.told(t, "chenjing"), "until": time.Now().Add(time.Hour)}
	}), `mutation($input: SnoozeInput!) { snooze(input: $input) { userErrors { code } } }`},
	{"Query.alerts", "those in force", everybody(nil), `{ alerts { id } }`},
	{"Query.node", "an alert in earnest", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"id": r.warn(t, "330106")}
	}), `query($id: ID!) { node(id: $id) { id } }`},
	{"Mutation.issueAlert", "for Xihu District", act(func(_ testing.TB, r *rig, _ string) citytest.Vars {
		return r.warning("330106")
	}), `mutation($input: IssueAlertInput!) { issueAlert(input: $input) { userErrors { code } } }`},
	{"Mutation.updateAlert", "a new one for Xihu District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"idempotencyKey": uuid.NewString(), "alertId": r.warn(t, "330106"), "severity": "SEVERE"}
	}), `mutation($input: UpdateAlertInput!) { updateAlert(input: $input) { userErrors { code } } }`},
	{"Mutation.cancelAlert", "a new one for Xihu District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"idempotencyKey": uuid.NewString(), "alertId": r.warn(t, "330106"), "reason": citytest.Vars{"zh": "雨停了"}}
	}), `mutation($input: CancelAlertInput!) { cancelAlert(input: $input) { userErrors { code } } }`},
	{"Query.officerQueue", "of one's districts", everybody(nil), `{ officerQueue { edges { node { id } } } }`},
	{"Query.officerQueue", "the accepted of one's districts", everybody(nil), `{ officerQueue(status: ACCEPTED) { edges { node { id } } } }`},

	{"Query.cityCase", "chenjing's in Xihu District", theCase(0), `query($id: ID!) { cityCase(id: $id) { id } }`},
	{"Query.cityCase", "chenjing's in Shangcheng District", theCase(1), `query($id: ID!) { cityCase(id: $id) { id } }`},
	{"Query.cityCase", "one's own", with(func(t testing.TB, r *rig, name string) citytest.Vars {
		if name == visitor {
			name = "maming"
		}
		return citytest.Vars{"id": r.caseOf(t, name)}
	}), `query($id: ID!) { cityCase(id: $id) { id } }`},
	{"Query.node", "chenjing", everybody(citytest.Vars{"id": castID("chenjing")}), `query($id: ID!) { node(id: $id) { id } }`},
	{"Query.node", "chenjing's case in Xihu District", theCase(0), `query($id: ID!) { node(id: $id) { id } }`},
	{"Query.nodes", "chenjing's case in Shangcheng District", theCase(1), `query($id: ID!) { nodes(ids: [$id]) { id } }`},
	{"Query.nodes", "none", everybody(nil), `{ nodes(ids: []) { id } }`},

	{"Mutation.submitCase", "in Xihu District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return r.report(t, xihu)
	}), `mutation($input: SubmitCaseInput!) { submitCase(input: $input) { userErrors { code } } }`},
	{"Mutation.acceptCase", "a new case of chenjing's in Xihu District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"caseId": r.submit(t, "chenjing", xihu)}
	}), acceptCase},
	{"Mutation.acceptCase", "a new case of chenjing's in Shangcheng District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"caseId": r.submit(t, "chenjing", shangcheng)}
	}), acceptCase},
	{"Mutation.acceptCase", "an accepted case of chenjing's in Xihu District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"caseId": r.caseOf(t, "chenjing")}
	}), acceptCase},

	{"Mutation.registerDevice", "a new phone", act(func(_ testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"platform": "IOS", "pushToken": fmt.Sprintf("new-phone-%d", r.next())}
	}), `mutation($input: RegisterDeviceInput!) { registerDevice(input: $input) { userErrors { code } } }`},
	{"Mutation.registerDevice", "the phone chenjing has handed over", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		r.register(t, "chenjing")
		return citytest.Vars{"platform": "ANDROID", "pushToken": "phone-of-chenjing"}
	}), `mutation($input: RegisterDeviceInput!) { registerDevice(input: $input) { userErrors { code } } }`},
	{"Mutation.unregisterDevice", "chenjing's phone", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"deviceId": r.register(t, "chenjing")}
	}), `mutation($input: UnregisterDeviceInput!) { unregisterDevice(input: $input) { userErrors { code } } }`},

	{"Query.wechatGrants", "one's own", everybody(nil), `{ wechatGrants { template remaining } }`},
	{"Mutation.recordWechatGrant", "an accept of one's own", act(func(testing.TB, *rig, string) citytest.Vars {
		return accepted()
	}), recordWechatGrant},
	{"Mutation.recordWechatGrant", "of a template nobody sends", act(func(testing.TB, *rig, string) citytest.Vars {
		return citytest.Vars{"idempotencyKey": uuid.NewString(), "template": "another city's"}
	}), recordWechatGrant},

	{"Mutation.signInWithWechat", "a good code", act(func(testing.TB, *rig, string) citytest.Vars {
		return citytest.Vars{"code": "dev:matrix"}
	}), `mutation($input: SignInWithWechatInput!) { signInWithWechat(input: $input) { userErrors { code } } }`},
	{"Mutation.signInWithFirebase", "a good token", act(func(_ testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"idToken": r.keys.Mint(nil)}
	}), `mutation($input: SignInWithFirebaseInput!) { signInWithFirebase(input: $input) { userErrors { code } } }`},
	{"Mutation.refreshSession", "chenjing's token", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"refreshToken": r.refreshToken(t, "chenjing")}
	}), `mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { userErrors { code } } }`},
	{"Query.sessions", "one's own", everybody(nil), `{ sessions { id current } }`},
	{"Mutation.revokeSession", "chenjing's, on a phone she lost", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"sessionId": r.lostPhone(t, "chenjing")}
	}), `mutation($input: RevokeSessionInput!) { revokeSession(input: $input) { userErrors { code } } }`},
	{"Mutation.signOut", "one's own session", func(t testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars) {
		if name == visitor {
			return r.member[visitor], nil
		}
		return r.As(t, name), nil
	}, `mutation { signOut { userErrors { code } } }`},

	{"Query.household", "one's own", everybody(nil), `{ household { members { personId scopes } } }`},
	{"Query.delegations", "one's own", everybody(nil), `{ delegations { edges { node { id status allowedActions } } } }`},
	{"Query.node", "the grandmother", everybody(citytest.Vars{"id": castID("wangguiying")}), `query($id: ID!) { node(id: $id) { id } }`},
	{"Query.node", "a child of chenjing's", everybody(citytest.Vars{"id": castID("zhouzihan")}), `query($id: ID!) { node(id: $id) { id } }`},
	{"Query.myCases", "the grandmother's", everybody(citytest.Vars{"id": castID("wangguiying")}), `query($id: ID!) { myCases(person: $id) { edges { node { id } } } }`},
	{"Query.myCases", "a child's", everybody(citytest.Vars{"id": castID("zhouzihan")}), `query($id: ID!) { myCases(person: $id) { edges { node { id } } } }`},
	{"Mutation.submitCase", "for the grandmother", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		report := r.report(t, xihu)
		report["onBehalfOf"] = castID("wangguiying")
		return report
	}), `mutation($input: SubmitCaseInput!) { submitCase(input: $input) { userErrors { code } } }`},
	{"Mutation.proposeDelegation", "to lina", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		r.withdraw(t)
		return r.proposal(t, "lina")
	}), `mutation($input: ProposeDelegationInput!) { proposeDelegation(input: $input) { userErrors { code } } }`},
	{"Mutation.proposeDelegation", "for a child of chenjing's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		proposal := r.proposal(t, "wangguiying")
		proposal["onBehalfOf"] = castID("zhouzihan")
		return proposal
	}), `mutation($input: ProposeDelegationInput!) { proposeDelegation(input: $input) { userErrors { code } } }`},
	{"Mutation.consentToDelegation", "of a child of chenjing's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"delegationId": r.proposed(t, "zhouzihan", "maming")}
	}), `mutation($input: ConsentToDelegationInput!) { consentToDelegation(input: $input) { userErrors { code } } }`},
	{"Mutation.acceptDelegation", "of maming's to lina", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"delegationId": r.proposed(t, "maming", "lina")}
	}), `mutation($input: AcceptDelegationInput!) { acceptDelegation(input: $input) { userErrors { code } } }`},
	{"Mutation.revokeDelegation", "of maming's to lina", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"delegationId": r.proposed(t, "maming", "lina")}
	}), `mutation($input: RevokeDelegationInput!) { revokeDelegation(input: $input) { userErrors { code } } }`},
	{"Mutation.revokeDelegation", "of a child of chenjing's to maming", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"delegationId": r.proposed(t, "zhouzihan", "maming")}
	}), `mutation($input: RevokeDelegationInput!) { revokeDelegation(input: $input) { userErrors { code } } }`},
	{"Mutation.exportMyData", "one's own, for the first time", fresh((*rig).newcomer, true), exportMyData},
	{"Query.myDataExports", "one's own, where there is none", fresh((*rig).newcomer, false), `{ myDataExports { id status } }`},
	{"Query.myDataExports", "one's own, asked for just now", fresh((*rig).exporter, false), `{ myDataExports { id status } }`},
	{"DataExport.url", "chenjing's", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"id": r.exportOf(t, "chenjing")}
	}), `query($id: ID!) { node(id: $id) { ... on DataExport { url } } }`},
	{"Mutation.deleteMyAccount", "one's own, just after signing in", fresh((*rig).newcomer, true), deleteMyAccount},
	{"Mutation.deleteMyAccount", "one's own, asked for before", fresh((*rig).leaver, true), deleteMyAccount},
	{"Mutation.keepMyAccount", "one's own, which is to end", fresh((*rig).leaver, false), `mutation { keepMyAccount { userErrors { code } } }`},
	{"Mutation.keepMyAccount", "one's own, which stays", fresh((*rig).newcomer, false), `mutation { keepMyAccount { userErrors { code } } }`},
	{"Query.entitlements", "one's own", everybody(nil), `{ entitlements { kind } }`},
	{"Query.entitlements", "chenjing's", everybody(citytest.Vars{"id": castID("chenjing")}), `query($id: ID!) { entitlements(person: $id) { kind } }`},
	{"Query.entitlements", "the grandmother's", everybody(citytest.Vars{"id": castID("wangguiying")}), `query($id: ID!) { entitlements(person: $id) { kind } }`},
	{"Query.entitlements", "a child's", everybody(citytest.Vars{"id": castID("zhouzihan")}), `query($id: ID!) { entitlements(person: $id) { kind } }`},
	{"Mutation.grantEntitlement", "to lina", act(func(_ testing.TB, r *rig, _ string) citytest.Vars { return r.proof() }),
		`mutation($input: GrantEntitlementInput!) { grantEntitlement(input: $input) { userErrors { code } } }`},
	{"Mutation.withdrawEntitlement", "a fresh one of lina's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"grantId": r.granted(t)}
	}), `mutation($input: WithdrawEntitlementInput!) { withdrawEntitlement(input: $input) { userErrors { code } } }`},
	{"Query.consentTexts", "all", everybody(nil), `{ consentTexts { purpose } }`},
	{"Mutation.giveConsent", "one's own", act(func(testing.TB, *rig, string) citytest.Vars { return agreement("LOCATION") }), giveConsent},
	{"Mutation.giveConsent", "for lina", act(func(testing.TB, *rig, string) citytest.Vars {
		input := agreement("LOCATION")
		input["onBehalfOf"] = castID("lina")
		return input
	}), giveConsent},
	{"Mutation.giveConsent", "for a child of chenjing's", act(func(testing.TB, *rig, string) citytest.Vars {
		return forChild(agreement("CHILD_DATA"))
	}), giveConsent},
	{"Query.consents", "that child's", everybody(citytest.Vars{"id": castID("zhouzihan")}), `query($id: ID!) { consents(person: $id) { edges { node { id } } } }`},
	{"Query.consents", "one's own, where one was given", everybody(nil), `{ consents { edges { node { id } } } }`},
	{"Query.consents", "chenjing's", everybody(citytest.Vars{"id": castID("chenjing")}), `query($id: ID!) { consents(person: $id) { edges { node { id } } } }`},
	{"Mutation.withdrawConsent", "one's own", with(func(t testing.TB, r *rig, name string) citytest.Vars {
		if name != visitor {
			r.consented(t, name, "LOCATION")
		}
		return citytest.Vars{"input": citytest.Vars{"purpose": "LOCATION"}}
	}), withdrawConsent},
	{"Mutation.withdrawConsent", "one never given", act(func(testing.TB, *rig, string) citytest.Vars {
		return citytest.Vars{"purpose": "PERSONALISATION"}
	}), withdrawConsent},
	{"Mutation.withdrawConsent", "for a child of chenjing's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		r.consentedFor(t)
		return forChild(citytest.Vars{"purpose": "CHILD_DATA"})
	}), withdrawConsent},
	{"Query.recordAccesses", "of one's own data", everybody(nil), `{ recordAccesses { edges { node { id } } } }`},
	{"Query.recordAccesses", "of chenjing's data", everybody(citytest.Vars{"id": castID("chenjing")}),
		`query($id: ID!) { recordAccesses(person: $id) { edges { node { id } } } }`},
	{"Query.recordAccesses", "of the data of a child of chenjing's, read by a nurse", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
		r.readOf(t, "xumin", access.Reading{Of: castID("zhouzihan"), Category: recordaccess.CategoryHealth, Purpose: recordaccess.PurposeCare})
		return citytest.Vars{"id": castID("zhouzihan")}
	}), `query($id: ID!) { recordAccesses(person: $id) { edges { node { id } } } }`},
	{"Query.accessLog", "all", everybody(nil), `{ accessLog { edges { node { id } } } }`},
	{"Query.accessLog", "what was refused", everybody(nil), `{ accessLog(outcome: REFUSED) { edges { node { id } } } }`},

	{"Subscription.inboxChanged", "one's own, from the beginning", everybody(nil), `subscription { inboxChanged(afterSeq: 0) { unreadCount } }`},
	{"Subscription.inboxChanged", "every change of one's own", everybody(nil), `subscription { inboxChanged(afterChange: 0) { unreadCount } }`},
	{"Subscription.alertsChanged", "those in force", everybody(nil), `subscription { alertsChanged { id } }`},
})

// theCase asks about a case chenjing reported when the city was settled.
func theCase(i int) ask {
	return with(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"id": r.cases(t, "chenjing")[i]}
	})
}
