// Package announcement is what a school tells the guardians of its pupils (家校通知): written, sent, read and acknowledged, and
// taken back. Whom one is for is asked of the roster and the register at the moment it is delivered, and each who acts for one
// of those pupils within SCHOOL has one delivery, which lists all of theirs.
package announcement

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/live"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Board is where a school's announcements hang.
type Board struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Events *event.Bus
	Once   idempotency.Ledger
	Hub    *live.Hub

	// For answers whether the viewer may act for a person; see household.Register.
	For     func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
	Enqueue func(ctx context.Context, args jobs.Args, options ...jobs.Option) error // in the transaction of ctx
	// Attach has attachments go with an announcement, and lets go of what it had and is not named; see attachment.Room.Give.
	Attach func(ctx context.Context, ids []string, announcementID string) error
	Admit  func(ctx context.Context) error      // fails once the subscriber of ctx may be told nothing more
	Fail   func(ctx context.Context, err error) // tells the subscriber of ctx why its stream ends
}

// Recipient is a guardian, with the pupils an announcement tells them about.
type Recipient struct {
	GuardianID string
	Pupils     []Pupil // in the order of their ids; never none
}

// Pupil is one of whom an announcement is about.
type Pupil struct {
	PersonID string
	Name     mask.Name
}

// Told happens when an announcement reaches recipients, or is brought to their mind again.
type Told struct {
	AnnouncementID string
	EventKey       string // a recipient is told once under it
	SchoolID       string
	Kind           row.Kind
	Urgent         bool
	Chased         bool // they were told before
	Recipients     []Recipient
}

// Retracted happens when an announcement is taken back from everybody.
type Retracted struct{ AnnouncementID string }

// Action is what a teacher may do with an announcement.
type Action string

// The actions.
const (
	Update  Action = "UPDATE"
	Retract Action = "RETRACT"
	Chase   Action = "CHASE"
)

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *Action) UnmarshalGQL(any) error {
	return errors.New("an announcement's action is not an input")
}

// steps are the actions open in a status.
var steps = map[row.Status][]Action{
	row.StatusDraft: {Update}, row.StatusScheduled: {Update}, row.StatusPublished: {Chase, Retract}, row.StatusRetracted: {},
}

// Topic is the wake-up topic of an announcement's figures.
func Topic(announcementID string) string { return "announcement:" + announcementID }

// lock is the key that a batch shares, and that whoever takes the announcement back holds alone.
func lock(announcementID string) string { return "announcement/" + announcementID }

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "an announcement is written by its verbs, and by those it was delivered to")
}

// wake has those who watch the figures look again after the commit.
func (b *Board) wake(ctx context.Context, announcementID string) {
	store.AfterCommit(ctx, func(context.Context) { b.Hub.Publish(Topic(announcementID)) })
}

// teachers is a teacher's announcement: one of a school at which the viewer teaches. UNAUTHENTICATED for a visitor, NOT_FOUND
// alike for another school's and for none.
func (b *Board) teachers(ctx context.Context, announcementID string) (*db.Announcement, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if !id.Is(announcementID, id.Announcement) {
		return nil, fault.New(fault.NotFound)
	}
	found, err := b.DB.Announcement.Query().
		Where(row.ID(announcementID), row.SchoolIDIn(v.Organisations(viewer.Teacher)...)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("load announcement: %w", err)
	}
	return found, nil
}
