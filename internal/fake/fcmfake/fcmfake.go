// Package fcmfake speaks FCM's HTTP v1 protocol: it takes messages, answers each token as scripted and
// remembers everything it was sent.
package fcmfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Paths beside FCM's own, for tests in another process.
const (
	MessagesPath = "/_fake/messages" // GET: every Message received, oldest first
	ReceivedPath = "/_fake/received" // GET: how many came in
	ScriptPath   = "/_fake/tokens/"  // PUT ScriptPath+token: a JSON list of Answers
)

const maxPayloadBytes = 4096

// Message is one send request as it arrived.
type Message struct {
	Project      string                       `json:"project"`
	Token        string                       `json:"token"`
	Notification struct{ Title, Body string } `json:"notification"`
	Data         map[string]string            `json:"data"`
	Android      json.RawMessage              `json:"android,omitempty"`
	APNS         json.RawMessage              `json:"apns,omitempty"`
	Webpush      json.RawMessage              `json:"webpush,omitempty"`
	Accepted     bool                         `json:"accepted"`     // false when the script refused it
	ValidateOnly bool                         `json:"validateOnly"` // a dry run: nothing reaches the phone
	Proto        string                       `json:"proto"`        // "HTTP/2.0"
}

// Server is the fake. It is safe for concurrent use.
type Server struct {
	oauth oauth

	mu       sync.Mutex
	messages []Message
	received int
	underWay int
	forgets  bool
	latency  time.Duration
	scripts  map[string][]Answer
}

// New returns a fake that accepts every message until scripted otherwise.
func New() *Server { return &Server{scripts: map[string][]Answer{}} }

// Script sets the answers to messages for the token, in order; the last one repeats.
func (s *Server) Script(token string, answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts[token] = answers
}

// SetLatency makes every answer take so long.
func (s *Server) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

// Forget makes the fake count messages from now on instead of keeping them.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages, s.forgets = nil, true
}

// Received returns how many messages came in, refused ones and dry runs included.
func (s *Server) Received() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received
}

// UnderWay returns how many messages have come in and are not answered.
func (s *Server) UnderWay() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.underWay
}

// Messages returns every message received, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Handler serves POST /v1/projects/{project}/messages:send, the OAuth token endpoint that Credentials
// names, and the paths for tests in another process.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/projects/{project}/messages:send", s.send)
	mux.HandleFunc("POST "+tokenPath, s.oauth.issue)
	mux.HandleFunc("GET "+MessagesPath, func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, s.Messages())
	})
	mux.HandleFunc("GET "+ReceivedPath, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, s.Received())
	})
	mux.HandleFunc("PUT "+ScriptPath+"{token}", func(w http.ResponseWriter, r *http.Request) {
		var answers []Answer
		if err := json.NewDecoder(r.Body).Decode(&answers); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.Script(r.PathValue("token"), answers...)
	})
	return mux
}

func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	s.enter(1)
	defer s.enter(-1)
	if !s.oauth.allows(r) {
		Answer{Status: http.StatusUnauthorized, State: "UNAUTHENTICATED"}.write(w)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4*maxPayloadBytes))
	var request struct {
		ValidateOnly bool     `json:"validate_only"`
		Message      *Message `json:"message"`
	}
	if err != nil || json.Unmarshal(body, &request) != nil || request.Message == nil || request.Message.Token == "" {
		Invalid.write(w)
		return
	}
	m := *request.Message
	m.Project, m.Proto, m.ValidateOnly = r.PathValue("project"), r.Proto, request.ValidateOnly
	answer := s.next(m.Token)
	if len(body) > maxPayloadBytes {
		answer = Invalid
	}
	if answer.Delay > 0 {
		select {
		case <-time.After(answer.Delay):
		case <-r.Context().Done():
		}
	}
	m.Accepted = answer.ok()
	s.mu.Lock()
	s.received++
	number := s.received
	if !s.forgets {
		s.messages = append(s.messages, m)
	}
	s.mu.Unlock()
	if !m.Accepted {
		answer.write(w)
		return
	}
	reply(w, http.StatusOK, map[string]string{"name": fmt.Sprintf("projects/%s/messages/%d", m.Project, number)})
}

func (s *Server) enter(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underWay += n
}

func (s *Server) next(token string) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	script := s.scripts[token]
	if len(script) == 0 {
		return Slow(s.latency)
	}
	if len(script) > 1 {
		s.scripts[token] = script[1:]
	}
	answer := script[0]
	answer.Delay = max(answer.Delay, s.latency)
	return answer
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone; nobody is left to tell
}
