package firebase

import (
	"context"
	"crypto/rsa"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"citygraph/internal/clock"
)

const (
	fetchTimeout = 5 * time.Second
	// missInterval is how often an unknown key id may cause a fetch: tokens are forged for free.
	missInterval = time.Minute
	firstRetry   = time.Second
	lastRetry    = 5 * time.Minute
)

var (
	errNoKeys     = errors.New("no signing keys yet")
	errUnknownKey = errors.New("unknown key id")
)

// keyring holds the last key set that could be fetched. A failed fetch leaves it as it is.
type keyring struct {
	fetcher fetcher
	clock   clock.Clock
	log     zerolog.Logger
	ctx     context.Context // ends with close; fetches outlive the request that caused them
	cancel  context.CancelFunc
	ended   chan struct{}

	mu       sync.Mutex
	keys     map[string]*rsa.PublicKey
	flight   *flight
	lastMiss time.Time
}

// flight is one fetch under way, shared by everybody who waits for it.
type flight struct {
	landed chan struct{}
	maxAge time.Duration
	err    error
}

func openKeyring(f fetcher, c clock.Clock, log zerolog.Logger) *keyring {
	ctx, cancel := context.WithCancel(context.Background())
	k := &keyring{fetcher: f, clock: c, log: log, ctx: ctx, cancel: cancel, ended: make(chan struct{})}
	first := k.launch()
	go k.keepFresh(first)
	return k
}

func (k *keyring) close() {
	k.cancel()
	<-k.ended
}

// find returns the key, fetching the set anew when the id is unknown and no miss has done so lately.
func (k *keyring) find(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	k.mu.Lock()
	key, f := k.keys[kid], k.flight
	if key == nil && f == nil && k.keys != nil && k.clock.Now().Sub(k.lastMiss) >= missInterval {
		k.lastMiss = k.clock.Now()
		f = k.launchLocked()
	}
	k.mu.Unlock()
	if key != nil {
		return key, nil
	}
	if f != nil {
		select {
		case <-f.landed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch key := k.keys[kid]; {
	case key != nil:
		return key, nil
	case k.keys == nil:
		return nil, errNoKeys
	default:
		return nil, errUnknownKey
	}
}

func (k *keyring) launch() *flight {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.launchLocked()
}

// launchLocked starts a fetch, or joins the one under way.
func (k *keyring) launchLocked() *flight {
	if k.flight != nil {
		return k.flight
	}
	f := &flight{landed: make(chan struct{})}
	k.flight = f
	go func() {
		ctx, cancel := context.WithTimeout(k.ctx, fetchTimeout)
		defer cancel()
		keys, maxAge, err := k.fetcher.fetch(ctx)
		f.maxAge, f.err = maxAge, err
		k.mu.Lock()
		if err == nil {
			k.keys = keys
		}
		k.flight = nil
		k.mu.Unlock()
		close(f.landed)
	}()
	return f
}

// keepFresh fetches ahead of the set's expiry, and with growing pauses while the endpoint fails.
func (k *keyring) keepFresh(f *flight) {
	defer close(k.ended)
	pause := firstRetry
	for {
		<-f.landed
		if k.ctx.Err() != nil {
			return
		}
		wait := f.maxAge * 8 / 10
		if f.err == nil {
			pause = firstRetry
		} else {
			k.log.Warn().Err(f.err).Dur("retry_in", pause).Msg("firebase keys: fetch failed, keeping the last set")
			wait, pause = pause, min(2*pause, lastRetry)
		}
		timer := time.NewTimer(wait + rand.N(wait/10)) // replicas must not ask in step
		select {
		case <-timer.C:
		case <-k.ctx.Done():
			timer.Stop()
			return
		}
		f = k.launch()
	}
}
