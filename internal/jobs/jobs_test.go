package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"citygraph/internal/jobs"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

type deliver struct {
	NoticeID string `json:"noticeId"`
}

func (deliver) Kind() string { return "deliver" }

// rig is a store with a queue whose worker is the test's.
type rig struct {
	t        testing.TB
	store    *store.Store
	queue    *jobs.Queue
	outcomes chan jobs.Outcome
}

func newRig(t testing.TB, o jobs.Options, work func(context.Context, jobs.Job[deliver]) error) *rig {
	t.Helper()
	r := &rig{t: t, store: storetest.Open(t), outcomes: make(chan jobs.Outcome, 1<<12)}
	o.Observe = func(_ context.Context, o jobs.Outcome) { r.outcomes <- o }
	r.queue = newQueue(t, r.store, o, work)
	return r
}

func newQueue(t testing.TB, s *store.Store, o jobs.Options, work func(context.Context, jobs.Job[deliver]) error) *jobs.Queue {
	t.Helper()
	registry := jobs.NewRegistry()
	jobs.Register(registry, work)
	q, err := jobs.New(s, registry, o)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func (r *rig) start() {
	r.t.Helper()
	if err := r.queue.Start(context.WithoutCancel(r.t.Context())); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := r.queue.Stop(ctx); err != nil {
			r.t.Error(err)
		}
	})
}

