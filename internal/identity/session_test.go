package identity_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/fault"
	"citygraph/internal/identity"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

func TestRefreshTurnsTheSessionOver(t *testing.T) {
	h := open(t)
	first := h.signIn(t, "chenjing")
	h.clock.Turn(time.Hour)
	second, err := h.Refresh(t.Context(), first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	before, after := h.viewerOf(t, first), h.viewerOf(t, second)
	if before != nil || after == nil || second.RefreshToken == first.RefreshToken {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if !second.RefreshTokenExpiresAt.Equal(h.clock.Now().Add(refreshTTL)) {
		t.Errorf("the session now ends %s", second.RefreshTokenExpiresAt)
	}
	// Refreshed in time, a session goes on beyond its first end.
	h.clock.Turn(refreshTTL - time.Minute)
	if _, err := h.Refresh(t.Context(), second.RefreshToken); err != nil {
		t.Errorf("a refreshed session ended early: %v", err)
	}
}

// viewerOf is who tokens stand for, nil when they are refused.
func (h *house) viewerOf(t *testing.T, tokens *identity.Tokens) *viewer.Viewer {
	t.Helper()
	proof, err := h.Authenticate(t.Context(), tokens.AccessToken)
	if err != nil {
		code(t, err, fault.Unauthenticated)
		return nil
	}
	return proof.Viewer
}

func TestReuseOfASpentTokenEndsTheFamily(t *testing.T) {
	h := open(t)
	first, bystander := h.signIn(t, "chenjing"), h.signIn(t, "chenjing")
	second, err := h.Refresh(t.Context(), first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Refresh(t.Context(), first.RefreshToken)
	code(t, err, fault.Unauthenticated)
	_, err = h.Refresh(t.Context(), second.RefreshToken)
	code(t, err, fault.Unauthenticated)
	if v := h.viewerOf(t, second); v != nil {
		t.Errorf("the family lives on as %+v", v)
	}
	if h.viewerOf(t, bystander) == nil {
		t.Error("the person's other session ended too")
	}
	reuse := h.DB.Session.GetX(seedtest.System(t), h.sessionOf(t, bystander))
	if reuse.EndedAt != nil {
		t.Errorf("the other session is marked ended: %+v", reuse)
	}
	if n := h.DB.AuditEvent.Query().Where(auditevent.Action("endSession")).CountX(seedtest.System(t)); n != 1 {
		t.Errorf("%d ends are in the audit log", n)
	}
}

func (h *house) sessionOf(t *testing.T, tokens *identity.Tokens) string {
	t.Helper()
	return h.viewer(t, tokens.AccessToken).SessionID
}

func TestOfManyRefreshesOneWins(t *testing.T) {
	h := open(t)
	tokens := h.signIn(t, "chenjing")
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			if _, err := h.Refresh(t.Context(), tokens.RefreshToken); err == nil {
				won.Add(1)
			} else {
				code(t, err, fault.Unauthenticated)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d requests got fresh tokens", won.Load())
	}
	if v := h.viewerOf(t, tokens); v != nil {
		t.Error("the session survives the reuse of its token")
	}
}

func TestAnIdleSessionEnds(t *testing.T) {
	h := open(t)
	tokens := h.signIn(t, "chenjing")
	h.clock.Turn(refreshTTL + time.Second)
	_, err := h.Refresh(t.Context(), tokens.RefreshToken)
	code(t, err, fault.Unauthenticated)
}

// told returns a channel that closes when the watch of an id calls back.
func told(ctx context.Context, watch func(ctx context.Context, id string, then func()), id string) <-chan struct{} {
	ended := make(chan struct{})
	watch(ctx, id, func() { close(ended) })
	return ended
}

func TestSignOutEndsTheSessionAtOnce(t *testing.T) {
	h := open(t)
	tokens, other := h.signIn(t, "chenjing"), h.signIn(t, "chenjing")
	v := h.viewer(t, tokens.AccessToken)
	watch, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended, others := told(watch, h.Ended, v.SessionID), told(watch, h.Ended, h.sessionOf(t, other))
	for range 2 { // the second finds nothing to end
		if err := h.SignOut(viewer.With(t.Context(), v)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("open connections are not told")
	}
	select {
	case <-others:
		t.Error("the other session's connections are closed")
	default:
	}
	if h.viewerOf(t, tokens) != nil || h.viewerOf(t, other) == nil {
		t.Error("the wrong session ended")
	}
	_, err := h.Refresh(t.Context(), tokens.RefreshToken)
	code(t, err, fault.Unauthenticated)
	row := h.DB.Session.GetX(seedtest.System(t), v.SessionID)
	if row.EndReason != "SIGNED_OUT" || row.EndedAt == nil || !row.EndedAt.Equal(h.clock.Now()) {
		t.Errorf("the session is %+v", row)
	}
	deeds := h.DB.AuditEvent.Query().Where(auditevent.Action("endSession")).AllX(seedtest.System(t))
	if len(deeds) != 1 || deeds[0].ActorID != v.PersonID || deeds[0].TargetID != v.SessionID {
		t.Errorf("the audit log says %+v", deeds)
	}
}

func TestSignOutOfNothing(t *testing.T) {
	h := open(t)
	for name, ctx := range map[string]context.Context{
		"a visitor":       t.Context(),
		"a Firebase user": viewer.With(t.Context(), h.viewer(t, "firebase:uid-1")),
		"a forged one":    viewer.With(t.Context(), &viewer.Viewer{PersonID: "person_x", SessionID: "session_x"}),
	} {
		if err := h.SignOut(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A connection that opens after the end must not wait for a wake-up that has been.
func TestEndedLooksFirst(t *testing.T) {
	h := open(t)
	v := h.viewer(t, h.signIn(t, "chenjing").AccessToken)
	if err := h.SignOut(viewer.With(t.Context(), v)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-told(t.Context(), h.Ended, v.SessionID):
	case <-time.After(10 * time.Second):
		t.Fatal("an ended session is not noticed")
	}
}

func TestDevelopmentSessionsEndWithDevelopment(t *testing.T) {
	h := open(t)
	cast := h.signIn(t, "fanglei")
	wechat, err := h.SignInWithWechat(t.Context(), "wechat:open-1")
	if err != nil {
		t.Fatal(err)
	}
	h.Development = false
	if v := h.viewerOf(t, cast); v != nil {
		t.Errorf("production takes a development token for %+v", v)
	}
	_, err = h.Refresh(t.Context(), cast.RefreshToken)
	code(t, err, fault.Unauthenticated)
	if h.viewerOf(t, wechat) == nil {
		t.Error("production refuses a citizen")
	}
}

func TestRolesComeWithTheirOrganisations(t *testing.T) {
	h := open(t)
	for member, want := range map[string]viewer.RoleKind{
		"chenjing": "", "lina": viewer.Teacher, "xumin": viewer.ClinicStaff, "zhaoqiang": viewer.CaseOfficer,
		"wutao": viewer.ScenicOperator, "qianjun": viewer.Auditor, "fanglei": viewer.Admin,
	} {
		got := h.viewer(t, h.signIn(t, member).AccessToken)
		held := viewer.From(h.city.As(t, member))
		if got.PersonID != held.PersonID || len(got.Roles) != len(held.Roles) || want != "" && !got.Has(want) {
			t.Errorf("%s is %+v, want %+v", member, got, held)
		}
		for _, r := range held.Roles {
			if !got.HasAt(r.Kind, r.OrganisationID) {
				t.Errorf("%s is no %+v", member, r)
			}
		}
	}
}

// Roles may be half a minute stale, and no longer.
func TestALostRoleIsNoticed(t *testing.T) {
	h := open(t)
	tokens := h.signIn(t, "zhaoqiang")
	person := h.viewer(t, tokens.AccessToken).PersonID
	h.DB.StaffRole.Delete().Where(staffrole.PersonID(person)).ExecX(seedtest.System(t))
	h.clock.Turn(31 * time.Second)
	if v := h.viewer(t, tokens.AccessToken); v.Has(viewer.CaseOfficer) {
		t.Errorf("still %+v", v)
	}
}
