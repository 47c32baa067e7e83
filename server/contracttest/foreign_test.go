package contracttest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"reflect"
	"testing"

	"citygraph/internal/id"
	"citygraph/server/citytest"
)

// An object of somebody else's answers exactly as one that never was: the same status, headers and
// bytes, for the same number of statements.
func TestForeignAnswersAsMissing(t *testing.T) {
	r := rowRig(t)
	chenjing := map[id.Kind]string{id.Person: castID("chenjing"), id.CityCase: r.caseOf(t, "chenjing")}
	for kind, table := range map[id.Kind]string{
		id.CitizenCard: "CitizenCard", id.CaseEvent: "CaseEvent", id.Device: "Device", id.Notification: "Notification",
		id.AuditEvent: "AuditEvent", id.DeliveryAttempt: "DeliveryAttempt", id.Idempotency: "IdempotencyRecord",
		id.Identity: "Identity", id.PersonalData: "PersonalData", id.Session: "Session",
	} {
		chenjing[kind] = r.samples[table][0].id
	}
	for _, name := range []string{visitor, "maming", "sunli"} {
		client := r.member[name]
		for kind, foreign := range chenjing {
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
		same(t, name+": acceptCase", chenjing[id.CityCase], id.CityCase, func(id string) citytest.Answer {
			return client.Do("AcceptCase", citytest.Vars{"input": citytest.Vars{"caseId": id}})
		})
		same(t, name+": revokeSession", chenjing[id.Session], id.Session, func(id string) citytest.Answer {
			return client.Do("RevokeSession", citytest.Vars{"input": citytest.Vars{"sessionId": id}})
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
