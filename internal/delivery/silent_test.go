package delivery_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/internal/delivery"
	"citygraph/internal/jobs"
	"citygraph/internal/push"
	"citygraph/internal/seed/seedtest"
)

// prober is a channel that knows which tokens are dead.
type prober struct {
	*post
	dead map[string]push.Outcome
}

func (p prober) Probe(_ context.Context, token string, _ push.Platform) push.Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, push.Message{Token: token})
	if outcome, ok := p.dead[token]; ok {
		return push.Result{Outcome: outcome, Err: context.DeadlineExceeded}
	}
	return push.Result{Outcome: push.Delivered}
}

func TestSilentDevicesAreProbedOnceAMonth(t *testing.T) {
	p := open(t)
	p.Channels[deliveryattempt.ChannelFcm] = prober{p, map[string]push.Outcome{"dead": push.DropToken, "unsure": push.Retry}}
	p.phones(t, "chenjing", "dead", "silent", "unsure")
	p.clock.Turn(31 * 24 * time.Hour)
	p.phones(t, "maming", "fresh")
	prune := func() error { return p.Prune(t.Context(), jobs.Job[delivery.Silent]{}) }
	if err := prune(); err == nil {
		t.Error("the provider did not answer for one, and the job is done")
	}
	if got := p.tokens(); !slices.Equal(got, []string{"dead", "silent", "unsure"}) {
		t.Errorf("probed %v", got)
	}
	left := p.city.DB.Device.Query().Order(device.ByPushToken()).Select(device.FieldPushToken).StringsX(seedtest.System(t))
	if !slices.Equal(left, []string{"fresh", "silent", "unsure"}) {
		t.Errorf("left are %v", left)
	}
	_ = prune()
	if got := p.tokens(); !slices.Equal(got, []string{"unsure"}) {
		t.Errorf("probed again %v", got)
	}
	p.clock.Turn(31 * 24 * time.Hour)
	_ = prune()
	if got := p.tokens(); !slices.Equal(got, []string{"fresh", "silent", "unsure"}) {
		t.Errorf("a month later %v", got)
	}
}
