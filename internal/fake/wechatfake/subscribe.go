package wechatfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"unicode/utf8"
)

// AcceptPath has a person accept a message, for tests in another process: POST AcceptPath?openid=…&template=….
const AcceptPath = "/_fake/accepts"

// Sent is a subscribe message that reached its person.
type Sent struct {
	OpenID   string
	Template string
	Page     string
	Fields   map[string]string
}

type accept struct{ openID, template string }

// Accept is a tap on "allow": good for one message of the template.
func (s *Server) Accept(openID, template string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepts[accept{openID, template}]++
}

// RefuseSends makes the next messages be refused with these errcodes, one each.
func (s *Server) RefuseSends(errcodes ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals = append(s.refusals, errcodes...)
}

// Revoke ends the access token before its time, as a second app with the secret does.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.tokenEnds = "", s.clock.Now()
}

// Sent returns the messages that reached people, oldest first.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	var m struct {
		ToUser     string `json:"touser"`
		TemplateID string `json:"template_id"`
		Page       string `json:"page"`
		Data       map[string]struct {
			Value string `json:"value"`
		} `json:"data"`
	}
	err := json.NewDecoder(r.Body).Decode(&m)
	s.mu.Lock()
	defer s.mu.Unlock()
	token := r.URL.Query().Get("access_token")
	if errcode := s.sendRefusal(SendPath, token, err != nil || m.ToUser == "" || m.TemplateID == "" || len(m.Data) == 0); errcode != 0 {
		refuse(w, errcode, token+" "+m.ToUser)
		return
	}
	got := Sent{OpenID: m.ToUser, Template: m.TemplateID, Page: m.Page, Fields: map[string]string{}}
	for key, field := range m.Data {
		got.Fields[key] = field.Value
		if field.Value == "" || len(key) > 5 && key[:5] == "thing" && utf8.RuneCountInString(field.Value) > 20 {
			refuse(w, 47003, key)
			return
		}
	}
	accepted := accept{m.ToUser, m.TemplateID}
	if s.accepts[accepted] == 0 {
		refuse(w, 43101, m.ToUser)
		return
	}
	s.accepts[accepted]--
	s.sent = append(s.sent, got)
	reply(w, map[string]any{"errcode": 0, "errmsg": "ok", "msgid": len(s.sent)})
}

// sendRefusal counts the request and returns the errcode it fails with, 0 for none.
func (s *Server) sendRefusal(path, token string, malformed bool) int {
	s.asked[path]++
	if len(s.refusals) > 0 {
		errcode := s.refusals[0]
		s.refusals = s.refusals[1:]
		return errcode
	}
	switch {
	case token == "" || token != s.token:
		return 40001
	case !s.clock.Now().Before(s.tokenEnds):
		return 42001
	case malformed:
		return 47003
	default:
		return 0
	}
}
