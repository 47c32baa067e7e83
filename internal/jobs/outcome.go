package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Result is how an attempt ended.
type Result string

// The results.
const (
	Done       Result = "done"
	Failed     Result = "failed"      // will run again after a growing pause
	Postponed  Result = "postponed"   // RetryAfter: will run again when it said
	HandedBack Result = "handed_back" // stopped by a shutdown: runs again at once elsewhere
	Discarded  Result = "discarded"   // Discard: will not run again
	Died       Result = "died"        // failed for the last time
)

// Outcome is one attempt, for metrics and logs.
type Outcome struct {
	ID      int64
	Kind    string
	Queue   string
	Attempt int
	Result  Result
	Waited  time.Duration // from when it could first run
	Ran     time.Duration
	Err     error // nil when done
}

type retryAfter struct {
	pause time.Duration
	cause error
}

func (e *retryAfter) Error() string {
	return fmt.Sprintf("run again in %s: %v", e.pause, e.cause)
}

func (e *retryAfter) Unwrap() error { return e.cause }

// RetryAfter makes the job run again after exactly the pause, as an upstream asked, without counting
// the attempt. A worker that returns nothing else never ends: it keeps its own limit.
func RetryAfter(pause time.Duration, cause error) error {
	return &retryAfter{max(pause, 0), cause}
}

type discard struct{ cause error }

func (e *discard) Error() string { return "discarded: " + e.cause.Error() }

func (e *discard) Unwrap() error { return e.cause }

// Discard gives the job up: trying again would not help. It is listed by Dead.
func Discard(cause error) error { return &discard{cause} }

// attend runs one attempt, tells River what its error means, and reports the outcome.
func (q *Queue) attend(ctx context.Context, row *rivertype.JobRow, run func(context.Context) error) error {
	started := q.options.Clock.Now()
	err := q.recovering(ctx, row, run)
	o := Outcome{
		ID: row.ID, Kind: row.Kind, Queue: row.Queue, Attempt: row.Attempt, Err: err,
		Waited: started.Sub(row.ScheduledAt), Ran: q.options.Clock.Now().Sub(started),
	}
	o.Result, err = verdict(ctx, row, err)
	if q.options.Observe != nil {
		q.options.Observe(ctx, o)
	}
	return err
}

// recovering turns a panic into an ordinary failure, with the stack in the log only.
func (q *Queue) recovering(ctx context.Context, row *rivertype.JobRow, run func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			q.options.Log.Error().Int64("job", row.ID).Str("kind", row.Kind).
				Interface("panic", v).Bytes("stack", debug.Stack()).Msg("job panicked")
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return run(ctx)
}

// verdict names the result and translates the error for River.
func verdict(ctx context.Context, row *rivertype.JobRow, err error) (Result, error) {
	if err == nil {
		return Done, nil
	}
	if later, ok := errors.AsType[*retryAfter](err); ok {
		return Postponed, river.JobSnooze(later.pause)
	}
	if _, ok := errors.AsType[*discard](err); ok {
		return Discarded, river.JobCancel(err)
	}
	// The context of the whole attempt ends only by a shutdown: the time limit is set further in.
	// River hands back what fails with the cancellation itself.
	if ctx.Err() != nil {
		return HandedBack, fmt.Errorf("%w: %w", context.Canceled, err)
	}
	if row.Attempt >= row.MaxAttempts {
		return Died, err
	}
	return Failed, err
}
