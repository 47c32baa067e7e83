package contracttest_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/carecontract"
	"citygraph/ent/db/carevisit"
	"citygraph/ent/db/helpcall"
	"citygraph/ent/db/person"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// nursed is the clinic where xumin works, and somebody who treats there.
func (r *rig) nursed(t testing.TB) (clinicID, practitionerID string) {
	t.Helper()
	system := seedtest.System(t)
	clinicID = r.DB.StaffRole.Query().Where(staffrole.PersonID(castID("xumin")), staffrole.KindEQ(staffrole.KindClinicStaff)).OnlyX(system).OrganisationID
	return clinicID, *r.DB.Schedule.Query().Where(schedule.ClinicID(clinicID), schedule.PractitionerIDNotNil()).FirstX(system).PractitionerID
}

// careContract has a member have one contract at xumin's clinic that stands so; a visitor's is none.
func (r *rig) careContract(t testing.TB, name string, state carecontract.State) string {
	t.Helper()
	if name == visitor {
		return id.New(id.CareContract)
	}
	r.noContract(t, name)
	system := seedtest.System(t)
	clinicID, practitionerID := r.nursed(t)
	return r.DB.CareContract.Create().SetPatientID(castID(name)).SetPatientName(r.DB.Person.Query().Where(person.ID(castID(name))).OnlyX(system).Name).
		SetClinicID(clinicID).SetPractitionerID(practitionerID).SetState(state).
		SetValidFrom(time.Now().Add(-time.Hour).UTC()).SetValidTo(time.Now().AddDate(1, 0, 0).UTC()).SaveX(system).ID
}

// noContract ends a member's.
func (r *rig) noContract(t testing.TB, name string) {
	t.Helper()
	r.DB.CareContract.Update().Where(carecontract.PatientID(castID(name))).SetState(carecontract.StateEnded).ExecX(seedtest.System(t))
}

// careVisit is a visit of a member that stands so, under a contract of theirs that is in force.
func (r *rig) careVisit(t testing.TB, name string, status carevisit.Status) string {
	t.Helper()
	if name == visitor {
		return id.New(id.CareVisit)
	}
	system := seedtest.System(t)
	c := r.DB.CareContract.GetX(system, r.careContract(t, name, carecontract.StateActive))
	at := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	return r.DB.CareVisit.Create().SetPatientID(c.PatientID).SetPatientName(c.PatientName).SetClinicID(c.ClinicID).SetContractID(c.ID).
		SetReason(carevisit.ReasonCheckUp).SetStatus(status).SetPreferredFrom(at).SetPreferredTo(at.Add(time.Hour)).SetScheduledAt(at).SaveX(system).ID
}

// helpCall is the last call for help of a member, which stands so and came to xumin's clinic.
func (r *rig) helpCall(t testing.TB, name string, status helpcall.Status) string {
	t.Helper()
	if name == visitor {
		return id.New(id.HelpCall)
	}
	system := seedtest.System(t)
	r.calm(t, name)
	clinicID, _ := r.nursed(t)
	return r.DB.HelpCall.Create().SetPatientID(castID(name)).SetPatientName(r.DB.Person.Query().Where(person.ID(castID(name))).OnlyX(system).Name).
		SetClinicID(clinicID).SetStatus(status).SetLastCalledAt(time.Now().UTC()).SetCallerLat(30.2).SetCallerLng(120.1).SaveX(system).ID
}

// calm has no call of a member be open.
func (r *rig) calm(t testing.TB, name string) {
	t.Helper()
	r.DB.HelpCall.Update().Where(helpcall.PatientID(castID(name))).SetStatus(helpcall.StatusResolved).ClearCallerLat().ClearCallerLng().
		ExecX(seedtest.System(t))
}

// inCare gives a member a contract, a visit and a call for help.
func (r *rig) inCare(t testing.TB, name string) {
	t.Helper()
	r.careVisit(t, name, carevisit.StatusScheduled)
	r.helpCall(t, name, helpcall.StatusOpen)
}

// signing is the input of a request for a contract.
func (r *rig) signing(t testing.TB) citytest.Vars {
	t.Helper()
	clinicID, practitionerID := r.nursed(t)
	return citytest.Vars{"idempotencyKey": uuid.NewString(), "clinicId": clinicID, "practitionerId": practitionerID, "months": 12}
}

// wished is the input of a request for a visit.
func wished() citytest.Vars {
	from := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	return citytest.Vars{"idempotencyKey": uuid.NewString(), "reason": "CHECK_UP", "preferredFrom": from, "preferredTo": from.Add(2 * time.Hour)}
}

