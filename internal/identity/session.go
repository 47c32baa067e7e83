package identity

import (
	"context"
	"errors"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/session"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Refresh exchanges a refresh token for fresh tokens. A token is good once: of many requests with the
// same one a single request wins, and its reuse ends the session, since somebody else may hold it.
// Anyone may; every refusal is UNAUTHENTICATED.
func (a *Accounts) Refresh(ctx context.Context, token string) (*Tokens, error) {
	sessionID, generation, err := a.Mint.refresh(token)
	if err != nil {
		return nil, fault.New(fault.Unauthenticated).Because(err)
	}
	system := viewer.AsSystem(ctx, "a refresh token stands for its session")
	live, err := a.live(system, sessionID)
	if err != nil {
		return nil, err
	}
	next := generation + 1
	won, err := a.DB.Session.Update().
		Where(session.ID(sessionID), session.Generation(generation), session.EndedAtIsNil()).
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

// Sessions narrows a query to the viewer's sessions that have not ended, the newest first. UNAUTHENTICATED
// for a visitor.
func (a *Accounts) Sessions(ctx context.Context, q *db.SessionQuery) (*db.SessionQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return a.standing(q.Where(session.PersonID(v.PersonID))).Order(session.ByID(sql.OrderDesc())), nil
}

// standing narrows a query to sessions that have neither ended nor expired.
func (a *Accounts) standing(q *db.SessionQuery) *db.SessionQuery {
	return q.Where(session.EndedAtIsNil(), session.ExpiresAtGT(a.Clock.Now()))
}

// Revoke ends a session of the viewer's at once, its open subscriptions included. Returns
// UNAUTHENTICATED, and NOT_FOUND for one that is not the viewer's, was never, or has ended.
func (a *Accounts) Revoke(ctx context.Context, sessionID string) error {
	if !viewer.From(ctx).SignedIn() {
		return fault.New(fault.Unauthenticated)
	}
	unknown := fault.New(fault.NotFound).At("sessionId")
	if !id.Is(sessionID, id.Session) {
		return unknown
	}
	q, err := a.Sessions(ctx, a.DB.Session.Query())
	if err != nil {
		return err
	}
	found, err := q.Where(session.ID(sessionID)).Only(ctx)
	if db.IsNotFound(err) {
		return unknown
	}
	if err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	return a.end(ctx, found, "REVOKED")
}

// Current reports whether the session is the one the viewer asks in.
func Current(ctx context.Context, s *db.Session) bool { return viewer.From(ctx).SessionID == s.ID }

// end closes a session for good; a session that has ended stays as it was.
func (a *Accounts) end(ctx context.Context, s *db.Session, reason string) error {
	return a.Store.InTx(ctx, func(ctx context.Context) error {
		ended, err := a.DB.Session.Update().
			Where(session.ID(s.ID), session.EndedAtIsNil()).
			SetEndedAt(a.Clock.Now()).SetEndReason(reason).
			Save(viewer.AsSystem(ctx, "a session is ended by its person or by reuse of its token"))
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
func (a *Accounts) live(ctx context.Context, sessionID string) (*db.Session, error) {
	found, err := a.standing(a.DB.Session.Query().Where(session.ID(sessionID))).Only(ctx)
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
	current := viewer.From(ctx).SessionID
	if current == "" {
		return nil
	}
	_, err := a.live(viewer.AsSystem(ctx, "an open subscription stands for its session"), current)
	if fault.CodeOf(err) == fault.Unauthenticated {
		a.Hub.Publish(sessionTopic(current))
	}
	return err
}

func sessionTopic(sessionID string) string { return "session:" + sessionID }
