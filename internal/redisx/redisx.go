// Package redisx opens the one Redis connection that all rooms of the process share, and guards it:
// a Redis that is dead or swallows packets costs its callers two short waits, then nothing at all
// until a background probe finds it again. Redis is optional everywhere; a nil *Client means there is none.
package redisx

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/rs/zerolog"
)

const (
	// patience is what one command may cost. Redis answers in well under a millisecond; slower than this
	// is as good as dead.
	patience          = 50 * time.Millisecond
	connectionsPerCPU = 4
)

// Client is the shared connection. Every command, pipeline and handshake through it is guarded:
// while Redis is down it fails at once with ErrDown.
type Client struct {
	*redis.Client
	guard  *guard
	prefix string
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// Option changes how Open connects.
type Option func(*settings)

type settings struct {
	prefix   string
	patience time.Duration
}

// Prefix puts p in front of every name made by Key, so that strangers can share one Redis.
// The default is "citygraph:".
func Prefix(p string) Option { return func(s *settings) { s.prefix = p } }

// Patience is how long a command waits for a connection and then for the answer; dialling may take twice
// as long. The default is 50 ms.
func Patience(d time.Duration) Option { return func(s *settings) { s.patience = d } }

// errURL stands for every parse error: the parser's own text quotes the URL, password and all.
var errURL = errors.New("the Redis URL is not a redis://, rediss:// or unix:// URL (not shown: it may hold a password)")

// Open returns the shared connection for a redis://, rediss:// or unix:// URL, and nil for "". It does not
// wait for Redis, which may come later. Timeouts and pool size given in the URL are overruled.
// The library's own messages go to log at debug level. Close ends it.
func Open(url string, log zerolog.Logger, opts ...Option) (*Client, error) {
	if url == "" {
		return nil, nil
	}
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, errURL
	}
	s := settings{prefix: "citygraph:", patience: patience}
	for _, opt := range opts {
		opt(&s)
	}
	restrain(options, s.patience)
	redis.SetLogger(libraryLog{log})

	ctx, stop := context.WithCancel(context.Background())
	c := &Client{
		Client: redis.NewClient(options),
		guard:  newGuard(log.With().Str("redis", options.Addr).Logger()),
		prefix: s.prefix,
		stop:   stop,
	}
	c.AddHook(c.guard)
	c.done.Go(func() { c.guard.watch(ctx, func(ctx context.Context) error { return c.Ping(ctx).Err() }) })
	return c, nil
}

// restrain leaves no way for one command to wait long or be tried twice.
func restrain(o *redis.Options, patience time.Duration) {
	o.DialTimeout = 2 * patience
	o.DialerRetries = 1
	o.ReadTimeout = patience
	o.WriteTimeout = patience
	o.PoolTimeout = patience
	o.MaxRetries = -1
	o.PoolSize = connectionsPerCPU * runtime.GOMAXPROCS(0)
	o.MaxActiveConns = o.PoolSize
	o.PipelinePoolSize = -1
	o.Protocol = 2
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// Key returns the name under which this process keeps a key or channel in Redis.
func (c *Client) Key(name string) string { return c.prefix + name }

// Up reports whether Redis answered when last asked. For metrics and health pages; callers of commands
// need not ask, they get ErrDown.
func (c *Client) Up() bool { return c.guard.up() }

// Close ends the probe and closes every connection. It does nothing on nil.
func (c *Client) Close() error {
	if c == nil {
		return nil
	}
	c.stop()
	err := c.Client.Close()
	c.done.Wait()
	return err
}

// libraryLog sends go-redis's messages, which know addresses but no credentials, where ours go.
type libraryLog struct{ log zerolog.Logger }

func (l libraryLog) Printf(_ context.Context, format string, v ...any) {
	l.log.Debug().Msgf(format, v...)
}
