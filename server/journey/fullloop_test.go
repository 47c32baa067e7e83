package journey_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/notification"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/photo/phototest"
	"citygraph/internal/target"
	"citygraph/server/citytest"
)

// caseState is what the journeys read of a case once it has moved.
type caseState struct {
	ID             string
	Status         string
	AllowedActions []string
	Supporters     int
	Rating         int
	ReopenCount    int
}

// moves has somebody do something to a case, and returns how it stands; the test fails when it is refused.
func moves(t *testing.T, who *citytest.Client, operation, caseID string, more citytest.Vars) caseState {
	t.Helper()
	state, code := tries(t, who, operation, caseID, more)
	if code != "" {
		t.Fatalf("%s: %s", operation, code)
	}
	return state
}

// tries has somebody do something to a case, and returns how it stands, or the code it is refused with.
func tries(t *testing.T, who *citytest.Client, operation, caseID string, more citytest.Vars) (caseState, string) {
	t.Helper()
	input := citytest.Vars{"caseId": caseID}
	for key, value := range more {
		input[key] = value
	}
	answer := who.Do(operation, citytest.Vars{"input": input})
	if code := answer.Code(); code != "" {
		return caseState{}, code
	}
	var data map[string]struct {
		CityCase   caseState
		UserErrors []problem
	}
	answer.Decode(t, &data)
	for _, payload := range data {
		if len(payload.UserErrors) > 0 {
			return payload.CityCase, payload.UserErrors[0].Code
		}
		return payload.CityCase, ""
	}
	t.Fatalf("no payload in %s", answer.Body)
	return caseState{}, ""
}

func key() citytest.Vars { return citytest.Vars{"idempotencyKey": uuid.NewString()} }