// within is an instant of the next hours.
func within(d time.Duration) time.Time { return time.Now().Add(d).UTC().Truncate(time.Second) }

// atNursed is the one argument of what a clinic's staff asks.
func atNursed(t testing.TB, r *rig, _ string) citytest.Vars {
	clinicID, _ := r.nursed(t)
	return citytest.Vars{"clinic": clinicID}
}

// careScenes is how the operations of care at home are run for their figures.
func careScenes() map[string]scene {
	contract := func(name string, state carecontract.State) scene {
		return func(t testing.TB, r *rig) asked {
			return input(r.member[name], citytest.Vars{"careContractId": r.careContract(t, "wangguiying", state)})
		}
	}
	visit := func(name string, status carevisit.Status) scene {
		return func(t testing.TB, r *rig) asked {
			return input(r.member[name], citytest.Vars{"careVisitId": r.careVisit(t, "wangguiying", status)})
		}
	}
	staff := func(t testing.TB, r *rig) asked {
		r.inCare(t, "wangguiying")
		vars := atNursed(t, r, "")
		vars["first"] = 5
		return asked{r.member["xumin"], vars}
	}
	family := func(t testing.TB, r *rig) asked {
		r.inCare(t, "wangguiying")
		return asked{r.member["chenjing"], citytest.Vars{"person": castID("wangguiying"), "first": 1}}
	}
	return map[string]scene{
		"RequestCareContract": func(t testing.TB, r *rig) asked {
			r.noContract(t, "lina")
			return input(r.member["lina"], r.signing(t))
		},
		"AcceptCareContract":  contract("xumin", carecontract.StateProposed),
		"DeclineCareContract": contract("xumin", carecontract.StateProposed),
		"EndCareContract":     contract("wangguiying", carecontract.StateActive),
		"CareContracts":       family,
		"ClinicCareContracts": staff,

		"RequestHomeVisit": func(t testing.TB, r *rig) asked {
			r.careContract(t, "lina", carecontract.StateActive)
			return input(r.member["lina"], wished())
		},
		"ScheduleHomeVisit": func(t testing.TB, r *rig) asked {
			return input(r.member["xumin"], citytest.Vars{"careVisitId": r.careVisit(t, "wangguiying", carevisit.StatusRequested), "at": within(time.Hour)})
		},
		"CompleteHomeVisit": visit("xumin", carevisit.StatusScheduled),
		"DeclineHomeVisit":  visit("xumin", carevisit.StatusRequested),
		"CancelHomeVisit":   visit("wangguiying", carevisit.StatusRequested),
		"HomeVisits":        family,
		"ClinicHomeVisits":  staff,

		"SetOnDuty": func(t testing.TB, r *rig) asked {
			clinicID, _ := r.nursed(t)
			return input(r.member["xumin"], citytest.Vars{"clinicId": clinicID, "until": within(time.Hour)})
		},
		"OnDuty": func(t testing.TB, r *rig) asked {
			vars := atNursed(t, r, "")
			must(t, r.member["xumin"], "SetOnDuty", citytest.Vars{"input": citytest.Vars{"clinicId": vars["clinic"], "until": within(time.Hour)}})
			return asked{r.member["xumin"], vars}
		},

		"CallForHelp": func(t testing.TB, r *rig) asked {
			r.calm(t, "wangguiying")
			call := keyed()
			call["location"] = xihu
			return input(r.member["wangguiying"], call)
		},
		"AcknowledgeHelp": func(t testing.TB, r *rig) asked {
			return input(r.member["xumin"], citytest.Vars{"helpCallId": r.helpCall(t, "wangguiying", helpcall.StatusOpen)})
		},
		"ResolveHelp": func(t testing.TB, r *rig) asked {
			return input(r.member["xumin"], citytest.Vars{"helpCallId": r.helpCall(t, "wangguiying", helpcall.StatusAcknowledged)})
		},
		"HelpCalls":       family,
		"ClinicHelpCalls": staff,
		"HelpCalled": func(t testing.TB, r *rig) asked {
			r.calmAll(t)
			r.helpCall(t, "wangguiying", helpcall.StatusOpen)
			return asked{r.member["chenjing"], nil}
		},
	}
}

// calmAll has no call be open.
func (r *rig) calmAll(t testing.TB) {
	t.Helper()
	r.DB.HelpCall.Update().SetStatus(helpcall.StatusResolved).ClearCallerLat().ClearCallerLng().ExecX(seedtest.System(t))
}
