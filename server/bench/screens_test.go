package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"citygraph/server/citytest"
)

// BenchmarkScreens runs each screen through the handler in process, for its allocations: on SQLite
// they are the same on every machine.
//
//	go test -run '^$' -bench . -benchmem ./server/bench
func BenchmarkScreens(b *testing.B) {
	city := citytest.Start(b)
	if err := history(b.Context(), city.DB, time.Now()); err != nil {
		b.Fatal(err)
	}
	token := city.As(b, member).Token
	for _, s := range screens {
		body, err := graphBody(s)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(s.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
				request.Header.Set("Content-Type", "application/json")
				request.Header.Set("Authorization", "Bearer "+token)
				answer := httptest.NewRecorder()
				city.Edge.ServeHTTP(answer, request)
				if answer.Code != http.StatusOK || bytes.Contains(answer.Body.Bytes(), []byte(`"errors"`)) {
					b.Fatalf("answered %d: %.300s", answer.Code, answer.Body)
				}
			}
		})
	}
}
