package care

import (
	"context"
	"errors"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/helpcall"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Round is the job that has calls for help told to more people while nobody answers.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "care.escalate" }

// Every is how often the round looks.
const Every = 15 * time.Second

const (
	atOnce   = 200 // bounds a round; what is left over comes with the next
	toClinic = 1   // all the clinic's staff were told
	toAll    = 2   // those who act for the patient were told again, with them
	toTheEnd = 5   // after this many times nobody is told again
)

// Escalate has the next ones told of every call that nobody has answered in time: all the staff of the clinic, then those who act
// for the patient with them, and these again and again, up to five times. From the second on the operator is told too, by the log. Each step is
// told once, whichever replica looks and wherever it stops; a call that fails keeps no other from it. It is the system's.
func (o *Office) Escalate(ctx context.Context) error {
	ctx = viewer.AsSystem(ctx, "calls for help are watched by nobody in particular")
	due, err := o.DB.HelpCall.Query().
		Where(helpcall.StatusEQ(helpcall.StatusOpen), helpcall.EscalateAtLTE(o.Clock.Now())).
		Order(helpcall.ByEscalateAt()).Limit(atOnce).All(ctx)
	if err != nil {
		return fmt.Errorf("look for calls that nobody answers: %w", err)
	}
	var errs []error
	for _, c := range due {
		errs = append(errs, o.Store.InTx(ctx, func(ctx context.Context) error { return o.escalate(ctx, c) }))
	}
	return errors.Join(errs...)
}

// escalate takes one call one level up, unless it was answered, or taken there, since it was read.
func (o *Office) escalate(ctx context.Context, c *db.HelpCall) error {
	level := c.Level + 1
	update := o.DB.HelpCall.Update().
		Where(helpcall.ID(c.ID), helpcall.StatusEQ(helpcall.StatusOpen), helpcall.Level(c.Level)).
		SetLevel(level).SetUpdatedAt(o.Clock.Now())
	switch {
	case level == toClinic:
		update.SetEscalateAt(c.EscalateAt.Add(o.Pace.Everyone - o.Pace.Clinic))
	case level < toTheEnd:
		update.SetEscalateAt(c.EscalateAt.Add(o.Pace.Again))
	default:
		update.ClearEscalateAt()
	}
	moved, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("escalate call for help: %w", err)
	}
	if moved == 0 {
		return nil
	}
	store.AfterCommit(ctx, func(ctx context.Context) {
		if o.Lost != nil {
			o.Lost(ctx, level)
		}
		if level >= toAll {
			o.Log.Error().Str("help_call", c.ID).Int("level", level).Msg("nobody has answered a call for help")
		}
	})
	// Who has no clinic has their family alone.
	return o.tell(ctx, c, fmt.Sprintf("level/%d", level), reach{family: level >= toAll || c.ClinicID == "", staff: true, all: true})
}
