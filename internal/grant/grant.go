// Package grant counts the WeChat subscribe messages people allow: one accept in the mini-program buys
// one message of its template, and no more than were bought are ever sent.
package grant

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/wechatgrant"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Grants is the room of the counters.
type Grants struct {
	DB        *db.Client
	Store     *store.Store
	Clock     clock.Clock
	Once      idempotency.Ledger
	Templates []string // WeChat's ids of the templates this city sends
}

// Accept is what a person allowed.
type Accept struct {
	Key      uuid.UUID `json:"-"` // the idempotency key
	Template string
}

// Record counts one accept of the viewer's up and returns the counter. Anyone signed in may. Returns
// UNAUTHENTICATED, BAD_USER_INPUT at "template", IDEMPOTENCY_KEY_REUSED.
func (g *Grants) Record(ctx context.Context, a Accept) (*db.WechatGrant, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if !slices.Contains(g.Templates, a.Template) {
		return nil, fault.BadInput("template", "没有这个消息模板。", "There is no such message template.")
	}
	request := idempotency.Request{Key: a.Key, Operation: "recordWechatGrant", Input: a}
	grantID, err := g.Once.Once(ctx, request, func(ctx context.Context) (string, error) {
		return g.add(ctx, v.PersonID, a.Template)
	})
	if err != nil {
		return nil, err
	}
	return g.DB.WechatGrant.Get(ctx, grantID)
}

// add counts up, in the transaction of ctx. The first two accepts of a template follow one another.
func (g *Grants) add(ctx context.Context, personID, template string) (string, error) {
	if err := g.Store.Lock(ctx, "wechat grant "+personID+" "+template); err != nil {
		return "", err
	}
	system := viewer.AsSystem(ctx, "a counter is written by the verbs that know what it stands for")
	one := wechatgrant.And(wechatgrant.PersonID(personID), wechatgrant.Template(template))
	counted, err := g.DB.WechatGrant.Update().Where(one).AddRemaining(1).Save(system)
	if err != nil {
		return "", fmt.Errorf("count accept: %w", err)
	}
	if counted == 0 {
		made, err := g.DB.WechatGrant.Create().SetPersonID(personID).SetTemplate(template).SetRemaining(1).Save(system)
		if err != nil {
			return "", fmt.Errorf("record accept: %w", err)
		}
		return made.ID, nil
	}
	return g.DB.WechatGrant.Query().Where(one).OnlyID(system)
}

// Mine are the viewer's counters, by template. UNAUTHENTICATED for a visitor.
func (g *Grants) Mine(ctx context.Context) ([]*db.WechatGrant, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return g.DB.WechatGrant.Query().Where(wechatgrant.PersonID(viewer.From(ctx).PersonID)).
		Order(wechatgrant.ByTemplate()).All(ctx)
}

// Take uses one grant up, before the message is sent, and reports whether there was one. It is for the
// courier alone, as are GiveBack and Zero.
func (g *Grants) Take(ctx context.Context, personID, template string) (bool, error) {
	taken, err := g.change(personID, template).Where(wechatgrant.RemainingGT(0)).AddRemaining(-1).Save(asCourier(ctx))
	if err != nil {
		return false, fmt.Errorf("take grant: %w", err)
	}
	return taken > 0, nil
}

// GiveBack returns a grant whose message certainly was not sent. One that may have been stays used: a
// message too few is better than one nobody asked for.
func (g *Grants) GiveBack(ctx context.Context, personID, template string) error {
	if err := g.change(personID, template).AddRemaining(1).Exec(asCourier(ctx)); err != nil {
		return fmt.Errorf("give grant back: %w", err)
	}
	return nil
}

// Zero forgets every grant: WeChat says that the person allows none (43101).
func (g *Grants) Zero(ctx context.Context, personID, template string) error {
	if err := g.change(personID, template).SetRemaining(0).Exec(asCourier(ctx)); err != nil {
		return fmt.Errorf("zero grants: %w", err)
	}
	return nil
}

func (g *Grants) change(personID, template string) *db.WechatGrantUpdate {
	return g.DB.WechatGrant.Update().
		Where(wechatgrant.PersonID(personID), wechatgrant.Template(template)).SetUpdatedAt(g.Clock.Now())
}

func asCourier(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "the courier uses up what its recipient has granted")
}
