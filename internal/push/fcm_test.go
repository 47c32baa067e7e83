package push

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/fake/fcmfake"
)

const project = "citygraph-test"

func fcmOver(t *testing.T, h http.Handler) *FCM {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	f, err := NewFCM(t.Context(), FCMOptions{ProjectID: project, Endpoint: srv.URL + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func message(token string) Message {
	return Message{NotificationID: "notice_1", Token: token, Platform: Android, Title: "案件已受理", Body: "Your case was accepted."}
}

func TestSendClassifiesEveryAnswer(t *testing.T) {
	fake := fcmfake.New()
	f := fcmOver(t, fake.Handler())
	for token, tc := range map[string]struct {
		answer     fcmfake.Answer
		outcome    Outcome
		code       string
		retryAfter time.Duration
	}{
		"fine":          {fcmfake.OK, Delivered, "", 0},
		"unregistered":  {fcmfake.Unregistered, DropToken, "UNREGISTERED", 0},
		"other-sender":  {fcmfake.SenderIDMismatch, DropToken, "SENDER_ID_MISMATCH", 0},
		"no-such-token": {fcmfake.InvalidToken, DropToken, "INVALID_TOKEN", 0},
		"bare-404":      {fcmfake.Answer{Status: 404, State: "NOT_FOUND"}, DropToken, "NOT_FOUND", 0},
		"invalid":       {fcmfake.Invalid, Rejected, "INVALID_ARGUMENT", 0},
		"bad-ttl":       {fcmfake.Answer{Status: 400, State: "INVALID_ARGUMENT", Field: "message.android.ttl"}, Rejected, "INVALID_ARGUMENT", 0},
		"quota":         {fcmfake.QuotaExceeded("120"), Retry, "QUOTA_EXCEEDED", 2 * time.Minute},
		"busy":          {fcmfake.Unavailable("17"), Retry, "UNAVAILABLE", 17 * time.Second},
		"busy-unsaid":   {fcmfake.Unavailable(""), Retry, "UNAVAILABLE", 0},
		"busy-for-ever": {fcmfake.Unavailable("99999999"), Retry, "UNAVAILABLE", 24 * time.Hour},
		"broken":        {fcmfake.InternalError, Retry, "INTERNAL", 0},
		"apns-key-lost": {fcmfake.ThirdPartyAuth, Retry, "THIRD_PARTY_AUTH_ERROR", 0},
		"no-rights":     {fcmfake.Answer{Status: 403, State: "PERMISSION_DENIED"}, Retry, "HTTP_403", 0},
		"bad-gateway":   {fcmfake.Answer{Status: 502}, Retry, "HTTP_502", 0},
		"redirected":    {fcmfake.Answer{Status: 302}, Retry, "HTTP_302", 0},
	} {
		t.Run(token, func(t *testing.T) {
			fake.Script(token, tc.answer)
			got := f.Send(t.Context(), message(token))
			if got.Outcome != tc.outcome || got.Code != tc.code || got.RetryAfter != tc.retryAfter {
				t.Errorf("got %+v, want %s %s after %v", got, tc.outcome, tc.code, tc.retryAfter)
			}
			if delivered := got.Outcome == Delivered; delivered != (got.Err == nil) || delivered != (got.ProviderID != "") {
				t.Errorf("inconsistent result: %+v", got)
			}
			sent := 0
			for _, m := range fake.Messages() {
				if m.Token == token {
					sent++
				}
			}
			if sent != 1 {
				t.Errorf("%d requests were made: retries belong to the queue", sent)
			}
		})
	}
}

func TestRetryAfterAsADate(t *testing.T) {
	fake := fcmfake.New()
	fake.Script("busy", fcmfake.Unavailable(time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat)))
	got := fcmOver(t, fake.Handler()).Send(t.Context(), message("busy"))
	if got.Outcome != Retry || got.RetryAfter < 80*time.Second || got.RetryAfter > 90*time.Second {
		t.Errorf("got %+v, want a retry in about 90 s", got)
	}
}

func TestAWrongEndpointCostsNoTokens(t *testing.T) {
	got := fcmOver(t, http.NotFoundHandler()).Send(t.Context(), message("good"))
	if got.Outcome != Retry || got.Code != "HTTP_404" {
		t.Errorf("got %+v, want RETRY: nothing is known of the token", got)
	}
}

func TestNetworkFaultsAreOneRequestAndRetry(t *testing.T) {
	var requests atomic.Int32
	count := func(h http.HandlerFunc) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			_, _ = io.Copy(io.Discard, r.Body) // else the server would not see the client leave
			h(w, r)
		})
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		code    string
	}{
		"connection cut": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "UNREACHABLE"},
		"body cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("{"))
			panic(http.ErrAbortHandler)
		}, "UNREACHABLE"},
		"silence":        {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "TIMEOUT"},
		"not JSON":       {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "HTTP_200"},
		"JSON, no name":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }, "HTTP_200"},
		"endless answer": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) }, "HTTP_200"},
	} {
		t.Run(name, func(t *testing.T) {
			requests.Store(0)
			f := fcmOver(t, count(tc.handler))
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			got := f.Send(ctx, message("a"))
			if got.Outcome != Retry || got.Code != tc.code || got.Err == nil {
				t.Errorf("got %+v, want RETRY %s", got, tc.code)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func TestMessagesThatMustNotBeSent(t *testing.T) {
	fake := fcmfake.New()
	f := fcmOver(t, fake.Handler())
	expired, nowhere, blank := message("a"), message("a"), message("")
	expired.TTL = -time.Second
	nowhere.Platform = "PAGER"
	for code, m := range map[string]Message{"EXPIRED": expired, "UNKNOWN_PLATFORM": nowhere, "INVALID_MESSAGE": blank} {
		if got := f.Send(t.Context(), m); got.Outcome != Rejected || got.Code != code || got.Err == nil {
			t.Errorf("got %+v, want REJECTED %s", got, code)
		}
	}
	if n := len(fake.Messages()); n != 0 {
		t.Errorf("%d were sent", n)
	}
}

func TestPayloadsByPlatform(t *testing.T) {
	fake := fcmfake.New()
	f := fcmOver(t, fake.Handler())
	badge := 3
	m := message("phone")
	m.Data = map[string]string{"target": "case_1"}
	m.CollapseKey, m.Priority, m.TTL, m.Badge = "case/1", High, 90*time.Second, &badge

	send := func(p Platform) fcmfake.Message {
		t.Helper()
		m.Platform = p
		if got := f.Send(t.Context(), m); got.Outcome != Delivered {
			t.Fatalf("%s: %+v", p, got)
		}
		all := fake.Messages()
		return all[len(all)-1]
	}
	equal := func(got json.RawMessage, want string) {
		t.Helper()
		var g, w any
		if err := json.Unmarshal(got, &g); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		if err := json.Unmarshal([]byte(want), &w); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(w, g); diff != "" {
			t.Errorf("payload (-want +got):\n%s", diff)
		}
	}

	android := send(Android)
	equal(android.Android, `{"collapse_key":"case/1","priority":"high","ttl":"90s","notification":{"tag":"case/1","notification_count":3}}`)
	wantData := map[string]string{"target": "case_1", "notificationId": "notice_1"}
	if diff := cmp.Diff(wantData, android.Data); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	if android.Notification.Title != m.Title || android.Notification.Body != m.Body || android.Project != project {
		t.Errorf("got %+v", android)
	}
	if len(m.Data) != 1 {
		t.Error("the caller's data was changed")
	}

	var apns struct {
		Headers map[string]string
		Payload json.RawMessage
	}
	before := time.Now()
	if err := json.Unmarshal(send(IOS).APNS, &apns); err != nil {
		t.Fatal(err)
	}
	equal(apns.Payload, `{"aps":{"alert":{"title":"案件已受理","body":"Your case was accepted."},"badge":3,"sound":"default"}}`)
	if apns.Headers["apns-collapse-id"] != "case/1" || apns.Headers["apns-priority"] != "10" {
		t.Errorf("headers %v", apns.Headers)
	}
	expiry, err := strconv.ParseInt(apns.Headers["apns-expiration"], 10, 64)
	if left := time.Unix(expiry, 0).Sub(before); err != nil || left < 85*time.Second || left > 2*time.Minute {
		t.Errorf("apns-expiration %q is in %v, want in 90 s", apns.Headers["apns-expiration"], left)
	}

	web := send(Web)
	equal(web.Webpush, `{"headers":{"TTL":"90","Urgency":"high","Topic":"`+webPayload(m).Headers["Topic"]+`"},"notification":{"tag":"case/1","renotify":true}}`)

	m.CollapseKey = strings.Repeat("长", 40)
	if err := json.Unmarshal(send(IOS).APNS, &apns); err != nil {
		t.Fatal(err)
	}
	if id := apns.Headers["apns-collapse-id"]; len(id) != 64 {
		t.Errorf("apns-collapse-id of %d bytes, APNs takes 64", len(id))
	}
}

// Hundreds of messages at the start of a process share a few connections, and one access token.
func TestAColdStartOpensAFewHTTP2Connections(t *testing.T) {
	fake := fcmfake.New()
	fake.SetLatency(20 * time.Millisecond)
	srv := httptest.NewUnstartedServer(fake.Handler())
	var connections atomic.Int32
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	f, err := NewFCM(t.Context(), FCMOptions{
		ProjectID: project, Endpoint: srv.URL + "/v1", RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, CredentialsJSON: fake.Credentials(project, srv.URL),
	})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range DefaultPlaces {
		all.Go(func() {
			if got := f.Send(t.Context(), message("phone")); got.Outcome != Delivered {
				t.Errorf("%+v", got)
			}
		})
	}
	all.Wait()
	for _, m := range fake.Messages() {
		if m.Proto != "HTTP/2.0" {
			t.Fatalf("%s was spoken", m.Proto)
		}
	}
	if n := connections.Load(); n > lanes+1 { // one more for the access token
		t.Errorf("%d connections for %d messages", n, DefaultPlaces)
	}
	if n := fake.TokensIssued(); n != 1 {
		t.Errorf("%d access tokens", n)
	}
}

func TestAProbeReachesNobody(t *testing.T) {
	fake := fcmfake.New()
	fake.Script("dead", fcmfake.Unregistered)
	f := fcmOver(t, fake.Handler())
	if got := f.Probe(t.Context(), "good", IOS); got.Outcome != Delivered {
		t.Errorf("a good token: %+v", got)
	}
	if got := f.Probe(t.Context(), "dead", Web); got.Outcome != DropToken {
		t.Errorf("a dead token: %+v", got)
	}
	for _, m := range fake.Messages() {
		if !m.ValidateOnly {
			t.Errorf("%s was sent to", m.Token)
		}
	}
}

func TestALostTokenEndpointIsRetry(t *testing.T) {
	fake := fcmfake.New()
	srv := httptest.NewServer(fake.Handler())
	defer srv.Close()
	f, err := NewFCM(t.Context(), FCMOptions{
		ProjectID: project, Endpoint: srv.URL + "/v1", CredentialsJSON: fake.Credentials(project, srv.URL),
	})
	if err != nil {
		t.Fatal(err)
	}
	fake.SetTokenOutage(true)
	if got := f.Send(t.Context(), message("a")); got.Outcome != Retry || got.Code != "UNREACHABLE" {
		t.Errorf("during the outage: %+v", got)
	}
	fake.SetTokenOutage(false)
	if got := f.Send(t.Context(), message("a")); got.Outcome != Delivered {
		t.Errorf("after it: %+v", got)
	}
}

func TestNewFCMRefuses(t *testing.T) {
	for name, o := range map[string]FCMOptions{
		"no project":              {Endpoint: "http://fake.test/v1"},
		"Google, no credentials":  {ProjectID: project},
		"credentials not a key":   {ProjectID: project, CredentialsJSON: []byte(`{"type":"authorized_user"}`)},
		"credentials not in JSON": {ProjectID: project, CredentialsJSON: []byte(`secret`)},
	} {
		if _, err := NewFCM(t.Context(), o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "120", "-1", " 7 ", "1.5", "9999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT", "tomorrow"} {
		f.Add(seed)
	}
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		if got := parseRetryAfter(header, now); got < 0 || got > longestRetryAfter {
			t.Errorf("%q: %v", header, got)
		}
	})
}
