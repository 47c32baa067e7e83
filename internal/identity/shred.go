package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"citygraph/ent/db/device"
	"citygraph/ent/db/identity"
	"citygraph/ent/db/person"
	"citygraph/ent/db/personaldata"
	"citygraph/ent/db/session"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/audit"
	"citygraph/internal/lang"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Deleted happens when an account ends, in the same transaction: whoever keeps rows of the person lets
// go of those the law does not have kept. It happens again in the rounds that follow, for what requests
// under way have written meanwhile; a handler that finds nothing has nothing to do.
type Deleted struct{ PersonID string }

// Round is the job that ends accounts.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "account.end_due" }

const (
	// roundSize is how many accounts one round ends; the next round is soon.
	roundSize = 100
	// afterglow is how long requests that began under an account, and replicas that have not noticed
	// its end, may go on writing rows of it: longer than a request lasts and than accountFresh.
	afterglow = 10 * time.Minute
)

// EndDue ends the accounts whose time has come, each in a transaction of its own, so that one that fails
// keeps none of the others. What is left of a person is a tombstone that nothing can be read from. It
// may run any number of times, on any number of replicas.
func (a *Accounts) EndDue(ctx context.Context) error {
	system := viewer.AsSystem(ctx, "accounts end when their time has come")
	now := a.Clock.Now()
	ended, err := a.DB.Person.Query().Where(person.DeletedAtGT(now.Add(-afterglow))).IDs(system)
	if err != nil {
		return fmt.Errorf("find ended accounts: %w", err)
	}
	due, err := a.DB.Person.Query().Where(person.DeletionDueAtLTE(now), person.DeletedAtIsNil()).
		Order(person.ByDeletionDueAt()).Limit(roundSize).IDs(system)
	if err != nil {
		return fmt.Errorf("find due accounts: %w", err)
	}
	var problems []error
	for _, id := range due {
		problems = append(problems, a.bury(system, id))
	}
	for _, id := range ended {
		problems = append(problems, a.Store.InTx(system, func(ctx context.Context) error { return a.empty(ctx, id) }))
	}
	if len(due)+len(ended) > 0 {
		problems = append(problems, a.Store.Purge(ctx, personaldata.Table, identity.Table, device.Table, person.Table))
	}
	return errors.Join(problems...)
}

// bury makes a tombstone of a person whose time has come, unless they keep the account at the last moment.
func (a *Accounts) bury(ctx context.Context, personID string) error {
	return a.Store.InTx(ctx, func(ctx context.Context) error {
		now := a.Clock.Now()
		// The guarded update comes first: its lock orders the end after a last keepMyAccount or before.
		n, err := a.DB.Person.Update().
			Where(person.ID(personID), person.DeletionDueAtLTE(now), person.DeletedAtIsNil()).
			SetDeletedAt(now).ClearDeletionDueAt().
			SetName("").SetMaskedIDNumber("").SetMaskedPhone("").SetLanguage(string(lang.ZH)).ClearDistrictID().
			Save(ctx)
		if err != nil {
			return fmt.Errorf("bury %s: %w", personID, err)
		}
		if n == 0 {
			return nil
		}
		if err := a.empty(ctx, personID); err != nil {
			return err
		}
		return audit.Record(ctx, a.DB, audit.Deed{Action: "endAccount", Subject: personID, TargetID: personID})
	})
}

// empty deletes what signs the person in and what identifies them, and has the other rooms follow. With
// the row of personal data goes its key: nothing sealed under it opens again.
func (a *Accounts) empty(ctx context.Context, personID string) error {
	accounts, err := a.DB.Identity.Query().Where(identity.PersonID(personID)).All(ctx)
	if err != nil {
		return fmt.Errorf("load accounts: %w", err)
	}
	sessions, err := a.DB.Session.Query().Where(session.PersonID(personID)).IDs(ctx)
	if err != nil {
		return fmt.Errorf("load sessions: %w", err)
	}
	for _, remove := range []func(context.Context) (int, error){
		a.DB.PersonalData.Delete().Where(personaldata.PersonID(personID)).Exec,
		a.DB.Identity.Delete().Where(identity.PersonID(personID)).Exec,
		a.DB.Session.Delete().Where(session.PersonID(personID)).Exec,
		a.DB.Device.Delete().Where(device.PersonID(personID)).Exec,
		a.DB.StaffRole.Delete().Where(staffrole.PersonID(personID)).Exec,
	} {
		if _, err := remove(ctx); err != nil {
			return fmt.Errorf("empty %s: %w", personID, err)
		}
	}
	if err := a.Once.Forget(ctx, personID); err != nil {
		return fmt.Errorf("delete requests: %w", err)
	}
	store.AfterCommit(ctx, func(ctx context.Context) {
		for _, account := range accounts {
			a.Cache.Forget(ctx, accountKey(account.Subject))
		}
		a.Cache.Forget(ctx, rolesKey(personID))
		a.Hub.Publish(append(sessionTopics(sessions), accountTopic(personID))...)
	})
	return a.Events.Emit(ctx, Deleted{PersonID: personID})
}
