package delivery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/ent/db/notification"
	choice "citygraph/ent/db/notificationpreference"
	"citygraph/internal/delivery"
	"citygraph/internal/jobs"
	"citygraph/internal/push"
	"citygraph/internal/seed/seedtest"
)

// replay asks for what FCM took since the instant.
func (p *post) replay(t *testing.T, since time.Time, change ...func(*delivery.Replay)) delivery.Replayed {
	t.Helper()
	o := delivery.Replay{Channel: deliveryattempt.ChannelFcm, Since: since}
	for _, c := range change {
		c(&o)
	}
	done, err := p.Replay(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func dryRun(o *delivery.Replay) { o.DryRun = true }

// rerun runs the jobs that an operator's order has made.
func (p *post) rerun(t *testing.T) {
	t.Helper()
	for _, args := range p.reruns {
		if err := p.Resend(t.Context(), jobs.Job[delivery.Rerun]{ID: 1, Args: args}); err != nil {
			t.Fatal(err)
		}
	}
	p.reruns = nil
}

// wantVerdicts compares what an operator is told.
func wantVerdicts(t *testing.T, got, want map[delivery.Verdict]int) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What FCM took and lost is sent once more to whoever may still be told of it there, and nobody else.
func TestAReplaySendsWhatMayStillBeTold(t *testing.T) {
	p := open(t)
	system := seedtest.System(t)
	members := []string{"chenjing", "maming", "zhouwei", "lina"}
	for _, member := range members {
		p.phones(t, member, "phone of "+member)
	}
	p.at(12)
	var before []string
	for _, member := range members {
		before = append(before, p.tell(t, member, 1))
	}
	p.work(t, p.job(before...))
	p.clock.Turn(time.Hour)
	lost := p.clock.Now()
	read := p.write(t, 2, notification.TopicCityCase, nil)
	retracted := p.write(t, 3, notification.TopicCityCase, nil)
	expires := p.write(t, 4, notification.TopicCityCase, func(c *db.NotificationCreate) { c.SetExpiresAt(lost.Add(30 * time.Minute)) })
	kept := p.write(t, 5, notification.TopicCityCase, nil)
	for _, job := range []jobs.Job[delivery.Args]{read, retracted, expires, kept} {
		p.work(t, job)
	}
	p.work(t, p.job(p.tell(t, "maming", 2), p.tell(t, "zhouwei", 2)))
	p.tokens()
	p.clock.Turn(time.Hour)
	the := func(job jobs.Job[delivery.Args]) string { return job.Args.NotificationIDs[0] }
	p.city.DB.Notification.UpdateOneID(the(read)).SetReadAt(p.clock.Now()).ExecX(system)
	p.city.DB.Notification.UpdateOneID(the(retracted)).SetRetractedAt(p.clock.Now()).ExecX(system)
	p.prefer(t, "zhouwei", choice.TopicCityCase, func(c *db.NotificationPreferenceCreate) { c.SetChannels(nil) })
	p.city.DB.Device.Delete().Where(device.PushToken("phone of maming")).ExecX(system)

	want := map[delivery.Verdict]int{
		delivery.SentAgain: 1, delivery.Read: 1, delivery.NotToBeTold: 1, delivery.TooLate: 1, delivery.Unwanted: 1, delivery.AddressGone: 1,
	}
	wantVerdicts(t, p.replay(t, lost, dryRun).Verdicts, want)
	if len(p.reruns) != 0 {
		t.Errorf("a dry run enqueued %v", p.reruns)
	}
	wantVerdicts(t, p.replay(t, lost).Verdicts, want)
	p.rerun(t)
	if diff := cmp.Diff([]string{"phone of chenjing"}, p.tokens()); diff != "" {
		t.Error(diff)
	}
	done := p.replay(t, lost)
	if done.Verdicts[delivery.SentAgain] != 0 || done.Outcomes[deliveryattempt.OutcomeDelivered] != 1 {
		t.Errorf("the second run: %+v", done)
	}
	p.rerun(t)
	if sent := p.tokens(); len(sent) != 0 {
		t.Errorf("the second run sent to %v", sent)
	}
}

// Killed anywhere, a replay is gone on with: each delivery is in one batch, and what came after it was begun is
// none of its.
func TestAReplayGoesOnWhereItWas(t *testing.T) {
	p := open(t)
	p.at(12)
	const phones = 2*delivery.BatchSize + 200
	var tokens []string
	for i := range phones {
		tokens = append(tokens, fmt.Sprintf("phone %04d", i))
	}
	p.phones(t, "chenjing", tokens...)
	lost := p.clock.Now()
	p.work(t, p.notify(t, "chenjing", 1))
	if sent := p.tokens(); len(sent) != phones {
		t.Fatalf("%d were sent", len(sent))
	}
	p.clock.Turn(time.Hour)
	died := errors.New("the process is gone")
	p.Jobs = after(1, p, died)
	if _, err := p.Replay(t.Context(), delivery.Replay{Channel: deliveryattempt.ChannelFcm, Since: lost}); !errors.Is(err, died) {
		t.Fatal(err)
	}
	p.Jobs = p
	p.rerun(t)
	p.clock.Turn(time.Hour)
	p.phones(t, "maming", "later")
	p.work(t, p.notify(t, "maming", 1))

	var shown []int
	done := p.replay(t, lost, func(o *delivery.Replay) {
		o.Progress = func(done, total int) { shown = append(shown, done, total) }
	})
	rest := phones - delivery.BatchSize
	wantVerdicts(t, done.Verdicts, map[delivery.Verdict]int{delivery.SentAgain: rest})
	if diff := cmp.Diff([]int{delivery.BatchSize, rest, rest, rest}, shown); diff != "" {
		t.Error(diff)
	}
	p.rerun(t)
	if sent := p.tokens(); len(sent) != phones+1 || len(slices.Compact(sent)) != phones+1 {
		t.Errorf("%d were sent, %d different", len(sent), len(slices.Compact(sent)))
	}
}

// Of two operators who replay the same loss at once, each hands over what the other has not.
func TestTwoReplaysAtOnceSendOnce(t *testing.T) {
	p := open(t)
	p.at(12)
	const phones = 2*delivery.BatchSize + 200
	var tokens []string
	for i := range phones {
		tokens = append(tokens, fmt.Sprintf("phone %04d", i))
	}
	p.phones(t, "chenjing", tokens...)
	lost := p.clock.Now()
	p.work(t, p.notify(t, "chenjing", 1))
	p.tokens()
	p.clock.Turn(time.Hour)
	var handed [2]int
	var both sync.WaitGroup
	for i := range handed {
		both.Go(func() {
			done, err := p.Replay(t.Context(), delivery.Replay{Channel: deliveryattempt.ChannelFcm, Since: lost})
			if err != nil {
				t.Error(err)
			}
			handed[i] = done.Verdicts[delivery.SentAgain]
		})
	}
	both.Wait()
	p.rerun(t)
	sent := p.tokens()
	if slices.Sort(sent); handed[0]+handed[1] != phones || len(sent) != phones || len(slices.Compact(sent)) != phones {
		t.Errorf("%d and %d of %d were handed over, and %d sent", handed[0], handed[1], phones, len(sent))
	}
}

// after enqueues so many jobs and then dies.
func after(n int, q delivery.Enqueuer, err error) delivery.Enqueuer { return &dying{q, n, err} }

type dying struct {
	delivery.Enqueuer
	left int
	err  error
}

func (d *dying) Enqueue(ctx context.Context, args jobs.Args, options ...jobs.Option) error {
	if d.left == 0 {
		return d.err
	}
	d.left--
	return d.Enqueuer.Enqueue(ctx, args, options...)
}

// What was sent again is not sent a third time for the same loss, whatever instant is named; for a later loss it is.
func TestALaterLossIsReplayedAnew(t *testing.T) {
	p := open(t)
	p.at(8)
	p.phones(t, "chenjing", "phone")
	first := p.clock.Now()
	p.work(t, p.notify(t, "chenjing", 1))
	p.clock.Turn(time.Hour)
	p.replay(t, first)
	p.clock.Turn(time.Hour)
	second := p.clock.Now()
	p.rerun(t)
	p.clock.Turn(time.Hour)
	wantVerdicts(t, p.replay(t, first.Add(-time.Hour)).Verdicts, map[delivery.Verdict]int{})
	wantVerdicts(t, p.replay(t, second, func(o *delivery.Replay) { o.Until = second }).Verdicts, map[delivery.Verdict]int{})
	wantVerdicts(t, p.replay(t, second).Verdicts, map[delivery.Verdict]int{delivery.SentAgain: 1})
	p.rerun(t)
	wantVerdicts(t, p.replay(t, first).Verdicts, map[delivery.Verdict]int{})
	if sent := p.tokens(); len(sent) != 3 {
		t.Errorf("sent %d times", len(sent))
	}
}

func TestAReplayKeepsQuietHours(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	p.prefer(t, "chenjing", choice.TopicCityCase, quietAtNight)
	p.at(21)
	lost := p.clock.Now()
	p.work(t, p.write(t, 1, notification.TopicCityCase, nil))
	p.tokens()
	p.clock.Turn(2 * time.Hour)
	wantVerdicts(t, p.replay(t, lost).Verdicts, map[delivery.Verdict]int{delivery.SentAgain: 1})
	args := p.reruns[0]
	if err := p.Resend(t.Context(), jobs.Job[delivery.Rerun]{Args: args}); err == nil || !strings.Contains(err.Error(), "run again in 8h0m0s") {
		t.Error(err)
	}
	if sent := p.tokens(); len(sent) != 0 {
		t.Errorf("sent to %v at night", sent)
	}
	p.clock.Turn(8 * time.Hour)
	p.rerun(t)
	if sent := p.tokens(); len(sent) != 1 {
		t.Errorf("sent to %v in the morning", sent)
	}
}

// A message of WeChat's needs a grant of its own.
func TestAReplayInWechatNeedsGrants(t *testing.T) {
	m := openMini(t)
	m.accept(t, true)
	m.accept(t, true)
	lost := m.clock.Now().Truncate(time.Second)
	m.work(t, m.notify(t, "chenjing", 1))
	m.work(t, m.notify(t, "chenjing", 2))
	m.accept(t, true)
	m.clock.Turn(time.Minute)
	inWechat := func(o *delivery.Replay) { o.Channel = deliveryattempt.ChannelWechat }
	want := map[delivery.Verdict]int{delivery.SentAgain: 1, delivery.NoGrant: 1}
	wantVerdicts(t, m.replay(t, lost, inWechat, dryRun).Verdicts, want)
	wantVerdicts(t, m.replay(t, lost, inWechat).Verdicts, want)
	m.rerun(t)
	if n := m.remaining(t); n != 0 || len(m.fake.Sent()) != 3 {
		t.Errorf("%d sent, %d grants are left", len(m.fake.Sent()), n)
	}
	if _, err := m.Replay(t.Context(), delivery.Replay{Channel: deliveryattempt.ChannelSms, Since: lost}); err == nil {
		t.Error("a channel that the city does not have was replayed")
	}
}

// What was given up is counted by reason, listed without anything about people, and given another go.
func TestDeadLetters(t *testing.T) {
	p := open(t)
	for token, code := range map[string]string{"wrong": "INVALID_ARGUMENT", "wrong too": "INVALID_ARGUMENT", "odd": "HTTP_418"} {
		p.phones(t, "chenjing", token)
		p.script[token] = []push.Result{{Outcome: push.Rejected, Code: code}, {Outcome: push.Delivered}}
	}
	p.phones(t, "chenjing", "fine", "dead", "stranded")
	p.script["dead"] = []push.Result{{Outcome: push.DropToken, Code: "UNREGISTERED"}}
	p.script["stranded"] = []push.Result{{Outcome: push.Retry, Code: "UNAVAILABLE", Err: errors.New("503")}, {Outcome: push.Delivered}}
	counted := map[string]int{}
	p.GivenUp = func(channel, outcome string) { counted[channel+" "+outcome]++ }
	began := p.clock.Now()
	job := p.notify(t, "chenjing", 1)
	p.waits(t, job)
	p.DeadJobs = func(_ context.Context, _ int, kinds ...string) ([]jobs.DeadJob, error) {
		if !slices.Contains(kinds, "push.notification") || !slices.Contains(kinds, "push.rerun") {
			t.Errorf("asks for %v", kinds)
		}
		return []jobs.DeadJob{{ID: job.ID, Kind: "push.notification", DiedAt: p.clock.Now()}}, nil
	}
	if diff := cmp.Diff(map[string]int{"FCM REJECTED": 3}, counted); diff != "" {
		t.Error(diff)
	}
	counts, letters, err := p.DeadLetters(t.Context(), delivery.DeadLetters{Channel: deliveryattempt.ChannelFcm, Since: began}, 3)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, c := range counts {
		got[fmt.Sprint(c.Channel, " ", c.Outcome, " ", c.Code)] = c.Count
	}
	want := map[string]int{"FCM REJECTED INVALID_ARGUMENT": 2, "FCM REJECTED HTTP_418": 1, "FCM RETRY JOB_DIED": 1}
	if diff := cmp.Diff(want, got); diff != "" || len(letters) != 3 || letters[0].Tries != 1 || letters[0].At.Before(began) {
		t.Errorf("%s, listed %+v", diff, letters)
	}
	for _, none := range []delivery.DeadLetters{{Channel: deliveryattempt.ChannelSms}, {Since: p.clock.Now().Add(time.Hour)}} {
		if counts, letters, err := p.DeadLetters(t.Context(), none, 3); err != nil || len(counts)+len(letters) != 0 {
			t.Errorf("%+v: %v, %v, %v", none, counts, letters, err)
		}
	}
	p.tokens()
	verdicts, err := p.RetryDead(t.Context(), delivery.DeadLetters{}, true, nil)
	if err != nil || len(p.reruns) != 0 {
		t.Fatal(err, p.reruns)
	}
	wantVerdicts(t, verdicts, map[delivery.Verdict]int{delivery.SentAgain: 4})
	if verdicts, err = p.RetryDead(t.Context(), delivery.DeadLetters{}, false, nil); err != nil {
		t.Fatal(err)
	}
	wantVerdicts(t, verdicts, map[delivery.Verdict]int{delivery.SentAgain: 4})
	p.rerun(t)
	if diff := cmp.Diff([]string{"odd", "stranded", "wrong", "wrong too"}, p.tokens()); diff != "" {
		t.Error(diff)
	}
	if counts, _, err := p.DeadLetters(t.Context(), delivery.DeadLetters{}, 3); err != nil || len(counts) != 0 {
		t.Errorf("left: %v, %v", counts, err)
	}
}

// A job that sends again may die as well.
func TestARerunThatDiedIsFoundByItsBatch(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	lost := p.clock.Now().Truncate(time.Second)
	p.work(t, p.notify(t, "chenjing", 1))
	p.clock.Turn(time.Minute)
	p.replay(t, lost)
	args, err := json.Marshal(p.reruns[0])
	if err != nil {
		t.Fatal(err)
	}
	p.DeadJobs = func(context.Context, int, ...string) ([]jobs.DeadJob, error) {
		return []jobs.DeadJob{{ID: 7, Kind: "push.rerun", Args: args, DiedAt: p.clock.Now()}}, nil
	}
	verdicts, err := p.RetryDead(t.Context(), delivery.DeadLetters{}, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(maps.Keys(verdicts)); len(p.reruns) != 2 || !slices.Equal(got, []delivery.Verdict{delivery.SentAgain}) {
		t.Fatalf("%v, %v", verdicts, p.reruns)
	}
	p.tokens()
	p.rerun(t)
	if sent := p.tokens(); len(sent) != 1 {
		t.Errorf("sent to %v", sent)
	}
}
