// Package thread is what a teacher and the guardians of one pupil say to each other (家校沟通). Messages are numbered without a gap:
// whoever says something counts up its thread first, and so holds that row until the commit.
package thread

import (
	"context"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/message"
	"citygraph/ent/db/messagereport"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Talk is where families and teachers talk.
type Talk struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Events *event.Bus
	Once   idempotency.Ledger
	Hub    *live.Hub

	// For answers whether the viewer may act for a person; see household.Register.
	For     func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
	Rights  func(personID string) string                                    // the wake-up topic of whom a person may act for
	Admit   func(ctx context.Context) error                                 // fails once the subscriber of ctx may be told nothing more
	Fail    func(ctx context.Context, err error)                            // tells the subscriber of ctx why its stream ends
	Attach  func(ctx context.Context, ids []string, messageID string) error // has attachments go with a message; see attachment.Room.Give
	Checker ContentChecker                                                  // nil where nothing is checked
	Unheard func(ctx context.Context, err error)                            // hears that the checker could not be asked; may be nil
}

// Told happens when somebody says something: its recipients are to be told.
type Told struct {
	MessageID string
	ThreadID  string
	SchoolID  string
	Child     Child
	Urgent    bool
	TeacherID string   // "" when it is the teacher who speaks
	Guardians []string // in the order of their ids
}

// TakenBack happens when a message is retracted.
type TakenBack struct{ MessageID string }

// Child is the pupil a thread is about.
type Child struct {
	PersonID string
	Name     mask.Name
}

// Member is how far somebody has read a thread.
type Member struct {
	MaskedName mask.Name
	Role       message.AuthorRole
	IsMe       bool
	ReadSeq    int
}

// Contact is a teacher to whom one can write about a child.
type Contact struct {
	TeacherID  string
	MaskedName mask.Name
	Duty       enrollment.Duty
	SchoolID   string
}

// Reported is a message as administrators see it.
type Reported struct {
	*db.Message
}

// MessageID is the id of the message.
func (r *Reported) MessageID() string { return r.ID }

// MaskedAuthorName is the author's name, masked.
func (r *Reported) MaskedAuthorName() string { return r.AuthorName.String() }

// Action is what one may do in a thread.
type Action string

// Send is to say something.
const Send Action = "SEND"

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *Action) UnmarshalGQL(any) error { return errors.New("a thread's action is not an input") }

// MessageAction is what one may do with a message.
type MessageAction string

// The actions.
const (
	Edit    MessageAction = "EDIT"
	Retract MessageAction = "RETRACT"
	Report  MessageAction = "REPORT"
	Reply   MessageAction = "REPLY"
)

// MarshalGQL writes the enum value.
func (a MessageAction) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *MessageAction) UnmarshalGQL(any) error {
	return errors.New("a message's action is not an input")
}

// Decision is what becomes of a report.
type Decision string

// The decisions.
const (
	Uphold  = Decision(messagereport.StatusUpheld)
	Dismiss = Decision(messagereport.StatusDismissed)
)

// MarshalGQL writes the enum value.
func (d Decision) MarshalGQL(w io.Writer) { graphql.MarshalString(string(d)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (d *Decision) UnmarshalGQL(v any) error {
	text, _ := v.(string)
	if *d = Decision(text); *d != Uphold && *d != Dismiss {
		return errors.New("not a decision about a report")
	}
	return nil
}

// Topic is the wake-up topic of a thread.
func Topic(threadID string) string { return "thread:" + threadID }

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "a thread is written by its verbs, which have checked the right")
}

// wake has those who listen look again after the commit.
func (t *Talk) wake(ctx context.Context, threadID string) {
	store.AfterCommit(ctx, func(context.Context) { t.Hub.Publish(Topic(threadID)) })
}

func signedIn(ctx context.Context) error {
	if !viewer.From(ctx).SignedIn() {
		return fault.New(fault.Unauthenticated)
	}
	return nil
}
