package delivery

import (
	"context"
	"errors"
	"sync"
	"time"

	"citygraph/ent/db/deliveryattempt"
)

// round is what one run of a job has under way.
type round struct {
	progress chan struct{} // something happened

	mu      sync.Mutex
	sending map[string]bool // begun and not answered
	writing int             // answered and not written down
	err     error           // of writing
}

func newRound() *round { return &round{progress: make(chan struct{}, 1), sending: map[string]bool{}} }

func (r *round) begin(deliveryID string) { r.change(func() { r.sending[deliveryID] = true }) }

func (r *round) sent(deliveryID string) {
	r.change(func() { delete(r.sending, deliveryID); r.writing++ })
}

func (r *round) written(err error) {
	r.change(func() {
		r.writing--
		if r.err == nil {
			r.err = err // the others of the transaction have the same
		}
	})
}

func (r *round) change(do func()) {
	r.mu.Lock()
	do()
	r.mu.Unlock()
	select {
	case r.progress <- struct{}{}:
	default:
	}
}

func (r *round) state() (sending, writing int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sending), r.writing, r.err
}

// wait returns when everything begun is written down, or when nothing but stragglers has been left for a
// while; those are leased to the goroutines that send them.
func (r *round) wait(ctx context.Context, c *Courier) error {
	patience := time.NewTimer(stragglerPause)
	defer patience.Stop()
	for {
		sending, writing, err := r.state()
		if sending == 0 && writing == 0 {
			return err
		}
		select {
		case <-r.progress:
			patience.Reset(stragglerPause)
		case <-patience.C:
			if writing > 0 {
				patience.Reset(stragglerPause)
				continue
			}
			return errors.Join(err, r.lease(ctx, c))
		}
	}
}

// lease keeps the stragglers from being sent again while they may still arrive.
func (r *round) lease(ctx context.Context, c *Courier) error {
	r.mu.Lock()
	ids := make([]string, 0, len(r.sending))
	for deliveryID := range r.sending {
		ids = append(ids, deliveryID)
	}
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return c.DB.DeliveryAttempt.Update().Where(deliveryattempt.IDIn(ids...), open).
		SetDueAt(c.Clock.Now().Add(c.Pool.Timeout() + leaseMargin)).Exec(ctx)
}
