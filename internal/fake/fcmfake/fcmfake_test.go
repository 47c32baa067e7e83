package fcmfake_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"citygraph/internal/fake/fcmfake"
)

func do(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	return w
}

// Another process scripts the fake, sends, and reads back what arrived.
func TestScriptedFromAnotherProcess(t *testing.T) {
	h := fcmfake.New().Handler()
	script := `[{"status":404,"state":"NOT_FOUND","code":"UNREGISTERED"},{}]`
	if w := do(h, http.MethodPut, fcmfake.ScriptPath+"phone", script); w.Code != http.StatusOK {
		t.Fatalf("script: %d %s", w.Code, w.Body)
	}
	const send, message = "/v1/projects/p/messages:send", `{"message":{"token":"phone","data":{"notificationId":"n1"}}}`

	refused := do(h, http.MethodPost, send, message)
	if !strings.Contains(refused.Body.String(), `"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"UNREGISTERED"`) || refused.Code != http.StatusNotFound {
		t.Errorf("first answer: %d %s", refused.Code, refused.Body)
	}
	for range 2 {
		if w := do(h, http.MethodPost, send, message); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"name":"projects/p/messages/`) {
			t.Errorf("later answer: %d %s", w.Code, w.Body)
		}
	}
	var received []fcmfake.Message
	if err := json.Unmarshal(do(h, http.MethodGet, fcmfake.MessagesPath, "").Body.Bytes(), &received); err != nil {
		t.Fatal(err)
	}
	if len(received) != 3 || received[0].Accepted || !received[1].Accepted || received[2].Data["notificationId"] != "n1" {
		t.Errorf("received %+v", received)
	}
}

func TestRefusesWhatFCMWould(t *testing.T) {
	fake := fcmfake.New()
	h := fake.Handler()
	const send = "/v1/projects/p/messages:send"
	for name, body := range map[string]string{
		"not JSON":    `{`,
		"no message":  `{}`,
		"no token":    `{"message":{"notification":{"title":"t"}}}`,
		"over 4096 B": `{"message":{"token":"t","data":{"k":"` + strings.Repeat("x", 4096) + `"}}}`,
	} {
		if w := do(h, http.MethodPost, send, body); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	fake.Credentials("p", "http://fake.test")
	if w := do(h, http.MethodPost, send, `{"message":{"token":"t"}}`); w.Code != http.StatusUnauthorized {
		t.Errorf("without an access token: %d", w.Code)
	}
}
