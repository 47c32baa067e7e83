package delivery

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/wechatgrant"
	"citygraph/internal/jobs"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Verdict says what becomes of a delivery that an operator wants sent once more.
type Verdict string

// The verdicts, in the order in which they are told.
const (
	SentAgain   Verdict = "SENT_AGAIN"     // handed to the queue
	Read        Verdict = "READ"           // its recipient has seen the notice
	NotToBeTold Verdict = "NOT_TO_BE_TOLD" // taken back, called off, superseded, put off, or gone
	TooLate     Verdict = "EXPIRED"        // the notice has, or its day is over
	Unwanted    Verdict = "UNWANTED"       // its recipient does not want the topic on the channel
	AddressGone Verdict = "ADDRESS_GONE"   // the device or account is not the recipient's any more
	NoGrant     Verdict = "NO_GRANT"       // WeChat: no accept is left to send it for
	NoChannel   Verdict = "NO_CHANNEL"     // this city does not have the channel
)

// Verdicts are all verdicts in their order.
var Verdicts = []Verdict{SentAgain, Read, NotToBeTold, TooLate, Unwanted, AddressGone, NoGrant, NoChannel}

// Rerun names the job that sends a batch once more. It is a kind of its own, so that a replica of an earlier
// version leaves it alone.
type Rerun struct {
	Batch string `json:"batch"`
}

// Kind is the job's stable name.
func (Rerun) Kind() string { return "push.rerun" }

// Resend sends what is due of a batch, and comes back for the rest. It stays on the channel: its recipients
// were reached, or others have tried the channels that follow.
func (c *Courier) Resend(ctx context.Context, job jobs.Job[Rerun]) error {
	ctx = viewer.AsSystem(ctx, "push notifications to their recipients once more")
	if err := c.sendDue(ctx, job.Args.Batch); err != nil {
		return err
	}
	return c.putOff(ctx, job.Args.Batch)
}

// again hands settled deliveries over once more. It goes through those picked a batch at a time, each in a
// transaction of a fixed number of statements that ends with the batch's job: killed anywhere, what is done is
// done and the rest is as it was.
type again struct {
	courier  *Courier
	pick     predicate.DeliveryAttempt
	name     string // what the names of its batches begin with
	dryRun   bool
	progress func(done, total int)

	grants map[grantKey]int // those left over, as far as anybody asked
}

type grantKey struct{ personID, template string }

// reopened is a delivery that is to be sent once more.
type reopened struct {
	ID      string                  `json:"id"`
	Outcome deliveryattempt.Outcome `json:"o"` // as it was found: whoever changed it meanwhile was first
	Batch   string                  `json:"b"`
	Due     store.Stamp             `json:"due"`
}

func (a *again) run(ctx context.Context) (map[Verdict]int, error) {
	total, err := a.courier.DB.DeliveryAttempt.Query().Where(a.pick).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	counts := map[Verdict]int{}
	for done, after := 0, ""; ; {
		rows, err := a.courier.DB.DeliveryAttempt.Query().Where(a.pick, deliveryattempt.IDGT(after)).
			Order(deliveryattempt.ByID()).Limit(BatchSize).All(ctx)
		if err != nil {
			return counts, fmt.Errorf("look for deliveries: %w", err)
		}
		if len(rows) == 0 {
			return counts, nil
		}
		after = rows[len(rows)-1].ID
		if err := a.batch(ctx, rows, counts); err != nil {
			return counts, err
		}
		if done += len(rows); a.progress != nil {
			a.progress(done, max(done, total))
		}
	}
}

// batch judges deliveries, and hands those over that pass.
func (a *again) batch(ctx context.Context, rows []*db.DeliveryAttempt, counts map[Verdict]int) error {
	passed, verdicts, err := a.judge(ctx, rows)
	if err != nil {
		return err
	}
	if len(passed) > 0 && !a.dryRun {
		if verdicts[SentAgain], err = a.handOver(ctx, passed); err != nil {
			return err
		}
	}
	for verdict, n := range verdicts {
		counts[verdict] += n
	}
	return nil
}

// handOver gives the deliveries to a job of their own, and tells how many nobody else has given to another.
func (a *again) handOver(ctx context.Context, passed []reopened) (taken int, err error) {
	c, batch := a.courier, a.name+rand.Text()[:16]
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		taken, err = c.Store.ExecRows(ctx, c.DB, []string{"id text", "o text", "b text", "due timestamptz"},
			`UPDATE delivery_attempts SET outcome = 'PENDING', batch = CAST(? AS text), due_at = r.due, settled_at = NULL FROM r
			WHERE `+c.Store.Meets(deliveryattempt.Table)+` AND delivery_attempts.outcome = r.o AND delivery_attempts.batch = r.b`, passed, batch)
		if err != nil || taken == 0 {
			return err
		}
		return c.Jobs.Enqueue(ctx, Rerun{batch}, jobs.InQueue(Queue), jobs.WithPriority(jobs.Low))
	})
	if err != nil {
		return 0, fmt.Errorf("hand deliveries over: %w", err)
	}
	return taken, nil
}

