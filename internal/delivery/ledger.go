package delivery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

const (
	writeTimeout = 10 * time.Second
	// mostNotes bounds a transaction, and with it how long others wait for the writer of SQLite.
	mostNotes = 2000
)

// note is what is to be written down of a delivery.
type note struct {
	ID         string                  `json:"id"`
	Outcome    deliveryattempt.Outcome `json:"o"`
	Tried      int                     `json:"t"`
	Due        *store.Stamp            `json:"due"`
	Settled    *store.Stamp            `json:"settled"`
	ProviderID string                  `json:"pid"`
	Code       string                  `json:"code"`

	channel     deliveryattempt.Channel
	due         time.Time // when to try again; zero for what has settled
	drop, waits string    // the device whose token is dead, or that is not to be sent to before due
}

// ledger writes notes down for all jobs of the process: whatever has come in while the last transaction
// committed goes into the next.
type ledger struct {
	mu      sync.Mutex
	notes   []note
	told    []func(error)
	writing bool
}

// write has the note written down soon, and tells when it is, or why it is not.
func (l *ledger) write(c *Courier, n note, told func(error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes, l.told = append(l.notes, n), append(l.told, told)
	if !l.writing {
		l.writing = true
		go l.run(c)
	}
}

// run writes until nothing is left. It outlives the jobs: what was sent must be written down even when they
// are told to stop.
func (l *ledger) run(c *Courier) {
	ctx := viewer.AsSystem(context.Background(), "write down what became of pushes")
	for {
		l.mu.Lock()
		n := min(len(l.notes), mostNotes)
		notes, told := l.notes[:n:n], l.told[:n:n]
		l.notes, l.told = l.notes[n:], l.told[n:]
		if len(l.notes) == 0 {
			l.notes, l.told = nil, nil
		}
		l.writing = n > 0
		l.mu.Unlock()
		if n == 0 {
			return
		}
		err := c.writeDown(ctx, notes)
		for _, tell := range told {
			tell(err)
		}
	}
}

// noteColumns are those of note.
var noteColumns = []string{"id text", "o text", "t integer", "due timestamptz", "settled timestamptz", "pid text", "code text"}

// writeDown changes the deliveries and forgets dead tokens, together.
func (c *Courier) writeDown(ctx context.Context, notes []note) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	now := c.Store.Stamp(c.Clock.Now())
	var dead []string
	var waiting []patience
	for i := range notes {
		n := &notes[i]
		if n.due.IsZero() {
			n.Settled = &now
		} else {
			due := c.Store.Stamp(n.due)
			n.Due = &due
		}
		if n.drop != "" {
			dead = append(dead, n.drop)
		}
		if n.waits != "" {
			waiting = append(waiting, patience{n.waits, *n.Due})
		}
	}
	// In one order, so that replicas that write of the same devices wait for one another and not in a circle.
	slices.SortFunc(notes, func(a, b note) int { return strings.Compare(a.ID, b.ID) })
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := c.Store.ExecRows(ctx, c.DB, noteColumns, `UPDATE delivery_attempts SET outcome = r.o, tries = tries + r.t, due_at = r.due, settled_at = r.settled,
			provider_message_id = r.pid, provider_code = r.code
			FROM r WHERE `+c.Store.Meets(deliveryattempt.Table)+` AND delivery_attempts.outcome IN ('PENDING', 'RETRY')`, notes); err != nil {
			return err
		}
		return c.treat(ctx, dead, waiting)
	})
	if err != nil {
		return fmt.Errorf("write down %d deliveries: %w", len(notes), err)
	}
	c.countDead(notes)
	return nil
}

// countDead tells of what was given up; see DeadLetters.
func (c *Courier) countDead(notes []note) {
	if c.GivenUp == nil {
		return
	}
	for _, n := range notes {
		if n.Outcome == deliveryattempt.OutcomeRejected || n.Outcome == deliveryattempt.OutcomeExpired {
			c.GivenUp(string(n.channel), string(n.Outcome))
		}
	}
}

// patience is until when a device is not to be sent anything.
type patience struct {
	DeviceID string      `json:"id"`
	Until    store.Stamp `json:"until"`
}

// treat forgets dead tokens and remembers which devices must be left alone.
func (c *Courier) treat(ctx context.Context, dead []string, waiting []patience) error {
	if len(dead) > 0 {
		slices.Sort(dead)
		if _, err := c.DB.Device.Delete().Where(device.IDIn(slices.Compact(dead)...)).Exec(ctx); err != nil {
			return err
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	slices.SortFunc(waiting, func(a, b patience) int { return strings.Compare(a.DeviceID, b.DeviceID) })
	_, err := c.Store.ExecRows(ctx, c.DB, []string{"id text", "until timestamptz"},
		`UPDATE devices SET push_after = r.until FROM r WHERE `+c.Store.Meets(device.Table), waiting)
	return err
}
