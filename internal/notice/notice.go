// Package notice is the inbox: what a person is told, in order, exactly once.
//
// Whoever writes to an inbox first counts up its person, and so holds that row until the commit: the
// writers of one inbox follow one another, seq has no gaps, and change_seq rises in the order of commits.
package notice

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/person"
	"citygraph/ent/db/predicate"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/jobs"
	"citygraph/internal/live"
	"citygraph/internal/notice/preference"
	"citygraph/internal/store"
	"citygraph/internal/target"
	"citygraph/internal/viewer"
	"citygraph/internal/wording"
)

// Desk writes and reads inboxes.
type Desk struct {
	DB      *db.Client
	Store   *store.Store
	Clock   clock.Clock
	Hub     *live.Hub
	Deliver func(ctx context.Context, notificationIDs []string) error               // enqueues their pushes in the transaction of ctx
	Enqueue func(ctx context.Context, args jobs.Args, options ...jobs.Option) error // a job of the desk's own, in the transaction of ctx
	Admit   func(ctx context.Context) error                                         // fails once the subscriber of ctx may be told nothing more
	Fail    func(ctx context.Context, err error)                                    // tells the subscriber of ctx why its stream ends
}

// Notice is something a person is to be told.
type Notice struct {
	Recipient string // person id
	Subject   string // the person it is about
	EventKey  string // what happened; a recipient is told of it once
	Letter
}

// Letter is what a notice says, whoever gets it. Topic and text are the template's.
type Letter struct {
	Template  string // as wording.Texts has it, such as city_case/accepted
	Params    wording.Params
	TargetID  string              // the node it opens
	Priority  preference.Priority // the topic's own when empty
	ExpiresAt time.Time           // not pushed after it; zero for never
}

// letter is a Letter written out.
type letter struct {
	Letter
	wording.Written
	opens target.Target
}

func (l Letter) write() (letter, error) {
	opens, err := target.Of(l.TargetID)
	if err != nil {
		return letter{}, err
	}
	written, err := wording.Texts.Write(l.Template, l.Params)
	if err != nil {
		return letter{}, err
	}
	rule, ok := preference.RuleOf(written.Topic)
	if !ok {
		return letter{}, fmt.Errorf("write %s: it has no topic", l.Template)
	}
	if l.Priority == "" {
		l.Priority = rule.Priority
	}
	return letter{l, written, opens}, nil
}

// expiry is when it stops to be of use, nil for never.
func (l Letter) expiry() *time.Time {
	if l.ExpiresAt.IsZero() {
		return nil
	}
	return &l.ExpiresAt
}

// Tell puts each notice into its recipient's inbox with the next seq, and enqueues the pushes, in the
// transaction of ctx; without one it refuses. No two of them are for the same recipient, and however many they
// are, the number of statements is the same. Subscribers are woken after the commit. Who has ended their account
// is told nothing, and that is no error.
func (d *Desk) Tell(ctx context.Context, notices ...Notice) error {
	if _, ok := store.TxFrom(ctx); !ok {
		return errors.New("tell: a notice belongs into the transaction of its cause")
	}
	if len(notices) == 0 {
		return nil
	}
	fill, recipients := make(map[string]func(*db.NotificationCreate), len(notices)), make([]any, len(notices))
	for i, n := range notices {
		l, err := n.write()
		if err != nil {
			return err
		}
		if fill[n.Recipient] != nil {
			return fmt.Errorf("tell %s: twice the same recipient", n.EventKey)
		}
		recipients[i] = n.Recipient
		fill[n.Recipient] = func(row *db.NotificationCreate) {
			row.SetSubjectPersonID(n.Subject).SetEventKey(n.EventKey).
				SetTopic(notification.Topic(l.Topic)).SetPriority(notification.Priority(l.Priority)).
				SetTitle(l.Title).SetBody(l.Body).SetTemplate(l.Template).SetParams(l.Params).SetTarget(l.opens).
				SetNillableExpiresAt(l.expiry())
		}
	}
	ctx = viewer.AsSystem(ctx, "a notice is written for its recipient by whoever caused it")
	build := sql.Dialect(d.Store.Dialect())
	people, err := d.countUp(ctx, build.Select(person.FieldID).From(build.Table(person.Table)).
		Where(sql.And(sql.In(person.FieldID, recipients...), sql.IsNull(person.FieldDeletedAt))))
	if err != nil {
		return err
	}
	if len(people) < len(notices) {
		if err := d.gone(ctx, people, fill); err != nil {
			return err
		}
	}
	return d.post(ctx, people, func(personID string, row *db.NotificationCreate) { fill[personID](row) })
}

