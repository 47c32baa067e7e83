package thread

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/message"
	row "citygraph/ent/db/thread"
	"citygraph/ent/db/threadread"
	"citygraph/internal/fault"
	"citygraph/internal/freetext"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// Mine narrows a query to the viewer's threads, about one child where one is named. UNAUTHENTICATED for a visitor.
func (t *Talk) Mine(ctx context.Context, q *db.ThreadQuery, child *string) (*db.ThreadQuery, error) {
	if err := signedIn(ctx); err != nil {
		return nil, err
	}
	if child != nil {
		q.Where(row.StudentID(*child))
	}
	return q, nil
}

// One narrows a query to one thread. UNAUTHENTICATED for a visitor, NOT_FOUND for what is no thread's id.
func (t *Talk) One(ctx context.Context, q *db.ThreadQuery, threadID string) (*db.ThreadQuery, error) {
	if err := signedIn(ctx); err != nil {
		return nil, err
	}
	if !id.Is(threadID, id.Thread) {
		return nil, fault.New(fault.NotFound)
	}
	return q.Where(row.ID(threadID)), nil
}

// Said narrows a query to the messages of a thread of the viewer's. Returns UNAUTHENTICATED, NOT_FOUND.
func (t *Talk) Said(ctx context.Context, q *db.MessageQuery, threadID string) (*db.MessageQuery, error) {
	if _, err := t.mine(ctx, threadID); err != nil {
		return nil, err
	}
	return q.Where(message.ThreadID(threadID)), nil
}

// Search narrows a query to the messages in the viewer's threads, or in one of them, that have the text in them. Returns
// UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND for another's thread.
func (t *Talk) Search(ctx context.Context, q *db.MessageQuery, text string, threadID *string) (*db.MessageQuery, error) {
	if err := signedIn(ctx); err != nil {
		return nil, err
	}
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n < leastQuery || n > mostQuery || strings.ContainsFunc(text, freetext.Unprintable) {
		return nil, fault.BadInput("query", "请输入2至50个字。", "Enter 2 to 50 characters.")
	}
	if threadID != nil {
		if _, err := t.mine(ctx, *threadID); err != nil {
			return nil, err
		}
		q.Where(message.ThreadID(*threadID))
	}
	return q.Where(message.BodyContainsFold(text), message.RetractedAtIsNil()), nil
}

// Body is what a message says, nil once it is retracted.
func Body(m *db.Message) *string {
	if m.RetractedAt != nil {
		return nil
	}
	return &m.Body
}

// Attachments are the photos and PDFs that go with a message, in the order of their upload; see Body.
func Attachments(ctx context.Context, m *db.Message) ([]*db.Attachment, error) {
	if m.RetractedAt != nil {
		return []*db.Attachment{}, nil
	}
	found, err := m.Attachments(ctx)
	slices.SortFunc(found, func(a, b *db.Attachment) int { return strings.Compare(a.ID, b.ID) })
	return found, err
}

// IsMine tells whether the viewer wrote a message.
func IsMine(ctx context.Context, m *db.Message) bool { return m.AuthorID == viewer.From(ctx).PersonID }

// Mark says how far the viewer has read a thread; less than before changes nothing. Returns UNAUTHENTICATED, NOT_FOUND,
// BAD_USER_INPUT for a number that no message has.
func (t *Talk) Mark(ctx context.Context, threadID string, seq int) (*db.Thread, error) {
	err := t.Store.InTx(ctx, func(ctx context.Context) error {
		th, err := t.mine(ctx, threadID)
		if err != nil {
			return err
		}
		if seq < 0 || seq > th.LastSeq {
			return fault.BadInput("seq", "没有这个序号的消息。", "No message has that number.")
		}
		return t.grow(ctx, th.ID, viewer.From(ctx).PersonID, seq)
	})
	if err != nil {
		return nil, err
	}
	return t.mine(ctx, threadID)
}

// grow moves what a member has read on, and never back.
func (t *Talk) grow(ctx context.Context, threadID, personID string, seq int) error {
	if seq == 0 {
		return nil
	}
	now := t.Clock.Now()
	query, args := sql.Dialect(t.Store.Dialect()).Insert(threadread.Table).
		Columns(threadread.FieldID, threadread.FieldCreatedAt, threadread.FieldUpdatedAt, threadread.FieldThreadID, threadread.FieldPersonID, threadread.FieldSeq).
		Values(id.New(id.ThreadRead), now, now, threadID, personID, seq).
		OnConflict(sql.ConflictColumns(threadread.FieldThreadID, threadread.FieldPersonID), sql.ResolveWith(func(u *sql.UpdateSet) {
			u.SetExcluded(threadread.FieldSeq).SetExcluded(threadread.FieldUpdatedAt)
		}), sql.UpdateWhere(sql.ExprP(threadread.Table+"."+threadread.FieldSeq+" < excluded."+threadread.FieldSeq))).Query()
	if _, err := t.DB.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("mark thread as read: %w", err)
	}
	return nil
}
