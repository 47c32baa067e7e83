package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
	"github.com/rs/zerolog"

	"citygraph/internal/clock"
	"citygraph/internal/store"
)

const (
	// fetchCooldown is the shortest time between two fetches of a queue.
	fetchCooldown = 20 * time.Millisecond
	// fetchPoll finds the jobs that no notification told of: those whose time has come, and those
	// whose notification was held back because one had just been sent.
	fetchPoll = 200 * time.Millisecond
	// stuckAfter is how long past its time limit a job may ignore the end of its context before it
	// counts as stuck: its slot is given to another, and the job itself is rescued.
	stuckAfter = 5 * time.Second
	// stuckMost bounds the goroutines that stuck jobs may hold beyond the queues' own.
	stuckMost = 64
	// keepDead is how long dead and discarded jobs can be listed.
	keepDead = 30 * 24 * time.Hour
	// keepDone is how long finished jobs stay, for a look at what just happened.
	keepDone = time.Hour
)

// Options say how a process works the queues.
type Options struct {
	// Queues are the queues and how many jobs of each this process runs at a time. The default is
	// DefaultQueue with 16.
	Queues map[string]int
	// Timeout ends the context of a job that runs too long; 15 s by default. A job whose process died
	// runs again about ten seconds after this limit would have ended it.
	Timeout time.Duration
	// Grace is what Stop leaves running jobs before it ends their contexts; 10 s by default.
	Grace time.Duration
	// Observe, when set, is told of every attempt. It must be quick.
	Observe func(context.Context, Outcome)
	// Clock times the attempts; clock.System by default.
	Clock clock.Clock
	// Log hears of panics, rescues and trouble.
	Log zerolog.Logger
}

func (o Options) withDefaults() Options {
	if len(o.Queues) == 0 {
		o.Queues = map[string]int{DefaultQueue: 16}
	}
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Second
	}
	if o.Grace <= 0 {
		o.Grace = 10 * time.Second
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	return o
}

// Queue enqueues jobs, and after Start works them. It is safe for concurrent use.
type Queue struct {
	store    *store.Store
	registry *Registry
	options  Options
	producer *river.Client[*sql.Tx]
	upkeep   upkeep

	mu      sync.Mutex
	workers workers // nil until Start
}

// workers are the parts of a River client that work jobs, whatever its kind of transaction.
type workers interface {
	Start(context.Context) error
	Stop(context.Context) error
}

// New returns a queue on the store's database. It enqueues at once; jobs run after Start, by the
// workers registered until then.
func New(s *store.Store, r *Registry, o Options) (*Queue, error) {
	o = o.withDefaults()
	var driver riverdriver.Driver[*sql.Tx] = riverdatabasesql.New(s.Writer())
	if s.Dialect() == dialect.SQLite {
		driver = riversqlite.New(s.Writer())
	}
	q := &Queue{store: s, registry: r, options: o}
	producer, err := river.NewClient(driver, &river.Config{
		FetchCooldown: fetchCooldown, MaxAttempts: DefaultMaxAttempts, Logger: q.logger(),
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	q.producer = producer
	q.upkeep = upkeep{store: s, exec: driver.GetExecutor(), rescueAfter: o.Timeout + stuckAfter, log: o.Log}
	return q, nil
}

// Start begins to work jobs and returns. The end of ctx stops the work as Stop does, without waiting.
// On SQLite one process at a time may work a file: Start takes every job that was running for the
// leftover of a process that died.
func (q *Queue) Start(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.workers != nil {
		return errors.New("jobs: started already")
	}
	if err := q.upkeep.begin(ctx); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	client, err := q.newWorkers()
	if err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	q.upkeep.run(ctx)
	q.workers = client
	return nil
}

// Stop fetches no more jobs and waits for the running ones. Those that outlast the grace are cancelled
// and handed back to run elsewhere; if some do not return before ctx ends, Stop fails and they are
// rescued later. A stopped queue still enqueues.
func (q *Queue) Stop(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.workers == nil {
		return nil
	}
	q.upkeep.end()
	if err := q.workers.Stop(ctx); err != nil {
		return fmt.Errorf("stop jobs: %w", err)
	}
	q.workers = nil
	return nil
}

// newWorkers builds the client that works jobs: on PostgreSQL on the native pool, which can listen for
// notifications, on SQLite on the one writer.
func (q *Queue) newWorkers() (workers, error) {
	if q.store.Dialect() == dialect.SQLite {
		return newClient[*sql.Tx](riversqlite.New(q.store.Writer()), q.config())
	}
	return newClient[pgx.Tx](riverpgxv5.New(q.store.Pool()), q.config())
}

func newClient[Tx any](driver riverdriver.Driver[Tx], c *river.Config) (workers, error) {
	return river.NewClient(driver, c)
}

func (q *Queue) config() *river.Config {
	queues := make(map[string]river.QueueConfig, len(q.options.Queues))
	for name, n := range q.options.Queues {
		queues[name] = river.QueueConfig{MaxWorkers: n}
	}
	return &river.Config{
		Queues:       queues,
		Workers:      q.registry.workers,
		PeriodicJobs: q.registry.periodic,
		Middleware:   []rivertype.Middleware{river.WorkerMiddlewareFunc(q.attend)},
		MaxAttempts:  DefaultMaxAttempts,
		RetryPolicy:  backoff{},
		Logger:       q.logger(),

		FetchCooldown:       fetchCooldown,
		FetchPollInterval:   fetchPoll,
		FetchOnlyKnownKinds: true, // a kind of a newer release waits for a newer replica

		JobTimeout:           q.options.Timeout,
		JobStuckThreshold:    stuckAfter,
		JobStuckHandler:      q.stuck,
		RescueStuckJobsAfter: q.options.Timeout + 2*stuckAfter, // after upkeep's own
		SoftStopTimeout:      q.options.Grace,

		CompletedJobRetentionPeriod: keepDone,
		CancelledJobRetentionPeriod: keepDead,
		DiscardedJobRetentionPeriod: keepDead,
	}
}

func (q *Queue) stuck(_ context.Context, p river.JobStuckHandlerParams) river.JobStuckHandlerResult {
	q.options.Log.Error().Int64("job", p.ID).Str("kind", p.Kind).Int("stuck", p.TotalStuckJobs).Msg("job is stuck")
	return river.JobStuckHandlerResult{AddWorkerSlot: p.TotalStuckJobs <= stuckMost}
}

// logger passes on River's warnings; its outcomes are told by Observe.
func (q *Queue) logger() *slog.Logger {
	return slog.New(zerolog.NewSlogHandler(q.options.Log.Level(max(zerolog.WarnLevel, q.options.Log.GetLevel()))))
}
