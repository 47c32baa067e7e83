package thread

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/message"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/freetext"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// message is a message of a thread of the viewer's. UNAUTHENTICATED for a visitor, NOT_FOUND alike for another's and for none.
func (t *Talk) message(ctx context.Context, messageID string) (*db.Message, error) {
	if err := signedIn(ctx); err != nil {
		return nil, err
	}
	if !id.Is(messageID, id.Message) {
		return nil, fault.New(fault.NotFound)
	}
	m, err := t.DB.Message.Query().Where(message.ID(messageID)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("load message: %w", err)
	}
	return m, nil
}

// own is a message that the viewer wrote. NOT_FOUND for another's; see message.
func (t *Talk) own(ctx context.Context, messageID string) (*db.Message, error) {
	m, err := t.message(ctx, messageID)
	if err == nil && m.AuthorID != viewer.From(ctx).PersonID {
		err = fault.New(fault.NotFound)
	}
	return m, err
}

// Change says a message of the viewer's otherwise. It keeps its number. Returns UNAUTHENTICATED, NOT_FOUND, BAD_USER_INPUT,
// CONTENT_REJECTED, INVALID_TRANSITION after EditFor, once it is retracted, or once the thread is closed.
func (t *Talk) Change(ctx context.Context, messageID, body string) (*db.Message, error) {
	if _, err := t.own(ctx, messageID); err != nil {
		return nil, err
	}
	if err := freetext.Lines("body", &body, mostBody); err != nil {
		return nil, err
	}
	if err := t.decent(ctx, body); err != nil {
		return nil, err
	}
	err := t.Store.InTx(ctx, func(ctx context.Context) error {
		m, err := t.own(ctx, messageID)
		if err != nil {
			return err
		}
		if _, err := t.held(ctx, m.ThreadID); err != nil {
			return err
		}
		now := t.Clock.Now()
		n, err := t.DB.Message.Update().Where(message.ID(m.ID), message.RetractedAtIsNil(), message.CreatedAtGT(now.Add(-EditFor))).
			SetBody(body).SetEditedAt(now).Save(system(ctx))
		if err != nil {
			return fmt.Errorf("edit message: %w", err)
		}
		if n == 0 {
			return tooLate()
		}
		t.wake(ctx, m.ThreadID)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t.message(ctx, messageID)
}

// TakeBack retracts a message of the viewer's: its place stays, and says nothing any more to anybody. Returns UNAUTHENTICATED,
// NOT_FOUND, INVALID_TRANSITION after EditFor or once it is retracted.
func (t *Talk) TakeBack(ctx context.Context, messageID string) (*db.Message, error) {
	err := t.Store.InTx(ctx, func(ctx context.Context) error {
		m, err := t.own(ctx, messageID)
		if err != nil {
			return err
		}
		if !t.Clock.Now().Before(m.CreatedAt.Add(EditFor)) {
			return tooLate()
		}
		done, err := t.bury(ctx, m)
		if err != nil {
			return err
		}
		if !done {
			return tooLate()
		}
		return audit.Record(ctx, t.DB, audit.Deed{Action: "retractMessage", Subject: m.AuthorID, TargetID: m.ID})
	})
	if err != nil {
		return nil, err
	}
	return t.message(ctx, messageID)
}

// tooLate says that a message can no longer be changed.
func tooLate() error {
	return fault.New(fault.InvalidTransition).Say("消息发出15分钟后，或已撤回，不能再更改。", "A message can be changed for 15 minutes, and not once it is retracted.")
}

// bury retracts a message, in the transaction of ctx, and reports whether it still said something.
func (t *Talk) bury(ctx context.Context, m *db.Message) (bool, error) {
	n, err := t.DB.Message.Update().Where(message.ID(m.ID), message.RetractedAtIsNil()).SetRetractedAt(t.Clock.Now()).Save(system(ctx))
	if err != nil {
		return false, fmt.Errorf("retract message: %w", err)
	}
	if n == 0 {
		return false, nil
	}
	t.wake(ctx, m.ThreadID)
	return true, t.Events.Emit(ctx, TakenBack{m.ID})
}
