package journey_test

import (
	"net/http"
	"testing"

	"citygraph/internal/id"
	"citygraph/internal/redisx/redistest"
	"citygraph/server/citytest"
)

type sessionsAnswer struct {
	Sessions []struct {
		ID, Client string
		Current    bool
	}
}

type revokedAnswer struct {
	RevokeSession struct {
		SessionID  *string
		UserErrors []struct{ Code string }
	}
}

func revoke(t *testing.T, c *citytest.Client, sessionID string) revokedAnswer {
	t.Helper()
	var answer revokedAnswer
	c.Do("RevokeSession", citytest.Vars{"input": citytest.Vars{"sessionId": sessionID}}).Decode(t, &answer)
	return answer
}

// A phone is lost in a taxi: from the tablet its session is found and ended, on every replica and with
// everything that is open under it.
func TestALostPhoneIsSignedOut(t *testing.T) {
	here := citytest.Start(t, citytest.Redis(redistest.Start(t)))
	there := here.Replica(t)
	phone, token := signedIn(t, here, "chenjing")
	tablet, _ := signedIn(t, here, "chenjing")
	socket := phone.On(there).Subscribe(t, "InboxChanged", nil)

	var seen sessionsAnswer
	tablet.Do("Sessions", nil).Decode(t, &seen)
	if len(seen.Sessions) != 2 || !seen.Sessions[0].Current || seen.Sessions[1].Current {
		t.Fatalf("the tablet sees %+v", seen)
	}
	lost := seen.Sessions[1].ID
	if r := revoke(t, here.As(t, "maming"), lost).RevokeSession; r.SessionID != nil || r.UserErrors[0].Code != "NOT_FOUND" {
		t.Fatalf("a stranger ends it: %+v", r)
	}
	if r := revoke(t, tablet, lost).RevokeSession; r.SessionID == nil || *r.SessionID != lost || len(r.UserErrors) > 0 {
		t.Fatalf("revoked: %+v", r)
	}
	if code := socket.Ended(t); code != 4401 {
		t.Errorf("the socket closed with %d", code)
	}
	if answer := phone.On(there).Do("HomeScreen", nil); answer.Status != http.StatusUnauthorized {
		t.Errorf("the phone asks on: %d", answer.Status)
	}
	if answer := refresh(here.Visitor(t), token); answer.Code() != "UNAUTHENTICATED" {
		t.Errorf("the phone refreshes: %s", answer.Body)
	}
	for _, gone := range []string{lost, id.New(id.Session), "session_x", "", id.New(id.Device)} {
		if r := revoke(t, tablet, gone).RevokeSession; r.SessionID != nil || len(r.UserErrors) != 1 || r.UserErrors[0].Code != "NOT_FOUND" {
			t.Errorf("%q: %+v", gone, r)
		}
	}
	tablet.Do("Sessions", nil).Decode(t, &seen)
	if len(seen.Sessions) != 1 || !seen.Sessions[0].Current {
		t.Errorf("the tablet is left with %+v", seen)
	}
	if code := here.Visitor(t).Do("Sessions", nil).Code(); code != "UNAUTHENTICATED" {
		t.Errorf("a visitor gets %q", code)
	}
}
