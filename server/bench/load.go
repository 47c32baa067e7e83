package main

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// load is how hard a side is asked.
type load struct {
	Clients int
	For     time.Duration
	Token   string
}

// measured is what some seconds of load on one screen of one side came to.
type measured struct {
	Requests  int
	Took      time.Duration
	Latencies []time.Duration
	Server    usage
	Database  time.Duration
	BodyBytes int
}

// measure loads one screen of one side, and reads what its processes used meanwhile. The clients run
// in this process, whose own CPU time counts for neither side.
func measure(ctx context.Context, c *child, b backends, s screen, l load) (measured, error) {
	usedBefore, err := c.usage(ctx)
	if err != nil {
		return measured{}, err
	}
	databaseBefore, err := b.cpu(ctx, c.side)
	if err != nil {
		return measured{}, err
	}
	m, err := fire(ctx, c, s, l)
	if err != nil {
		return measured{}, err
	}
	used, err := c.usage(ctx)
	if err != nil {
		return measured{}, err
	}
	database, err := b.cpu(ctx, c.side)
	m.Server, m.Database = used.since(usedBefore), database-databaseBefore
	return m, err
}

// fire keeps every client asking, one request after another on its own connection, until time is up.
func fire(ctx context.Context, c *child, s screen, l load) (measured, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: l.Clients, DisableCompression: true}
	defer transport.CloseIdleConnections()
	asks := &http.Client{Transport: transport}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var m measured
	var failed error
	started := time.Now()
	for range l.Clients {
		wg.Go(func() {
			latencies, size, err := askUntil(ctx, asks, c, s, l.Token, started.Add(l.For))
			mu.Lock()
			defer mu.Unlock()
			m.Latencies = append(m.Latencies, latencies...)
			m.BodyBytes = max(m.BodyBytes, size)
			if err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	m.Took, m.Requests = time.Since(started), len(m.Latencies)
	return m, failed
}

func askUntil(ctx context.Context, asks *http.Client, c *child, s screen, token string, end time.Time) (latencies []time.Duration, size int, err error) {
	first, err := c.request(ctx, s, token)
	if err != nil {
		return nil, 0, err
	}
	for now := time.Now(); now.Before(end); {
		request := first.Clone(ctx)
		if first.GetBody != nil {
			if request.Body, err = first.GetBody(); err != nil {
				return nil, 0, err
			}
		}
		body, err := send(asks, request)
		if err != nil {
			return nil, 0, err
		}
		done := time.Now()
		latencies, size, now = append(latencies, done.Sub(now)), len(body), done
	}
	return latencies, size, nil
}

// add puts another round of the same screen and side to m.
func (m *measured) add(round measured) {
	m.Requests += round.Requests
	m.Took += round.Took
	m.Latencies = append(m.Latencies, round.Latencies...)
	m.Server.CPU += round.Server.CPU
	m.Server.Mallocs += round.Server.Mallocs
	m.Server.Bytes += round.Server.Bytes
	m.Database += round.Database
	m.BodyBytes = round.BodyBytes
}

// percentile is the latency that p hundredths of the requests stayed within.
func (m *measured) percentile(p int) time.Duration {
	slices.Sort(m.Latencies)
	return m.Latencies[min(len(m.Latencies)*p/100, len(m.Latencies)-1)]
}
