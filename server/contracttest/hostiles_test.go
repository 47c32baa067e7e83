package contracttest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

const (
	bad        = "BAD_USER_INPUT"
	tooComplex = "QUERY_TOO_COMPLEX"
)

// hostiles are the bad requests of the contract, each with what it gets.
var hostiles = []hostile{
	{"malformed JSON", bad, 400, false, func(_ *testing.T, r *rig) *http.Request {
		return bodied(r, strings.NewReader(`{"query":"`+marker))
	}},
	{"syntax error", bad, 200, true, document("{ "+marker+"( }", "{}")},
	{"unknown field", bad, 200, true, document("{ "+marker+" }", "{}")},
	{"1000 aliases", tooComplex, 200, true, document("{"+repeated(1000, "a#:unreadCount ")+"}", "{}")},
	{"60 deep", tooComplex, 200, true, document("{districts"+strings.Repeat("{streets{edges{node{district", 15)+"{id}"+strings.Repeat("}}}}", 15)+"}", "{}")},
	{"fragment cycle", bad, 200, true, document("{...A} fragment A on Query{...B} fragment B on Query{...A}", "{}")},
	{"fragment bomb", tooComplex, 200, true, document(fragmentBomb(40), "{}")},
	{"a million rows", tooComplex, 200, true, document("{districts{streets(first:100){edges{node{district{streets(first:100){edges{node{id}}}}}}}}}", "{}")},
	{"2^63 rows", bad, 200, true, document("{clinics(first:9223372036854775808){edges{node{id}}}}", "{}")},
	{"2^63 rows by variable", bad, 200, false, trusted("ClinicCatalogue", `{"first":9223372036854775808}`)},
	{"101 rows", bad, 200, true, document("{clinics(first:101){edges{node{id}}}}", "{}")},
	{"101 rows by variable", bad, 200, false, trusted("ClinicCatalogue", `{"first":101}`)},
	{"101 rows below", bad, 200, true, document("{districts{streets(first:101){edges{node{id}}}}}", "{}")},
	{"-1 rows", bad, 200, true, document("{clinics(first:-1){edges{node{id}}}}", "{}")},
	{"-1 rows by variable", bad, 200, false, trusted("ClinicCatalogue", `{"first":-1}`)},
	{"-1 last rows below", bad, 200, true, document("{districts{streets(last:-1){edges{node{id}}}}}", "{}")},
	{"first and last", bad, 200, true, document("{clinics(first:1,last:1){edges{node{id}}}}", "{}")},
	{"101 ids", bad, 200, true, document("query($ids:[ID!]!){nodes(ids:$ids){id}}", `{"ids":["`+strings.Repeat(`x","`, 100)+`"]}`)},

	{"forged cursor", bad, 200, false, trusted("ClinicCatalogue", `{"after":"`+marker+`"}`)},
	{"long cursor", bad, 200, false, trusted("ClinicCatalogue", `{"after":"`+strings.Repeat(marker, 100)+`"}`)},
	{"cursor that is a number", bad, 200, false, trusted("ClinicCatalogue", `{"after":1}`)},
	{"cursor of another city", bad, 200, false, func(t *testing.T, r *rig) *http.Request {
		other := citytest.Start(t, func(o *wiring.Options) { o.CursorKey = bytes.Repeat([]byte("x"), 32) })
		return trusted("ClinicCatalogue", fmt.Sprintf(`{"after":%q}`, cursorOf(t, other, "ClinicCatalogue")))(t, r)
	}},
	{"cursor with another end", bad, 200, false, func(t *testing.T, r *rig) *http.Request {
		good := cursorOf(t, r.City, "ClinicCatalogue")
		return trusted("ClinicCatalogue", fmt.Sprintf(`{"after":%q}`, good[:len(good)-1]+"_"))(t, r)
	}},

	{"forged id", "NOT_FOUND", 200, false, trusted("CaseDetail", `{"id":"`+marker+`"}`)},
	{"id of another type", "NOT_FOUND", 200, false, trusted("CaseDetail", `{"id":"person_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB"}`)},
	{"id with SQL", "NOT_FOUND", 200, false, trusted("CaseDetail", `{"id":"case_' OR 1=1 --`+marker+`"}`)},
	{"long id", "NOT_FOUND", 200, false, trusted("CaseDetail", `{"id":"case_`+strings.Repeat(marker, 1000)+`"}`)},
	{"empty id", "NOT_FOUND", 200, false, trusted("CaseDetail", `{"id":""}`)},
	{"forged node", "NOT_FOUND", 200, true, document("query($id:ID!){node(id:$id){id}}", `{"id":"`+marker+`"}`)},
	{"forged nodes", "NOT_FOUND", 200, true, document("query($ids:[ID!]!){nodes(ids:$ids){id}}", `{"ids":["`+marker+`","case_1"]}`)},
	{"id that is an object", bad, 200, false, trusted("CaseDetail", `{"id":{"`+marker+`":1}}`)},
	{"no id", bad, 200, false, trusted("CaseDetail", `{}`)},
	{"forged UUID", bad, 200, false, trusted("SubmitCase", `{"input":{"idempotencyKey":"`+marker+`","categoryId":"c","description":"d","location":{"lat":30,"lng":120}}}`)},
	{"forged UUID to end an account", bad, 200, false, trusted("DeleteMyAccount", `{"input":{"idempotencyKey":"`+marker+`"}}`)},
	{"no UUID to end an account", bad, 200, false, trusted("DeleteMyAccount", `{"input":{}}`)},
	{"another's account to end", bad, 200, false, trusted("DeleteMyAccount", `{"input":{"idempotencyKey":"7b1c9c52-5a35-4d27-9b7f-3f1f6d0a5f11","personId":"`+marker+`"}}`)},
	{"forged UUID for an export", bad, 200, false, trusted("ExportMyData", `{"input":{"idempotencyKey":"`+marker+`"}}`)},
	{"another's data to export", bad, 200, false, trusted("ExportMyData", `{"input":{"idempotencyKey":"7b1c9c52-5a35-4d27-9b7f-3f1f6d0a5f11","personId":"`+marker+`"}}`)},
	{"forged id of an export", "NOT_FOUND", 200, true, document("query($id:ID!){node(id:$id){... on DataExport{url}}}", `{"id":"export_`+marker+`"}`)},
	{"forged UUID of an accept", bad, 200, false, fromClient("wechat-miniprogram", "RecordWechatGrant", `{"input":{"idempotencyKey":"`+marker+`","template":"t"}}`)},
	{"accept of no template", bad, 200, false, fromClient("wechat-miniprogram", "RecordWechatGrant", `{"input":{"idempotencyKey":"7b1c9c52-5a35-4d27-9b7f-3f1f6d0a5f11","`+marker+`":null}}`)},
	{"unknown input field", bad, 200, false, trusted("AcceptCase", `{"input":{"caseId":"c","`+marker+`":1}}`)},
	{"unknown enum value", bad, 200, false, trusted("CaseCategories", `{"kind":"`+marker+`"}`)},
	{"unknown purpose", bad, 200, false, trusted("WithdrawConsent", `{"input":{"purpose":"`+marker+`"}}`)},
	{"unknown language", bad, 200, false, trusted("GiveConsent", `{"input":{"idempotencyKey":"7b1c9c52-5a35-4d27-9b7f-3f1f6d0a5f11","purpose":"LOCATION","version":"1.0","language":"`+marker+`"}}`)},
	{"unknown entitlement", bad, 200, false, trusted("GrantEntitlement", `{"input":{"idempotencyKey":"7b1c9c52-5a35-4d27-9b7f-3f1f6d0a5f11","personId":"p","kind":"`+marker+`","basis":"SCHOOL_ROLL"}}`)},
	{"instant without an offset", bad, 200, false, trusted("AccessLog", `{"since":"2026-11-27T00:00:00"}`)},
	{"a month that is none", bad, 200, false, trusted("CardStatement", `{"month":"2026-13`+marker+`"}`)},
	{"a month of one digit", bad, 200, false, trusted("CardStatement", `{"month":"2026-1"}`)},
	{"a month in full-width digits", bad, 200, false, trusted("CardStatement", `{"month":"２０２６-１１"}`)},
	{"a month of a number", bad, 200, false, trusted("CardStatement", `{"month":202611}`)},
	{"seq beyond 64 bits", bad, 200, false, trusted("Inbox", `{"afterSeq":9223372036854775808}`)},
	{"seq to mark beyond 64 bits", bad, 200, false, trusted("MarkAllRead", `{"input":{"upToSeq":9223372036854775808}}`)},
	{"topic nobody knows", bad, 200, false, trusted("Inbox", `{"topic":"`+marker+`"}`)},
	{"state nobody knows", bad, 200, false, trusted("Inbox", `{"state":"`+marker+`"}`)},
	{"channel nobody knows", bad, 200, false, trusted("SetNotificationPreference", `{"input":{"topic":"CARD","channels":["`+marker+`"]}}`)},
	{"severity nobody knows", bad, 200, false, trusted("UpdateAlert", `{"input":{"idempotencyKey":"7b1c9c52-5a35-4d27-9b7f-3f1f6d0a5f11","alertId":"a","severity":"`+marker+`"}}`)},
	{"snooze until nowhen", bad, 200, false, trusted("Snooze", `{"input":{"notificationId":"n","until":"`+marker+`"}}`)},
	{"alerts of no district", bad, 200, false, trusted("Alerts", `{"districts":[]}`)},
	{"alerts of a district twice", bad, 200, false, trusted("Alerts", `{"districts":["`+marker+`","`+marker+`"]}`)},
	{"alerts of 21 districts", bad, 200, false, trusted("Alerts", `{"districts":["`+strings.Repeat(marker+`","`, 20)+`"]}`)},
	{"coordinates beyond numbers", bad, 200, false, trusted("SubmitCase", `{"input":{"idempotencyKey":"7b1c9c52-5a35-4d27-9b7f-3f1f6d0a5f11","categoryId":"c","description":"d","location":{"lat":1e999,"lng":120}}}`)},

	{"a map turned over", bad, 200, false, trusted("CaseMap", `{"boundingBox":{"south":31,"west":120,"north":30,"east":121},"zoom":12}`)},
	{"a map off the globe", bad, 200, false, trusted("CaseMap", `{"boundingBox":{"south":-91,"west":120,"north":30,"east":121},"zoom":12}`)},
	{"a map without end", bad, 200, false, trusted("CaseMap", `{"boundingBox":{"south":1e999,"west":120,"north":30,"east":121},"zoom":12}`)},
	{"a zoom beyond maps", bad, 200, false, trusted("CaseMap", `{"boundingBox":{"south":30,"west":120,"north":31,"east":121},"zoom":1000}`)},
	{"a radius around the earth", bad, 200, false, trusted("CasesNear", `{"point":{"lat":30,"lng":120},"radiusMetres":2147483647}`)},
	{"a radius of less than nothing", bad, 200, false, trusted("CasesNear", `{"point":{"lat":30,"lng":120},"radiusMetres":-1}`)},
	{"cases near nowhere", bad, 200, false, trusted("CasesNear", `{"point":{"lat":91,"lng":120},"radiusMetres":10}`)},
	{"similar to a forged category", bad, 200, false, trusted("SimilarCases", `{"categoryId":"`+marker+`","location":{"lat":30,"lng":120}}`)},
	{"statistics of a thousand years", bad, 200, false, trusted("CaseStats", `{"days":366000}`)},
	{"statistics of a forged district", bad, 200, false, trusted("CaseStats", `{"districtId":"district_' OR 1=1 --`+marker+`"}`)},
	{"forged plate", "NOT_FOUND", 200, false, trusted("CityFacility", `{"code":"' OR 1=1 --\u0000`+marker+`"}`)},
	{"long plate", "NOT_FOUND", 200, false, trusted("CityFacility", `{"code":"`+strings.Repeat(marker, 1000)+`"}`)},
	{"a forged unit", bad, 200, false, trusted("DispatchCase", `{"input":{"caseId":"c","unit":"`+marker+`"}}`)},
	{"a verdict that is none", bad, 200, false, trusted("VerifyCase", `{"input":{"caseId":"c","result":"`+marker+`"}}`)},
	{"stars beyond numbers", bad, 200, false, trusted("RateCase", `{"input":{"caseId":"c","stars":1e99}}`)},
	{"a forged instant", bad, 200, false, trusted("ReportAlarm", `{"input":{"idempotencyKey":"7b1c9c52-5a35-4d27-9b7f-3f1f6d0a5f11","alarmKey":"k","facilityCode":"f","raisedAt":"`+marker+`"}}`)},

	{"body over the limit", bad, 413, false, func(_ *testing.T, r *rig) *http.Request {
		return bodied(r, strings.NewReader(`{"query":"`+strings.Repeat(marker, 7000)+`"}`))
	}},
	{"gzip bomb", bad, 413, false, func(t *testing.T, r *rig) *http.Request {
		request := bodied(r, gzipped(t))
		request.Header.Set("Content-Encoding", "gzip")
		return request
	}},
	{"form", bad, 415, false, func(t *testing.T, r *rig) *http.Request {
		request := trusted("Districts", "{}")(t, r)
		request.Header.Set("Content-Type", "text/plain")
		return request
	}},
	{"foreign origin", "FORBIDDEN", 403, false, func(t *testing.T, r *rig) *http.Request {
		request := trusted("Districts", "{}")(t, r)
		request.Header.Set("Origin", "https://"+strings.ToLower(marker)+".example")
		return request
	}},
	{"mutation by GET", bad, 405, false, byGET("AcceptCase", `{"input":{"caseId":"`+marker+`"}}`)},
	{"subscription by GET", bad, 405, false, byGET("InboxChanged", `{}`)},
	{"subscription by POST", bad, 200, false, trusted("InboxChanged", `{"afterSeq":0}`)},
	{"PUT", bad, 405, false, func(t *testing.T, r *rig) *http.Request {
		request := trusted("Districts", "{}")(t, r)
		request.Method = http.MethodPut
		return request
	}},
	{"unknown document id", bad, 200, false, func(_ *testing.T, r *rig) *http.Request {
		return bodied(r, strings.NewReader(`{"documentId":"`+marker+`"}`))
	}},
	{"two operations in one request", bad, 400, false, func(_ *testing.T, r *rig) *http.Request {
		return bodied(r, strings.NewReader(`[{"documentId":"`+marker+`"},{"documentId":"`+marker+`"}]`))
	}},
}

// Production runs trusted documents only, whatever else a request brings, and answers no schema query.
func TestProductionRunsOnlyTrustedDocuments(t *testing.T) {
	r := start(t, func(o *wiring.Options) { o.Introspection = false })
	for _, text := range []string{"{ districts { id } }", "{ __schema { types { name } } }", "{ __typename }", ""} {
		got := r.member["chenjing"].Query(text, nil)
		if got.Code() != bad || got.Data != nil || got.Statements != 0 {
			t.Errorf("%q: %d statements, %s", text, got.Statements, got.Body)
		}
	}
	if got := r.member["chenjing"].Do("Districts", nil); got.Code() != "" {
		t.Errorf("a trusted document answers %s", got.Body)
	}
}