// gone fails unless those recipients who were not counted up have ended their accounts.
func (d *Desk) gone(ctx context.Context, counted []*db.Person, recipients map[string]func(*db.NotificationCreate)) error {
	missing := slices.Collect(maps.Keys(recipients))
	for _, p := range counted {
		missing = slices.DeleteFunc(missing, func(one string) bool { return one == p.ID })
	}
	ended, err := d.DB.Person.Query().Where(person.IDIn(missing...), person.DeletedAtNotNil()).Count(ctx)
	if err != nil {
		return fmt.Errorf("look for recipients: %w", err)
	}
	if ended < len(missing) {
		return errors.New("tell: a recipient is nobody")
	}
	return nil
}

// countUp counts up the inboxes of the people, and returns them in the order of their ids with their new
// numbers. It wants the transaction that writes to them.
func (d *Desk) countUp(ctx context.Context, people *sql.Selector) ([]*db.Person, error) {
	tx, ok := store.TxFrom(ctx)
	if !ok {
		return nil, errors.New("count up inboxes: outside the transaction that writes to them")
	}
	count, args := sql.Dialect(d.Store.Dialect()).Update(person.Table).
		Add(person.FieldInboxSeq, 1).Add(person.FieldInboxChangeSeq, 1).
		Where(sql.In(person.FieldID, d.inOrder(people))).
		Returning(person.FieldID, person.FieldInboxSeq, person.FieldInboxChangeSeq).Query()
	rows, err := tx.QueryContext(ctx, count, args...)
	if err != nil {
		return nil, fmt.Errorf("count up inboxes: %w", err)
	}
	defer rows.Close()
	var counted []*db.Person
	for rows.Next() {
		p := &db.Person{}
		if err := rows.Scan(&p.ID, &p.InboxSeq, &p.InboxChangeSeq); err != nil {
			return nil, fmt.Errorf("count up inboxes: %w", err)
		}
		counted = append(counted, p)
	}
	slices.SortFunc(counted, func(a, b *db.Person) int { return strings.Compare(a.ID, b.ID) })
	return counted, rows.Err()
}

// post writes to the inboxes of people who were counted up what fill makes of each row, and hands all pushes on
// at once.
func (d *Desk) post(ctx context.Context, people []*db.Person, fill func(personID string, row *db.NotificationCreate)) error {
	if len(people) == 0 {
		return nil
	}
	rows, ids, woken := make([]*db.NotificationCreate, len(people)), make([]string, len(people)), make([]string, len(people))
	for i, p := range people {
		ids[i], woken[i] = id.New(id.Notification), p.ID
		rows[i] = d.DB.Notification.Create().SetID(ids[i]).SetPersonID(p.ID).SetSeq(p.InboxSeq).SetChangeSeq(p.InboxChangeSeq)
		fill(p.ID, rows[i])
	}
	if err := d.DB.Notification.CreateBulk(rows...).Exec(ctx); err != nil {
		return fmt.Errorf("write notifications: %w", err)
	}
	d.wake(ctx, woken...)
	return d.Deliver(ctx, ids)
}

// wake has the subscribers of inboxes look again after the commit.
func (d *Desk) wake(ctx context.Context, people ...string) {
	store.AfterCommit(ctx, func(context.Context) {
		for _, p := range people {
			d.Hub.Publish(Topic(p))
		}
	})
}

// Topic is the wake-up topic of a person's inbox.
func Topic(personID string) string { return "inbox:" + personID }

// Filter narrows an inbox; nil parts do not.
type Filter struct {
	AfterSeq *int64
	Topic    *notification.Topic
	State    *State
}

// Inbox narrows a query to the viewer's notifications of the filter. UNAUTHENTICATED for a visitor.
func (d *Desk) Inbox(ctx context.Context, q *db.NotificationQuery, f Filter) (*db.NotificationQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	q.Where(notification.PersonID(v.PersonID))
	if f.AfterSeq != nil {
		q.Where(notification.SeqGT(*f.AfterSeq))
	}
	if f.Topic != nil {
		q.Where(notification.TopicEQ(*f.Topic))
	}
	if f.State != nil {
		q.Where(f.State.holds(d.Clock.Now()))
	}
	return q, nil
}

// Unread holds for what the badge counts at the instant: not read, not taken back, not put off.
func Unread(now time.Time) predicate.Notification {
	return notification.And(
		notification.ReadAtIsNil(), notification.RetractedAtIsNil(),
		notification.Or(notification.SnoozedUntilIsNil(), notification.SnoozedUntilLTE(now)),
	)
}

// UnreadCount is the viewer's badge. UNAUTHENTICATED for a visitor.
func (d *Desk) UnreadCount(ctx context.Context) (int, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return 0, fault.New(fault.Unauthenticated)
	}
	return d.DB.Notification.Query().
		Where(notification.PersonID(v.PersonID), Unread(d.Clock.Now())).Count(ctx)
}