// judge tells which deliveries may be sent once more, and when, and counts all by verdict.
func (a *again) judge(ctx context.Context, rows []*db.DeliveryAttempt) ([]reopened, map[Verdict]int, error) {
	c, now := a.courier, a.courier.Clock.Now()
	notices, err := a.notices(ctx, rows, now)
	if err != nil {
		return nil, nil, err
	}
	reach := reach{courier: c, known: map[deliveryattempt.Channel]map[string][]string{}}
	for _, row := range rows {
		reach.people = append(reach.people, row.PersonID)
	}
	if err := a.count(ctx, reach.people); err != nil {
		return nil, nil, err
	}
	var passed []reopened
	counts := map[Verdict]int{}
	for _, row := range rows {
		addresses, err := reach.on(ctx, row.Channel)
		if err != nil {
			return nil, nil, err
		}
		n := notices[row.NotificationID]
		verdict := n.verdict(row, now)
		switch {
		case verdict != SentAgain:
		case c.Channels[row.Channel] == nil:
			verdict = NoChannel
		case !slices.Contains(addresses[row.PersonID], row.DeviceID):
			verdict = AddressGone
		case row.Channel == deliveryattempt.ChannelWechat && !a.take(row.PersonID, c.Templates[n.topic].ID):
			verdict = NoGrant
		}
		counts[verdict]++
		if verdict == SentAgain {
			passed = append(passed, reopened{row.ID, row.Outcome, row.Batch, c.Store.Stamp(n.way.at)})
		}
	}
	return passed, counts, nil
}

// noticed is a notice as far as its being sent again depends on it; the zero value is one that is gone.
type noticed struct {
	topic     notification.Topic
	read, may bool
	way       route
}

// verdict is that on the notice and its recipient's wishes; whether there is a way the caller looks.
func (n noticed) verdict(row *db.DeliveryAttempt, now time.Time) Verdict {
	until := n.way.until
	if row.ExpiresAt != nil && row.ExpiresAt.Before(until) {
		until = *row.ExpiresAt
	}
	switch {
	case n.read:
		return Read
	case !n.may:
		return NotToBeTold
	case !now.Before(until), !n.way.at.Before(until):
		return TooLate
	case !slices.Contains(n.way.channels, row.Channel):
		return Unwanted
	default:
		return SentAgain
	}
}

// notices loads what the deliveries tell of.
func (a *again) notices(ctx context.Context, rows []*db.DeliveryAttempt, now time.Time) (map[string]noticed, error) {
	c, ids := a.courier, make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.NotificationID
	}
	told, err := c.DB.Notification.Query().Where(notification.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load notifications: %w", err)
	}
	may, err := c.DB.Notification.Query().
		Where(notification.IDIn(ids...), func(s *entsql.Selector) { mayTell(s, now) }).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("look what may be told: %w", err)
	}
	routes, err := c.wanted(ctx, told)
	if err != nil {
		return nil, err
	}
	standing := make(map[string]bool, len(may))
	for _, one := range may {
		standing[one] = true
	}
	notices := make(map[string]noticed, len(told))
	for i, n := range told {
		notices[n.ID] = noticed{topic: n.Topic, read: n.ReadAt != nil, may: standing[n.ID], way: routes[i]}
	}
	return notices, nil
}

// count asks how many grants the people have left, of whom nobody has asked yet. Sending takes one each and has
// the last word: this only keeps a message in its record that would certainly be refused.
func (a *again) count(ctx context.Context, people []string) error {
	if a.grants == nil {
		a.grants = map[grantKey]int{}
	}
	if len(a.courier.Templates) == 0 {
		return nil
	}
	left, err := a.courier.DB.WechatGrant.Query().Where(wechatgrant.PersonIDIn(people...)).All(ctx)
	if err != nil {
		return fmt.Errorf("count grants: %w", err)
	}
	for _, g := range left {
		key := grantKey{g.PersonID, g.Template}
		if _, asked := a.grants[key]; !asked {
			a.grants[key] = g.Remaining
		}
	}
	return nil
}

// take uses a grant up in the reckoning.
func (a *again) take(personID, template string) bool {
	key := grantKey{personID, template}
	if a.grants[key] == 0 {
		return false
	}
	a.grants[key]--
	return true
}
