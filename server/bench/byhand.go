package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"citygraph/graph/scalar"
)

//go:embed sql/*.sql
var statements embed.FS

// byHand is what the graph is measured against: a handler a screen, each verifying the token and then
// running one statement that reads the session and builds the whole answer. It logs, counts and guards
// nothing.
type byHand struct {
	db        *pgxpool.Pool
	accessKey []byte
	cursorKey []byte
}

func newByHand(db *pgxpool.Pool, k keys) (http.Handler, error) {
	mac := hmac.New(sha256.New, k.Signing)
	mac.Write([]byte("citygraph access token"))
	h := &byHand{db: db, accessKey: mac.Sum(nil), cursorKey: k.Cursor}
	mux := http.NewServeMux()
	for _, s := range screens {
		text, err := statements.ReadFile("sql/" + snake(s.Name) + ".sql")
		if err != nil {
			return nil, err
		}
		mux.HandleFunc("GET "+s.Path, h.serve(s, string(text)))
	}
	return mux, nil
}

func (h *byHand) serve(s screen, statement string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, err := h.session(r)
		if err != nil {
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		body, err := h.answer(r.Context(), s, statement, session)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(body) // the client may be gone
		}
	}
}

// session verifies the token and returns the session it names; the statement asks whether it lives.
func (h *byHand) session(r *http.Request) (string, error) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var claims struct {
		SessionID string `json:"sid"`
		jwt.RegisteredClaims
	}
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return h.accessKey, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("citygraph"), jwt.WithExpirationRequired())
	return claims.SessionID, err
}

func (h *byHand) answer(ctx context.Context, s screen, statement, session string) ([]byte, error) {
	if s.First == 0 {
		var data []byte
		err := h.db.QueryRow(ctx, statement, session).Scan(&data)
		return fmt.Appendf(nil, `{"data":%s}`, data), err
	}
	var edges []byte
	var more bool
	var last string
	if err := h.db.QueryRow(ctx, statement, session, s.First).Scan(&edges, &more, &last); err != nil {
		return nil, err
	}
	var cursor bytes.Buffer
	err := scalar.MarshalCursor(scalar.Cursor{ID: last}).MarshalGQLContext(scalar.WithCursorKey(ctx, h.cursorKey), &cursor)
	return fmt.Appendf(nil, `{"data":{"%s":{"edges":%s,"pageInfo":{"hasNextPage":%t,"endCursor":%s}}}}`,
		s.field(), edges, more, cursor.Bytes()), err
}

// field is the root field of a paged screen.
func (s screen) field() string {
	if s.Name == "MyCases" {
		return "myCases"
	}
	return "clinics"
}

// snake turns HomeScreen into home_screen.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}
