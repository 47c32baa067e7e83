package contracttest_test

import (
	"bytes"
	"fmt"
	"maps"
	"testing"
	"time"

	"citygraph/ent/db/appointment"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/notification"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// mixed asks for objects of many types at once, with lists below them.
const mixed = `query Mixed($ids: [ID!]!) {
  nodes(ids: $ids) {
    node: __typename
    ... on Clinic { name district { name } departments(first: 3) { edges { node { name } } } }
    ... on Department { name clinic { name } }
    ... on District { name streets(first: 2) { edges { node { name } } } }
    ... on Street { name district { name } }
    ... on CityCase { number category { name } events(last: 2) { edges { node { seq } } } }
    ... on Notification { seq subjectPerson { maskedName } }
  }
}`

// The number of SQL statements of a list does not depend on how many rows it has (DESIGN §6).
func TestStatementsDoNotGrowWithRows(t *testing.T) {
	r := start(t)
	citizen, officer, anybody := r.member["maming"], r.member["zhaoqiang"], r.member[visitor]
	for range 3 {
		r.submit(t, "maming", xihu)
	}
	r.accept(t, r.caseOf(t, "maming"))
	r.warnNow(t, "330127")

	r.lengthen(t, 3)
	r.ail(t, 3)
	must(t, r.member["xumin"], "VisitRecords", citytest.Vars{ // he is told once a day
		"appointment": r.visit(t, "maming", appointment.StatusCheckedIn).ID, "purpose": "CARE",
	})

	// Each list is asked for a few rows and for many; size is the number of either.
	lists := map[string]func(size int) citytest.Answer{
		"HomeScreen":   func(int) citytest.Answer { return citizen.Do("HomeScreen", nil) },
		"MyCases":      func(size int) citytest.Answer { return citizen.Do("MyCases", first(size)) },
		"Inbox":        func(size int) citytest.Answer { return citizen.Do("Inbox", first(size)) },
		"InboxTopics":  func(int) citytest.Answer { return citizen.Do("InboxTopics", nil) },
		"Alerts":       func(int) citytest.Answer { return anybody.Do("Alerts", nil) },
		"OfficerQueue": func(size int) citytest.Answer { return officer.Do("OfficerQueue", first(size)) },
		"OfficerDay":   func(size int) citytest.Answer { return officer.Do("OfficerDay", first(size)) },
		"CasesNear": func(size int) citytest.Answer {
			return citizen.Do("CasesNear", citytest.Vars{"point": xihu, "radiusMetres": 500, "first": size})
		},
		"CaseDetail": func(int) citytest.Answer {
			return citizen.Do("CaseDetail", citytest.Vars{"id": r.caseOf(t, "maming")})
		},
		"ClinicCatalogue": func(size int) citytest.Answer { return anybody.Do("ClinicCatalogue", first(size)) },
		"ClinicsNear": func(size int) citytest.Answer {
			return anybody.Do("ClinicsNear", citytest.Vars{"point": xihu, "radiusMetres": 20_000, "first": size})
		},
		"ClinicSlots": func(size int) citytest.Answer {
			return anybody.Do("ClinicSlots", citytest.Vars{"clinic": r.diary(t).ClinicID, "first": size})
		},
		"SchoolCatalogue": func(size int) citytest.Answer { return anybody.Do("SchoolCatalogue", first(size)) },
		"ScenicCatalogue": func(size int) citytest.Answer { return anybody.Do("ScenicCatalogue", first(size)) },
		"Consents":        func(size int) citytest.Answer { return citizen.Do("Consents", first(size)) },
		"RecordAccesses":  func(size int) citytest.Answer { return citizen.Do("RecordAccesses", first(size)) },
		"AccessLog":       func(size int) citytest.Answer { return r.member["qianjun"].Do("AccessLog", first(size)) },
		"HealthRecords":   func(size int) citytest.Answer { return citizen.Do("HealthRecords", first(min(size, 40))) },
		"VisitRecords": func(size int) citytest.Answer {
			return r.member["xumin"].Do("VisitRecords", citytest.Vars{
				"appointment": r.visit(t, "maming", appointment.StatusCheckedIn).ID, "purpose": "CARE", "first": min(size, 40), // each is dear
			})
		},
		"nodes": func(size int) citytest.Answer {
			return citizen.Query(mixed, citytest.Vars{"ids": r.someIDs(t, size)})
		},
	}
	queue, stopped := r.queued(t, "maming"), r.visitIn(t, r.manned(t), "maming", appointment.StatusCancelled, time.Hour)
	maps.Copy(lists, dayLists(t, r, queue, stopped))
	r.busyDay(t, 3, queue)
	few := map[string]citytest.Answer{}
	for name, ask := range lists {
		few[name] = ask(2)
	}
	r.grow(t)
	r.lengthen(t, 57)
	r.ail(t, 57)
	r.busyDay(t, 57, queue)
	for name, ask := range lists {
		before, after := few[name], ask(60)
		if before.Code() != "" || after.Code() != "" {
			t.Fatalf("%s: %s %s", name, before.Body, after.Body)
		}
		if rows(after) < 10*rows(before) && !fixed[name] {
			t.Errorf("%s: %d rows, then %d, show nothing", name, rows(before), rows(after))
		}
		if before.Statements != after.Statements {
			t.Errorf("%s: %d statements for %d rows, %d for %d", name, before.Statements, rows(before), after.Statements, rows(after))
		}
	}
}

// fixed are the lists that show no more rows when there are more, or show them otherwise than by nodes: three of
// each, one of each topic, every alert.
var fixed = map[string]bool{"HomeScreen": true, "InboxTopics": true, "Alerts": true, "ClinicQueue": true, "QueuePosition": true, "StoppedAppointment": true}

func first(n int) citytest.Vars { return citytest.Vars{"first": n} }

// rows is how many rows of a list an answer holds.
func rows(a citytest.Answer) int {
	return bytes.Count(a.Body, []byte(`"node":`)) + bytes.Count(a.Body, []byte(`"recordId":`))
}

// ail has maming's record grow by so many findings.
func (r *rig) ail(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		must(t, r.member["xumin"], "AddHealthRecord", citytest.Vars{"input": r.finding(t, "maming", i%4)})
	}
}

