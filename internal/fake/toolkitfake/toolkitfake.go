// Package toolkitfake plays the part of Google's Identity Toolkit that tells how an account stands.
package toolkitfake

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Server is the endpoint. Every account exists and is well until a test says otherwise. It is safe for
// concurrent use.
type Server struct {
	mu      sync.Mutex
	ended   map[string]bool // disabled; deleted when false
	since   map[string]time.Time
	outage  bool
	silent  bool
	lookups []string
}

// New returns an endpoint whose accounts are all well.
func New() *Server { return &Server{ended: map[string]bool{}, since: map[string]time.Time{}} }

// Disable disables an account.
func (s *Server) Disable(uid string) { s.change(func() { s.ended[uid] = true }) }

// Delete deletes an account.
func (s *Server) Delete(uid string) { s.change(func() { s.ended[uid] = false }) }

// Restore makes an account well again.
func (s *Server) Restore(uid string) { s.change(func() { delete(s.ended, uid); delete(s.since, uid) }) }

// Revoke makes the account's sign-ins before the instant void, to the second, as Firebase does.
func (s *Server) Revoke(uid string, at time.Time) { s.change(func() { s.since[uid] = at }) }

// SetOutage makes the endpoint answer 503, or well again.
func (s *Server) SetOutage(out bool) { s.change(func() { s.outage = out }) }

// SetSilent makes the endpoint hang up without a word, or answer again.
func (s *Server) SetSilent(silent bool) { s.change(func() { s.silent = silent }) }

// Lookups are the uids asked about so far, in order, failures included.
func (s *Server) Lookups() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lookups...)
}

func (s *Server) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// Handler serves POST /v1/projects/{project}/accounts:lookup.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/projects/{project}/accounts:lookup", s.lookup)
	return mux
}

type account struct {
	LocalID    string `json:"localId"`
	Disabled   bool   `json:"disabled,omitempty"`
	ValidSince string `json:"validSince"`
}

func (s *Server) lookup(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		LocalID []string `json:"localId"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || len(asked.LocalID) == 0 {
		reply(w, http.StatusBadRequest, map[string]any{"error": map[string]any{"code": 400, "message": "MISSING_LOCAL_ID"}})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lookups = append(s.lookups, asked.LocalID...)
	switch {
	case s.silent:
		panic(http.ErrAbortHandler)
	case s.outage:
		reply(w, http.StatusServiceUnavailable, map[string]any{"error": map[string]any{"code": 503, "status": "UNAVAILABLE"}})
		return
	}
	answer := map[string]any{"kind": "identitytoolkit#GetAccountInfoResponse"}
	var users []account
	for _, uid := range asked.LocalID {
		disabled, ended := s.ended[uid]
		if ended && !disabled {
			continue
		}
		found := account{LocalID: uid, Disabled: disabled, ValidSince: "0"}
		if at, ok := s.since[uid]; ok {
			found.ValidSince = strconv.FormatInt(at.Unix(), 10)
		}
		users = append(users, found)
	}
	if len(users) > 0 { // Google leaves the list out when nobody is found
		answer["users"] = users
	}
	reply(w, http.StatusOK, answer)
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone; nobody is left to tell
}
