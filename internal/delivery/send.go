package delivery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"citygraph/ent/db/deliveryattempt"
	"citygraph/internal/jobs"
	"citygraph/internal/push"
)

const (
	// waveSize is how many deliveries are checked and loaded with one statement, just before they are sent.
	waveSize = 100
	// stragglerPause is how long a job waits when nothing comes back any more. What is still under way then
	// writes its outcome down by itself, so that a slow token holds up neither the job nor those after it.
	stragglerPause = 500 * time.Millisecond
	// leaseMargin is added to the time a message may take before a straggler may be sent again.
	leaseMargin = 5 * time.Second

	firstPause   = time.Second
	longestPause = 30 * time.Minute
)

// send sends what is due, in waves, and returns when all of it is written down or only stragglers are left.
func (c *Courier) send(ctx context.Context, due []string) error {
	r := newRound()
	for wave := range slices.Chunk(due, min(waveSize, c.Pool.Size())) {
		if err := c.Pool.Enter(ctx, len(wave)); err != nil {
			// The time of the job is up. It is no failure of the rest, which is due as it was.
			return errors.Join(r.wait(ctx, c), jobs.RetryAfter(0, err))
		}
		letters, unsent, err := c.load(ctx, wave)
		if err != nil {
			c.Pool.Leave(len(wave))
			return errors.Join(r.wait(ctx, c), err)
		}
		c.Pool.Leave(len(wave) - len(letters))
		for _, n := range unsent {
			r.begin(n.ID)
			r.sent(n.ID)
			c.ledger.write(c, n, func(err error) { r.written(err) })
		}
		c.launch(ctx, r, letters)
	}
	return r.wait(ctx, c)
}

// launch sends letters side by side, those to one device one after another: the second may not go where the
// first was refused.
func (c *Courier) launch(ctx context.Context, r *round, letters []letter) {
	byDevice := map[string][]letter{}
	var devices []string
	for _, l := range letters {
		r.begin(l.id)
		if byDevice[l.deviceID] == nil {
			devices = append(devices, l.deviceID)
		}
		byDevice[l.deviceID] = append(byDevice[l.deviceID], l)
	}
	for _, deviceID := range devices {
		go func() {
			for _, l := range byDevice[deviceID] {
				began := time.Now()
				n, tried := c.deliver(ctx, l)
				if tried && c.Observe != nil {
					c.Observe(string(l.channel), string(n.Outcome), time.Since(began))
				}
				r.sent(l.id)
				c.ledger.write(c, n, func(err error) {
					c.Pool.Leave(1) // only now: what is under way is what no row tells of yet
					r.written(err)
				})
			}
		}()
	}
}

// deliver sends one letter and notes what came of it, and whether it went out at all.
func (c *Courier) deliver(ctx context.Context, l letter) (n note, tried bool) {
	now := c.Clock.Now()
	if c.Channels[l.channel] == nil { // planned by a replica with other settings
		return c.note(l, push.Result{Outcome: push.Rejected, Unsent: true, Code: string(NoChannel)}), false
	}
	if l.channel == deliveryattempt.ChannelFcm {
		if c.manners.dead(l.deviceID, now) {
			return note{ID: l.id, channel: l.channel, Outcome: deliveryattempt.OutcomeTokenDropped, Code: "DROPPED_BEFORE"}, false
		}
		if until := c.manners.until(l.deviceID, l.notBefore); until.After(now) {
			return note{ID: l.id, channel: l.channel, Outcome: deliveryattempt.OutcomeRetry, Code: "DEVICE_WAITS", due: until}, false
		}
	}
	var result push.Result
	switch l.channel {
	case deliveryattempt.ChannelWechat:
		result = c.sendGranted(ctx, l)
	case deliveryattempt.ChannelSms:
		result = c.sendText(ctx, l)
	case deliveryattempt.ChannelFcm:
		result = c.Pool.Send(ctx, c.Channels[l.channel], l.message)
	}
	return c.note(l, result), true
}

