package care_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/carecontract"
	"citygraph/ent/db/carevisit"
	"citygraph/internal/clinic/care"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
)

func TestWhoAsksForAContract(t *testing.T) {
	w := open(t)
	before := w.rows(t)
	good := care.ContractRequest{Key: uuid.New(), ClinicID: w.clinic, PractitionerID: w.doctor, Months: 12}
	refused := func(what, name string, want fault.Code, change func(*care.ContractRequest)) {
		t.Helper()
		r := good
		change(&r)
		_, err := w.RequestContract(w.as(t, name), r)
		faulttest.Refused(t, what, err, want)
	}
	refused("a visitor", "", fault.Unauthenticated, func(*care.ContractRequest) {})
	refused("for a stranger", "maming", fault.DelegationScope, func(r *care.ContractRequest) { r.OnBehalfOf = &w.patient })
	refused("for nobody", "maming", fault.DelegationScope, func(r *care.ContractRequest) { r.OnBehalfOf = new(id.New(id.Person)) })
	refused("for no month", "maming", fault.BadUserInput, func(r *care.ContractRequest) { r.Months = 0 })
	refused("for four years", "maming", fault.BadUserInput, func(r *care.ContractRequest) { r.Months = 48 })
	refused("no clinic", "maming", fault.NotFound, func(r *care.ContractRequest) { r.ClinicID = w.doctor })
	refused("no doctor", "maming", fault.NotFound, func(r *care.ContractRequest) { r.PractitionerID = id.New(id.Practitioner) })
	refused("an unknown clinic", "maming", fault.NotFound, func(r *care.ContractRequest) { r.ClinicID = id.New(id.Clinic) })
	if got := w.rows(t); got != before {
		t.Errorf("refusals left %v of %v", got, before)
	}
	maming := w.DB.Person.GetX(seedtest.System(t), seedtest.Person(t, "maming"))
	maming.Update().SetName("").ExecX(seedtest.System(t))
	refused("nobody the city knows by name", "maming", fault.RealNameRequired, func(*care.ContractRequest) {})

	c, err := w.asks(t, "chenjing", "wangguiying")
	if err != nil || c.PatientID != w.patient || w.ContractStatus(c) != care.Proposed {
		t.Fatalf("her daughter asks: %+v, %v", c, err)
	}
	if got := c.ValidTo.In(clock.Shanghai); got.Hour() != 0 || got.Sub(w.clock.Now()) < 364*24*time.Hour || got.Sub(w.clock.Now()) > 368*24*time.Hour {
		t.Errorf("it ends at %s", got)
	}
	_, err = w.asks(t, "wangguiying", "")
	faulttest.Refused(t, "a second one", err, fault.InvalidTransition)
}

