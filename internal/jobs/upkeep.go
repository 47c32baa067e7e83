package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
	"github.com/rs/zerolog"

	"citygraph/internal/store"
)

const (
	// upkeepPause is the time between two rounds. A round makes ready what is due before the next.
	upkeepPause = 2 * time.Second
	upkeepBatch = 500
	// rescuedAtOnce is how many attempts a job may lose with their processes before it has to wait
	// between them: it may be what kills them.
	rescuedAtOnce = 5
)

// upkeep rescues the jobs of dead processes and wakes the sleeping ones, in every process. River does
// both only in an elected leader, which takes half a minute to replace when it is killed, and rescues
// only twice a minute. Rounds of several processes do not disturb each other: every change is
// conditional on the state it found.
type upkeep struct {
	store       *store.Store
	exec        riverdriver.Executor
	rescueAfter time.Duration
	log         zerolog.Logger

	cancel context.CancelFunc
	done   chan struct{}
}

// begin rescues what a process on the same SQLite file left running. On PostgreSQL other replicas may
// be running theirs, and only time tells.
func (u *upkeep) begin(ctx context.Context) error {
	if u.store.Dialect() == dialect.Postgres {
		return nil
	}
	// The database keeps milliseconds: the next one is after everything that has begun.
	return u.rescue(ctx, time.Now().Add(time.Millisecond))
}

func (u *upkeep) run(ctx context.Context) {
	ctx, u.cancel = context.WithCancel(ctx)
	u.done = make(chan struct{})
	go func() {
		defer close(u.done)
		ticker := time.NewTicker(upkeepPause)
		defer ticker.Stop()
		for {
			if err := u.round(ctx); err != nil && ctx.Err() == nil {
				u.log.Error().Err(err).Msg("upkeep of jobs failed")
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
}

func (u *upkeep) end() {
	u.cancel()
	<-u.done
}

func (u *upkeep) round(ctx context.Context) error {
	now, err := u.now(ctx)
	if err != nil {
		return err
	}
	due := now.Add(upkeepPause)
	if _, err := u.exec.JobSchedule(ctx, &riverdriver.JobScheduleParams{Max: upkeepBatch, Now: &due}); err != nil {
		return fmt.Errorf("wake jobs: %w", err)
	}
	return u.rescue(ctx, now.Add(-u.rescueAfter))
}

// now is the database's time, by which attempts are dated: the clocks of replicas may differ by more
// than a job may take.
func (u *upkeep) now(ctx context.Context) (now time.Time, err error) {
	if u.store.Dialect() == dialect.SQLite {
		return time.Now(), nil
	}
	if err := u.store.Pool().QueryRow(ctx, "SELECT now()").Scan(&now); err != nil {
		return time.Time{}, fmt.Errorf("ask the database's time: %w", err)
	}
	return now, nil
}

// rescue makes available the running jobs that began before the horizon: their process is gone, or
// they are stuck beyond their time limit. The attempt counts, so a job that kills its process ends.
func (u *upkeep) rescue(ctx context.Context, horizon time.Time) error {
	for after := int64(0); ; {
		jobs, err := u.exec.JobGetStuck(ctx, &riverdriver.JobGetStuckParams{
			AfterID: after, Max: upkeepBatch, StuckHorizon: horizon,
		})
		if err != nil {
			return fmt.Errorf("find lost jobs: %w", err)
		}
		if len(jobs) == 0 {
			return nil
		}
		params := riverdriver.JobRescueManyParams{StuckHorizon: horizon}
		for _, job := range jobs {
			after = job.ID
			if err := addRescue(&params, job, time.Now()); err != nil {
				return err
			}
		}
		if _, err := u.exec.JobRescueMany(ctx, &params); err != nil {
			return fmt.Errorf("rescue jobs: %w", err)
		}
		u.log.Warn().Int("jobs", len(jobs)).Msg("rescued jobs of a lost process")
	}
}

func addRescue(p *riverdriver.JobRescueManyParams, job *rivertype.JobRow, now time.Time) error {
	text, err := json.Marshal(rivertype.AttemptError{
		At: now, Attempt: job.Attempt, Error: "the process was lost, or the job did not end in time",
	})
	if err != nil {
		return fmt.Errorf("rescue job %d: %w", job.ID, err)
	}
	state, at, finalized := rivertype.JobStateAvailable, now, (*time.Time)(nil)
	switch {
	case job.Attempt >= job.MaxAttempts:
		state, at, finalized = rivertype.JobStateDiscarded, job.ScheduledAt, &now
	case job.Attempt > rescuedAtOnce:
		at = now.Add(pauseAfter(job.Attempt - rescuedAtOnce))
	}
	p.ID = append(p.ID, job.ID)
	p.Error = append(p.Error, text)
	p.State = append(p.State, string(state))
	p.ScheduledAt = append(p.ScheduledAt, at)
	p.FinalizedAt = append(p.FinalizedAt, finalized)
	return nil
}
