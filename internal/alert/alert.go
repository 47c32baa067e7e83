// Package alert is what may happen to a warning to the public: issuing it, replacing it, calling it off, and
// taking in what others send in the Common Alerting Protocol.
package alert

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/alert"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/live"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Alerts are the verbs of alerts.
type Alerts struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Once   idempotency.Ledger
	Events *event.Bus
	Hub    *live.Hub
	Fail   func(ctx context.Context, err error) // tells the subscriber of ctx why its stream ends
}

// Announced happens when the people of some districts are to be told of a message in earnest.
type Announced struct {
	AlertID   string
	Type      alert.MessageType
	Event     lang.Text
	Headline  lang.Text
	Districts []string // ids
	Effective time.Time
	Expires   time.Time
}

// Ended happens when a message holds no longer, because a later one took its place or called it off.
type Ended struct{ AlertID string }

// Wake is the topic on which subscribers hear that the alerts may have changed.
const Wake = "alerts"

// sender is who sends the city's own alerts.
const sender = "citygraph"

// longest is how far ahead an alert may begin, and how long it may hold from then.
const longest = 30 * 24 * time.Hour

// mayWarn holds the viewer to the right. Returns UNAUTHENTICATED, FORBIDDEN.
func mayWarn(ctx context.Context) error {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return fault.New(fault.Unauthenticated)
	case !v.Has(viewer.Admin):
		return fault.New(fault.Forbidden)
	}
	return nil
}

// write stores a message that supersedes others, and has people told of it, in the transaction of ctx.
// Each of the others is ended by a guarded update, so that of two messages which would replace one the
// later fails with the error of lost.
func (a *Alerts) write(ctx context.Context, m *db.AlertCreate, districts []string, told []string, ends []*db.Alert, lost func(*db.Alert) error) (*db.Alert, error) {
	made, err := m.AddDistrictIDs(districts...).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("write alert: %w", err)
	}
	how := alert.EndedSuperseded
	if made.MessageType == alert.MessageTypeCancel {
		how = alert.EndedCancelled
	}
	for _, old := range ends {
		ended, err := a.DB.Alert.Update().Where(alert.ID(old.ID), alert.EndedIsNil()).
			SetEnded(how).SetSupersededByID(made.ID).Save(ctx)
		if err != nil {
			return nil, fmt.Errorf("end alert: %w", err)
		}
		if ended == 0 {
			return nil, lost(old)
		}
		if err := a.Events.Emit(ctx, Ended{old.ID}); err != nil {
			return nil, err
		}
	}
	store.AfterCommit(ctx, func(context.Context) { a.Hub.Publish(Wake) })
	if made.Status != alert.StatusActual || len(told) == 0 {
		return made, nil
	}
	return made, a.Events.Emit(ctx, Announced{
		AlertID: made.ID, Type: made.MessageType, Event: made.Event, Headline: made.Headline,
		Districts: told, Effective: made.Effective, Expires: made.Expires,
	})
}
