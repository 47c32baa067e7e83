package crashtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	contracts "citygraph/mobile-contracts"
)

// phone is an app that sends a request until it has an answer, as apps in lifts do.
type phone struct {
	manifest *contracts.Manifest
	url      *atomic.Pointer[string] // of whichever server runs now
	token    string
	http     *http.Client
	retries  int
}

const (
	answerTimeout = 5 * time.Second // for one try
	retryPause    = 25 * time.Millisecond
)

// answer is the payload of a mutation.
type answer struct {
	CityCase   *struct{ ID, Status, Description string }
	UserErrors []struct{ Code, Message string }
}

// errRetry says that the server did not answer the question: it died, is not up yet, or is overrun.
type errRetry struct{ why string }

func (e errRetry) Error() string { return "no answer yet: " + e.why }

// until runs the operation until it is answered, or ctx ends.
func (p *phone) until(ctx context.Context, operation string, input map[string]any, out any) error {
	for {
		err := p.try(ctx, operation, input, out)
		if _, again := err.(errRetry); !again { //nolint:errorlint // try returns it bare
			return err
		}
		p.retries++
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w: %w", operation, ctx.Err(), err)
		case <-time.After(retryPause):
		}
	}
}

func (p *phone) try(ctx context.Context, operation string, input map[string]any, out any) error {
	document, ok := p.manifest.Find("citizen-app", operation)
	if !ok {
		return fmt.Errorf("no operation %s", operation)
	}
	body, err := json.Marshal(map[string]any{"documentId": document.ID, "variables": map[string]any{"input": input}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, *p.url.Load()+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+p.token)
	response, err := p.http.Do(request)
	if err != nil {
		return errRetry{err.Error()}
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		return errRetry{err.Error()}
	}
	return p.read(response.StatusCode, read, out)
}

// read tells an answer from a server in trouble.
func (p *phone) read(status int, body []byte, out any) error {
	var answered struct {
		Data   json.RawMessage
		Errors []struct {
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(body, &answered); err != nil {
		return fmt.Errorf("answer %d is not JSON: %w", status, err)
	}
	if len(answered.Errors) > 0 {
		switch code := answered.Errors[0].Extensions.Code; code {
		case "INTERNAL", "RATE_LIMITED", "IDEMPOTENCY_IN_PROGRESS":
			return errRetry{code}
		default:
			return fmt.Errorf("answer %d: %s", status, body)
		}
	}
	return json.Unmarshal(answered.Data, out)
}
