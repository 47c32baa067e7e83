package delivery

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/internal/jobs"
	"citygraph/internal/push"
	"citygraph/internal/viewer"
)

const (
	// SilentEvery is how often silent devices are looked for.
	SilentEvery = 24 * time.Hour
	// silentAfter is how long a device must not have been heard of, and how long the provider's word on it holds.
	silentAfter = 30 * 24 * time.Hour
	// probesAtOnce is how many tokens are asked about at a time, so that pushes find places.
	probesAtOnce = 50
)

// Silent names the job that looks after devices not heard of for a month.
type Silent struct{}

// Kind is the job's stable name.
func (Silent) Kind() string { return "push.silent" }

// Prune asks the provider about devices not heard of for a month, by a dry run that shows nothing, and forgets
// those whose token is dead. It works a batch at a time, and runs again at once while there are more.
func (c *Courier) Prune(ctx context.Context, _ jobs.Job[Silent]) error {
	prober, ok := c.Channels[deliveryattempt.ChannelFcm].(push.Prober)
	if !ok {
		return nil
	}
	ctx = viewer.AsSystem(ctx, "look after devices that have fallen silent")
	horizon := c.Clock.Now().Add(-silentAfter)
	silent, err := c.DB.Device.Query().
		Where(device.LastSeenAtLT(horizon), device.Or(device.ProbedAtIsNil(), device.ProbedAtLT(horizon))).
		Order(device.ByLastSeenAt(), device.ByID()).Limit(BatchSize).All(ctx)
	if err != nil {
		return fmt.Errorf("look for silent devices: %w", err)
	}
	good, dead, err := c.probe(ctx, prober, silent)
	if err := errors.Join(err, c.settleProbes(ctx, good, dead, horizon)); err != nil {
		return err
	}
	if len(silent) == BatchSize {
		return jobs.RetryAfter(0, errors.New("there are more silent devices"))
	}
	return nil
}

// probe sorts devices by the provider's word; of those without one it says why.
func (c *Courier) probe(ctx context.Context, prober push.Prober, silent []*db.Device) (good, dead []string, err error) {
	var mu sync.Mutex
	var crew sync.WaitGroup
	next := make(chan *db.Device)
	for range min(probesAtOnce, len(silent)) {
		crew.Go(func() {
			for d := range next {
				ctx, cancel := context.WithTimeout(ctx, c.Pool.Timeout())
				result := prober.Probe(ctx, d.PushToken, push.Platform(d.Platform))
				cancel()
				mu.Lock()
				switch result.Outcome {
				case push.DropToken:
					dead = append(dead, d.ID)
				case push.Delivered, push.Rejected, push.NoCredit:
					good = append(good, d.ID)
				case push.Retry:
					err = fmt.Errorf("probe device %s: %w", d.ID, result.Err)
				}
				mu.Unlock()
			}
		})
	}
	for _, d := range silent {
		next <- d
	}
	close(next)
	crew.Wait()
	return good, dead, err
}

// settleProbes forgets the dead, unless they were heard of meanwhile, and leaves the good alone for a month.
func (c *Courier) settleProbes(ctx context.Context, good, dead []string, horizon time.Time) error {
	if len(dead) > 0 {
		if _, err := c.DB.Device.Delete().Where(device.IDIn(dead...), device.LastSeenAtLT(horizon)).Exec(ctx); err != nil {
			return fmt.Errorf("forget dead tokens: %w", err)
		}
	}
	if len(good) > 0 {
		if err := c.DB.Device.Update().Where(device.IDIn(good...)).SetProbedAt(c.Clock.Now()).Exec(ctx); err != nil {
			return fmt.Errorf("note good tokens: %w", err)
		}
	}
	return nil
}
