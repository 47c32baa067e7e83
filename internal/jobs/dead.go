package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// DeadJob is a job that will not run again though its work is not done.
type DeadJob struct {
	ID        int64
	Kind      string
	Queue     string
	Args      json.RawMessage
	Attempts  int
	Discarded bool // given up by Discard, rather than failed for the last time
	Err       string
	DiedAt    time.Time
}

// Dead lists the jobs of these kinds, or of all, that failed for the last time or were discarded, the latest
// first. They stay for thirty days. It is for operators.
func (q *Queue) Dead(ctx context.Context, limit int, kinds ...string) ([]DeadJob, error) {
	which := river.NewJobListParams().
		States(rivertype.JobStateDiscarded, rivertype.JobStateCancelled).
		OrderBy(river.JobListOrderByFinalizedAt, river.SortOrderDesc).
		First(limit)
	if len(kinds) > 0 {
		which = which.Kinds(kinds...)
	}
	found, err := q.producer.JobList(ctx, which)
	if err != nil {
		return nil, fmt.Errorf("list dead jobs: %w", err)
	}
	dead := make([]DeadJob, len(found.Jobs))
	for i, row := range found.Jobs {
		if dead[i], err = deadJob(row); err != nil {
			return nil, err
		}
	}
	return dead, nil
}

func deadJob(row *rivertype.JobRow) (DeadJob, error) {
	var stored struct {
		Args json.RawMessage `json:"args"`
	}
	if err := json.Unmarshal(row.EncodedArgs, &stored); err != nil {
		return DeadJob{}, fmt.Errorf("read dead job %d: %w", row.ID, err)
	}
	d := DeadJob{
		ID: row.ID, Kind: row.Kind, Queue: row.Queue, Args: stored.Args, Attempts: row.Attempt,
		Discarded: row.State == rivertype.JobStateCancelled,
	}
	if n := len(row.Errors); n > 0 {
		d.Err = row.Errors[n-1].Error
	}
	if row.FinalizedAt != nil {
		d.DiedAt = *row.FinalizedAt
	}
	return d, nil
}
