// Package journey_test walks through the city as its people do: one file a journey, over HTTP.
package journey_test

import (
	"testing"

	"github.com/google/uuid"

	"citygraph/server/citytest"
)

// A citizen opens the app, reports a broken street light, an officer takes it on, and the citizen is
// told: in the inbox, on the open subscription, and on the phone.
func TestBrokenStreetLight(t *testing.T) {
	city := citytest.Start(t)
	citizen, officer := city.As(t, "chenjing"), city.As(t, "zhaoqiang")

	var home struct {
		Me          struct{ MaskedName string }
		UnreadCount int
	}
	citizen.Do("HomeScreen", nil).Decode(t, &home)
	if home.Me.MaskedName != "陈*" || home.UnreadCount != 0 {
		t.Fatalf("home screen shows %+v", home)
	}
	registered := citizen.Do("RegisterDevice", citytest.Vars{"input": citytest.Vars{"platform": "ANDROID", "pushToken": "phone-of-chenjing"}})
	if registered.Code() != "" {
		t.Fatalf("register device: %s", registered.Body)
	}
	live := citizen.Subscribe(t, "InboxChanged", citytest.Vars{"afterSeq": 0})

	submitted := submit(t, citizen, "路灯不亮")
	if submitted.Status != "SUBMITTED" || submitted.District.Name != "西湖区" {
		t.Fatalf("submitted %+v", submitted)
	}
	var accepted struct{ AcceptCase struct{ CityCase caseRow } }
	officer.Do("AcceptCase", citytest.Vars{"input": citytest.Vars{"caseId": submitted.ID, "note": "已安排"}}).Decode(t, &accepted)
	if accepted.AcceptCase.CityCase.Status != "ACCEPTED" {
		t.Fatalf("accepted %+v", accepted)
	}

	var event struct {
		InboxChanged struct {
			UnreadCount  int
			Notification struct {
				Seq    int64
				Target struct{ ID string }
			}
		}
	}
	live.Next(t).Decode(t, &event)
	if got := event.InboxChanged; got.UnreadCount != 1 || got.Notification.Seq != 1 || got.Notification.Target.ID != submitted.ID {
		t.Fatalf("the subscription told %+v", got)
	}
	citytest.Eventually(t, "the phone is pushed to", func() bool {
		messages := city.FCM.Messages()
		return len(messages) == 1 && messages[0].Token == "phone-of-chenjing"
	})
}

// caseRow is what the journeys read of a case.
type caseRow struct {
	ID       string
	Number   string
	Status   string
	District struct{ Name string }
}

// submit reports a street light in Xihu District.
func submit(t *testing.T, citizen *citytest.Client, description string) caseRow {
	t.Helper()
	var answer struct {
		SubmitCase struct {
			CityCase   caseRow
			UserErrors []struct{ Code, Message string }
		}
	}
	citizen.Do("SubmitCase", citytest.Vars{"input": report(t, citizen, description)}).Decode(t, &answer)
	if len(answer.SubmitCase.UserErrors) > 0 {
		t.Fatalf("submit: %+v", answer.SubmitCase.UserErrors)
	}
	return answer.SubmitCase.CityCase
}

// report is the input of a report about a street light in Xihu District.
func report(t *testing.T, citizen *citytest.Client, description string) citytest.Vars {
	t.Helper()
	var catalogue struct {
		CaseCategories []struct{ ID, Name string }
	}
	citizen.Do("CaseCategories", citytest.Vars{"kind": "COMPONENT"}).Decode(t, &catalogue)
	return citytest.Vars{
		"idempotencyKey": uuid.NewString(), "categoryId": catalogue.CaseCategories[0].ID, "description": description,
		"location": citytest.Vars{"lat": 30.259, "lng": 120.13, "crs": "WGS84"},
	}
}