// grow gives the city five alerts and maming sixty cases, forty of them accepted and told of, and the first a long history.
func (r *rig) grow(t testing.TB) {
	t.Helper()
	for range 57 {
		r.submit(t, "maming", xihu)
	}
	for range 5 {
		r.warnNow(t, "330127", "330122")
	}
	cases := r.cases(t, "maming")
	for _, id := range cases[1:40] {
		r.accept(t, id)
	}
	system := viewer.AsSystem(t.Context(), "no verb makes so long a history yet")
	for seq := 3; seq <= 40; seq++ {
		err := r.DB.CaseEvent.Create().SetCityCaseID(cases[0]).SetSeq(seq).SetNote(fmt.Sprintf("第%d步", seq)).
			SetFromStatus(machine.Accepted).SetToStatus(machine.Accepted).
			SetActorKind(caseevent.ActorKindOfficer).SetActorID(castID("zhaoqiang")).Exec(system)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// someIDs are ids of six types in turn: one of each for a few, up to the limit for many.
func (r *rig) someIDs(t testing.TB, size int) []string {
	t.Helper()
	each := min(max(1, size/4), 16)
	system := viewer.AsSystem(t.Context(), "look for what a test asks for")
	var lists [][]string
	for _, list := range []func() ([]string, error){
		func() ([]string, error) { return r.DB.Clinic.Query().Limit(each).IDs(system) },
		func() ([]string, error) { return r.DB.Department.Query().Limit(each).IDs(system) },
		func() ([]string, error) { return r.DB.District.Query().Limit(each).IDs(system) },
		func() ([]string, error) { return r.DB.Street.Query().Limit(each).IDs(system) },
		func() ([]string, error) { return r.cases(t, "maming"), nil },
		func() ([]string, error) {
			return r.DB.Notification.Query().Where(notification.PersonID(castID("maming"))).Limit(each).IDs(system)
		},
	} {
		ids, err := list()
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, ids)
	}
	var all []string
	for i := range each {
		for _, ids := range lists {
			if i < len(ids) {
				all = append(all, ids[i])
			}
		}
	}
	return all
}