// The loop with every side of it: a report is taken on, followed by a neighbour, filed, given to an officer who hands it
// back, given to another who puts it on hold, mends it badly, is sent back, and mends it; it is closed, reopened, mended
// again, and rated. A second report of the same is merged into it, a third is refused, and a fourth taken back.
func TestTheFullLoopOfACase(t *testing.T) {
	city := citytest.Start(t)
	promote(t, city, "xumin")
	citizen, neighbour := city.As(t, "chenjing"), city.As(t, "maming")
	officer, other := city.As(t, "zhaoqiang"), city.As(t, "xumin")
	caseID := submit(t, citizen, "路灯不亮").ID

	if _, code := tries(t, neighbour, "SupportCase", caseID, key()); code != "NOT_FOUND" {
		t.Errorf("the neighbour sees what no officer has read: %s", code)
	}
	moves(t, officer, "AcceptCase", caseID, nil)
	live := neighbour.Subscribe(t, "CaseChanged", citytest.Vars{"id": caseID, "afterSeq": 0})
	if got := moves(t, neighbour, "SupportCase", caseID, key()); got.Supporters != 1 {
		t.Errorf("%d supporters", got.Supporters)
	}
	second, third, fourth := submit(t, neighbour, "同一盏灯").ID, submit(t, citizen, "想要一盏灯").ID, submit(t, citizen, "看错了").ID
	moves(t, officer, "MergeCase", second, citytest.Vars{"intoId": caseID})
	moves(t, officer, "RejectCase", third, citytest.Vars{"reason": "不属于城管"})
	moves(t, citizen, "WithdrawCase", fourth, nil)

	moves(t, officer, "FileCase", caseID, nil)
	moves(t, officer, "DispatchCase", caseID, citytest.Vars{"officerId": member(t, "xumin").PersonID()})
	moves(t, other, "ReturnCase", caseID, citytest.Vars{"reason": "不是我们的管线"})
	moves(t, officer, "FileCase", caseID, nil)
	moves(t, officer, "DispatchCase", caseID, citytest.Vars{"officerId": member(t, "zhaoqiang").PersonID(), "unit": "UTILITIES"})
	if _, code := tries(t, other, "StartCase", caseID, nil); code != "FORBIDDEN" {
		t.Errorf("another starts: %s", code)
	}
	moves(t, officer, "StartCase", caseID, nil)
	moves(t, officer, "SuspendCase", caseID, citytest.Vars{"reason": "等待材料"})
	moves(t, officer, "ResumeCase", caseID, nil)
	moves(t, officer, "AddCaseUpdate", caseID, citytest.Vars{"idempotencyKey": uuid.NewString(), "note": "明天换灯泡"})
	moves(t, officer, "ResolveCase", caseID, citytest.Vars{"photoIds": []string{upload(t, officer, "PROOF", phototest.JPEG(40, 30))}})
	if _, code := tries(t, officer, "VerifyCase", caseID, citytest.Vars{"result": "PASSED"}); code != "SAME_ACTOR" {
		t.Errorf("the resolver verifies: %s", code)
	}
	moves(t, other, "VerifyCase", caseID, citytest.Vars{"result": "FAILED", "note": "还是不亮"})
	finish := func() {
		t.Helper()
		moves(t, officer, "StartCase", caseID, nil)
		moves(t, officer, "ResolveCase", caseID, citytest.Vars{"photoIds": []string{upload(t, officer, "PROOF", phototest.JPEG(40, 30))}})
		moves(t, other, "VerifyCase", caseID, citytest.Vars{"result": "PASSED"})
		moves(t, officer, "CloseCase", caseID, nil)
	}
	finish()
	if got := moves(t, citizen, "ReopenCase", caseID, citytest.Vars{"reason": "又不亮了"}); got.ReopenCount != 1 {
		t.Errorf("reopened %d times", got.ReopenCount)
	}
	moves(t, officer, "DispatchCase", caseID, citytest.Vars{"unit": "UTILITIES"})
	finish()
	rated := moves(t, citizen, "RateCase", caseID, citytest.Vars{"stars": 4, "comment": "修好了"})
	if rated.Status != "CLOSED" || rated.Rating != 4 || !slices.Equal(rated.AllowedActions, []string{"REOPEN"}) {
		t.Errorf("at the end: %+v", rated)
	}

	historiesAreWhole(t, city)
	toldInOrder(t, city, live, caseID)
	// The reporter is told of every public step that somebody else took; so is whoever follows it, by a job.
	public := city.DB.CaseEvent.Query().Where(
		caseevent.CityCaseID(caseID), caseevent.Public(true), caseevent.ActionNotIn(machine.Rate, machine.Reopen), caseevent.SeqGT(1))
	want := public.CountX(system(t))
	told := func(name string) int {
		return city.DB.Notification.Query().Where(notification.PersonID(member(t, name).PersonID()), notification.TargetEQ(target.Target(caseID))).CountX(system(t))
	}
	if got := told("chenjing"); got != want {
		t.Errorf("the reporter was told %d times of %d steps", got, want)
	}
	// Less the acceptance, which was before; more the reopening, which is the reporter's own.
	citytest.Eventually(t, "the neighbour is told of every step", func() bool { return told("maming") == want-1+1 })
}

// toldInOrder holds a neighbour's subscription to the public steps of a case: all, in order, each once.
func toldInOrder(t *testing.T, city *citytest.City, live *citytest.Subscription, caseID string) {
	t.Helper()
	steps := city.DB.CaseEvent.Query().Where(caseevent.CityCaseID(caseID), caseevent.Public(true)).Order(caseevent.BySeq()).AllX(system(t))
	for _, step := range steps {
		var event struct {
			CaseChanged struct {
				Event struct {
					Seq      int
					To       string
					Audience string
				}
			}
		}
		live.Next(t).Decode(t, &event)
		if got := event.CaseChanged.Event; got.Seq != step.Seq || got.To != string(step.ToStatus) || got.Audience != "PUBLIC" {
			t.Fatalf("told %+v, want seq %d to %s", got, step.Seq, step.ToStatus)
		}
	}
	silent(t, live)
}

// A subscription to a case ends with NOT_FOUND once the viewer may see the case no longer.
func TestCaseChangedEndsWithTheRightToSeeIt(t *testing.T) {
	city := citytest.Start(t)
	citizen, stranger, officer := city.As(t, "chenjing"), city.As(t, "maming"), city.As(t, "zhaoqiang")
	caseID := submit(t, citizen, "路灯不亮").ID
	if refused := stranger.Subscribe(t, "CaseChanged", citytest.Vars{"id": caseID}).Next(t); refused.Code() != "NOT_FOUND" {
		t.Errorf("what no officer has read is answered %s", refused.Body)
	}
	moves(t, officer, "AcceptCase", caseID, nil)
	theirs, own := stranger.Subscribe(t, "CaseChanged", citytest.Vars{"id": caseID, "afterSeq": 1}), citizen.Subscribe(t, "CaseChanged", citytest.Vars{"id": caseID, "afterSeq": 1})
	theirs.Next(t)
	own.Next(t)
	moves(t, citizen, "WithdrawCase", caseID, nil)
	if ended := theirs.Next(t); ended.Code() != "NOT_FOUND" {
		t.Errorf("the stranger is told %s", ended.Body)
	}
	if told := own.Next(t); told.Code() != "" {
		t.Errorf("the reporter is told %s", told.Body)
	}
}

