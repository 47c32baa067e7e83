package push

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"citygraph/internal/clock"
)

const outboxCapacity = 500

// Sent is a message in the outbox.
type Sent struct {
	Number  int       `json:"number"`
	At      time.Time `json:"at"`
	Message Message   `json:"message"`
}

// Outbox is the development channel: it delivers to a page instead of a phone. It keeps the last 500
// messages in memory and is an http.Handler that shows them, newest first: a page, or JSON with
// ?format=json. It must not be reachable in production.
type Outbox struct {
	clock clock.Clock

	mu     sync.Mutex
	sent   []Sent // oldest first
	number int
}

var (
	_ Channel = (*Outbox)(nil)
	_ Prober  = (*Outbox)(nil)
)

// NewOutbox returns an empty outbox.
func NewOutbox(c clock.Clock) *Outbox { return &Outbox{clock: c} }

// Send keeps the message and always delivers.
func (o *Outbox) Send(_ context.Context, m Message) Result {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.number++
	o.sent = append(o.sent, Sent{Number: o.number, At: o.clock.Now(), Message: m})
	if len(o.sent) > outboxCapacity {
		o.sent = slices.Delete(o.sent, 0, len(o.sent)-outboxCapacity)
	}
	return Result{Outcome: Delivered, ProviderID: "outbox/" + strconv.Itoa(o.number)}
}

// Probe finds every token good.
func (*Outbox) Probe(context.Context, string, Platform) Result { return Result{Outcome: Delivered} }

// Messages returns what is kept, newest first.
func (o *Outbox) Messages() []Sent {
	o.mu.Lock()
	defer o.mu.Unlock()
	newestFirst := slices.Clone(o.sent)
	slices.Reverse(newestFirst)
	return newestFirst
}

//go:embed outbox.html
var outboxHTML string

var outboxPage = template.Must(template.New("outbox").Funcs(template.FuncMap{
	"clockTime": func(t time.Time) string { return t.In(clock.Shanghai).Format("01-02 15:04:05") },
	"iso":       func(t time.Time) string { return t.Format(time.RFC3339) },
	"head":      head,
}).Parse(outboxHTML))

// head shows enough of a token to tell devices apart.
func head(token string) string {
	const shown = 16
	if runes := []rune(token); len(runes) > shown {
		return string(runes[:shown]) + "…"
	}
	return token
}

// ServeHTTP shows the outbox.
func (o *Outbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
		return
	}
	var page bytes.Buffer
	var err error
	messages := o.Messages()
	if r.URL.Query().Get("format") == "json" {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		err = json.NewEncoder(&page).Encode(map[string]any{"messages": messages})
	} else {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
		err = outboxPage.Execute(&page, messages)
	}
	if err != nil {
		http.Error(w, "the outbox cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = page.WriteTo(w) // the reader is gone; nobody is left to tell
}
