package contracttest_test

import (
	"testing"
	"time"

	"citygraph/ent/db/carecontract"
	"citygraph/ent/db/carevisit"
	"citygraph/ent/db/helpcall"
	"citygraph/internal/id"
	"citygraph/server/citytest"
)

const (
	requestCareContract = `mutation($input: RequestCareContractInput!) { requestCareContract(input: $input) { userErrors { code } } }`
	endCareContract     = `mutation($input: EndCareContractInput!) { endCareContract(input: $input) { userErrors { code } } }`
	requestHomeVisit    = `mutation($input: RequestHomeVisitInput!) { requestHomeVisit(input: $input) { userErrors { code } } }`
	callForHelp         = `mutation($input: CallForHelpInput!) { callForHelp(input: $input) { userErrors { code } } }`
	acknowledgeHelp     = `mutation($input: AcknowledgeHelpInput!) { acknowledgeHelp(input: $input) { userErrors { code } } }`
	resolveHelp         = `mutation($input: ResolveHelpInput!) { resolveHelp(input: $input) { userErrors { code } } }`
)

// careProbes say who may do what about care at home: one's own, the grandmother's, and a stranger's.
func careProbes() []probe {
	grandmother := everybody(citytest.Vars{"id": castID("wangguiying")})
	contract := func(state carecontract.State) ask {
		return act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"careContractId": r.careContract(t, "wangguiying", state)}
		})
	}
	visit := func(status carevisit.Status) ask {
		return act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"careVisitId": r.careVisit(t, "wangguiying", status)}
		})
	}
	call := func(status helpcall.Status) ask {
		return act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"helpCallId": r.helpCall(t, "wangguiying", status)}
		})
	}
	forGrandmother := func(vars func(t testing.TB, r *rig) citytest.Vars) ask {
		return act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			given := vars(t, r)
			given["onBehalfOf"] = castID("wangguiying")
			return given
		})
	}
	return []probe{
		{"Query.careContracts", "one's own", everybody(nil), `{ careContracts { edges { node { id } } } }`},
		{"Query.careContracts", "the grandmother's", grandmother, `query($id: ID!) { careContracts(person: $id) { edges { node { id } } } }`},
		{"Query.clinicCareContracts", "of xumin's clinic", with(atNursed), `query($clinic: ID!) { clinicCareContracts(clinic: $clinic) { edges { node { id } } } }`},
		{"Mutation.requestCareContract", "one's own", act(func(t testing.TB, r *rig, name string) citytest.Vars {
			if name != visitor {
				r.noContract(t, name)
			}
			return r.signing(t)
		}), requestCareContract},
		{"Mutation.requestCareContract", "for the grandmother", forGrandmother(func(t testing.TB, r *rig) citytest.Vars {
			r.noContract(t, "wangguiying")
			return r.signing(t)
		}), requestCareContract},
		{"Mutation.acceptCareContract", "the grandmother's", contract(carecontract.StateProposed),
			`mutation($input: AcceptCareContractInput!) { acceptCareContract(input: $input) { userErrors { code } } }`},
		{"Mutation.declineCareContract", "the grandmother's", contract(carecontract.StateProposed),
			`mutation($input: DeclineCareContractInput!) { declineCareContract(input: $input) { userErrors { code } } }`},
		{"Mutation.endCareContract", "the grandmother's", contract(carecontract.StateActive), endCareContract},
		{"Mutation.endCareContract", "the grandmother's request", contract(carecontract.StateProposed), endCareContract},

		{"Query.homeVisits", "one's own", everybody(nil), `{ homeVisits { edges { node { id } } } }`},
		{"Query.homeVisits", "the grandmother's", grandmother, `query($id: ID!) { homeVisits(person: $id) { edges { node { id } } } }`},
		{"Query.clinicHomeVisits", "of xumin's clinic", with(atNursed), `query($clinic: ID!) { clinicHomeVisits(clinic: $clinic) { edges { node { id } } } }`},
		{"Mutation.requestHomeVisit", "without a contract", act(func(t testing.TB, r *rig, name string) citytest.Vars {
			if name != visitor {
				r.noContract(t, name)
			}
			return wished()
		}), requestHomeVisit},
		{"Mutation.requestHomeVisit", "for the grandmother", forGrandmother(func(t testing.TB, r *rig) citytest.Vars {
			r.careContract(t, "wangguiying", carecontract.StateActive)
			return wished()
		}), requestHomeVisit},
		{"Mutation.scheduleHomeVisit", "the grandmother's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"careVisitId": r.careVisit(t, "wangguiying", carevisit.StatusRequested), "at": within(time.Hour)}
		}), `mutation($input: ScheduleHomeVisitInput!) { scheduleHomeVisit(input: $input) { userErrors { code } } }`},
		{"Mutation.completeHomeVisit", "the grandmother's", visit(carevisit.StatusScheduled),
			`mutation($input: CompleteHomeVisitInput!) { completeHomeVisit(input: $input) { userErrors { code } } }`},
		{"Mutation.declineHomeVisit", "the grandmother's", visit(carevisit.StatusRequested),
			`mutation($input: DeclineHomeVisitInput!) { declineHomeVisit(input: $input) { userErrors { code } } }`},
		{"Mutation.cancelHomeVisit", "the grandmother's", visit(carevisit.StatusScheduled),
			`mutation($input: CancelHomeVisitInput!) { cancelHomeVisit(input: $input) { userErrors { code } } }`},

		{"Query.onDuty", "at xumin's clinic", with(atNursed), `query($clinic: ID!) { onDuty(clinic: $clinic) { until } }`},
		{"Mutation.setOnDuty", "at xumin's clinic", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			clinicID, _ := r.nursed(t)
			return citytest.Vars{"clinicId": clinicID, "until": within(time.Hour)}
		}), `mutation($input: SetOnDutyInput!) { setOnDuty(input: $input) { userErrors { code } } }`},

		{"Query.helpCalls", "one's own", everybody(nil), `{ helpCalls { edges { node { id } } } }`},
		{"Query.helpCalls", "the grandmother's", grandmother, `query($id: ID!) { helpCalls(person: $id) { edges { node { id location { lat } } } } }`},
		{"Query.clinicHelpCalls", "of xumin's clinic", with(atNursed), `query($clinic: ID!) { clinicHelpCalls(clinic: $clinic) { edges { node { id } } } }`},
		{"Mutation.callForHelp", "for oneself", act(func(testing.TB, *rig, string) citytest.Vars { return keyed() }), callForHelp},
		{"Mutation.callForHelp", "for the grandmother", forGrandmother(func(testing.TB, *rig) citytest.Vars { return keyed() }), callForHelp},
		{"Mutation.acknowledgeHelp", "the grandmother's", call(helpcall.StatusOpen), acknowledgeHelp},
		{"Mutation.resolveHelp", "the grandmother's, to which nobody comes", call(helpcall.StatusOpen), resolveHelp},
		{"Subscription.helpCalled", "one's own, and whom one acts for or looks after", with(func(t testing.TB, r *rig, name string) citytest.Vars {
			r.helpCall(t, name, helpcall.StatusOpen)
			return nil
		}), `subscription { helpCalled { id } }`},
	}
}

