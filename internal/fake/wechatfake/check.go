package wechatfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// CheckPath is the content check.
const CheckPath = "/wxa/msg_sec_check"

// The words by which the fake judges a text.
const (
	RiskyWord  = "赌博"
	ReviewWord = "加微信"
)

// Checked returns the texts that were looked at, oldest first.
func (s *Server) Checked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.checked)
}

func (s *Server) check(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Version int    `json:"version"`
		Scene   int    `json:"scene"`
		OpenID  string `json:"openid"`
		Content string `json:"content"`
	}
	err := json.NewDecoder(r.Body).Decode(&q)
	s.mu.Lock()
	defer s.mu.Unlock()
	malformed := err != nil || q.Version != 2 || q.Scene < 1 || q.Scene > 4 || q.OpenID == "" || q.Content == "" || utf8.RuneCountInString(q.Content) > 2_500
	if errcode := s.sendRefusal(CheckPath, r.URL.Query().Get("access_token"), malformed); errcode != 0 {
		refuse(w, errcode, q.OpenID+" "+q.Content)
		return
	}
	s.checked = append(s.checked, q.Content)
	suggest, label := "pass", 100
	switch {
	case strings.Contains(q.Content, RiskyWord):
		suggest, label = "risky", 20002
	case strings.Contains(q.Content, ReviewWord):
		suggest, label = "review", 10001
	}
	reply(w, map[string]any{
		"errcode": 0, "errmsg": "ok", "trace_id": "60ae120f-371d5872-7941a05b", "result": map[string]any{"suggest": suggest, "label": label},
	})
}
