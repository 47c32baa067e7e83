package thread

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/message"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

const (
	// replayPage is how many missed messages are read at a time.
	replayPage = 100
	// slack is how much later than the time it bears a change may be committed.
	slack = time.Minute
)

// place is where a listener stands: after a number, and after what was changed in messages up to it.
type place struct {
	threadID string
	seq      int
	since    time.Time        // changes before it are told
	told     map[int]revision // changes after it that are told, by number
}

// revision tells the states of a message apart.
type revision struct{ edited, retracted int64 } // in microseconds

func revisionOf(m *db.Message) (r revision) {
	if m.EditedAt != nil {
		r.edited = m.EditedAt.UnixMicro()
	}
	if m.RetractedAt != nil {
		r.retracted = m.RetractedAt.UnixMicro()
	}
	return r
}

// Listen streams the messages of a thread after a number until ctx ends: each once, in the order of their numbers; and one that was
// changed since the last that the client has was said comes again as it is. The numbers are replayed at every wake-up, so a lost or
// doubled hint loses and repeats nothing. It ends with NOT_FOUND once the viewer may not see the thread. Returns UNAUTHENTICATED,
// NOT_FOUND, BAD_USER_INPUT for a number that no message has.
func (t *Talk) Listen(ctx context.Context, threadID string, afterSeq int) (<-chan *db.Message, error) {
	th, err := t.mine(ctx, threadID)
	if err != nil {
		return nil, err
	}
	if afterSeq < 0 || afterSeq > th.LastSeq {
		return nil, fault.BadInput("afterSeq", "没有这个序号的消息。", "No message has that number.")
	}
	at := &place{threadID: threadID, seq: afterSeq, since: t.Clock.Now().Add(-slack), told: map[int]revision{}}
	if afterSeq > 0 { // what changed before it was said, the client had with it
		last, err := t.DB.Message.Query().Where(message.ThreadID(threadID), message.Seq(afterSeq)).Only(ctx)
		if err != nil {
			return nil, fmt.Errorf("load where the listener stands: %w", err)
		}
		at.since = last.CreatedAt.Add(-slack)
	}
	out := make(chan *db.Message)
	t.Hub.Follow(ctx, func() bool {
		err := t.replay(ctx, at, out)
		if err != nil {
			t.Fail(ctx, err) // the client comes back with its place
		}
		return err == nil
	}, func() { close(out) }, t.topics(ctx, threadID)...)
	return out, nil
}

// topics wake a listener: what is said, and what becomes of the right to hear it.
func (t *Talk) topics(ctx context.Context, threadID string) []string {
	return []string{Topic(threadID), t.Rights(viewer.From(ctx).PersonID)}
}

// replay sends everything after the place and moves it on.
func (t *Talk) replay(ctx context.Context, at *place, out chan<- *db.Message) error {
	if _, err := t.mine(ctx, at.threadID); err != nil {
		return err
	}
	for {
		now, most := t.Clock.Now(), replayPage+len(at.told) // what was told may be read again
		missed, err := t.DB.Message.Query().Where(message.ThreadID(at.threadID), message.Or(
			message.SeqGT(at.seq), message.EditedAtGTE(at.since), message.RetractedAtGTE(at.since),
		)).Order(message.BySeq()).Limit(most).All(ctx)
		if err != nil {
			return fmt.Errorf("load messages: %w", err)
		}
		if len(missed) == 0 {
			return nil
		}
		// Asked after the read: of what was committed after a session ended, nothing is told under it.
		if err := t.Admit(ctx); err != nil {
			return err
		}
		for _, m := range missed {
			if err := at.tell(ctx, m, out); err != nil {
				return err
			}
		}
		if len(missed) < most {
			at.forget(now)
			return nil
		}
	}
}

// tell sends a message that is new, or is not as it was told.
func (p *place) tell(ctx context.Context, m *db.Message, out chan<- *db.Message) error {
	is := revisionOf(m)
	if m.Seq <= p.seq && p.told[m.Seq] == is {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case out <- m:
	}
	p.seq = max(p.seq, m.Seq)
	if is != (revision{}) {
		p.told[m.Seq] = is
	}
	return nil
}

// forget lets go of changes so old that what is committed later bears a later time.
func (p *place) forget(now time.Time) {
	p.since = later(p.since, now.Add(-slack))
	for seq, was := range p.told {
		if max(was.edited, was.retracted) < p.since.UnixMicro() {
			delete(p.told, seq)
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
