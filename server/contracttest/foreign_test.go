package contracttest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/appointment"
	"citygraph/internal/id"
	"citygraph/server/citytest"
)

// An object of somebody else's answers exactly as one that never was: the same status, headers and
// bytes, for the same number of statements.
func TestForeignAnswersAsMissing(t *testing.T) {
	r := rowRig(t)
	chenjing := map[id.Kind]string{id.Person: castID("chenjing"), id.CityCase: r.cases(t, "chenjing")[1]} // read by no officer yet
	for kind, table := range map[id.Kind]string{
		id.Delegation: "Delegation", id.Guardianship: "Guardianship",
		id.CitizenCard: "CitizenCard", id.Device: "Device", id.Notification: "Notification",
		id.AuditEvent: "AuditEvent", id.DeliveryAttempt: "DeliveryAttempt", id.Idempotency: "IdempotencyRecord",
		id.DataExport: "DataExport", id.Identity: "Identity", id.PersonalData: "PersonalData", id.Session: "Session",
		id.Consent: "Consent", id.RecordAccess: "RecordAccess", id.EntitlementGrant: "EntitlementGrant",
		id.Preference: "NotificationPreference", id.TopUp: "TopUp", id.CreditLine: "CreditLine",
		id.Appointment: "Appointment", id.WaitlistEntry: "WaitlistEntry",
		id.SchoolClass: "SchoolClass", id.Enrollment: "Enrollment", id.RosterUser: "RosterUser",
		id.Announcement: "Announcement", id.Delivery: "Delivery", id.Attachment: "Attachment", id.BureauNotice: "BureauNotice",
		id.AttendanceEvent: "AttendanceEvent", id.LeaveRequest: "LeaveRequest",
		id.TransitBatch: "TransitBatch", id.TransitRide: "TransitRide",
		id.HealthRecord: "HealthRecord", id.BookingSuspension: "BookingSuspension", id.Bill: "Bill",
	} {
		chenjing[kind] = r.samples[table][0].id
	}
	chenjing[id.CasePhoto] = r.samples["CasePhoto"][2].id
	chenjing[id.CaseEvent], chenjing[id.SensorAlarm] = r.samples["CaseEvent"][1].id, r.samples["SensorAlarm"][0].id
	for _, name := range []string{visitor, "maming", "xumin"} {
		client := r.member[name]
		for kind, foreign := range chenjing {
			if name == "xumin" && (kind == id.Bill || kind == id.Appointment) { // of her clinic
				continue
			}
			same(t, fmt.Sprintf("%s: node of %s", name, kind), foreign, kind, func(id string) citytest.Answer {
				return client.Query(`query($id: ID!) { node(id: $id) { id __typename } }`, citytest.Vars{"id": id})
			})
			same(t, fmt.Sprintf("%s: nodes with %s", name, kind), foreign, kind, func(id string) citytest.Answer {
				return client.Query(`query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }`, citytest.Vars{"ids": []string{r.districtID(t, "330106"), id}})
			})
			same(t, fmt.Sprintf("%s: nodes of %s alone", name, kind), foreign, kind, func(id string) citytest.Answer {
				return client.Query(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, citytest.Vars{"ids": []string{id}})
			})
		}
		same(t, name+": cityCase", chenjing[id.CityCase], id.CityCase, func(id string) citytest.Answer {
			return client.Do("CaseDetail", citytest.Vars{"id": id})
		})
		for _, verb := range caseVerbs {
			same(t, name+": "+verb.operation, chenjing[id.CityCase], id.CityCase, func(id string) citytest.Answer {
				return client.Do(verb.operation, citytest.Vars{"input": verb.input(id)})
			})
		}
		same(t, name+": revokeSession", chenjing[id.Session], id.Session, func(id string) citytest.Answer {
			return client.Do("RevokeSession", citytest.Vars{"input": citytest.Vars{"sessionId": id}})
		})
		for _, list := range []string{"Entitlements", "Consents", "RecordAccesses", "HealthRecords"} {
			same(t, name+": "+list, chenjing[id.Person], id.Person, func(id string) citytest.Answer {
				return client.Do(list, citytest.Vars{"person": id})
			})
		}
		same(t, name+": giveConsent", chenjing[id.Person], id.Person, func(id string) citytest.Answer {
			input := agreement("CHILD_DATA")
			input["onBehalfOf"] = id
			return client.Do("GiveConsent", citytest.Vars{"input": input})
		})
		same(t, name+": withdrawConsent", chenjing[id.Person], id.Person, func(id string) citytest.Answer {
			return client.Do("WithdrawConsent", citytest.Vars{"input": citytest.Vars{"purpose": "CHILD_DATA", "onBehalfOf": id}})
		})
		same(t, name+": withdrawEntitlement", chenjing[id.EntitlementGrant], id.EntitlementGrant, func(id string) citytest.Answer {
			return client.Do("WithdrawEntitlement", citytest.Vars{"input": citytest.Vars{"grantId": id}})
		})
		for _, verb := range []string{"AcceptDelegation", "ConsentToDelegation", "RevokeDelegation"} {
			same(t, name+": "+verb, chenjing[id.Delegation], id.Delegation, func(id string) citytest.Answer {
				return client.Do(verb, citytest.Vars{"input": citytest.Vars{"delegationId": id}})
			})
		}
		same(t, name+": myCases of another", chenjing[id.Person], id.Person, func(id string) citytest.Answer {
			return client.Do("MyCases", citytest.Vars{"person": id})
		})
		same(t, name+": submitCase with a photo", chenjing[id.CasePhoto], id.CasePhoto, func(id string) citytest.Answer {
			report := r.report(t, xihu)
			report["photoIds"] = []string{id}
			return client.Do("SubmitCase", citytest.Vars{"input": report})
		})
		report := r.report(t, xihu)
		same(t, name+": submitCase for another", chenjing[id.Person], id.Person, func(id string) citytest.Answer {
			report["onBehalfOf"] = id
			return client.Do("SubmitCase", citytest.Vars{"input": report})
		})
		same(t, name+": issuePayCode for another", chenjing[id.Person], id.Person, func(id string) citytest.Answer {
			return client.Do("IssuePayCode", citytest.Vars{"input": citytest.Vars{"purpose": "CLINIC", "onBehalfOf": id}})
		})
		key := uuid.NewString()
		same(t, name+": issueTransitCodes for another", chenjing[id.Person], id.Person, func(id string) citytest.Answer {
			return client.Do("IssueTransitCodes", citytest.Vars{"input": citytest.Vars{"idempotencyKey": key, "onBehalfOf": id}})
		})
		same(t, name+": reportCardLoss for another", chenjing[id.Person], id.Person, func(id string) citytest.Answer {
			return client.Do("ReportCardLoss", citytest.Vars{"input": citytest.Vars{"onBehalfOf": id}})
		})
		same(t, name+": cancelCardLoss", chenjing[id.CitizenCard], id.CitizenCard, func(id string) citytest.Answer {
			return client.Do("CancelCardLoss", citytest.Vars{"input": citytest.Vars{"cardId": id}})
		})
		same(t, name+": replaceCard", chenjing[id.CitizenCard], id.CitizenCard, func(id string) citytest.Answer {
			return client.Do("ReplaceCard", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "cardId": id}})
		})
		same(t, name+": closeCard", chenjing[id.CitizenCard], id.CitizenCard, func(id string) citytest.Answer {
			return client.Do("CloseCard", citytest.Vars{"input": citytest.Vars{"cardId": id}})
		})
		if name != "fanglei" { // who may freeze it
			same(t, name+": freezeCard", chenjing[id.CitizenCard], id.CitizenCard, func(id string) citytest.Answer {
				return client.Do("FreezeCard", citytest.Vars{"input": ordered(id)})
			})
			same(t, name+": unfreezeCard", chenjing[id.CitizenCard], id.CitizenCard, func(id string) citytest.Answer {
				return client.Do("UnfreezeCard", citytest.Vars{"input": ordered(id)})
			})
		}
		r.strangersBook(t, name)
		same(t, name+": classRoster", chenjing[id.SchoolClass], id.SchoolClass, func(id string) citytest.Answer {
			return client.Do("ClassRoster", citytest.Vars{"class": id})
		})
		same(t, name+": closeCreditLine", chenjing[id.CreditLine], id.CreditLine, func(id string) citytest.Answer {
			return client.Do("CloseCreditLine", citytest.Vars{"input": citytest.Vars{"creditLineId": id}})
		})
		visit := r.visit(t, "chenjing", appointment.StatusBooked).ID
		for _, verb := range []string{"ShareRecord", "UnshareRecord"} {
			same(t, name+": "+verb, visit, id.Appointment, func(id string) citytest.Answer {
				return client.Do(verb, citytest.Vars{"input": citytest.Vars{"appointmentId": id}})
			})
		}
		if name != "xumin" { // at whose clinic it is
			same(t, name+": visitRecords", visit, id.Appointment, func(id string) citytest.Answer {
				return client.Do("VisitRecords", citytest.Vars{"appointment": id, "purpose": "EMERGENCY"})
			})
			finding := r.finding(t, "chenjing", 0)
			same(t, name+": addHealthRecord", visit, id.Appointment, func(id string) citytest.Answer {
				finding["idempotencyKey"], finding["appointmentId"] = uuid.NewString(), id
				return client.Do("AddHealthRecord", citytest.Vars{"input": finding})
			})
		}
		foreignDays(t, r.rig, name, chenjing[id.BookingSuspension])
		if name != "xumin" { // whose clinic issued it
			same(t, name+": bills of another", chenjing[id.Person], id.Person, func(id string) citytest.Answer {
				return client.Do("Bills", citytest.Vars{"person": id})
			})
			same(t, name+": payBill", chenjing[id.Bill], id.Bill, func(id string) citytest.Answer {
				return client.Do("PayBill", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "billId": id}})
			})
			same(t, name+": voidBill", chenjing[id.Bill], id.Bill, func(id string) citytest.Answer {
				return client.Do("VoidBill", citytest.Vars{"input": citytest.Vars{"billId": id}})
			})
			same(t, name+": refundBill", chenjing[id.Bill], id.Bill, func(id string) citytest.Answer {
				return client.Do("RefundBill", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "billId": id, "amount": 1}})
			})
			visit := r.billable(t, "chenjing")
			bills := r.charged(t, "chenjing")
			same(t, name+": issueBill", visit, id.Appointment, func(id string) citytest.Answer {
				bills["appointmentId"] = id
				return client.Do("IssueBill", citytest.Vars{"input": bills})
			})
		}
		for verb, input := range map[string]citytest.Vars{"WithdrawLeave": {}, "DecideLeave": {"decision": "APPROVED"}} {
			same(t, name+": "+verb, chenjing[id.LeaveRequest], id.LeaveRequest, func(id string) citytest.Answer {
				input["leaveRequestId"] = id
				return client.Do(verb, citytest.Vars{"input": input})
			})
		}
		for _, verb := range []string{"MarkAnnouncementRead", "Acknowledge", "RetractAnnouncement", "ChaseUnread"} {
			same(t, name+": "+verb, chenjing[id.Announcement], id.Announcement, func(id string) citytest.Answer {
				input := citytest.Vars{"announcementId": id}
				if verb == "ChaseUnread" {
					input["idempotencyKey"] = uuid.NewString()
				}
				return client.Do(verb, citytest.Vars{"input": input})
			})
		}
		same(t, name+": retractBureauNotice", chenjing[id.BureauNotice], id.BureauNotice, func(id string) citytest.Answer {
			return client.Do("RetractBureauNotice", citytest.Vars{"input": citytest.Vars{"bureauNoticeId": id}})
		})
		same(t, name+": pendingDeliveries", chenjing[id.Announcement], id.Announcement, func(id string) citytest.Answer {
			return client.Do("PendingDeliveries", citytest.Vars{"announcement": id})
		})
		foreignThreads(t, name, client, r.rig)
		same(t, name+": announcements of a child", castID("zhouzihan"), id.Person, func(id string) citytest.Answer {
			return client.Do("Announcements", citytest.Vars{"child": id})
		})
		same(t, name+": topUp", chenjing[id.TopUp], id.TopUp, func(id string) citytest.Answer {
			return client.Do("TopUpStatus", citytest.Vars{"id": id})
		})
		if name != "xumin" { // whose clinic received it
			same(t, name+": captureHold", r.held(t), id.Hold, func(id string) citytest.Answer {
				return client.Do("CaptureHold", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "holdId": id, "amount": 1}})
			})
			same(t, name+": voidHold", r.held(t), id.Hold, func(id string) citytest.Answer {
				return client.Do("VoidHold", citytest.Vars{"input": citytest.Vars{"holdId": id}})
			})
			same(t, name+": reverseTransaction", r.sold(t), id.LedgerTransaction, func(id string) citytest.Answer {
				return client.Do("ReverseTransaction", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "transactionId": id, "amount": 1}})
			})
		}
		proposal := r.proposal(t, "lina")
		same(t, name+": proposeDelegation for another", chenjing[id.Person], id.Person, func(id string) citytest.Answer {
			proposal["onBehalfOf"] = id
			return client.Do("ProposeDelegation", citytest.Vars{"input": proposal})
		})
		same(t, name+": markRead", chenjing[id.Notification], id.Notification, func(id string) citytest.Answer {
			return client.Do("MarkRead", citytest.Vars{"input": citytest.Vars{"notificationIds": []string{id}}})
		})
		same(t, name+": snooze", chenjing[id.Notification], id.Notification, func(id string) citytest.Answer {
			return client.Do("Snooze", citytest.Vars{"input": citytest.Vars{"notificationId": id, "until": time.Now().Add(time.Hour)}})
		})
		same(t, name+": unregisterDevice", chenjing[id.Device], id.Device, func(id string) citytest.Answer {
			return client.Do("UnregisterDevice", citytest.Vars{"input": citytest.Vars{"deviceId": id}})
		})
	}
}

