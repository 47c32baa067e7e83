package push

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"citygraph/internal/clock"
)

func get(o *Outbox, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	o.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

func TestOutboxKeepsTheLast500(t *testing.T) {
	o := NewOutbox(clock.System{})
	for i := range 620 {
		if got := o.Send(t.Context(), Message{Title: fmt.Sprint(i)}); got.Outcome != Delivered {
			t.Fatal(got)
		}
	}
	kept := o.Messages()
	if len(kept) != 500 || kept[0].Message.Title != "619" || kept[0].Number != 620 || kept[499].Message.Title != "120" {
		t.Errorf("%d kept, from %+v to %+v", len(kept), kept[0], kept[len(kept)-1])
	}
}

func TestOutboxPageEscapes(t *testing.T) {
	o := NewOutbox(clock.System{})
	if page := get(o, "/dev/outbox").Body.String(); !strings.Contains(page, "还没有推送") {
		t.Error("the empty page says nothing")
	}
	badge := 7
	m := message(`"><img src=x onerror=alert(1)>`)
	m.Title, m.Body = "路灯已修好 <b>", "</p><script>alert('偷')</script>"
	m.Data = map[string]string{"<i>": "&"}
	m.Badge, m.Priority = &badge, High
	o.Send(t.Context(), m)

	w := get(o, "/dev/outbox")
	page := w.Body.String()
	for _, evil := range []string{"<script", "<img", "<b>", "<i>"} {
		if strings.Contains(page, evil) {
			t.Errorf("%s reached the page", evil)
		}
	}
	for _, want := range []string{"路灯已修好 &lt;b&gt;", `class="high"`, "<dd>7</dd>", "notice_1"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if found := regexp.MustCompile(`(src|href)="?(https?:)?//`).FindString(page); found != "" {
		t.Errorf("the page loads from elsewhere: %s", found)
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("Content-Security-Policy %q", policy)
	}
}

func TestOutboxAsJSON(t *testing.T) {
	o := NewOutbox(clock.System{})
	o.Send(t.Context(), message("phone"))
	var got struct{ Messages []Sent }
	w := get(o, "/dev/outbox?format=json")
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Messages) != 1 || got.Messages[0].Message.Token != "phone" || got.Messages[0].At.IsZero() {
		t.Errorf("got %+v", got)
	}
}

func TestOutboxIsReadOnly(t *testing.T) {
	w := httptest.NewRecorder()
	NewOutbox(clock.System{}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/dev/outbox", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}
