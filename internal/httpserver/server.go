// Package httpserver runs HTTP listeners with bounds on every client and stops them in order. It also
// holds what every response and every address goes through: security headers and trusted proxies.
package httpserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"
)

// Options say how much one client may take.
type Options struct {
	Handler   http.Handler
	MaxHeader int // bytes
	Log       zerolog.Logger
}

// New returns a server that drops clients who are slow to ask or idle for long. There is no write
// deadline, because streams live long; handlers bound their own work.
func New(o Options) *http.Server {
	return &http.Server{
		Handler:           o.Handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       90 * time.Second,
		MaxHeaderBytes:    o.MaxHeader,
		ErrorLog:          newErrorLog(o.Log),
	}
}

// Listener is a server and where it listens.
type Listener struct {
	Name   string // for the log: "public", "admin"
	Server *http.Server
	Net    net.Listener
}

// Hook is one named step of stopping.
type Hook struct {
	Name string
	Run  func(context.Context) error
}

// Life is how a process serves and stops.
type Life struct {
	Listeners []Listener
	NotReady  func()        // readiness off; called first
	Delay     time.Duration // how long balancers get to notice
	Drain     []Hook        // while requests still finish: tell sockets to reconnect, stop taking jobs
	Close     []Hook        // after the last request: flush traces, close the database
	Timeout   time.Duration // for all of drain, requests and close together
	Log       zerolog.Logger
}

// Run serves until ctx ends or a listener fails, then stops in order: readiness off, the delay, the
// drain hooks, the requests, the close hooks. A failing step is reported and the next one still runs.
// What is not done within the timeout is cut off, and Run returns the deadline error.
func (l Life) Run(ctx context.Context) error {
	failed := make(chan error, len(l.Listeners))
	for _, listener := range l.Listeners {
		go func() {
			err := listener.Server.Serve(listener.Net)
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("%s listener: %w", listener.Name, err)
			}
		}()
	}
	var cause error
	select {
	case <-ctx.Done():
	case cause = <-failed:
	}
	return errors.Join(cause, l.stop(context.WithoutCancel(ctx)))
}

func (l Life) stop(ctx context.Context) error {
	l.Log.Info().Msg("stopping")
	l.NotReady()
	if l.Delay > 0 {
		<-time.After(l.Delay)
	}
	ctx, cancel := context.WithTimeout(ctx, l.Timeout)
	defer cancel()

	steps := append([]Hook{}, l.Drain...)
	for _, listener := range l.Listeners {
		steps = append(steps, Hook{listener.Name + " requests", func(ctx context.Context) error {
			if err := listener.Server.Shutdown(ctx); err != nil {
				return errors.Join(err, listener.Server.Close())
			}
			return nil
		}})
	}
	var errs []error
	for _, step := range append(steps, l.Close...) {
		started := time.Now()
		err := step.Run(ctx)
		if err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", step.Name, err))
		}
		l.Log.Info().Err(err).Str("step", step.Name).Dur("took", time.Since(started)).Msg("stopped")
	}
	return errors.Join(errs...)
}