func (r *rig) enqueue(id string, options ...jobs.Option) {
	r.t.Helper()
	if err := r.store.InTx(r.t.Context(), func(ctx context.Context) error {
		return r.queue.Enqueue(ctx, deliver{id}, options...)
	}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) next() jobs.Outcome {
	r.t.Helper()
	select {
	case o := <-r.outcomes:
		return o
	case <-time.After(patience):
		r.t.Fatal("no job ended")
		panic("unreachable")
	}
}

// settled fails when another attempt was made; the sentinel job proves that the queue has gone on.
func (r *rig) settled() {
	r.t.Helper()
	r.enqueue("sentinel", jobs.WithPriority(jobs.Low))
	if o := r.next(); o.Result != jobs.Done || o.Attempt != 1 {
		r.t.Errorf("unexpected attempt %+v", o)
	}
}

func TestEnqueueNeedsTheTransactionOfItsCause(t *testing.T) {
	r := newRig(t, jobs.Options{}, func(context.Context, jobs.Job[deliver]) error { return nil })
	if err := r.queue.Enqueue(t.Context(), deliver{"n1"}); !errors.Is(err, jobs.ErrNoTransaction) {
		t.Errorf("error %v", err)
	}
	err := r.store.InTx(t.Context(), func(ctx context.Context) error {
		return r.queue.Enqueue(ctx, deliver{"n1"}, jobs.InQueue("nobody"))
	})
	if err == nil || !strings.Contains(err.Error(), "nobody works queue") {
		t.Errorf("error %v for a queue without workers", err)
	}
}

func TestJobRunsOnceAfterCommitAndNeverAfterRollback(t *testing.T) {
	var committed atomic.Bool
	r := newRig(t, jobs.Options{}, func(_ context.Context, j jobs.Job[deliver]) error {
		if j.Args.NoticeID == "gone" {
			t.Error("a job of a rolled-back transaction ran")
		}
		if !committed.Load() {
			t.Error("the job ran before the commit")
		}
		return nil
	})
	r.start()
	refused := errors.New("refused")
	if err := r.store.InTx(t.Context(), func(ctx context.Context) error {
		return errors.Join(r.queue.Enqueue(ctx, deliver{"gone"}), refused)
	}); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	if err := r.store.InTx(t.Context(), func(ctx context.Context) error {
		err := r.queue.Enqueue(ctx, deliver{"n1"})
		committed.Store(true)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if o := r.next(); o.Result != jobs.Done || o.Kind != "deliver" {
		t.Errorf("outcome %+v", o)
	}
	r.settled()
}

func TestFailuresAreTriedAgainUntilDead(t *testing.T) {
	r := newRig(t, jobs.Options{}, func(_ context.Context, j jobs.Job[deliver]) error {
		if last := j.Attempt == 2; j.Last != last {
			t.Errorf("attempt %d: last is %v", j.Attempt, j.Last)
		}
		if j.Attempt == 1 {
			panic("no signal")
		}
		return errors.New("still no signal")
	})
	r.start()
	r.enqueue("n1", jobs.MaxAttempts(2))
	if o := r.next(); o.Result != jobs.Failed || !strings.Contains(o.Err.Error(), "no signal") {
		t.Errorf("first outcome %+v", o)
	}
	if o := r.next(); o.Result != jobs.Died || o.Attempt != 2 {
		t.Errorf("second outcome %+v", o)
	}
	d := r.dead()
	if d.Err != "still no signal" || string(d.Args) != `{"noticeId": "n1"}` && string(d.Args) != `{"noticeId":"n1"}` ||
		d.Attempts != 2 || d.Discarded || d.DiedAt.IsZero() {
		t.Errorf("dead job %+v", d)
	}
}

// dead waits for the one dead job: a result is written down a moment after it is told.
func (r *rig) dead() jobs.DeadJob {
	r.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		dead, err := r.queue.Dead(r.t.Context(), 10)
		if err != nil {
			r.t.Fatal(err)
		}
		if len(dead) == 1 {
			return dead[0]
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%d dead jobs, want one", len(dead))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestDiscard(t *testing.T) {
	r := newRig(t, jobs.Options{}, func(_ context.Context, j jobs.Job[deliver]) error {
		if j.Args.NoticeID == "sentinel" {
			return nil
		}
		return fmt.Errorf("deliver: %w", jobs.Discard(errors.New("token is gone")))
	})
	r.start()
	r.enqueue("n1")
	if o := r.next(); o.Result != jobs.Discarded {
		t.Errorf("outcome %+v", o)
	}
	if d := r.dead(); !d.Discarded || !strings.Contains(d.Err, "token is gone") {
		t.Errorf("dead job %+v", d)
	}
	r.settled()
}

func TestRetryAfterIsHonouredAndCostsNoAttempt(t *testing.T) {
	const pause = 700 * time.Millisecond
	var first time.Time
	r := newRig(t, jobs.Options{}, func(_ context.Context, j jobs.Job[deliver]) error {
		if !j.Last {
			t.Errorf("attempt %d of %s is not the only one", j.Attempt, j.Args.NoticeID)
		}
		if first.IsZero() {
			first = time.Now()
			return jobs.RetryAfter(pause, errors.New("quota"))
		}
		if waited := time.Since(first); waited < pause || waited > pause+time.Second {
			t.Errorf("ran again after %s, want %s", waited, pause)
		}
		return nil
	})
	r.start()
	r.enqueue("n1", jobs.MaxAttempts(1))
	if o := r.next(); o.Result != jobs.Postponed {
		t.Errorf("first outcome %+v", o)
	}
	if o := r.next(); o.Result != jobs.Done || o.Attempt != 1 {
		t.Errorf("second outcome %+v", o)
	}
}

func TestRunAt(t *testing.T) {
	r := newRig(t, jobs.Options{}, func(context.Context, jobs.Job[deliver]) error { return nil })
	r.start()
	at := time.Now().Add(1500 * time.Millisecond)
	r.enqueue("later", jobs.RunAt(at))
	r.enqueue("now")
	if o := r.next(); time.Now().After(at) {
		t.Errorf("the job of now waited for the one of later: %+v", o)
	}
	r.next()
	if late := time.Since(at); late < 0 || late > time.Second {
		t.Errorf("ran %s after its time", late)
	}
}

func TestUnique(t *testing.T) {
	release := make(chan struct{})
	r := newRig(t, jobs.Options{}, func(context.Context, jobs.Job[deliver]) error {
		<-release
		return nil
	})
	for range 3 {
		r.enqueue("n1", jobs.Unique("person_1"))
	}
	r.enqueue("n2", jobs.Unique("person_2"))
	r.start()
	close(release)
	r.next()
	r.next()
	r.settled()
	// That a job is done is written down a moment after it is told; until then the key is taken.
	for deadline := time.Now().Add(patience); ; {
		r.enqueue("n1", jobs.Unique("person_2"))
		select {
		case o := <-r.outcomes:
			if o.Result != jobs.Done {
				t.Errorf("after the first was done: %+v", o)
			}
			return
		case <-time.After(50 * time.Millisecond):
			if time.Now().After(deadline) {
				t.Fatal("the key is still taken")
			}
		}
	}
}

func TestStopHandsBackWhatOutlastsTheGrace(t *testing.T) {
	started := make(chan struct{})
	r := newRig(t, jobs.Options{Grace: 50 * time.Millisecond}, func(ctx context.Context, _ jobs.Job[deliver]) error {
		close(started)
		<-ctx.Done()
		return errors.New("interrupted")
	})
	r.start()
	r.enqueue("n1", jobs.MaxAttempts(1))
	<-started
	if err := r.queue.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o := r.next(); o.Result != jobs.HandedBack {
		t.Errorf("outcome %+v", o)
	}
	ran := make(chan jobs.Job[deliver], 1)
	r.queue = newQueue(t, r.store, jobs.Options{}, func(_ context.Context, j jobs.Job[deliver]) error {
		ran <- j
		return nil
	})
	r.start()
	select {
	case j := <-ran:
		if j.Attempt != 1 {
			t.Errorf("the handed-back attempt counts: %d", j.Attempt)
		}
	case <-time.After(patience):
		t.Fatal("the job was not handed back")
	}
}

func TestTimeLimit(t *testing.T) {
	r := newRig(t, jobs.Options{Timeout: 50 * time.Millisecond}, func(ctx context.Context, j jobs.Job[deliver]) error {
		if j.Attempt > 1 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	})
	r.start()
	r.enqueue("n1")
	if o := r.next(); o.Result != jobs.Failed || !errors.Is(o.Err, context.DeadlineExceeded) {
		t.Errorf("first outcome %+v", o)
	}
	if o := r.next(); o.Result != jobs.Done {
		t.Errorf("second outcome %+v", o)
	}
}

// TestStuckJob has one worker slot, held by a job that ignores its context: the slot must go to
// others, and the job must run again.
func TestStuckJob(t *testing.T) {
	release := make(chan struct{})
	o := jobs.Options{Timeout: 50 * time.Millisecond, Queues: map[string]int{jobs.DefaultQueue: 1}}
	r := newRig(t, o, func(_ context.Context, j jobs.Job[deliver]) error {
		if j.Args.NoticeID == "stuck" && j.Attempt == 1 {
			<-release
		}
		return nil
	})
	r.start()
	defer close(release)
	r.enqueue("stuck", jobs.WithPriority(jobs.Urgent))
	r.enqueue("other")
	ended := map[int]bool{}
	for range 2 {
		ended[r.next().Attempt] = true
	}
	if !ended[1] || !ended[2] {
		t.Errorf("attempts ended %v, want the other's first and the stuck one's second", ended)
	}
}