// Every action from every status, by either side.
func TestTheLifeOfAContract(t *testing.T) {
	w := open(t)
	c := w.contract(t)
	w.DB.Notification.Delete().ExecX(seedtest.System(t)) // each step is told once in the life of a contract
	want := map[care.ContractAction]map[care.Status]map[string]care.Status{
		care.AcceptContract:  {care.Proposed: {"xumin": care.Active}},
		care.DeclineContract: {care.Proposed: {"xumin": care.Declined}},
		care.EndContract: {
			care.Active:   {"xumin": care.Ended, "wangguiying": care.Ended, "chenjing": care.Ended},
			care.Proposed: {"wangguiying": care.Declined, "chenjing": care.Declined},
		},
	}
	for _, status := range []care.Status{care.Proposed, care.Active, care.Declined, care.Ended, care.Expired} {
		for action, edges := range want {
			for _, name := range []string{"xumin", "wangguiying", "chenjing", "maming"} {
				put(t, w, c.ID, status)
				to, allowed := edges[status][name]
				row, err := w.DB.CareContract.Get(w.as(t, name), c.ID)
				if name == "maming" {
					_, err := w.MoveContract(w.as(t, name), c.ID, action)
					faulttest.Refused(t, "a stranger", err, fault.NotFound)
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if offered := slices.Contains(w.ContractActions(w.as(t, name), row), action); offered != allowed {
					t.Errorf("%s is offered %s of %s: %v", name, action, status, offered)
				}
				moved, err := w.MoveContract(w.as(t, name), c.ID, action)
				switch {
				case allowed && (err != nil || w.ContractStatus(moved) != to):
					t.Errorf("%s: %s of %s: %+v, %v", name, action, status, moved, err)
				case !allowed && name != "xumin" && action != care.EndContract:
					faulttest.Refused(t, "the clinic's step", err, fault.Forbidden)
				case !allowed:
					faulttest.Refused(t, name+" does "+string(action)+" of "+string(status), err, fault.InvalidTransition)
				}
				w.DB.Notification.Delete().ExecX(seedtest.System(t))
			}
		}
	}
}

// put has the contract stand so.
func put(t *testing.T, w *town, contractID string, s care.Status) {
	t.Helper()
	state, until := carecontract.State(s), w.clock.Now().AddDate(1, 0, 0)
	if s == care.Expired {
		state, until = carecontract.StateActive, w.clock.Now()
	}
	_, err := w.Store.Writer().ExecContext(t.Context(), "DELETE FROM care_contracts WHERE id <> '"+contractID+"'")
	if err != nil {
		t.Fatal(err)
	}
	c := w.DB.CareContract.GetX(seedtest.System(t), contractID)
	w.DB.CareContract.DeleteOneID(contractID).ExecX(seedtest.System(t))
	w.DB.CareContract.Create().SetID(contractID).SetPatientID(c.PatientID).SetPatientName(c.PatientName).SetClinicID(c.ClinicID).
		SetPractitionerID(c.PractitionerID).SetState(state).SetValidFrom(w.clock.Now().AddDate(-1, 0, 0)).SetValidTo(until).ExecX(seedtest.System(t))
}

func TestWhoIsToldOfAContract(t *testing.T) {
	w := open(t)
	if _, err := w.SetOnDuty(w.as(t, "xumin"), w.clinic, new(w.clock.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	c := w.contract(t)
	w.tells(t, "accepted", map[string]string{
		"wangguiying": "care_contract_accepted", "chenjing": "care_contract_accepted", "xumin": "care_contract_asked", "lina": "", "maming": "",
	})
	v, err := w.wish(w.as(t, "wangguiying"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.MoveContract(w.as(t, "chenjing"), c.ID, care.EndContract); err != nil {
		t.Fatal(err)
	}
	w.tells(t, "ended by the daughter", map[string]string{
		"chenjing": "care_contract_accepted", "xumin": "care_contract_asked care_visit_asked care_contract_left", "lina": "",
	})
	if v = w.DB.CareVisit.GetX(seedtest.System(t), v.ID); v.Status != carevisit.StatusCancelled {
		t.Errorf("the visit is %s after the contract", v.Status)
	}
}

// Of two nurses one accepts; of a nurse and a patient who takes it back one has their way.
func TestStepsOfAContractRace(t *testing.T) {
	w := open(t)
	for range 3 {
		c, err := w.asks(t, "wangguiying", "")
		if err != nil {
			t.Fatal(err)
		}
		codes := atOnce(t, 12, func(i int) error {
			_, err := w.MoveContract(w.as(t, []string{"xumin", "lina", "chenjing"}[i%3]), c.ID,
				[]care.ContractAction{care.AcceptContract, care.DeclineContract, care.EndContract}[i%3])
			return err
		})
		if codes[""] < 1 || codes[""] > 2 || codes[""]+codes[fault.InvalidTransition] != 12 { // what was accepted may be ended after
			t.Errorf("they ended with %v", codes)
		}
		w.DB.CareContract.Update().SetState(carecontract.StateEnded).ExecX(seedtest.System(t))
	}
	codes := atOnce(t, 12, func(int) error { _, err := w.asks(t, "chenjing", "wangguiying"); return err })
	if codes[""] != 1 || codes[fault.InvalidTransition] != 11 {
		t.Errorf("requests ended with %v", codes)
	}
}

// A contract of others answers exactly as one that is not there, statement for statement.
func TestForeignThingsAnswerAsMissingOnes(t *testing.T) {
	w := open(t)
	c := w.contract(t)
	v, err := w.wish(w.as(t, "wangguiying"))
	if err != nil {
		t.Fatal(err)
	}
	call := w.call(t)
	same := func(what string, do func(ctx context.Context, id string) error, there, missing string) {
		t.Helper()
		var counts [2]int
		for i, given := range []string{there, missing} {
			ctx, counter := store.CountStatements(w.as(t, "maming"))
			faulttest.Refused(t, what, do(ctx, given), fault.NotFound)
			counts[i] = counter.Statements()
		}
		if counts[0] != counts[1] {
			t.Errorf("%s: %v statements", what, counts)
		}
	}
	same("a contract", func(ctx context.Context, id string) error {
		_, err := w.MoveContract(ctx, id, care.EndContract)
		return err
	}, c.ID, id.New(id.CareContract))
	same("a visit", func(ctx context.Context, id string) error {
		_, err := w.MoveVisit(ctx, id, care.CancelVisit)
		return err
	}, v.ID, id.New(id.CareVisit))
	same("a call", func(ctx context.Context, id string) error { _, err := w.Acknowledge(ctx, id); return err }, call.ID, id.New(id.HelpCall))
	same("a call", func(ctx context.Context, id string) error { _, err := w.Resolve(ctx, id); return err }, call.ID, id.New(id.HelpCall))
	for what, do := range map[string]func(ctx context.Context, id string) error{
		"a contract": func(ctx context.Context, id string) error {
			_, err := w.MoveContract(ctx, id, care.EndContract)
			return err
		},
		"a visit": func(ctx context.Context, id string) error {
			_, err := w.Schedule(ctx, id, w.clock.Now().Add(time.Hour))
			return err
		},
		"a call": func(ctx context.Context, id string) error { _, err := w.Resolve(ctx, id); return err },
	} {
		faulttest.Refused(t, what+" of a visitor", do(t.Context(), c.ID), fault.Unauthenticated)
		faulttest.Refused(t, what+" by no id", do(w.as(t, "maming"), "x"), fault.NotFound)
	}
}

// What was asked for stands in lists of those it concerns, and of nobody else.
func TestWhoReadsWhat(t *testing.T) {
	w := open(t)
	c := w.contract(t)
	count := func(name, person string) (int, error) {
		q, err := w.Contracts(w.as(t, name), w.DB.CareContract.Query(), new(seedtest.Person(t, person)))
		if err != nil {
			return 0, err
		}
		return q.Count(w.as(t, name))
	}
	if n, err := count("chenjing", "wangguiying"); n != 1 || err != nil {
		t.Errorf("the daughter reads %d, %v", n, err)
	}
	_, err := count("maming", "wangguiying")
	faulttest.Refused(t, "a stranger", err, fault.DelegationScope)
	_, err = care.ClinicContracts(w.as(t, "maming"), w.DB.CareContract.Query(), w.clinic)
	faulttest.Refused(t, "who is no staff", err, fault.Forbidden)
	_, err = care.ClinicVisits(w.as(t, ""), w.DB.CareVisit.Query(), w.clinic, nil)
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
	q, err := care.ClinicContracts(w.as(t, "lina"), w.DB.CareContract.Query(), w.clinic)
	if err != nil || !slices.Equal(q.IDsX(w.as(t, "lina")), []string{c.ID}) {
		t.Errorf("the clinic reads %v", err)
	}
	if _, err := c.QueryPatient().Only(w.as(t, "lina")); !db.IsNotFound(err) {
		t.Errorf("the clinic sees who the patient is: %v", err)
	}
}
