package contracttest_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/healthrecord"
	"citygraph/ent/db/notification"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

const (
	addHealthRecord = `mutation($input: AddHealthRecordInput!) { addHealthRecord(input: $input) { userErrors { code } } }`
	shareRecord     = `mutation($input: ShareRecordInput!) { shareRecord(input: $input) { userErrors { code } } }`
	unshareRecord   = `mutation($input: UnshareRecordInput!) { unshareRecord(input: $input) { userErrors { code } } }`
	healthRecords   = `query($person: ID) { healthRecords(person: $person) { records { recordId } } }`
	visitRecords    = `query($appointment: ID!) { visitRecords(appointment: $appointment, purpose: CARE) { records { recordId } } }`
)

// visit is an appointment of a member's at xumin's clinic that stands so.
func (r *rig) visit(t testing.TB, name string, status appointment.Status) *db.Appointment {
	t.Helper()
	city := &seedtest.City{Store: r.Store, DB: r.DB}
	at := viewer.From(city.As(t, "xumin")).Organisations(viewer.ClinicStaff)[0]
	found, err := r.DB.Appointment.Query().Where(appointment.PatientID(castID(name)), appointment.ClinicID(at), appointment.StatusEQ(status)).
		Order(appointment.ByID()).First(seedtest.System(t))
	if err == nil {
		return found
	}
	return seedtest.PutAppointment(t, city, name, status)
}

// findings are one of each kind, in words that nobody else uses.
func (r *rig) findings() []citytest.Vars {
	word := func(what string) string { return fmt.Sprintf("Zq9-%d-%s", r.next(), what) }
	return []citytest.Vars{
		{"diagnosis": citytest.Vars{"code": "J06.900x003", "text": word("急性上呼吸道感染")}},
		{"prescription": citytest.Vars{"medication": word("阿莫西林"), "dose": word("一日三次"), "days": 7}},
		{"laboratory": citytest.Vars{
			"test": word("糖化血红蛋白"), "value": word("7.1"), "unit": word("mmol/L"),
			"referenceLow": word("3.9"), "referenceHigh": word("6.0"), "flag": "HIGH",
		}},
		{"report": citytest.Vars{"title": word("胸部CT平扫"), "text": word("右肺中叶见斑片状高密度影")}},
	}
}

// finding is the input of writing one of each kind in turn for a member who is there.
func (r *rig) finding(t testing.TB, name string, kind int) citytest.Vars {
	t.Helper()
	input := r.findings()[kind]
	input["idempotencyKey"], input["appointmentId"] = uuid.NewString(), r.visit(t, name, appointment.StatusCheckedIn).ID
	return input
}

// treated has a member have a record with one of each kind.
func (r *rig) treated(t testing.TB, name string) {
	t.Helper()
	if r.DB.HealthRecord.Query().Where(healthrecord.PatientID(castID(name))).ExistX(seedtest.System(t)) {
		return
	}
	for kind := range r.findings() {
		must(t, r.member["xumin"], "AddHealthRecord", citytest.Vars{"input": r.finding(t, name, kind)})
	}
}

// sharedOf is the input of sharing or not sharing a member's record for a visit.
func (r *rig) sharedOf(t testing.TB, name string) citytest.Vars {
	t.Helper()
	return citytest.Vars{"appointmentId": r.visit(t, name, appointment.StatusBooked).ID}
}

// recordScenes is how the operations of health records are run.
func recordScenes() map[string]scene {
	return map[string]scene{
		"HealthRecords": func(t testing.TB, r *rig) asked {
			r.treated(t, "wangguiying")
			vars := citytest.Vars{"person": castID("wangguiying"), "first": 4}
			must(t, r.member["chenjing"], "HealthRecords", vars) // she is told once a day
			return asked{r.member["chenjing"], vars}
		},
		"VisitRecords": func(t testing.TB, r *rig) asked {
			r.treated(t, "wangguiying")
			vars := citytest.Vars{"appointment": r.visit(t, "wangguiying", appointment.StatusCheckedIn).ID, "purpose": "CARE", "first": 4}
			must(t, r.member["xumin"], "VisitRecords", vars)
			return asked{r.member["xumin"], vars}
		},
		"AddHealthRecord": func(t testing.TB, r *rig) asked { return input(r.member["xumin"], r.finding(t, "wangguiying", 0)) },
		"ShareRecord": func(t testing.TB, r *rig) asked {
			shared := r.sharedOf(t, "chenjing")
			must(t, r.member["chenjing"], "UnshareRecord", citytest.Vars{"input": shared})
			return input(r.member["chenjing"], shared)
		},
		"UnshareRecord": func(t testing.TB, r *rig) asked {
			shared := r.sharedOf(t, "chenjing")
			must(t, r.member["chenjing"], "ShareRecord", citytest.Vars{"input": shared})
			return input(r.member["chenjing"], shared)
		},
	}
}

