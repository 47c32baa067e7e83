package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"citygraph/internal/clock"
	"citygraph/internal/httpserver"
	"citygraph/internal/observe"
	"citygraph/internal/paycode"
	"citygraph/internal/requestid"
	"citygraph/internal/store"
	"citygraph/internal/vault"
	contracts "citygraph/mobile-contracts"
	"citygraph/server/wiring"
)

// side is one of the two servers that are compared.
type side string

const (
	graphSide  side = "graph"
	byHandSide side = "byhand"
)

// keys are known to both sides, so that one token opens either.
type keys struct{ Signing, Cursor []byte }

func benchKeys() keys {
	return keys{Signing: bytes.Repeat([]byte("s"), 32), Cursor: bytes.Repeat([]byte("c"), 32)}
}

// benchVault seals under a key of no worth.
func benchVault() *vault.Vault {
	key := bytes.Repeat([]byte("v"), 32)
	ring, err := vault.ParseRing("bench:" + base64.StdEncoding.EncodeToString(key))
	if err != nil {
		panic(err) // the key is a constant
	}
	v, err := vault.New(ring, vault.AES256GCM, key)
	if err != nil {
		panic(err)
	}
	return v
}

// connections is the pool of either side, the graph's default.
func connections() int { return 2*runtime.GOMAXPROCS(0) + 2 }

// serveSide is the main function of a child process: it serves one side until its parent closes stdin.
func serveSide(ctx context.Context, which side, databaseURL string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h, err := handlerOf(ctx, which, databaseURL)
	if err != nil {
		return err
	}
	public, err := listen(h)
	if err != nil {
		return err
	}
	control, err := listen(controls())
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "%s %s\n", public, control)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func handlerOf(ctx context.Context, which side, databaseURL string) (http.Handler, error) {
	switch which {
	case graphSide:
		return graphHandler(ctx, databaseURL)
	case byHandSide:
		cfg, err := pgxpool.ParseConfig(databaseURL)
		if err != nil {
			return nil, err
		}
		cfg.MaxConns = int32(connections()) //nolint:gosec // a handful
		pool, err := pgxpool.NewWithConfig(ctx, cfg)
		if err != nil {
			return nil, err
		}
		return newByHand(pool, benchKeys())
	}
	return nil, fmt.Errorf("no side %q", which)
}

// graphHandler is the product as `server serve` runs it, middlewares, metrics, log and job queue
// included, but for rate limits, which would end a benchmark in its first second.
func graphHandler(ctx context.Context, databaseURL string) (http.Handler, error) {
	manifest, err := contracts.Load()
	if err != nil {
		return nil, err
	}
	sink, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	log, err := observe.NewLogger(sink, observe.LogOptions{Level: "info", Service: "citygraph", Version: "bench"})
	if err != nil {
		return nil, err
	}
	o := cityOptions(databaseURL)
	o.Documents, o.Log, o.Metrics = manifest, log, observe.NewMetrics("bench", manifest.Names())
	o.Address = func(r *http.Request) string { return httpserver.ClientIPFrom(r.Context()).String() }
	city, err := wiring.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := city.Start(ctx); err != nil {
		return nil, err
	}
	tracing, err := observe.NewTracing(ctx, log, observe.TraceOptions{})
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Use(requestid.Middleware, observe.Record, httpserver.ClientIP(nil),
		observe.AccessLog(log, o.Metrics), tracing.Middleware, httpserver.SecurityHeaders(true))
	r.Handle("/graphql", city.Edge)
	return r, nil
}

func cityOptions(databaseURL string) wiring.Options {
	k := benchKeys()
	return wiring.Options{
		Database:   store.Options{URL: databaseURL, MaxConns: connections()},
		SigningKey: k.Signing, CursorKey: k.Cursor, AccessTTL: 12 * time.Hour, RefreshTTL: 24 * time.Hour,
		Vault: benchVault(), PayCodes: paycode.NewRing(k.Cursor), Development: true, Unlimited: true, Clock: clock.System{},
	}
}

func listen(h http.Handler) (net.Addr, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it lives as long as the process
	if err != nil {
		return nil, err
	}
	go func() {
		server := httpserver.New(httpserver.Options{Handler: h, MaxHeader: 16 << 10, Log: zerolog.Nop()})
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}()
	return l.Addr(), nil
}

// controls tell the parent what the process has used, and profile it.
func controls() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /usage", func(w http.ResponseWriter, _ *http.Request) {
		used, err := ownUsage()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(used) // the parent may be gone
	})
	mux.HandleFunc("GET /memory", func(w http.ResponseWriter, _ *http.Request) {
		held, err := ownMemory()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(held) // the parent may be gone
	})
	mux.HandleFunc("GET /profile", pprof.Profile)
	for _, name := range []string{"allocs", "heap", "goroutine"} {
		mux.HandleFunc("GET /"+name, pprof.Handler(name).ServeHTTP)
	}
	return mux
}
