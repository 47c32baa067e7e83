package contracttest_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/casephoto"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// caseVerb is a mutation on a case: how it is asked, and out of which status it is tried.
type caseVerb struct {
	operation string // of the citizen app
	status    machine.Status
	by        string // who may, when the case is chenjing's in Xihu District
	more      citytest.Vars
}

// caseVerbs are the mutations that take a case by its id.
var caseVerbs = []caseVerb{
	{"AcceptCase", machine.Submitted, "zhaoqiang", nil},
	{"RejectCase", machine.Submitted, "zhaoqiang", citytest.Vars{"reason": "不属于城管"}},
	{"FileCase", machine.Accepted, "zhaoqiang", nil},
	{"DispatchCase", machine.Filed, "zhaoqiang", citytest.Vars{"unit": "MUNICIPAL"}},
	{"ReturnCase", machine.Dispatched, "zhaoqiang", citytest.Vars{"reason": "不是我们的管线"}},
	{"StartCase", machine.Dispatched, "zhaoqiang", nil},
	{"SuspendCase", machine.InProgress, "zhaoqiang", citytest.Vars{"reason": "等待材料"}},
	{"ResumeCase", machine.Suspended, "zhaoqiang", nil},
	{"ResolveCase", machine.InProgress, "zhaoqiang", nil},
	{"VerifyCase", machine.Resolved, "zhaoqiang", citytest.Vars{"result": "PASSED"}},
	{"CloseCase", machine.Verified, "zhaoqiang", nil},
	{"WithdrawCase", machine.Submitted, "chenjing", nil},
	{"RateCase", machine.Closed, "chenjing", citytest.Vars{"stars": 5}},
	{"ReopenCase", machine.Closed, "chenjing", citytest.Vars{"reason": "又不亮了"}},
	{"SupportCase", machine.Accepted, "maming", citytest.Vars{"idempotencyKey": nil}},
	{"AddCaseUpdate", machine.Accepted, "chenjing", citytest.Vars{"idempotencyKey": nil, "note": "补充"}},
}

// asked is the input with what the verb needs besides: a case is resolved with a proof of who resolves it.
func (v caseVerb) asked(t testing.TB, r *rig, caseID string) citytest.Vars {
	t.Helper()
	input := v.input(caseID)
	if v.operation == "ResolveCase" {
		input["photoIds"] = []string{r.laidPhoto(t, v.by, casephoto.PurposeProof)}
	}
	return input
}

// input is what the mutation is sent.
func (v caseVerb) input(caseID string) citytest.Vars {
	input := citytest.Vars{"caseId": caseID}
	for key, value := range v.more {
		if input[key] = value; key == "idempotencyKey" {
			input[key] = uuid.NewString()
		}
	}
	return input
}

// mutation is the name of the root field.
func (v caseVerb) mutation() string { return string(v.operation[0]|0x20) + v.operation[1:] }

// caseAt is a new case of a member's in Xihu District, laid out in a status.
func (r *rig) caseAt(t testing.TB, name string, status machine.Status) string {
	t.Helper()
	caseID := r.submit(t, name, xihu)
	update := r.DB.CityCase.UpdateOneID(caseID).SetStatus(status).SetPublished(status.Published())
	if status == machine.Closed {
		update.SetClosedAt(time.Now())
	}
	if err := update.Exec(viewer.AsSystem(t.Context(), "lay out a case")); err != nil {
		t.Fatal(err)
	}
	return caseID
}

// resolvedBy is a new case of chenjing's that an officer has resolved.
func (r *rig) resolvedBy(t testing.TB, officer string) string {
	t.Helper()
	caseID := r.caseAt(t, "chenjing", machine.Resolved)
	if err := r.DB.CityCase.UpdateOneID(caseID).SetResolverID(castID(officer)).Exec(viewer.AsSystem(t.Context(), "lay out a case")); err != nil {
		t.Fatal(err)
	}
	return caseID
}

// caseScenes are how the operations of cases are run for their figures.
func caseScenes() map[string]scene {
	box := citytest.Vars{"south": 30.25, "west": 120.12, "north": 30.27, "east": 120.14, "crs": "WGS84"}
	all := map[string]scene{
		"CaseMap":      by(visitor, citytest.Vars{"boundingBox": box, "zoom": 16}),
		"CasesNear":    by("chenjing", citytest.Vars{"point": xihu, "radiusMetres": 500}),
		"CaseStats":    by(visitor, citytest.Vars{"groupBy": "DISTRICT", "days": 1}),
		"CityFacility": by("chenjing", citytest.Vars{"code": xihuLamp}),
		"OfficerDay":   by("zhaoqiang", nil),
		"SimilarCases": func(t testing.TB, r *rig) asked {
			return asked{r.member["chenjing"], citytest.Vars{"categoryId": r.report(t, xihu)["categoryId"], "location": xihu}}
		},
		"CaseChanged": func(t testing.TB, r *rig) asked {
			return asked{r.member["chenjing"], citytest.Vars{"id": r.caseOf(t, "chenjing"), "afterSeq": 0}}
		},
		"CasesInArea": func(_ testing.TB, r *rig) asked {
			return asked{r.member["zhaoqiang"], citytest.Vars{"boundingBox": box, "since": r.began}}
		},
		"ReportAlarm": func(_ testing.TB, r *rig) asked { return input(r.member["zhaoqiang"], r.alarm(xihuLamp)) },
		"MergeCase": func(t testing.TB, r *rig) asked {
			return input(r.member["zhaoqiang"], citytest.Vars{"caseId": r.caseAt(t, "chenjing", machine.Accepted), "intoId": r.caseOf(t, "chenjing")})
		},
	}
	for _, v := range caseVerbs {
		all[v.operation] = func(t testing.TB, r *rig) asked {
			return input(r.member[v.by], v.asked(t, r, r.caseAt(t, "chenjing", v.status)))
		}
	}
	return all
}

