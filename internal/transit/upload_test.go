package transit_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"citygraph/internal/fault"
	"citygraph/internal/transit"
)

func TestUploads(t *testing.T) {
	d := open(t)
	operators, err := transit.ParseOperators("bus=杭州公交,Hangzhou Bus," + key("b"))
	if err != nil {
		t.Fatal(err)
	}
	u := &transit.Uploads{Office: d.Office, Operators: operators, Log: zerolog.Nop()}
	send := func(method, authorization, contentType, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, transit.Path, strings.NewReader(body))
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		u.ServeHTTP(w, r)
		return w
	}
	keyed, plain := "Bearer "+key("b"), "application/json; charset=utf-8"
	scan := func(fields string) string { return `{"scans":[{"id":"1","gate":"7",` + fields + `}]}` }
	at := `"scannedAt":"` + d.clock.Now().Format(time.RFC3339Nano) + `"`
	for name, c := range map[string]struct {
		method, authorization, contentType, body string
		status                                   int
		code                                     fault.Code
	}{
		"read":           {"GET", keyed, plain, "", http.StatusMethodNotAllowed, fault.BadUserInput},
		"without a key":  {"POST", "", plain, "{}", http.StatusUnauthorized, fault.Unauthenticated},
		"another key":    {"POST", "Bearer " + key("x"), plain, "{}", http.StatusUnauthorized, fault.Unauthenticated},
		"a form":         {"POST", keyed, "application/x-www-form-urlencoded", "{}", http.StatusUnsupportedMediaType, fault.BadUserInput},
		"too much":       {"POST", keyed, plain, strings.Repeat(" ", 600_000), http.StatusRequestEntityTooLarge, fault.BadUserInput},
		"no JSON":        {"POST", keyed, plain, "scans", http.StatusBadRequest, fault.BadUserInput},
		"two documents":  {"POST", keyed, plain, "{} {}", http.StatusBadRequest, fault.BadUserInput},
		"nothing":        {"POST", keyed, plain, "{}", http.StatusBadRequest, fault.BadUserInput},
		"a broken fare":  {"POST", keyed, plain, scan(`"code":"c","fare":1.5,` + at), http.StatusBadRequest, fault.BadUserInput},
		"a written fare": {"POST", keyed, plain, scan(`"code":"c","fare":"１０",` + at), http.StatusBadRequest, fault.BadUserInput},
		"a huge fare":    {"POST", keyed, plain, scan(`"code":"c","fare":9223372036854775808,` + at), http.StatusBadRequest, fault.BadUserInput},
		"no time":        {"POST", keyed, plain, scan(`"code":"c","fare":1`), http.StatusBadRequest, fault.BadUserInput},
	} {
		w := send(c.method, c.authorization, c.contentType, c.body)
		var answer struct {
			Error struct {
				Code    fault.Code
				Message string
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != c.status || answer.Error.Code != c.code || answer.Error.Message == "" {
			t.Errorf("%s: %d %s, %v", name, w.Code, w.Body, err)
		}
	}
	code := d.codes(t)[0]
	for range 2 {
		w := send("POST", keyed, plain, scan(`"code":"`+code+`","fare":200,`+at))
		var answer struct{ Rides []transit.Answer }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK || outcomes(answer.Rides) != "ACCEPTED" ||
			answer.Rides[0].TransactionID == "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%d %s, %v", w.Code, w.Body, err)
		}
	}
	u.Limit = func(*http.Request) error { return fault.New(fault.RateLimited).After(time.Second) }
	if w := send("POST", keyed, plain, "{}"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "2" {
		t.Errorf("too often: %d, again after %q", w.Code, w.Header().Get("Retry-After"))
	}
	if got := d.money(t).Paid; got != 2_00 {
		t.Errorf("the operator was paid %d", got)
	}
}