// same compares the answer for a foreign id with the one for an id of the kind that nothing has.
func same(t *testing.T, what, foreign string, kind id.Kind, ask func(id string) citytest.Answer) {
	t.Helper()
	theirs, nobodys := ask(foreign), ask(id.New(kind))
	if theirs.Status != nobodys.Status || !bytes.Equal(theirs.Body, nobodys.Body) {
		t.Errorf("%s: a foreign one answers %d %s, a missing one %d %s", what, theirs.Status, theirs.Body, nobodys.Status, nobodys.Body)
	}
	if a, b := plain(theirs.Header), plain(nobodys.Header); !reflect.DeepEqual(a, b) {
		t.Errorf("%s: a foreign one answers with %v, a missing one with %v", what, a, b)
	}
	if theirs.Statements != nobodys.Statements {
		t.Errorf("%s: a foreign one costs %d statements, a missing one %d", what, theirs.Statements, nobodys.Statements)
	}
	if bytes.Contains(theirs.Body, []byte(foreign)) || theirs.Code() == "" && !bytes.Contains(theirs.Body, []byte(`"userErrors":[{`)) {
		t.Errorf("%s: %s", what, theirs.Body)
	}
}

// plain is a header without what differs between any two answers.
func plain(h http.Header) http.Header {
	h = h.Clone()
	h.Del("X-Request-Id")
	h.Del("Date")
	return h
}
