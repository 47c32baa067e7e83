package wiring

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"citygraph/ent/db/identity"
	"citygraph/ent/db/session"
	"citygraph/internal/edge"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/reaction"
	"citygraph/internal/school/thread"
	"citygraph/internal/viewer"
	"citygraph/internal/wechat"
)

// converse opens the room in which families and teachers talk; the desk that writes inboxes stands. A teacher's phone is left alone
// outside school hours.
func (c *City) converse() {
	c.Talk = &thread.Talk{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Events: c.bus, Hub: c.hub, For: c.register.For, Rights: household.Topic,
		Once:  idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
		Admit: c.Accounts.Standing, Fail: edge.Fail, Unheard: c.unheard(), Attach: c.Attachments.GiveMessage,
	}
	if c.wechat != nil {
		c.Talk.Checker = miniProgram{c}
	}
	hours := c.options.SchoolHours
	if hours == (thread.Hours{}) {
		hours = thread.DefaultHours
	}
	c.Courier.Hours = map[string]func(time.Time) time.Time{reaction.ToTeacher: hours.Next}
	reaction.Threads(c.bus, c.DB, c.desk, c.Talk)
}

// unheard logs, at most once a minute, that a text was let through unchecked.
func (c *City) unheard() func(context.Context, error) {
	quiet := c.options.Log.Sample(&zerolog.BurstSampler{Burst: 1, Period: time.Minute})
	return func(_ context.Context, err error) {
		quiet.Warn().Err(err).Msg("content check: cannot be asked; messages are let through")
	}
}

// miniProgram has WeChat look at what is written in its mini-program.
type miniProgram struct{ *City }

// Check asks about a text of somebody who is signed in through the mini-program; it passes for others.
func (p miniProgram) Check(ctx context.Context, text, personID string) (thread.Verdict, error) {
	system := viewer.AsSystem(ctx, "WeChat judges a text by whose it is")
	in, err := p.DB.Session.Query().
		Where(session.ID(viewer.From(ctx).SessionID), session.PersonID(personID), session.ClientEQ(session.ClientMiniProgram)).Exist(system)
	if err != nil || !in {
		return thread.Pass, err
	}
	account, err := p.DB.Identity.Query().Where(identity.PersonID(personID), identity.ProviderEQ(identity.ProviderWechat)).Order(identity.ByID()).First(system)
	if err != nil {
		return thread.Pass, fmt.Errorf("look up the account at WeChat: %w", err)
	}
	suggestion, err := p.wechat.CheckText(ctx, account.Subject, text)
	switch {
	case err != nil:
		return thread.Pass, err
	case suggestion == wechat.Risky:
		return thread.Risky, nil
	case suggestion == wechat.Review:
		return thread.Review, nil
	}
	return thread.Pass, nil
}
