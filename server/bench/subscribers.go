package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"

	contracts "citygraph/mobile-contracts"
)

// openers is how many subscribers arrive at once.
const openers = 32

// settle outlasts a heartbeat and a safety wake-up of every subscriber.
const settle = 40 * time.Second

// memoryLimit keeps the whole process, its code included, within 300 MB.
const memoryLimit = "GOMEMLIMIT=224MiB"

// transport opens one subscription, returns once it has told its first event, and holds it until it
// breaks off.
type transport struct {
	name string
	open func(ctx context.Context, url, token string, body []byte) (hold func() error, err error)
}

var transports = []transport{{"graphql-transport-ws", openSocket}, {"graphql-sse", openStream}}

// countSubscribers prints what each of many idle subscribers to their inboxes costs the server's
// process, for each transport in a process of its own. The clients are in this one.
func (p plan) countSubscribers(ctx context.Context, url string) error {
	fmt.Fprintf(os.Stderr, "seeding %d citizens\n", p.citizens)
	tokens, err := buildInboxes(ctx, cityOptions(url), p.citizens, p.subscribers)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%d idle subscribers\tRSS\tafter GC\theap\tobjects\tstacks\tgoroutines\tRSS of the process\tat its peak\t\n", p.subscribers)
	for _, tr := range transports {
		before, after, err := p.subscribe(ctx, url, tr, tokens)
		if err != nil {
			return fmt.Errorf("%s: %w", tr.name, err)
		}
		n := float64(p.subscribers)
		each := func(before, after uint64) float64 { return (float64(after) - float64(before)) / n / 1024 }
		fmt.Fprintf(t, "%s\t%.1f KiB\t%.1f KiB\t%.1f KiB\t%.1f KiB\t%.1f KiB\t%.2f\t%.0f MB\t%.0f MB\t\n", tr.name,
			each(before.Idle, after.Idle), each(before.Resident, after.Resident), each(before.Heap, after.Heap), each(before.Live, after.Live), each(before.Stacks, after.Stacks),
			float64(after.Goroutines-before.Goroutines)/n, float64(after.Idle)/1e6, float64(after.Peak)/1e6)
	}
	return t.Flush()
}

// subscribe measures a fresh server process before and while it has all subscribers of one transport.
func (p plan) subscribe(ctx context.Context, url string, tr transport, tokens []string) (before, after memory, err error) {
	c, err := startChild(ctx, graphSide, url, memoryLimit)
	if err != nil {
		return before, after, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if err := p.open(ctx, c, tr, tokens[:openers], func() error { return nil }); err != nil { // to warm up
		return before, after, err
	}
	if before, err = p.weigh(ctx, c, tr.name+"_before"); err != nil {
		return before, after, err
	}
	err = p.open(ctx, c, tr, tokens, func() error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settle):
		}
		after, err = p.weigh(ctx, c, tr.name)
		return err
	})
	return before, after, err
}

// open has one subscriber with each token, calls then, and ends them. It fails when one of them did
// not last.
func (p plan) open(ctx context.Context, c *child, tr transport, tokens []string, then func() error) error {
	manifest, err := contracts.Load()
	if err != nil {
		return err
	}
	o, ok := manifest.Find(client, "InboxChanged")
	if !ok {
		return errors.New("the manifest has no InboxChanged")
	}
	body, err := json.Marshal(map[string]any{"documentId": o.ID, "variables": map[string]any{"afterSeq": 0}})
	if err != nil {
		return err
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	lost := make(chan error, len(tokens))
	var held sync.WaitGroup
	defer held.Wait()
	defer leave()
	var opening errgroup.Group
	opening.SetLimit(openers)
	for _, token := range tokens {
		opening.Go(func() error {
			hold, err := tr.open(ctx, c.url+"/graphql", token, body)
			if err != nil {
				return err
			}
			held.Go(func() {
				if err := hold(); ctx.Err() == nil {
					lost <- fmt.Errorf("a subscriber was lost: %w", err)
				}
			})
			return nil
		})
	}
	if err := errors.Join(opening.Wait(), then()); err != nil {
		return err
	}
	select {
	case err := <-lost:
		return err
	default:
		return nil
	}
}

// weigh reads the memory of the server and, where profiles are wanted, keeps where it is and what its
// goroutines wait for.
func (p plan) weigh(ctx context.Context, c *child, name string) (memory, error) {
	m, err := c.memory(ctx)
	if err != nil || p.profiles == "" {
		return m, err
	}
	if err := os.MkdirAll(p.profiles, 0o755); err != nil { //nolint:gosec // profiles for everyone
		return m, err
	}
	for _, what := range []string{"heap", "goroutine"} {
		profile, err := c.ask(ctx, "/"+what)
		if err != nil {
			return m, err
		}
		file := filepath.Join(p.profiles, name+"_"+what+".pprof")
		if err := os.WriteFile(file, profile, 0o644); err != nil { //nolint:gosec // profiles for everyone
			return m, err
		}
	}
	return m, nil
}

func openSocket(ctx context.Context, url, token string, body []byte) (func() error, error) {
	conn, _, err := websocket.Dial(ctx, strings.Replace(url, "http", "ws", 1), &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}}) //nolint:bodyclose // the connection is the body
	if err != nil {
		return nil, err
	}
	for _, step := range []struct{ say, hear string }{
		{`{"type":"connection_init","payload":{"authorization":"Bearer ` + token + `"}}`, `"connection_ack"`},
		{`{"id":"1","type":"subscribe","payload":` + string(body) + `}`, `"next"`},
	} {
		if err := conn.Write(ctx, websocket.MessageText, []byte(step.say)); err != nil {
			return nil, err
		}
		if _, heard, err := conn.Read(ctx); err != nil || !strings.Contains(string(heard), step.hear) {
			return nil, errors.Join(fmt.Errorf("heard %.300s, want %s", heard, step.hear), err, conn.CloseNow())
		}
	}
	return func() error {
		for {
			_, heard, err := conn.Read(ctx)
			if err == nil && string(heard) == `{"type":"ping"}` {
				err = conn.Write(ctx, websocket.MessageText, []byte(`{"type":"pong"}`))
			}
			if err != nil {
				return errors.Join(err, conn.CloseNow())
			}
		}
	}, nil
}

func openStream(ctx context.Context, url, token string, body []byte) (func() error, error) {
	request, err := authorized(ctx, http.MethodPost, url, body, token)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := (&http.Transport{}).RoundTrip(request) //nolint:bodyclose // whoever holds it closes it
	if err != nil {
		return nil, err
	}
	lines := bufio.NewReader(response.Body)
	for line := ""; !strings.HasPrefix(line, `data: {"data"`); {
		if line, err = lines.ReadString('\n'); err != nil {
			return nil, errors.Join(fmt.Errorf("answered %d: %s", response.StatusCode, line), err, response.Body.Close())
		}
	}
	return func() error {
		_, err := io.Copy(io.Discard, lines)
		return errors.Join(err, response.Body.Close())
	}, nil
}