// recordProbes are the rows of the matrix about health records.
func recordProbes() []probe {
	of := func(name string) ask {
		return with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			r.treated(t, name)
			return citytest.Vars{"person": castID(name)}
		})
	}
	on := func(name string) ask {
		return act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.sharedOf(t, name) })
	}
	return []probe{
		{"Query.healthRecords", "one's own", everybody(nil), healthRecords},
		{"Query.healthRecords", "chenjing's", of("chenjing"), healthRecords},
		{"Query.healthRecords", "wangguiying's", of("wangguiying"), healthRecords},
		{"Query.healthRecords", "zhouzihan's", of("zhouzihan"), healthRecords},
		{"Query.visitRecords", "of wangguiying's visit at zju-1", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			r.treated(t, "wangguiying")
			return citytest.Vars{"appointment": r.visit(t, "wangguiying", appointment.StatusCheckedIn).ID}
		}), visitRecords},
		{"Mutation.addHealthRecord", "of wangguiying's visit at zju-1", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return r.finding(t, "wangguiying", 0)
		}), addHealthRecord},
		{"Mutation.shareRecord", "chenjing's", on("chenjing"), shareRecord},
		{"Mutation.shareRecord", "wangguiying's", on("wangguiying"), shareRecord},
		{"Mutation.shareRecord", "zhouzihan's", on("zhouzihan"), shareRecord},
		{"Mutation.unshareRecord", "wangguiying's", on("wangguiying"), unshareRecord},
		{"Mutation.unshareRecord", "zhouzihan's", on("zhouzihan"), unshareRecord},
	}
}

// recordWays lead to what was found, of each kind.
func recordWays() map[string]struct{ own, chenjings string } {
	found := map[string]struct{ own, chenjings string }{}
	for kind, name := range map[string]string{
		"DIAGNOSIS": "Diagnosis", "PRESCRIPTION": "Prescription", "LABORATORY": "LaboratoryResult", "REPORT": "MedicalReport",
	} {
		content := "records { content { ... on " + name + " { %s } } } }"
		found[name] = struct{ own, chenjings string }{
			"{ healthRecords(kind: " + kind + ") { " + content + " }",
			"query($id: ID!) { healthRecords(person: $id, kind: " + kind + ") { " + content + " }",
		}
	}
	return found
}

// confess has every kind be written and read by everybody who may, shared or not, and asked for by some who may not: what was found is
// looked for wherever it does not belong.
func (c *cage) confess(t *testing.T) {
	t.Helper()
	manifest := map[string]int{}
	all := operations(t)
	for i, o := range all {
		manifest[o.Name] = i
	}
	ask := func(by, operation string, vars citytest.Vars) {
		c.ask(t, all[manifest[operation]], c.member[by], plainVars(t, vars))
	}
	for _, patient := range []string{"wangguiying", "zhouzihan"} {
		visit := c.visit(t, patient, appointment.StatusCheckedIn).ID
		for kind := range c.findings() {
			ask("xumin", "AddHealthRecord", citytest.Vars{"input": c.finding(t, patient, kind)})
			ask("maming", "AddHealthRecord", citytest.Vars{"input": c.finding(t, patient, kind)})
		}
		for _, by := range []string{patient, "chenjing", "zhouwei", "maming"} {
			if c.member[by] != nil {
				ask(by, "HealthRecords", citytest.Vars{"person": castID(patient), "first": 20})
			}
		}
		for _, purpose := range []string{"CARE", "EMERGENCY"} {
			ask("xumin", "VisitRecords", citytest.Vars{"appointment": visit, "purpose": purpose, "first": 20})
		}
		if n := c.DB.HealthRecord.Query().Where(healthrecord.PatientID(castID(patient))).CountX(seedtest.System(t)); n < 4 {
			t.Errorf("%d records of %s are written: it proves nothing", n, patient)
		}
		told := notification.And(notification.SubjectPersonID(castID(patient)), notification.Template("clinic/record_emergency"))
		if !c.DB.Notification.Query().Where(told).ExistX(seedtest.System(t)) {
			t.Errorf("nobody is told of an emergency of %s: it proves nothing", patient)
		}
	}
}
