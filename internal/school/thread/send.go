package thread

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/message"
	"citygraph/ent/db/person"
	row "citygraph/ent/db/thread"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/freetext"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/school/part"
	"citygraph/internal/viewer"
)

// Saying is what somebody says in a thread.
type Saying struct {
	Key      uuid.UUID `json:"-"`
	ThreadID string
	Body     string  // 1 to 2,000 characters
	Language *string // BCP 47; that of the request for nil
	ReplyTo  *string // a message of the same thread
	Urgency  message.Urgency

	AttachmentIDs []string // of attachments that the viewer has uploaded, at most 9
}

// Say says something in a thread of the viewer's: it has the next number, everybody else in the thread is told, and the viewer has read
// up to it. Returns UNAUTHENTICATED, NOT_FOUND, INVALID_TRANSITION once the teacher teaches the pupil no longer, BAD_USER_INPUT,
// CONTENT_REJECTED, IDEMPOTENCY_KEY_REUSED.
func (t *Talk) Say(ctx context.Context, in Saying) (*db.Message, error) {
	if err := signedIn(ctx); err != nil {
		return nil, err
	}
	request := idempotency.Request{Key: in.Key, Operation: "sendMessage", Input: in}
	body, tongue := in.Body, string(lang.From(ctx))
	if err := freetext.Lines("body", &body, mostBody); err != nil {
		return nil, err
	}
	if in.Language != nil {
		if tongue = *in.Language; !tag.MatchString(tongue) {
			return nil, fault.BadInput("language", "语言须为BCP 47标签，例如 zh-Hans。", "The language must be a BCP 47 tag, such as zh-Hans.")
		}
	}
	request.Early = func(ctx context.Context) error { // a checker is not waited for in a transaction
		if _, err := t.mine(ctx, in.ThreadID); err != nil {
			return err
		}
		return t.decent(ctx, body)
	}
	made, err := t.Once.Once(ctx, request, func(ctx context.Context) (string, error) {
		th, err := t.held(ctx, in.ThreadID)
		if err != nil {
			return "", err
		}
		if err := t.answers(ctx, th, in.ReplyTo); err != nil {
			return "", err
		}
		v := viewer.From(ctx)
		author, err := t.DB.Person.Query().Where(person.ID(v.PersonID)).Only(system(ctx))
		if err != nil {
			return "", fmt.Errorf("load author: %w", err)
		}
		seq, err := t.count(ctx, th.ID)
		if err != nil {
			return "", err
		}
		m, err := t.DB.Message.Create().SetThreadID(th.ID).SetSeq(seq).SetCreatedAt(t.Clock.Now()).SetAuthorID(v.PersonID).SetAuthorRole(roleIn(th, v.PersonID)).
			SetAuthorName(author.Name).SetBody(body).SetLanguage(tongue).SetUrgency(in.Urgency).SetNillableReplyToID(in.ReplyTo).
			Save(system(ctx))
		if err != nil {
			return "", fmt.Errorf("write message: %w", err)
		}
		if len(in.AttachmentIDs) > 0 {
			if err := t.Attach(ctx, in.AttachmentIDs, m.ID); err != nil {
				return "", err
			}
		}
		return m.ID, t.spread(ctx, th, m)
	})
	if err != nil {
		return nil, err
	}
	return t.message(ctx, made)
}

// spread follows what was said: its author has read it, the others are told, and who listens looks again.
func (t *Talk) spread(ctx context.Context, th *db.Thread, m *db.Message) error {
	if err := t.grow(ctx, th.ID, m.AuthorID, m.Seq); err != nil {
		return err
	}
	urgent := m.Urgency == message.UrgencyUrgent
	if urgent { // counted here: what overrides quiet hours and a teacher's evening
		if err := audit.Record(ctx, t.DB, audit.Deed{Action: "sendUrgentMessage", Subject: m.AuthorID, TargetID: m.ID}); err != nil {
			return err
		}
	}
	speakers, err := part.Speakers(ctx, t.DB, th.StudentID)
	if err != nil {
		return err
	}
	named, err := part.Names(ctx, t.DB, t.Store, []string{th.StudentID})
	if err != nil {
		return err
	}
	e := Told{
		MessageID: m.ID, ThreadID: th.ID, SchoolID: th.SchoolID, Child: Child{th.StudentID, named[th.StudentID].Name}, Urgent: urgent,
		Guardians: slices.DeleteFunc(speakers[th.StudentID], func(one string) bool { return one == m.AuthorID || one == th.TeacherID || one == th.StudentID }),
	}
	if m.AuthorID != th.TeacherID {
		e.TeacherID = th.TeacherID
	}
	t.wake(ctx, th.ID)
	return t.Events.Emit(ctx, e)
}

func roleIn(th *db.Thread, personID string) message.AuthorRole {
	if th.TeacherID == personID {
		return message.AuthorRoleTeacher
	}
	return message.AuthorRoleGuardian
}

// count takes the next number of a thread, and holds the thread until the transaction of ctx ends.
func (t *Talk) count(ctx context.Context, threadID string) (int, error) {
	query, args := sql.Dialect(t.Store.Dialect()).Update(row.Table).Add(row.FieldLastSeq, 1).Set(row.FieldLastMessageAt, t.Clock.Now()).
		Where(sql.EQ(row.FieldID, threadID)).Returning(row.FieldLastSeq).Query()
	rows, err := t.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("count up thread: %w", err)
	}
	defer rows.Close()
	seq, err := sql.ScanInt(rows)
	if err != nil {
		return 0, fmt.Errorf("count up thread: %w", err)
	}
	return seq, nil
}

// answers holds an answer to messages of its own thread. NOT_FOUND at replyToId.
func (t *Talk) answers(ctx context.Context, th *db.Thread, replyTo *string) error {
	if replyTo == nil {
		return nil
	}
	missing := fault.New(fault.NotFound).At("replyToId")
	if !id.Is(*replyTo, id.Message) {
		return missing
	}
	there, err := t.DB.Message.Query().Where(message.ID(*replyTo), message.ThreadID(th.ID)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look up what is answered: %w", err)
	}
	if !there {
		return missing
	}
	return nil
}

// decent asks the checker about a text. CONTENT_REJECTED at body. Where it cannot be asked the text passes: an outage of
// somebody else's must not silence a school.
func (t *Talk) decent(ctx context.Context, body string) error {
	if t.Checker == nil {
		return nil
	}
	verdict, err := t.Checker.Check(ctx, body, viewer.From(ctx).PersonID)
	switch {
	case err != nil && t.Unheard != nil:
		t.Unheard(ctx, err)
	case err == nil && verdict == Risky:
		return fault.New(fault.ContentRejected).At("body")
	}
	return nil
}
