// Package wechatfake speaks the part of WeChat's server API the mini-programs need: sign-in codes, the
// stable access token, subscribe messages and the content check.
package wechatfake

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"citygraph/internal/clock"
)

// CodePath issues a sign-in code for tests in another process: POST CodePath?openid=…&unionid=….
const CodePath = "/_fake/codes"

const tokenLife = 7200 * time.Second

// Server is one mini-program's view of WeChat. It is safe for concurrent use.
type Server struct {
	appID, secret string
	clock         clock.Clock

	mu        sync.Mutex
	codes     map[string]*person
	failures  []int
	token     string
	tokenEnds time.Time
	asked     map[string]int

	accepts  map[accept]int
	refusals []int
	sent     []Sent
	checked  []string
}

type person struct {
	openID, unionID string
	spent           bool
}

// New returns the WeChat of the mini-program.
func New(appID, secret string, c clock.Clock) *Server {
	return &Server{
		appID: appID, secret: secret, clock: c,
		codes: map[string]*person{}, asked: map[string]int{}, accepts: map[accept]int{},
	}
}

// IssueCode returns a code as wx.login would: good once. The unionID may be empty.
func (s *Server) IssueCode(openID, unionID string) string {
	code := "0" + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = &person{openID: openID, unionID: unionID}
	return code
}

// FailNext makes the next requests answer with these errcodes, one each.
func (s *Server) FailNext(errcodes ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, errcodes...)
}

// Requests returns how often a path was asked, failures included.
func (s *Server) Requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// Paths of the API.
const (
	SessionPath = "/sns/jscode2session"
	TokenPath   = "/cgi-bin/stable_token"
	SendPath    = "/cgi-bin/message/subscribe/send"
)

// Handler serves SessionPath, TokenPath, SendPath, CheckPath, CodePath and AcceptPath.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+SessionPath, s.session)
	mux.HandleFunc("POST "+TokenPath, s.stableToken)
	mux.HandleFunc("POST "+SendPath, s.send)
	mux.HandleFunc("POST "+CheckPath, s.check)
	mux.HandleFunc("POST "+AcceptPath, func(_ http.ResponseWriter, r *http.Request) {
		s.Accept(r.FormValue("openid"), r.FormValue("template"))
	})
	mux.HandleFunc("POST "+CodePath, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, s.IssueCode(r.FormValue("openid"), r.FormValue("unionid")))
	})
	return mux
}

func (s *Server) session(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	if errcode := s.refusal(SessionPath, query.Get("appid"), query.Get("secret")); errcode != 0 {
		refuse(w, errcode, query.Get("js_code"))
		return
	}
	p := s.codes[query.Get("js_code")]
	switch {
	case query.Get("grant_type") != "authorization_code":
		refuse(w, 40002, "")
	case p == nil:
		refuse(w, 40029, query.Get("js_code"))
	case p.spent:
		refuse(w, 40163, query.Get("js_code"))
	default:
		p.spent = true
		answer := map[string]string{"openid": p.openID, "session_key": "key-of-" + p.openID}
		if p.unionID != "" {
			answer["unionid"] = p.unionID
		}
		reply(w, answer)
	}
}

func (s *Server) stableToken(w http.ResponseWriter, r *http.Request) {
	var request struct {
		GrantType    string `json:"grant_type"`
		AppID        string `json:"appid"`
		Secret       string `json:"secret"`
		ForceRefresh bool   `json:"force_refresh"`
	}
	err := json.NewDecoder(r.Body).Decode(&request)
	s.mu.Lock()
	defer s.mu.Unlock()
	if errcode := s.refusal(TokenPath, request.AppID, request.Secret); errcode != 0 {
		refuse(w, errcode, request.Secret)
		return
	}
	if err != nil || request.GrantType != "client_credential" {
		refuse(w, 40002, "")
		return
	}
	now := s.clock.Now()
	if request.ForceRefresh || !now.Add(5*time.Minute).Before(s.tokenEnds) {
		s.token, s.tokenEnds = "80_"+strings.ToLower(rand.Text()), now.Add(tokenLife)
	}
	reply(w, map[string]any{"access_token": s.token, "expires_in": int(s.tokenEnds.Sub(now).Seconds())})
}

// refusal counts the request and returns the errcode it fails with, 0 for none.
func (s *Server) refusal(path, appID, secret string) int {
	s.asked[path]++
	if len(s.failures) > 0 {
		errcode := s.failures[0]
		s.failures = s.failures[1:]
		return errcode
	}
	switch {
	case appID != s.appID:
		return 40013
	case secret != s.secret:
		return 40125
	default:
		return 0
	}
}

// refuse repeats the input in errmsg, as unkindly as a server may.
func refuse(w http.ResponseWriter, errcode int, input string) {
	reply(w, map[string]any{"errcode": errcode, "errmsg": fmt.Sprintf("refused %s, rid: 6f00", input)})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "text/plain") // as WeChat does
	_ = json.NewEncoder(w).Encode(v)             // the client is gone; nobody is left to tell
}
