package citytest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// Client calls the city as one person does: by document id, with their token.
type Client struct {
	City   *City
	Token  string // empty for a visitor
	Header http.Header

	t testing.TB
}

// Visitor is a client nobody has signed in on.
func (c *City) Visitor(t testing.TB) *Client {
	return &Client{City: c, Header: http.Header{}, t: t}
}

// As is a client on which a member of the cast is signed in.
func (c *City) As(t testing.TB, member string) *Client {
	t.Helper()
	tokens, err := c.Accounts.SignInForDevelopment(t.Context(), member)
	if err != nil {
		t.Fatalf("sign in as %s: %v", member, err)
	}
	return c.With(t, tokens.AccessToken)
}

// With is a client on which somebody signed in by themselves.
func (c *City) With(t testing.TB, accessToken string) *Client {
	client := c.Visitor(t)
	client.Token = accessToken
	return client
}

// Speaking is the same client with its phone set to a language.
func (c *Client) Speaking(acceptLanguage string) *Client {
	other := *c
	other.Header = c.Header.Clone()
	other.Header.Set("Accept-Language", acceptLanguage)
	return &other
}

// On is the same client talking to another replica.
func (c *Client) On(city *City) *Client {
	other := *c
	other.City = city
	return &other
}

// Vars are the variables of an operation.
type Vars map[string]any

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Data   json.RawMessage
	Errors []Error

	Statements int // SQL sent on behalf of the request
}

// Error is a top-level error.
type Error struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path"`
	Extensions map[string]any `json:"extensions"`
}

// Code is the first error's code, empty when there is none.
func (a Answer) Code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

// Decode reads the data into out; the test fails on any error in the answer.
func (a Answer) Decode(t testing.TB, out any) {
	t.Helper()
	if len(a.Errors) > 0 || a.Status != http.StatusOK {
		t.Fatalf("answered %d: %s", a.Status, a.Body)
	}
	if err := json.Unmarshal(a.Data, out); err != nil {
		t.Fatalf("read %s: %v", a.Data, err)
	}
}

// Do runs an operation of the citizen app by its document id.
func (c *Client) Do(operation string, vars Vars) Answer {
	c.t.Helper()
	return c.DoFor("citizen-app", operation, vars)
}

// DoFor runs a client's operation by its document id.
func (c *Client) DoFor(client, operation string, vars Vars) Answer {
	c.t.Helper()
	o, ok := c.City.Manifest.Find(client, operation)
	if !ok {
		c.t.Fatalf("%s has no operation %s", client, operation)
	}
	return c.Post(map[string]any{"documentId": o.ID, "variables": vars})
}

// Query runs any document.
func (c *Client) Query(document string, vars Vars) Answer {
	c.t.Helper()
	return c.Post(map[string]any{"query": document, "variables": vars})
}

// Try runs an operation of the citizen app as a phone in a lift does: it hangs up when ctx ends, and a
// lost answer is an error.
func (c *Client) Try(ctx context.Context, operation string, vars Vars) (Answer, error) {
	o, ok := c.City.Manifest.Find("citizen-app", operation)
	if !ok {
		return Answer{}, fmt.Errorf("no operation %s", operation)
	}
	return c.post(ctx, map[string]any{"documentId": o.ID, "variables": vars})
}

// Post sends a request body.
func (c *Client) Post(body any) Answer {
	c.t.Helper()
	answer, err := c.post(c.t.Context(), body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer
}

// Send sends a request with the client's token.
func (c *Client) Send(request *http.Request) Answer {
	c.t.Helper()
	answer, err := c.send(request)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer
}

func (c *Client) post(ctx context.Context, body any) (Answer, error) {
	header := c.Header.Clone()
	encoded, err := Encode(body, header)
	if err != nil {
		return Answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.City.URL+"/graphql", encoded)
	if err != nil {
		return Answer{}, err
	}
	request.Header = header
	return c.send(request)
}

func (c *Client) send(request *http.Request) (Answer, error) {
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	counted := c.City.meter.watch(c.t, request)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, err
	}
	answer, err := Read(response.StatusCode, body)
	answer.Header, answer.Statements = response.Header, counted()
	return answer, err
}

// Read makes an answer of a response.
func Read(status int, body []byte) (Answer, error) {
	var decoded struct {
		Data   json.RawMessage `json:"data"`
		Errors []Error         `json:"errors"`
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &decoded); err != nil {
			return Answer{}, fmt.Errorf("answer is not JSON: %s", body)
		}
	}
	return Answer{Status: status, Body: body, Data: decoded.Data, Errors: decoded.Errors}, nil
}
