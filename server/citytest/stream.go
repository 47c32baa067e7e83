package citytest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// Stream starts an operation of the citizen app over graphql-sse. It ends with StatusNormalClosure when the
// server said complete, and with StatusAbnormalClosure when the connection broke off.
func (c *Client) Stream(t testing.TB, operation string, vars Vars) *Subscription {
	t.Helper()
	o, ok := c.City.Manifest.Find("citizen-app", operation)
	if !ok {
		t.Fatalf("no operation %s", operation)
	}
	body, err := json.Marshal(map[string]any{"documentId": o.ID, "variables": vars})
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(context.Background())
	t.Cleanup(leave)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.City.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = c.Header.Clone()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		leave()
		t.Fatalf("the stream was answered %d", response.StatusCode)
	}
	s := newSubscription(leave)
	go func() {
		defer response.Body.Close()
		s.end(s.readEvents(bufio.NewScanner(response.Body)))
	}()
	return s
}

// readEvents passes events on until the stream ends, and tells how it did.
func (s *Subscription) readEvents(lines *bufio.Scanner) websocket.StatusCode {
	lines.Buffer(nil, 1<<20)
	event := ""
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case field == "event" && value == "complete":
			return websocket.StatusNormalClosure
		case field == "event":
			event = value
		case field == "data" && event == "next":
			if !s.deliver([]byte(value)) {
				return websocket.StatusInvalidFramePayloadData
			}
		}
	}
	return websocket.StatusAbnormalClosure
}
