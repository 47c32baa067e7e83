// Command bench compares the graph with a handler written by hand for each screen, on the same
// PostgreSQL data in the same run, and prints what a request costs either. It must be told of a
// server on this machine by CITYGRAPH_TEST_DATABASE_URL; it makes a database there and drops it.
//
// Each side is a process of its own. A side's CPU time is that of its process by getrusage and that
// of the PostgreSQL backends on its connections by the kernel's count; the load comes from a third
// process. The sides take turns within every round, so that a busy machine troubles both alike.
//
// With -subscribers it weighs idle subscribers instead: it prints by how much the memory of the
// graph's process grows for each.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"

	"citygraph/internal/store/storetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// plan is what the command line asks for.
type plan struct {
	citizens int
	rounds   int
	load     load
	json     string
	profiles string

	subscribers int
}

func run(ctx context.Context) error {
	var p plan
	flag.IntVar(&p.citizens, "citizens", 20_000, "how large a city to make")
	flag.IntVar(&p.rounds, "rounds", 3, "how many times each side is loaded with each screen")
	flag.IntVar(&p.load.Clients, "clients", 2*runtime.NumCPU(), "how many clients ask at once")
	flag.DurationVar(&p.load.For, "for", 3*time.Second, "how long each load lasts")
	flag.StringVar(&p.json, "json", "", "file to write the figures to")
	flag.StringVar(&p.profiles, "profiles", "", "folder to write profiles of the graph to, in a round of its own")
	flag.IntVar(&p.subscribers, "subscribers", 0, "how many idle subscribers to weigh instead, 10000 say")
	serve := flag.String("serve", "", "serve one side, for the program's own use")
	database := flag.String("database", "", "URL of the database to serve, for the program's own use")
	flag.Parse()
	if *serve != "" {
		return serveSide(ctx, side(*serve), *database)
	}
	server := os.Getenv(storetest.ServerEnv)
	if server == "" {
		return errors.New(storetest.ServerEnv + " must name a PostgreSQL server on this machine, such as postgres://postgres@127.0.0.1:5432/postgres")
	}
	return withDatabase(ctx, server, func(url string) error {
		if p.subscribers > 0 {
			return p.countSubscribers(ctx, url)
		}
		return p.compare(ctx, url)
	})
}

// compare makes the city, checks that both sides answer alike, and measures them.
func (p plan) compare(ctx context.Context, url string) (err error) {
	fmt.Fprintf(os.Stderr, "seeding %d citizens\n", p.citizens)
	if p.load.Token, err = build(ctx, cityOptions(url), p.citizens); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	graph, err := startChild(ctx, graphSide, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, graph.stop()) }()
	byHand, err := startChild(ctx, byHandSide, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, byHand.stop()) }()

	b := bench{plan: p, graph: graph, byHand: byHand, backends: backends{conn}}
	if err := b.agree(ctx); err != nil {
		return err
	}
	r := report{Citizens: p.citizens, Clients: p.load.Clients}
	if r.Machine, err = thisMachine(ctx, conn); err != nil {
		return err
	}
	if r.Screens, err = b.measure(ctx); err != nil {
		return err
	}
	if err := r.print(os.Stdout); err != nil {
		return err
	}
	if p.profiles != "" {
		if err := b.profile(ctx); err != nil {
			return err
		}
	}
	if p.json != "" {
		return r.save(p.json)
	}
	return nil
}

// bench is one run.
type bench struct {
	plan
	graph, byHand *child
	backends      backends
}

// agree fails unless both sides give the same answer to every screen.
func (b bench) agree(ctx context.Context) error {
	for _, s := range screens {
		var answers [2][]byte
		for i, c := range []*child{b.graph, b.byHand} {
			m, err := c.request(ctx, s, b.load.Token)
			if err != nil {
				return err
			}
			if answers[i], err = send(http.DefaultClient, m); err != nil {
				return fmt.Errorf("%s of %s: %w", s.Name, c.side, err)
			}
		}
		where, err := different(answers[0], answers[1])
		if err != nil {
			return err
		}
		if where != "" {
			return fmt.Errorf("the sides disagree on %s at %s", s.Name, where)
		}
	}
	return nil
}

// measure warms both sides up and then loads them in turn.
func (b bench) measure(ctx context.Context) ([]row, error) {
	rows := make([]row, len(screens))
	for i, s := range screens {
		var totals [2]measured
		for round := range 1 + b.rounds {
			for n, c := range []*child{b.graph, b.byHand} {
				m, err := measure(ctx, c, b.backends, s, b.load)
				if err != nil {
					return nil, fmt.Errorf("%s of %s: %w", s.Name, c.side, err)
				}
				if round > 0 { // the first is to warm up
					totals[n].add(m)
				}
			}
		}
		graph, byHand := totals[0].cost(), totals[1].cost()
		rows[i] = row{Screen: s.Name, Says: s.Says, Ratio: graph.cpu() / byHand.cpu(), Graph: graph, ByHand: byHand}
	}
	return rows, nil
}

// profile loads the graph once more and keeps where its CPU time went.
func (b bench) profile(ctx context.Context) error {
	if err := os.MkdirAll(b.profiles, 0o755); err != nil { //nolint:gosec // profiles for everyone
		return err
	}
	for _, s := range screens {
		type answer struct {
			profile []byte
			err     error
		}
		taken := make(chan answer, 1)
		go func() {
			body, err := b.graph.ask(ctx, fmt.Sprintf("/profile?seconds=%d", max(1, int(b.load.For.Seconds()))))
			taken <- answer{body, err}
		}()
		_, loadErr := fire(ctx, b.graph, s, b.load)
		got := <-taken
		if err := errors.Join(loadErr, got.err); err != nil {
			return err
		}
		file := filepath.Join(b.profiles, snake(s.Name)+".pprof")
		if err := os.WriteFile(file, got.profile, 0o644); err != nil { //nolint:gosec // profiles for everyone
			return err
		}
	}
	allocs, err := b.graph.ask(ctx, "/allocs")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.profiles, "allocs.pprof"), allocs, 0o644) //nolint:gosec // profiles for everyone
}