// Whoever watches an area hears of the steps in it that they may see, and of none outside.
func TestCasesInArea(t *testing.T) {
	city := citytest.Start(t)
	citizen, stranger, officer := city.As(t, "chenjing"), city.As(t, "maming"), city.As(t, "zhaoqiang")
	box := citytest.Vars{"boundingBox": citytest.Vars{"south": 30.25, "west": 120.12, "north": 30.27, "east": 120.14}}
	elsewhere := citytest.Vars{"boundingBox": citytest.Vars{"south": 30.28, "west": 120.12, "north": 30.29, "east": 120.14}}
	here, there := stranger.Subscribe(t, "CasesInArea", box), stranger.Subscribe(t, "CasesInArea", elsewhere)
	silent(t, here) // and by now the streams stand
	caseID := submit(t, citizen, "路灯不亮").ID
	moves(t, officer, "AcceptCase", caseID, nil)
	moves(t, officer, "AddCaseUpdate", caseID, citytest.Vars{"idempotencyKey": uuid.NewString(), "note": "业主电话打不通", "audience": "OFFICERS"})
	moves(t, officer, "FileCase", caseID, nil)
	for _, want := range []string{"SUBMITTED", "ACCEPTED", "FILED"} {
		var event struct {
			CasesInArea struct {
				Event    struct{ To string }
				CityCase struct{ ID string }
			}
		}
		here.Next(t).Decode(t, &event)
		if got := event.CasesInArea; got.Event.To != want || got.CityCase.ID != caseID {
			t.Fatalf("told %+v, want %s", got, want)
		}
	}
	silent(t, here)
	silent(t, there)
}

// The screens of a mini-program are one request each: the map, a case, one's own cases; and an officer's day.
func TestScreensOfCases(t *testing.T) {
	city := citytest.Start(t)
	citizen, officer := city.As(t, "chenjing"), city.As(t, "zhaoqiang")
	caseID := submit(t, citizen, "路灯不亮").ID
	moves(t, officer, "AcceptCase", caseID, nil)
	var seen struct {
		CasesInView []struct {
			Count    int
			CityCase *struct{ ID string }
		}
	}
	view := citytest.Vars{"zoom": 19, "boundingBox": citytest.Vars{"south": 30.2588, "west": 120.1298, "north": 30.2592, "east": 120.1302}}
	city.Visitor(t).DoFor("wechat-miniprogram", "CaseMap", view).Decode(t, &seen)
	if len(seen.CasesInView) != 1 || seen.CasesInView[0].CityCase == nil || seen.CasesInView[0].CityCase.ID != caseID {
		t.Errorf("the map shows %+v", seen)
	}
	var detail struct {
		CityCase struct{ Status, Clock string }
	}
	city.Visitor(t).DoFor("wechat-miniprogram", "CaseDetail", citytest.Vars{"id": caseID}).Decode(t, &detail)
	if detail.CityCase.Status != "ACCEPTED" || detail.CityCase.Clock != "RUNNING" {
		t.Errorf("the case is %+v", detail)
	}
	var day struct {
		Unassigned struct {
			Edges []struct{ Node caseRow }
		}
		CaseOfficers []struct{ OfficerID string }
	}
	officer.Do("OfficerDay", nil).Decode(t, &day)
	if len(day.CaseOfficers) != 1 || len(day.Unassigned.Edges) == 0 || day.Unassigned.Edges[0].Node.ID != caseID {
		t.Errorf("the officer's day is %+v", day)
	}
	var plate struct{ CityFacility struct{ State string } }
	city.Visitor(t).DoFor("wechat-miniprogram", "CityFacility", citytest.Vars{"code": "3301060118000001"}).Decode(t, &plate)
	if plate.CityFacility.State != "IN_SERVICE" {
		t.Errorf("the plate tells %+v", plate)
	}
}
