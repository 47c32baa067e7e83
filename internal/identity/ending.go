package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/person"
	"citygraph/ent/db/session"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// recently is how fresh a sign-in must be to end an account: a phone left on a table must not do.
const recently = 15 * time.Minute

// DeletionAsked happens when somebody asks for the end of their account.
type DeletionAsked struct {
	PersonID string
	DueAt    time.Time
}

// DeleteAccount asks for the end of the viewer's account after the time to think better of it, and ends
// every other session of theirs at once. To ask again changes nothing; the first date stands. Anyone may
// whose session was opened just now. Returns UNAUTHENTICATED for others, IDEMPOTENCY_KEY_REUSED, and what a room that must
// be settled with first answers to DeletionAsked.
func (a *Accounts) DeleteAccount(ctx context.Context, key uuid.UUID) (*db.Person, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case a.Clock.Now().Sub(v.SignedInAt) > recently:
		return nil, fault.New(fault.Unauthenticated).
			Say("为了账号安全，请重新登录后再注销账号。", "To keep the account safe, sign in again and then ask.")
	}
	personID, err := a.Once.Once(ctx, idempotency.Request{Key: key, Operation: "deleteMyAccount"}, a.askDeletion)
	if err != nil {
		return nil, err
	}
	return a.DB.Person.Get(ctx, personID)
}

func (a *Accounts) askDeletion(ctx context.Context) (personID string, err error) {
	personID = viewer.From(ctx).PersonID
	due := a.Clock.Now().Add(a.Grace)
	asked, err := a.DB.Person.Update().
		Where(person.ID(personID), person.DeletionDueAtIsNil(), person.DeletedAtIsNil()).
		SetDeletionDueAt(due).
		Save(viewer.AsSystem(ctx, "a person asks for the end of their own account"))
	if err != nil {
		return "", fmt.Errorf("set date of deletion: %w", err)
	}
	if asked == 0 {
		return personID, nil
	}
	if err := a.endOthers(ctx, "DELETION_ASKED"); err != nil {
		return "", err
	}
	if err := audit.Record(ctx, a.DB, audit.Deed{Action: "deleteMyAccount", Subject: personID, TargetID: personID}); err != nil {
		return "", err
	}
	return personID, a.Events.Emit(ctx, DeletionAsked{PersonID: personID, DueAt: due})
}

// KeepAccount takes DeleteAccount back before it is due. Without a deletion asked for it changes
// nothing. Anyone signed in may. Returns UNAUTHENTICATED.
func (a *Accounts) KeepAccount(ctx context.Context) (*db.Person, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	err := a.Store.InTx(ctx, func(ctx context.Context) error {
		kept, err := a.DB.Person.Update().
			Where(person.ID(v.PersonID), person.DeletionDueAtNotNil(), person.DeletedAtIsNil()).
			ClearDeletionDueAt().
			Save(viewer.AsSystem(ctx, "a person keeps their own account"))
		if err != nil {
			return fmt.Errorf("clear date of deletion: %w", err)
		}
		if kept == 0 {
			return nil
		}
		return audit.Record(ctx, a.DB, audit.Deed{Action: "keepMyAccount", Subject: v.PersonID, TargetID: v.PersonID})
	})
	if err != nil {
		return nil, err
	}
	return a.DB.Person.Get(ctx, v.PersonID)
}

// endOthers ends every session of the viewer's but the one that asks, in the transaction of ctx.
func (a *Accounts) endOthers(ctx context.Context, reason string) error {
	v := viewer.From(ctx)
	system := viewer.AsSystem(ctx, "a person ends their other sessions")
	held, err := a.standing(a.DB.Session.Query().Where(session.PersonID(v.PersonID), session.IDNEQ(v.SessionID))).IDs(system)
	if err != nil {
		return fmt.Errorf("load sessions: %w", err)
	}
	if len(held) == 0 {
		return nil
	}
	// By person rather than by id: a session that was opened meanwhile ends too.
	err = a.DB.Session.Update().
		Where(session.PersonID(v.PersonID), session.IDNEQ(v.SessionID), session.EndedAtIsNil()).
		SetEndedAt(a.Clock.Now()).SetEndReason(reason).
		Exec(system)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	deeds := make([]audit.Deed, len(held))
	for i, id := range held {
		deeds[i] = audit.Deed{Action: "endSession", Subject: v.PersonID, TargetID: id}
	}
	store.AfterCommit(ctx, func(context.Context) { a.Hub.Publish(sessionTopics(held)...) })
	return audit.RecordAll(ctx, a.DB, deeds)
}

func sessionTopics(ids []string) []string {
	topics := make([]string, len(ids))
	for i, id := range ids {
		topics[i] = sessionTopic(id)
	}
	return topics
}

func accountTopic(personID string) string { return "account:" + personID }
