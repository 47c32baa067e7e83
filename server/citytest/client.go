package citytest

import (
	"bytes"
	"encoding/json"
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
	client := c.Visitor(t)
	client.Token = tokens.AccessToken
	return client
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

// Post sends a request body.
func (c *Client) Post(body any) Answer {
	c.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.City.URL+"/graphql", bytes.NewReader(encoded))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header = c.Header.Clone()
	request.Header.Set("Content-Type", "application/json")
	return c.Send(request)
}

// Send sends a request with the client's token.
func (c *Client) Send(request *http.Request) Answer {
	c.t.Helper()
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	counted := c.City.meter.watch(c.t, request)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	answer := Read(c.t, response.StatusCode, body)
	answer.Header, answer.Statements = response.Header, counted()
	return answer
}

// Read makes an answer of a response.
func Read(t testing.TB, status int, body []byte) Answer {
	t.Helper()
	var decoded struct {
		Data   json.RawMessage `json:"data"`
		Errors []Error         `json:"errors"`
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &decoded); err != nil {
			t.Fatalf("answer is not JSON: %s", body)
		}
	}
	return Answer{Status: status, Body: body, Data: decoded.Data, Errors: decoded.Errors}
}