// sendText sends a text message to the recipient's number, which is looked up for the moment only.
func (c *Courier) sendText(ctx context.Context, l letter) push.Result {
	if c.Phone == nil {
		return push.Result{Outcome: push.Rejected, Unsent: true, Code: "NO_NUMBER"}
	}
	number, err := c.Phone(ctx, l.personID)
	if err != nil {
		return push.Result{Outcome: push.Retry, Unsent: true, Code: "NUMBER_UNKNOWN", Err: err}
	}
	if number == "" {
		return push.Result{Outcome: push.Rejected, Unsent: true, Code: "NO_NUMBER"}
	}
	l.message.Token = number
	return c.Pool.Send(ctx, c.Channels[l.channel], l.message)
}

// sendGranted sends a subscribe message for a grant that it takes before, and gives back only when the message
// certainly was not sent.
func (c *Courier) sendGranted(ctx context.Context, l letter) push.Result {
	if l.message.Template == nil || c.Grants == nil {
		return push.Result{Outcome: push.Rejected, Unsent: true, Code: "NO_TEMPLATE"}
	}
	// What was taken is accounted for even when the job is told to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*c.Pool.Timeout())
	defer cancel()
	template := l.message.Template.ID
	taken, err := c.Grants.Take(ctx, l.personID, template)
	if err != nil {
		return push.Result{Outcome: push.Retry, Unsent: true, Code: "GRANT_UNKNOWN", Err: err}
	}
	if !taken {
		return push.Result{Outcome: push.NoCredit, Unsent: true, Code: "NO_GRANT"}
	}
	result := c.Pool.Send(ctx, c.Channels[l.channel], l.message)
	switch {
	case result.Outcome == push.NoCredit:
		err = c.Grants.Zero(ctx, l.personID, template)
	case result.Unsent:
		err = c.Grants.GiveBack(ctx, l.personID, template)
	}
	if err != nil {
		result.Err = errors.Join(result.Err, fmt.Errorf("account for the grant: %w", err))
	}
	return result
}

// outcomes are what the record calls the results of a channel.
var outcomes = map[push.Outcome]deliveryattempt.Outcome{
	push.Delivered: deliveryattempt.OutcomeDelivered,
	push.Retry:     deliveryattempt.OutcomeRetry,
	push.DropToken: deliveryattempt.OutcomeTokenDropped,
	push.NoCredit:  deliveryattempt.OutcomeNoCredit,
	push.Rejected:  deliveryattempt.OutcomeRejected,
}

// note says what a result means for the delivery and its device.
func (c *Courier) note(l letter, r push.Result) note {
	now := c.Clock.Now()
	n := note{ID: l.id, channel: l.channel, Outcome: outcomes[r.Outcome], Tried: 1, ProviderID: r.ProviderID, Code: r.Code}
	switch {
	case r.Outcome == push.DropToken && l.channel == deliveryattempt.ChannelFcm:
		c.manners.bury(l.deviceID, now)
		n.drop = l.deviceID
	case r.Outcome == push.DropToken:
		n.Outcome = deliveryattempt.OutcomeRejected // an account is no token to forget
	case r.Outcome == push.Retry:
		n.due = now.Add(pauseAfter(l.tries + 1))
		if r.RetryAfter > 0 {
			n.due = now.Add(r.RetryAfter)
			if l.channel == deliveryattempt.ChannelFcm {
				c.manners.wait(l.deviceID, n.due, now)
				n.waits = l.deviceID
			}
		}
		if l.until.Before(n.due) {
			n.due = l.until
		}
	}
	return n
}

// pauseAfter doubles from a second to half an hour, give or take a quarter.
func pauseAfter(tries int) time.Duration {
	pause := longestPause
	if doublings := max(tries-1, 0); doublings < 11 {
		pause = min(firstPause<<doublings, longestPause)
	}
	return pause*3/4 + rand.N(pause/2)
}
