package identity

import (
	"context"
	"errors"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/session"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Refresh exchanges a refresh token for fresh tokens. A token is good once: of many requests with the
// same one a single request wins, and its reuse ends the session, since somebody else may hold it.
// Anyone may; every refusal is UNAUTHENTICATED.
func (a *Accounts) Refresh(ctx context.Context, token string) (*Tokens, error) {
	id, generation, err := a.Mint.refresh(token)
	if err != nil {
		return nil, fault.New(fault.Unauthenticated).Because(err)
	}
	system := viewer.AsSystem(ctx, "a refresh token stands for its session")
	live, err := a.live(system, id)
	if err != nil {
		return nil, err
	}
	next := generation + 1
	won, err := a.DB.Session.Update().
		Where(session.ID(id), session.Generation(generation), session.EndedAtIsNil()).
		SetGeneration(next).SetExpiresAt(a.Clock.Now().Add(a.Mint.RefreshTTL)).
		Save(system)
	if err != nil {
		return nil, fmt.Errorf("turn session over: %w", err)
	}
	if won == 0 {
		return nil, errors.Join(fault.New(fault.Unauthenticated).Because(errors.New("refresh token spent")),
			a.end(ctx, live, "REUSED"))
	}
	return a.Mint.tokens(live.ID, live.PersonID, next)
}

// SignOut ends the viewer's session at once, its open subscriptions included. A visitor, or a viewer
// without a session of ours, has nothing to end. No faults but INTERNAL.
func (a *Accounts) SignOut(ctx context.Context) error {
	v := viewer.From(ctx)
	if v.SessionID == "" {
		return nil
	}
	return a.end(ctx, &db.Session{ID: v.SessionID, PersonID: v.PersonID}, "SIGNED_OUT")
}

// end closes a session for good; a session that has ended stays as it was.
func (a *Accounts) end(ctx context.Context, s *db.Session, reason string) error {
	return a.Store.InTx(ctx, func(ctx context.Context) error {
		ended, err := a.DB.Session.Update().
			Where(session.ID(s.ID), session.EndedAtIsNil()).
			SetEndedAt(a.Clock.Now()).SetEndReason(reason).
			Save(viewer.AsSystem(ctx, "a session is ended by sign-out or by reuse of its token"))
		if err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		if ended == 0 {
			return nil
		}
		store.AfterCommit(ctx, func(context.Context) { a.Hub.Publish(sessionTopic(s.ID)) })
		return audit.Record(ctx, a.DB, audit.Deed{Action: "endSession", Subject: s.PersonID, TargetID: s.ID})
	})
}

// live loads a session that has neither ended nor expired, nor is for development alone;
// UNAUTHENTICATED otherwise.
func (a *Accounts) live(ctx context.Context, id string) (*db.Session, error) {
	found, err := a.DB.Session.Query().
		Where(session.ID(id), session.EndedAtIsNil(), session.ExpiresAtGT(a.Clock.Now())).
		Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.Unauthenticated).Because(errors.New("session has ended"))
	}
	if err != nil {
		return nil, fmt.Errorf("load session: %w", err)
	}
	if found.Client == session.ClientDevelopment && !a.Development {
		return nil, fault.New(fault.Unauthenticated).Because(errors.New("development sessions are not accepted"))
	}
	return found, nil
}

// Standing fails with UNAUTHENTICATED once the viewer's session has ended, and then wakes the open
// connections under it here, should the news not have come: a stream asks before it tells. A viewer
// without a session of ours stands.
func (a *Accounts) Standing(ctx context.Context) error {
	id := viewer.From(ctx).SessionID
	if id == "" {
		return nil
	}
	_, err := a.live(viewer.AsSystem(ctx, "an open subscription stands for its session"), id)
	if fault.CodeOf(err) == fault.Unauthenticated {
		a.Hub.Publish(sessionTopic(id))
	}
	return err
}

func sessionTopic(id string) string { return "session:" + id }
