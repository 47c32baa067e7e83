package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"

	contracts "citygraph/mobile-contracts"
)

// child is the process of one side.
type child struct {
	side    side
	url     string // of what is measured
	control string // of its controls
	process *exec.Cmd
	stdin   io.Closer
}

// startChild runs this program again as one side, with more in its environment.
func startChild(ctx context.Context, which side, databaseURL string, env ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		return nil, err
	}
	query := u.Query()
	query.Set("application_name", string(which)) // by which its backends are known
	u.RawQuery = query.Encode()
	cmd := exec.CommandContext(ctx, self, "-serve", string(which), "-database", u.String()) //nolint:gosec // this program
	cmd.Stderr, cmd.Env = os.Stderr, append(cmd.Environ(), env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", which, err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", which, err), cmd.Wait())
	}
	c := &child{side: which, process: cmd, stdin: stdin}
	var public, control string
	if _, err := fmt.Sscan(line, &public, &control); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", which, err), c.stop())
	}
	c.url, c.control = "http://"+public, "http://"+control
	return c, nil
}

func (c *child) stop() error {
	return errors.Join(c.stdin.Close(), c.process.Wait())
}

// usage asks the child what it has used.
func (c *child) usage(ctx context.Context) (usage, error) {
	var u usage
	body, err := c.ask(ctx, "/usage")
	if err == nil {
		err = json.Unmarshal(body, &u)
	}
	return u, err
}

// ask reads one of the child's controls.
func (c *child) ask(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.control+path, nil) //nolint:gosec // a process of this program
	if err != nil {
		return nil, err
	}
	return send(http.DefaultClient, request)
}

// request asks the child for a screen.
func (c *child) request(ctx context.Context, s screen, token string) (*http.Request, error) {
	if c.side == byHandSide {
		return authorized(ctx, http.MethodGet, c.url+s.Path, nil, token)
	}
	body, err := graphBody(s)
	if err != nil {
		return nil, err
	}
	return authorized(ctx, http.MethodPost, c.url+"/graphql", body, token)
}

// graphBody names the trusted document of a screen.
func graphBody(s screen) ([]byte, error) {
	manifest, err := contracts.Load()
	if err != nil {
		return nil, err
	}
	o, ok := manifest.Find(client, s.Name)
	if !ok {
		return nil, fmt.Errorf("the manifest has no %s", s.Name)
	}
	return json.Marshal(map[string]any{"documentId": o.ID, "variables": s.Variables})
}

func authorized(ctx context.Context, method, url string, body []byte, token string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body)) //nolint:gosec // a process of this program
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	return request, nil
}

// send returns the body of a 200.
func send(client *http.Client, request *http.Request) ([]byte, error) {
	response, err := client.Do(request) //nolint:gosec // a process of this program
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %d: %.300s", request.URL.Path, response.StatusCode, body)
	}
	return body, nil
}