// What is under a contract answers somebody it does not concern exactly as what never was.
func TestForeignCareAnswersAsMissing(t *testing.T) {
	r := rowRig(t)
	contract, visit, call := r.samples["CareContract"][0].id, r.samples["CareVisit"][0].id, r.samples["HelpCall"][0].id
	for _, name := range []string{visitor, "maming", "lina", "qianjun"} {
		client := r.member[name]
		for foreign, kind := range map[string]id.Kind{contract: id.CareContract, visit: id.CareVisit, call: id.HelpCall} {
			same(t, name+": node of "+string(kind), foreign, kind, func(id string) citytest.Answer {
				return client.Query(`query($id: ID!) { node(id: $id) { id __typename } }`, citytest.Vars{"id": id})
			})
		}
		for _, verb := range []string{"AcceptCareContract", "DeclineCareContract", "EndCareContract"} {
			same(t, name+": "+verb, contract, id.CareContract, func(id string) citytest.Answer {
				return client.Do(verb, citytest.Vars{"input": citytest.Vars{"careContractId": id}})
			})
		}
		for _, verb := range []string{"ScheduleHomeVisit", "CompleteHomeVisit", "DeclineHomeVisit", "CancelHomeVisit"} {
			same(t, name+": "+verb, visit, id.CareVisit, func(id string) citytest.Answer {
				input := citytest.Vars{"careVisitId": id}
				if verb == "ScheduleHomeVisit" {
					input["at"] = within(time.Hour)
				}
				return client.Do(verb, citytest.Vars{"input": input})
			})
		}
		for _, verb := range []string{"AcknowledgeHelp", "ResolveHelp"} {
			same(t, name+": "+verb, call, id.HelpCall, func(id string) citytest.Answer {
				return client.Do(verb, citytest.Vars{"input": citytest.Vars{"helpCallId": id}})
			})
		}
		for _, list := range []string{"CareContracts", "HomeVisits", "HelpCalls"} {
			same(t, name+": "+list, castID("wangguiying"), id.Person, func(id string) citytest.Answer {
				return client.Do(list, citytest.Vars{"person": id})
			})
		}
		signing := r.signing(t)
		for verb, vars := range map[string]citytest.Vars{"RequestCareContract": signing, "RequestHomeVisit": wished(), "CallForHelp": keyed()} {
			same(t, name+": "+verb+" for another", castID("wangguiying"), id.Person, func(id string) citytest.Answer {
				vars["onBehalfOf"] = id
				return client.Do(verb, citytest.Vars{"input": vars})
			})
		}
	}
}
