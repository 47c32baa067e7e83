// Package jobs runs work after the transaction that caused it, at least once, across crashes. A job is
// a row inserted in that transaction; workers fetch it when it is committed. River does this on both
// databases; nobody outside this package imports it.
//
// At least once means that a worker may see a job again after it has done the work, when the process
// died before saying so: a worker must be idempotent.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"citygraph/internal/store"
)

// Args are the arguments of one kind of job: a struct by value, stored as JSON. They hold ids only,
// never personal data: the worker reads the rows, so that nothing outlives their deletion here.
type Args interface {
	// Kind names the kind in lower case, as in "deliver_notice". It must not depend on the value, and
	// never changes: jobs in the database are found by it.
	Kind() string
}

// Job is a job as its worker sees it.
type Job[T Args] struct {
	ID      int64
	Args    T
	Attempt int  // counts from 1
	Last    bool // whether a failure of this attempt is final
}

// Priority orders the jobs that wait in a queue.
type Priority int

// The priorities. Normal is the default.
const (
	Urgent Priority = 1
	Normal Priority = 2
	Low    Priority = 4
)

// DefaultQueue is the queue of a job that names none.
const DefaultQueue = river.QueueDefault

// DefaultMaxAttempts lets a failing job go on for about seven hours before it is dead.
const DefaultMaxAttempts = 25

// Option says something about one job.
type Option func(*enqueued)

type enqueued struct {
	insert river.InsertOpts
	key    string
}

// InQueue puts the job in the named queue, which must be one that the process knows.
func InQueue(name string) Option { return func(e *enqueued) { e.insert.Queue = name } }

// WithPriority orders the job among those that wait.
func WithPriority(p Priority) Option { return func(e *enqueued) { e.insert.Priority = int(p) } }

// RunAt keeps the job back until the instant.
func RunAt(at time.Time) Option { return func(e *enqueued) { e.insert.ScheduledAt = at } }

// MaxAttempts is how often the job may fail before it is dead.
func MaxAttempts(n int) Option { return func(e *enqueued) { e.insert.MaxAttempts = n } }

// Unique drops the job when one of its kind with the same key waits or runs already. A job that runs
// may have read its rows before this transaction: use it for work that is harmless to miss then.
func Unique(key string) Option {
	return func(e *enqueued) {
		e.key = key
		e.insert.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
			rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}}
	}
}

// envelope is what is stored: the arguments beside the key that makes the job unique.
type envelope[T Args] struct {
	Args T      `json:"args"`
	Key  string `json:"key,omitempty" river:"unique"`
}

func (e envelope[T]) Kind() string { return e.Args.Kind() }

// ErrNoTransaction is a job enqueued outside store.InTx, which would run whether or not its cause did.
var ErrNoTransaction = errors.New("jobs: Enqueue needs the transaction of its cause")

// Enqueue inserts the job in the transaction of ctx. It runs soon after the commit, and never without.
func (q *Queue) Enqueue(ctx context.Context, args Args, options ...Option) error {
	tx, ok := store.TxFrom(ctx)
	if !ok {
		return ErrNoTransaction
	}
	e := enqueued{insert: river.InsertOpts{Queue: DefaultQueue, Priority: int(Normal)}}
	for _, o := range options {
		o(&e)
	}
	if _, known := q.options.Queues[e.insert.Queue]; !known {
		return fmt.Errorf("enqueue %s: nobody works queue %q", args.Kind(), e.insert.Queue)
	}
	if _, err := q.producer.InsertTx(ctx, tx, envelope[Args]{args, e.key}, &e.insert); err != nil {
		return fmt.Errorf("enqueue %s: %w", args.Kind(), err)
	}
	return nil
}

// Registry holds the workers, one for each kind of job, and what is enqueued by the clock.
type Registry struct {
	workers  *river.Workers
	periodic []*river.PeriodicJob
}

// NewRegistry returns a registry without workers.
func NewRegistry() *Registry { return &Registry{workers: river.NewWorkers()} }

// Register makes work the worker of T's kind. It is for start-up, and panics when the kind has one
// already. The work must return soon after its context ends; an error has the job run again later,
// unless it is a Discard or RetryAfter. Error texts are stored: they must not hold personal data.
func Register[T Args](r *Registry, work func(context.Context, Job[T]) error) {
	river.AddWorker(r.workers, river.WorkFunc(func(ctx context.Context, j *river.Job[envelope[T]]) error {
		return work(ctx, Job[T]{ID: j.ID, Args: j.Args.Args, Attempt: j.Attempt, Last: j.Attempt >= j.MaxAttempts})
	}))
}
