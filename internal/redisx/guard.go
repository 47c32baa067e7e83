package redisx

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"github.com/sony/gobreaker/v2"
)

// ErrDown is the answer to every command while Redis is down. It costs no system call.
var ErrDown = errors.New("redis is down")

// errAbandoned marks a command whose caller left first, which says nothing about Redis.
var errAbandoned = errors.New("the caller left")

const (
	strikes    = 2 // failures in a row before Redis counts as down; one may be a hiccup
	probeEvery = 500 * time.Millisecond
)

// guard is a circuit breaker in front of every command. Unlike a plain breaker it never lets a caller
// try whether Redis is back: only its own probe does.
type guard struct {
	breaker *gobreaker.CircuitBreaker[struct{}]
	tripped chan struct{}
	log     zerolog.Logger
}

func newGuard(log zerolog.Logger) *guard {
	g := &guard{tripped: make(chan struct{}, 1), log: log}
	g.breaker = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:      1, // the probe sets the pace, so the breaker itself need not wait
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= strikes },
		IsSuccessful: alive,
		IsExcluded:   inconclusive,
		OnStateChange: func(_ string, from, to gobreaker.State) {
			if from == gobreaker.StateClosed && to == gobreaker.StateOpen {
				select {
				case g.tripped <- struct{}{}:
				default: // the probe is already on its way
				}
			}
		},
	})
	return g
}

func (g *guard) up() bool { return g.breaker.State() == gobreaker.StateClosed }

// watch sleeps until Redis goes down, then pings it until it is back; again and again until ctx ends.
func (g *guard) watch(ctx context.Context, ping func(context.Context) error) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.tripped:
		}
		g.log.Warn().Msg("redis is down; going on without it")
		for pause(ctx) && ping(context.WithValue(ctx, probing, true)) != nil {
		}
		if ctx.Err() == nil {
			g.log.Info().Msg("redis is back")
		}
	}
}

// pause waits for the next probe and reports false when ctx ends first. The jitter keeps replicas apart.
func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(probeEvery/2 + rand.N(probeEvery)):
		return true
	}
}

type mark int

const (
	probing mark = iota // the context is the probe's: it may pass a tripped breaker
	inside              // a guarded command is already under way: this is its handshake
)

func (g *guard) run(ctx context.Context, do func(context.Context) error) error {
	if ctx.Value(inside) != nil {
		return do(ctx)
	}
	if !g.up() && ctx.Value(probing) == nil {
		return ErrDown
	}
	var result error
	_, err := g.breaker.Execute(func() (struct{}, error) {
		result = do(context.WithValue(ctx, inside, true))
		if result != nil && ctx.Err() != nil {
			return struct{}{}, errAbandoned
		}
		return struct{}{}, result
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return ErrDown
	}
	return result
}

// alive reports whether err shows a Redis that works. An answer that refuses one command does; one that
// refuses all commands does not.
func alive(err error) bool {
	if _, answered := errors.AsType[redis.Error](err); err != nil && !answered {
		return false
	}
	return !redis.IsLoadingError(err) && !redis.IsAuthError(err) && !redis.IsMasterDownError(err)
}

// inconclusive reports whether err says nothing about Redis.
func inconclusive(err error) bool {
	return errors.Is(err, errAbandoned) || errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrClosed)
}

// DialHook leaves dialling alone: a dial belongs to a guarded command.
func (g *guard) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook guards single commands.
func (g *guard) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := g.run(ctx, func(ctx context.Context) error { return next(ctx, cmd) })
		if errors.Is(err, ErrDown) {
			cmd.SetErr(err)
		}
		return err
	}
}

// ProcessPipelineHook guards pipelines and transactions.
func (g *guard) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := g.run(ctx, func(ctx context.Context) error { return next(ctx, cmds) })
		if errors.Is(err, ErrDown) {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
		}
		return err
	}
}