// caseProbes are the rows of the matrix for the verbs of cases: each on a case that has come to where it can be done.
func caseProbes() []probe {
	var rows []probe
	for _, v := range caseVerbs {
		if v.operation == "AcceptCase" {
			continue // it has rows of its own
		}
		text := "mutation($input: " + v.operation + "Input!) { " + v.mutation() + "(input: $input) { userErrors { code } } }"
		rows = append(rows, probe{"Mutation." + v.mutation(), "a case of chenjing's in Xihu District that is " + string(v.status),
			act(func(t testing.TB, r *rig, _ string) citytest.Vars {
				return v.asked(t, r, r.caseAt(t, "chenjing", v.status))
			}), text})
	}
	merge := `mutation($input: MergeCaseInput!) { mergeCase(input: $input) { userErrors { code } } }`
	return append(rows,
		probe{"Mutation.verifyCase", "a case of chenjing's in Xihu District that zhaoqiang resolved himself",
			act(func(t testing.TB, r *rig, _ string) citytest.Vars {
				return citytest.Vars{"caseId": r.resolvedBy(t, "zhaoqiang"), "result": "PASSED"}
			}), `mutation($input: VerifyCaseInput!) { verifyCase(input: $input) { userErrors { code } } }`},
		probe{"Mutation.mergeCase", "two accepted cases of chenjing's in Xihu District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"caseId": r.caseAt(t, "chenjing", machine.Accepted), "intoId": r.caseOf(t, "chenjing")}
		}), merge},
		probe{"Mutation.mergeCase", "chenjing's accepted case in Xihu District into her new one in Shangcheng District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"caseId": r.caseAt(t, "chenjing", machine.Accepted), "intoId": r.cases(t, "chenjing")[1]}
		}), merge},
		probe{"Mutation.reportAlarm", "of a lamp in Xihu District", act(func(_ testing.TB, r *rig, _ string) citytest.Vars { return r.alarm(xihuLamp) }),
			`mutation($input: ReportAlarmInput!) { reportAlarm(input: $input) { userErrors { code } } }`},
		probe{"Query.cityCase", "maming's, kept from the public", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"id": r.cases(t, "maming")[1]}
		}), `query($id: ID!) { cityCase(id: $id) { id } }`},
		probe{"Query.officerQueue", "one's own", everybody(nil), `{ officerQueue(assignment: MINE) { edges { node { id } } } }`},
		probe{"Query.caseOfficers", "of one's districts", everybody(nil), `{ caseOfficers { officerId } }`},
		probe{"Query.casesNear", "in Xihu District", everybody(citytest.Vars{"at": xihu}),
			`query($at: GeoPointInput!) { casesNear(point: $at, radiusMetres: 500) { edges { node { id } } } }`},
		probe{"Query.casesInView", "of the lake", everybody(nil),
			`{ casesInView(boundingBox: {south: 30.2, west: 120.1, north: 30.3, east: 120.2}, zoom: 13) { count } }`},
		probe{"Query.similarCases", "to a new one in Xihu District", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"category": r.report(t, xihu)["categoryId"], "at": xihu}
		}), `query($category: ID!, $at: GeoPointInput!) { similarCases(categoryId: $category, location: $at) { id } }`},
		probe{"Query.caseStats", "by district", everybody(nil), `{ caseStats { reported } }`},
		probe{"Query.cityFacility", "a lamp in Xihu District", everybody(citytest.Vars{"code": xihuLamp}), `query($code: String!) { cityFacility(code: $code) { id } }`},
		probe{"Subscription.caseChanged", "chenjing's accepted case, from the beginning", theCase(0), `subscription($id: ID!) { caseChanged(id: $id, afterSeq: 0) { event { seq } } }`},
		probe{"Subscription.caseChanged", "chenjing's new case", theCase(1), `subscription($id: ID!) { caseChanged(id: $id, afterSeq: 0) { event { seq } } }`},
		probe{"Subscription.casesInArea", "a turned area", everybody(nil), `subscription { casesInArea(boundingBox: {south: 31, west: 120, north: 30, east: 121}) { event { seq } } }`},
	)
}
